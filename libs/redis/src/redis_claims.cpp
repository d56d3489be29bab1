#include "redis_connection.hpp"
#include "redis_script.hpp"

#include <kefu/redis/redis_claims.hpp>

#include <string_view>
#include <utility>

namespace kefu::redis {
namespace {

/// KEYS: those of the values, then those of the claims. ARGV: token, milliseconds, and a letter for each key,
/// `u` for urgent. A claim holds the letter of who holds it, then its token. A value that is there is never
/// claimed, so whoever stores a value before giving its claim back leaves no moment in which another process
/// would make it again.
constexpr std::string_view kTake = R"lua(
local n = #KEYS / 2
local token, ms, letters = ARGV[1], ARGV[2], ARGV[3]
local values = redis.call('MGET', unpack(KEYS, 1, n))
local holders = redis.call('MGET', unpack(KEYS, n + 1))
local held = {}
for i = 1, n do
  local holder, letter = holders[i], string.sub(letters, i, i)
  local free = not holder or string.sub(holder, 2) == token
      or (letter == 'u' and string.sub(holder, 1, 1) ~= 'u')
  held[i] = 0
  if not values[i] and free then
    redis.call('SET', KEYS[n + i], letter .. token, 'PX', ms)
    held[i] = 1
  end
end
return {held, values}
)lua";

/// KEYS: the claims. ARGV: token.
constexpr std::string_view kRelease = R"lua(
local holders = redis.call('MGET', unpack(KEYS))
for i = 1, #KEYS do
  if holders[i] and string.sub(holders[i], 2) == ARGV[1] then redis.call('DEL', KEYS[i]) end
end
return 1
)lua";

std::string claim_on(const std::string& key) { return key + ":claim"; }

bool is_list(const Reply& reply, std::size_t size) {
  return reply.kind == Reply::Kind::list && reply.list.size() == size;
}

Result<std::vector<Claims::Taken>> taken_of(Reply reply, std::size_t count) {
  if (!is_list(reply, 2) || !is_list(reply.list[0], count) || !is_list(reply.list[1], count))
    return fail(Errc::bad_upstream, "the cache answered a script with something else");
  std::vector<Claims::Taken> taken(count);
  for (std::size_t i = 0; i < count; ++i) {
    taken[i].held = reply.list[0].list[i].number == 1;
    Reply& value = reply.list[1].list[i];
    if (value.kind == Reply::Kind::text) taken[i].value = std::move(value.text);
  }
  return taken;
}

}  // namespace

Task<Result<std::vector<Claims::Taken>>> RedisClaims::take(std::vector<Wanted> wanted, std::string token,
                                                           std::chrono::milliseconds time,
                                                           Deadline deadline) {
  static const Script script(kTake);
  if (wanted.empty()) co_return std::vector<Taken>{};
  std::vector<std::string> keys;
  keys.reserve(2 * wanted.size());
  std::string letters;
  for (const Wanted& each : wanted) {
    keys.push_back(each.key);
    letters += each.urgent ? 'u' : 'p';
  }
  for (const Wanted& each : wanted) keys.push_back(claim_on(each.key));
  std::vector<std::string> arguments{std::move(token), std::to_string(time.count()), std::move(letters)};
  KEFU_CO_TRY(Reply reply, co_await script.run(connection_, std::move(keys), std::move(arguments), deadline));
  co_return taken_of(std::move(reply), wanted.size());
}

Task<Result<>> RedisClaims::release(std::vector<std::string> keys, std::string token, Deadline deadline) {
  static const Script script(kRelease);
  if (keys.empty()) co_return Result<>{};
  for (std::string& key : keys) key = claim_on(key);
  std::vector<std::string> arguments{std::move(token)};
  const auto reply = co_await script.run(connection_, std::move(keys), std::move(arguments), deadline);
  if (!reply) co_return fail(reply.error());
  co_return Result<>{};
}

}  // namespace kefu::redis
