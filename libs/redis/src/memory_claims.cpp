#include <kefu/redis/memory_claims.hpp>

#include <utility>

namespace kefu::redis {

Task<Result<std::vector<Claims::Taken>>> MemoryClaims::take(std::vector<Wanted> wanted, std::string token,
                                                            std::chrono::milliseconds time,
                                                            Deadline deadline) {
  std::vector<std::string> keys;
  for (const Wanted& each : wanted) keys.push_back(each.key);
  KEFU_CO_TRY(auto values, co_await cache_.get_many(std::move(keys), deadline));
  std::vector<Taken> taken(wanted.size());
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    taken[i].value = std::move(values[i]);
    if (!taken[i].value) taken[i].held = hold(wanted[i], token, time);
  }
  co_return taken;
}

bool MemoryClaims::hold(const Wanted& wanted, const std::string& token, std::chrono::milliseconds time) {
  const Claim claim{.token = token, .urgent = wanted.urgent, .until = Deadline::in(time)};
  const auto [place, is_new] = claims_.try_emplace(wanted.key, claim);
  if (is_new) return true;
  const Claim& other = place->second;
  if (other.token != token && !other.until.passed() && (other.urgent || !wanted.urgent)) return false;
  place->second = claim;
  return true;
}

Task<Result<>> MemoryClaims::release(std::vector<std::string> keys, std::string token, Deadline deadline) {
  if (!cache_.available()) co_return fail(Errc::unavailable, "the cache is not connected");
  if (deadline.passed())
    co_return fail(Errc::deadline_exceeded, "the deadline passed before the cache was asked");
  for (const std::string& key : keys) {
    const auto place = claims_.find(key);
    if (place != claims_.end() && place->second.token == token) claims_.erase(place);
  }
  co_return Result<>{};
}

}  // namespace kefu::redis
