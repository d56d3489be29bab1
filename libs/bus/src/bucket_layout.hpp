#pragma once

#include <kefu/bus/key_value.hpp>
#include <kefu/bus/stream_store.hpp>

#include <string>
#include <string_view>

namespace kefu::bus {

/// How NATS lays key-value buckets out in streams.

inline constexpr std::string_view kKvOperation = "KV-Operation";

bool is_key(std::string_view key);
std::string stream_of(const std::string& bucket);
std::string subject_of(const std::string& bucket, std::string_view key);
/// An entry from a message whose subject has the key after `prefix` characters.
KvEntry to_entry(StoredMessage message, std::size_t prefix);

}  // namespace kefu::bus
