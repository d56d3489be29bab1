#include "redis_connection.hpp"

#include <kefu/redis/redis_token_buckets.hpp>

#include <fmt/format.h>
#include <openssl/evp.h>

#include <array>
#include <iterator>
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

/// What a server answers that has not seen the script since its start.
constexpr std::string_view kNoScript = "NOSCRIPT";

/// The name that EVALSHA knows the script by.
std::string sha1_hex(std::string_view data) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned size = 0;
  EVP_Digest(data.data(), data.size(), digest.data(), &size, EVP_sha1(), nullptr);
  std::string text;
  for (unsigned i = 0; i < size; ++i) fmt::format_to(std::back_inserter(text), "{:02x}", digest[i]);
  return text;
}

Result<Grant> grant_of(const Reply& reply) {
  if (reply.kind == Reply::Kind::error)
    return fail(Errc::bad_upstream, "the cache refused a script", reply.text);
  const bool numbers = reply.kind == Reply::Kind::list && reply.list.size() == 2 &&
                       reply.list[0].kind == Reply::Kind::number && reply.list[1].kind == Reply::Kind::number;
  if (!numbers || reply.list[0].number < 0 || reply.list[1].number < 0)
    return fail(Errc::bad_upstream, "the cache answered a script with something else");
  return Grant{.tokens = static_cast<std::uint32_t>(reply.list[0].number),
               .wait = std::chrono::milliseconds(reply.list[1].number)};
}

Result<std::string> command(std::string_view verb, std::string_view script, const std::string& bucket,
                            BucketRate rate, std::uint32_t wanted) {
  const std::string key = "kefu:tokens:" + bucket;
  const std::string per_minute = std::to_string(rate.per_minute);
  const std::string burst = std::to_string(rate.burst);
  const std::string tokens = std::to_string(wanted);
  const std::array<std::string_view, 7> arguments{verb, script, "1", key, per_minute, burst, tokens};
  std::string bytes;
  KEFU_CHECK(append_command(bytes, arguments));
  return bytes;
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
  static const std::string digest = sha1_hex(kScript);
  const auto connection = connection_;
  KEFU_CO_TRY(std::string brief, command("EVALSHA", digest, bucket, rate, wanted));
  KEFU_CO_TRY(auto replies, co_await connection->call(std::move(brief), 1, deadline));
  if (replies.front().kind == Reply::Kind::error && replies.front().text.starts_with(kNoScript)) {
    KEFU_CO_TRY(std::string whole, command("EVAL", kScript, bucket, rate, wanted));
    KEFU_CO_TRY(replies, co_await connection->call(std::move(whole), 1, deadline));
  }
  co_return grant_of(replies.front());
}

}  // namespace kefu::redis
