#include "redis_connection.hpp"

#include <kefu/redis/redis_cache.hpp>

#include <algorithm>
#include <array>
#include <utility>

namespace kefu::redis {

RedisCache::RedisCache(asio::any_io_executor executor, RedisOptions options)
    : connection_(std::make_shared<Connection>(std::move(executor), std::move(options))) {}

RedisCache::~RedisCache() { connection_->stop(); }

Task<void> RedisCache::run() {
  const auto connection = connection_;
  co_await connection->run();
}

void RedisCache::stop() { connection_->stop(); }

bool RedisCache::available() const { return connection_->up(); }

Task<Result<std::vector<std::optional<std::string>>>> RedisCache::get_many(std::vector<std::string> keys,
                                                                           Deadline deadline) {
  std::vector<std::optional<std::string>> values;
  if (keys.empty()) co_return values;
  std::vector<std::string_view> arguments{"MGET"};
  arguments.insert(arguments.end(), keys.begin(), keys.end());
  std::string bytes;
  KEFU_CO_CHECK(append_command(bytes, arguments));
  KEFU_CO_TRY(auto replies, co_await connection_->call(std::move(bytes), 1, deadline));
  KEFU_CO_CHECK(check_no_error(replies));
  std::vector<Reply>& list = replies.front().list;
  if (list.size() != keys.size())
    co_return fail(Errc::bad_upstream, "the cache answered with another number of values");
  values.reserve(list.size());
  for (Reply& reply : list) {
    if (reply.kind == Reply::Kind::text) {
      values.emplace_back(std::move(reply.text));
    } else {
      values.emplace_back(std::nullopt);
    }
  }
  co_return values;
}

Task<Result<>> RedisCache::put_many(std::vector<std::pair<std::string, std::string>> entries,
                                    std::chrono::seconds ttl, Deadline deadline) {
  if (entries.empty()) co_return Result<>{};
  const std::string seconds = std::to_string(std::max<std::chrono::seconds::rep>(1, ttl.count()));
  std::string bytes;
  for (const auto& [key, value] : entries) {
    const std::array<std::string_view, 5> arguments{"SET", key, value, "EX", seconds};
    KEFU_CO_CHECK(append_command(bytes, arguments));
  }
  KEFU_CO_TRY(const auto replies, co_await connection_->call(std::move(bytes), entries.size(), deadline));
  co_return check_no_error(replies);
}

}  // namespace kefu::redis
