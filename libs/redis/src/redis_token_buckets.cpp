#include "redis_connection.hpp"
#include "redis_script.hpp"

#include <kefu/redis/redis_token_buckets.hpp>

#include <string_view>
#include <utility>

namespace kefu::redis {
namespace {

/// The clock is the server's, so that the replicas that share a bucket need not agree on theirs.
constexpr std::string_view kScript = R"lua(
local time = redis.call('TIME')
local now = time[1] * 1000 + time[2] / 1000
local per_ms = tonumber(ARGV[1]) / 60000
local burst = tonumber(ARGV[2])
local state = redis.call('HMGET', KEYS[1], 'tokens', 'filled')
local tokens = tonumber(state[1]) or burst
local filled = tonumber(state[2]) or now
tokens = math.min(burst, tokens + math.max(0, now - filled) * per_ms)
local granted = math.min(tonumber(ARGV[3]), math.floor(tokens))
tokens = tokens - granted
redis.call('HSET', KEYS[1], 'tokens', string.format('%.6f', tokens), 'filled', string.format('%.3f', now))
redis.call('PEXPIRE', KEYS[1], math.ceil((burst - tokens) / per_ms) + 1000)
local wait = 0
if granted < 1 then wait = math.ceil((1 - tokens) / per_ms) end
return {granted, wait}
)lua";

Result<Grant> grant_of(const Reply& reply) {
  const bool numbers = reply.kind == Reply::Kind::list && reply.list.size() == 2 &&
                       reply.list[0].kind == Reply::Kind::number && reply.list[1].kind == Reply::Kind::number;
  if (!numbers || reply.list[0].number < 0 || reply.list[1].number < 0)
    return fail(Errc::bad_upstream, "the cache answered a script with something else");
  return Grant{.tokens = static_cast<std::uint32_t>(reply.list[0].number),
               .wait = std::chrono::milliseconds(reply.list[1].number)};
}

}  // namespace

RedisTokenBuckets::RedisTokenBuckets(asio::any_io_executor executor, RedisOptions options)
    : connection_(std::make_shared<Connection>(std::move(executor), std::move(options))) {}

RedisTokenBuckets::~RedisTokenBuckets() { connection_->stop(); }

Task<void> RedisTokenBuckets::run() {
  const auto connection = connection_;
  co_await connection->run();
}

void RedisTokenBuckets::stop() { connection_->stop(); }

bool RedisTokenBuckets::available() const { return connection_->up(); }

Task<Result<Grant>> RedisTokenBuckets::take(std::string bucket, BucketRate rate, std::uint32_t wanted,
                                            Deadline deadline) {
  static const Script script(kScript);
  std::vector<std::string> keys{"kefu:tokens:" + bucket};
  std::vector<std::string> arguments{std::to_string(rate.per_minute), std::to_string(rate.burst),
                                     std::to_string(wanted)};
  KEFU_CO_TRY(const Reply reply,
              co_await script.run(connection_, std::move(keys), std::move(arguments), deadline));
  co_return grant_of(reply);
}

}  // namespace kefu::redis
