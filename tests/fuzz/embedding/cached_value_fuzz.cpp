// Whatever Redis holds is refused, or is exactly what was written for that key. Random bytes never have the
// right checksum, so half of the inputs get one.
#include "cached_value.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <string>
#include <string_view>

namespace {

using namespace kefu::embedding;

constexpr std::string_view kKey = "kefu:emb:2:model:0123456789abcdef0123456789abcdef";

void require(bool condition) {
  if (!condition) std::abort();
}

/// The checksum as README.md and cached_value.hpp describe it, written down a second time.
std::uint64_t fnv1a(std::string_view bytes) {
  std::uint64_t hash = 0xcbf29ce484222325;
  for (const char c : bytes) hash = (hash ^ static_cast<std::uint8_t>(c)) * 0x100000001b3;
  return hash;
}

std::string with_checksum(std::string_view content) {
  std::string bytes(content);
  const std::uint64_t sum = fnv1a(std::string(kKey) + bytes);
  bytes.append(reinterpret_cast<const char*>(&sum), sizeof sum);
  return bytes;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2 || size > 100'000) return 0;
  const std::size_t dimensions = data[0];
  const std::string_view rest(reinterpret_cast<const char*>(data) + 2, size - 2);
  const bool sealed = data[1] % 2 != 0;
  const std::string bytes = sealed ? with_checksum(rest) : std::string(rest);
  const auto dated = decode_cached_value(kKey, bytes, dimensions);
  if (!dated) return 0;
  require(sealed);
  require(dated->value.vector.size() == dimensions);
  require(std::ranges::all_of(dated->value.vector, [](float x) { return std::isfinite(x); }));
  double length = 0;
  for (const float each : dated->value.vector) length += double{each} * each;
  require(std::abs(length - 1) < 1e-3);
  require(!decode_cached_value("another key", bytes, dimensions));
  require(!decode_cached_value(kKey, bytes, dimensions + 1));
  const std::string again = encode_cached_value(kKey, *dated);
  const auto back = decode_cached_value(kKey, again, dimensions);
  require(back.has_value() && back->value.tokens == dated->value.tokens && back->written == dated->written);
  return 0;
}
