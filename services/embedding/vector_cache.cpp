#include "vector_cache.hpp"

#include <fmt/format.h>

#include <utility>

namespace kefu::embedding {
namespace {

using namespace std::chrono_literals;

constexpr provider::Breaker::Options kPatience{.failures = 3, .open_for = 1s};

}  // namespace

VectorCache::VectorCache(redis::KeyValueCache& store, const ModelInfo& model, VectorCacheOptions options,
                         const EmbeddingMetrics& metrics)
    : store_(store), model_(model), options_(std::move(options)), metrics_(metrics), patience_(kPatience) {
  for (const Role role : {Role::query, Role::passage})
    scopes_[static_cast<std::size_t>(role)] = fmt::format("{}\n{}\n", model.fingerprint, name(role));
  if (options_.memory_bytes != 0) memory_.emplace(options_.memory_bytes, model.dimensions, options_.ttl);
}

std::string VectorCache::redis_key(const TextKey& key) const {
  return fmt::format("kefu:emb:2:{}:{}", model_.fingerprint, key.hex());
}

VectorCache::Value VectorCache::recall(const TextKey& key, Lane lane) {
  if (!memory_) return nullptr;
  auto value = memory_->find(key, lane, now());
  (value ? metrics_.memory_hits : metrics_.memory_misses).add();
  return value ? std::make_shared<const TextVector>(*std::move(value)) : nullptr;
}

Task<std::vector<VectorCache::Value>> VectorCache::lookup(std::vector<TextKey> keys, Lane lane) {
  std::vector<Value> found(keys.size());
  if (!ask_redis()) {
    metrics_.redis_errors.add(static_cast<double>(keys.size()));
    co_return found;
  }
  std::vector<std::string> names;
  names.reserve(keys.size());
  for (const TextKey& key : keys) names.push_back(redis_key(key));
  const auto values = co_await store_.get_many(names, Deadline::in(options_.timeout));
  redis_answered(values ? nullptr : &values.error());
  if (!values || values->size() != keys.size()) {
    metrics_.redis_errors.add(static_cast<double>(keys.size()));
    co_return found;
  }
  for (std::size_t i = 0; i < keys.size(); ++i) {
    const auto& value = (*values)[i];
    if (value) found[i] = read(keys[i], names[i], *value, lane);
    (found[i] ? metrics_.redis_hits : value ? metrics_.redis_corrupt : metrics_.redis_misses).add();
  }
  co_return found;
}

VectorCache::Value VectorCache::read(const TextKey& key, const std::string& redis_key,
                                     const std::string& bytes, Lane lane) {
  auto dated = decode_cached_value(redis_key, bytes, model_.dimensions);
  if (!dated) return nullptr;
  keep(key, dated->value, lane, dated->written);
  return std::make_shared<const TextVector>(std::move(dated->value));
}

void VectorCache::remember(const Entry& entry, Lane lane) { keep(entry.key, *entry.value, lane, now()); }

void VectorCache::keep(const TextKey& key, const TextVector& value, Lane lane,
                       std::chrono::sys_seconds written) {
  if (!memory_) return;
  memory_->keep(key, value, lane, written, now());
  metrics_.memory_entries.set(static_cast<double>(memory_->entries()));
  metrics_.memory_bytes.set(static_cast<double>(memory_->bytes()));
}

Task<void> VectorCache::store(std::vector<Entry> entries) {
  if (!ask_redis()) {
    metrics_.cache_write_errors.add(static_cast<double>(entries.size()));
    co_return;
  }
  std::vector<std::pair<std::string, std::string>> encoded;
  encoded.reserve(entries.size());
  for (const Entry& entry : entries) {
    std::string name = redis_key(entry.key);
    std::string bytes = encode_cached_value(name, {*entry.value, now()});
    encoded.emplace_back(std::move(name), std::move(bytes));
  }
  const auto stored =
      co_await store_.put_many(std::move(encoded), options_.ttl, Deadline::in(options_.timeout));
  redis_answered(stored ? nullptr : &stored.error());
  if (!stored) metrics_.cache_write_errors.add(static_cast<double>(entries.size()));
}

/// Only slowness costs the caller anything: an error that comes at once is as quick as a miss.
void VectorCache::redis_answered(const Error* error) {
  answered_ = error == nullptr;
  if (error == nullptr) {
    patience_.succeeded();
  } else if (error->code == Errc::deadline_exceeded) {
    patience_.failed(Deadline::Clock::now());
  } else {
    patience_.undecided();
  }
}

}  // namespace kefu::embedding
