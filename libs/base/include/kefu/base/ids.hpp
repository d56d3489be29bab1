#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace kefu {

/// 2 * `bytes` lower-case hexadecimal digits from the system's random source.
std::string random_id(std::size_t bytes = 8);

std::array<std::uint8_t, 32> sha256(std::string_view data);

/// SHA-256 as 64 lower-case hexadecimal digits.
std::string sha256_hex(std::string_view data);

/// A token for a NATS subject or KV key made from an id that a user chose: those take no Chinese, spaces or
/// dots. The first 128 bits of SHA-256, as 32 hexadecimal digits: no two ids in a company's life collide.
std::string subject_token(std::string_view user_id);

}  // namespace kefu
