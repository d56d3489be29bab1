#include "bucket_layout.hpp"

#include <algorithm>
#include <utility>

namespace kefu::bus {

bool is_key(std::string_view key) {
  const auto allowed = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '_' || c == '=' || c == '.';
  };
  return !key.empty() && key.front() != '.' && key.back() != '.' &&
         key.find("..") == std::string_view::npos && std::ranges::all_of(key, allowed);
}

std::string stream_of(const std::string& bucket) { return "KV_" + bucket; }

std::string subject_of(const std::string& bucket, std::string_view key) {
  return "$KV." + bucket + "." + std::string(key);
}

KvEntry to_entry(StoredMessage message, std::size_t prefix) {
  const std::string_view operation = message.headers.get(kKvOperation);
  return KvEntry{.key = message.subject.substr(std::min(prefix, message.subject.size())),
                 .value = std::move(message.payload),
                 .revision = message.sequence,
                 .erased = operation == "DEL" || operation == "PURGE"};
}

}  // namespace kefu::bus
