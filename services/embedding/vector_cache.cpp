#include "vector_cache.hpp"

#include <kefu/base/ids.hpp>

#include <fmt/format.h>

namespace kefu::embedding {

std::string VectorCache::key(Role role, std::string_view normalized_text) const {
  constexpr std::size_t kHexOf128Bits = 32;
  return fmt::format("kefu:emb:1:{}:{}:{}", model_.fingerprint, name(role),
                     std::string_view(sha256_hex(normalized_text)).substr(0, kHexOf128Bits));
}

Task<std::vector<std::optional<TextVector>>> VectorCache::lookup(std::vector<std::string> keys) const {
  std::vector<std::optional<TextVector>> found(keys.size());
  const auto values = co_await store_.get_many(keys, Deadline::in(options_.timeout));
  if (!values || values->size() != keys.size()) {
    metrics_.cache_errors.add(static_cast<double>(keys.size()));
    co_return found;
  }
  for (std::size_t i = 0; i < keys.size(); ++i) {
    const auto& value = (*values)[i];
    if (value) found[i] = decode_cached_value(keys[i], *value, model_.dimensions);
    (found[i] ? metrics_.cache_hits : value ? metrics_.cache_corrupt : metrics_.cache_misses).add();
  }
  co_return found;
}

Task<void> VectorCache::store(std::vector<Entry> entries) const {
  std::vector<std::pair<std::string, std::string>> encoded;
  encoded.reserve(entries.size());
  for (const Entry& entry : entries)
    encoded.emplace_back(entry.key, encode_cached_value(entry.key, *entry.value));
  const auto stored =
      co_await store_.put_many(std::move(encoded), options_.ttl, Deadline::in(options_.timeout));
  if (!stored) metrics_.cache_write_errors.add(static_cast<double>(entries.size()));
}

}  // namespace kefu::embedding
