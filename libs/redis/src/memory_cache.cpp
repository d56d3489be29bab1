#include <kefu/redis/memory_cache.hpp>

#include <algorithm>
#include <utility>

namespace kefu::redis {
namespace {

std::unexpected<Error> unavailable() { return fail(Errc::unavailable, "the cache is not connected"); }

}  // namespace

Task<Result<std::vector<std::optional<std::string>>>> MemoryCache::get_many(std::vector<std::string> keys,
                                                                            Deadline deadline) {
  if (!available_) co_return unavailable();
  if (deadline.passed())
    co_return fail(Errc::deadline_exceeded, "the deadline passed before the cache was asked");
  const auto now = std::chrono::steady_clock::now();
  std::vector<std::optional<std::string>> values;
  values.reserve(keys.size());
  for (const std::string& key : keys) {
    const auto found = values_.find(key);
    const bool alive = found != values_.end() && found->second.second > now;
    values.push_back(alive ? std::optional(found->second.first) : std::nullopt);
  }
  co_return values;
}

Task<Result<>> MemoryCache::put_many(std::vector<std::pair<std::string, std::string>> entries,
                                     std::chrono::seconds ttl, Deadline deadline) {
  if (!available_) co_return unavailable();
  if (deadline.passed())
    co_return fail(Errc::deadline_exceeded, "the deadline passed before the cache was asked");
  const auto expiry = std::chrono::steady_clock::now() + std::max(ttl, std::chrono::seconds(1));
  for (auto& [key, value] : entries)
    values_.insert_or_assign(std::move(key), std::pair(std::move(value), expiry));
  co_return Result<>{};
}

}  // namespace kefu::redis
