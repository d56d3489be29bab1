#include "redis_session.hpp"

#include <kefu/async/connect.hpp>
#include <kefu/async/signal.hpp>
#include <kefu/async/task_group.hpp>
#include <kefu/redis/redis_cache.hpp>

#include <algorithm>
#include <array>
#include <utility>

namespace kefu::redis {
namespace {

constexpr std::chrono::milliseconds kFirstPause{100};
constexpr std::chrono::milliseconds kLongestPause{2000};

/// What the server says first: who we are, which database, and that it answers at all.
struct Greeting {
  std::string bytes = {};
  std::size_t commands = 0;
};

Result<> add(Greeting& greeting, std::vector<std::string_view> arguments) {
  ++greeting.commands;
  return append_command(greeting.bytes, arguments);
}

Result<Greeting> greeting_for(const RedisOptions& options) {
  Greeting greeting;
  if (!options.password.empty() && options.username.empty())
    KEFU_CHECK(add(greeting, {"AUTH", options.password}));
  if (!options.username.empty()) KEFU_CHECK(add(greeting, {"AUTH", options.username, options.password}));
  if (options.database != 0) KEFU_CHECK(add(greeting, {"SELECT", std::to_string(options.database)}));
  KEFU_CHECK(add(greeting, {"PING"}));
  return greeting;
}

Result<> check_no_error(const std::vector<Reply>& replies) {
  for (const Reply& reply : replies) {
    if (reply.kind == Reply::Kind::error)
      return fail(Errc::bad_upstream, "the cache refused a command", reply.text);
  }
  return {};
}

}  // namespace

/// Keeps a session open while run() runs. Shared, because the cache may be destroyed while run() ends.
class RedisCache::Connection {
 public:
  Connection(asio::any_io_executor executor, RedisOptions options)
      : executor_(std::move(executor)),
        options_(std::move(options)),
        stopped_(executor_),
        readers_(executor_, {}) {}

  Task<void> run();
  void stop();
  bool up() const { return session_ && !session_->closed(); }
  Task<Result<std::vector<Reply>>> call(std::string bytes, std::size_t commands, Deadline deadline);

 private:
  /// Returns when the connection ended; true if it was good for calls.
  Task<bool> run_once();
  Task<Result<>> greet(std::shared_ptr<Session> session);

  asio::any_io_executor executor_;
  const RedisOptions options_;
  Signal stopped_;
  bool stopping_ = false;
  std::shared_ptr<Session> open_;     ///< also before it is good for calls
  std::shared_ptr<Session> session_;  ///< null while the connection is down
  std::string problem_ = "not yet connected";
  TaskGroup readers_;
};

Task<void> RedisCache::Connection::run() {
  auto pause = kFirstPause;
  while (!stopping_) {
    const bool was_up = co_await run_once();
    pause = was_up ? kFirstPause : std::min(pause * 2, kLongestPause);
    if (!stopping_) co_await stopped_.wait(Deadline::in(pause));
  }
}

Task<bool> RedisCache::Connection::run_once() {
  auto socket =
      co_await connect_tcp(executor_, options_.host, options_.port, Deadline::in(options_.connect_timeout));
  if (!socket) problem_ = socket.error().detail;
  if (!socket || stopping_) co_return false;
  open_ = std::make_shared<Session>(*std::move(socket), options_.max_in_flight);
  readers_.spawn(open_->read_loop());
  const auto greeted = co_await greet(open_);
  if (greeted && !stopping_) {
    session_ = open_;
  } else {
    if (!greeted) problem_ = greeted.error().message + " " + greeted.error().detail;
    open_->close();
  }
  co_await readers_.join();
  if (greeted) problem_ = "the connection was lost";
  session_.reset();
  open_.reset();
  co_return greeted.has_value();
}

Task<Result<>> RedisCache::Connection::greet(std::shared_ptr<Session> session) {
  KEFU_CO_TRY(auto greeting, greeting_for(options_));
  KEFU_CO_TRY(const auto replies, co_await session->call(std::move(greeting.bytes), greeting.commands,
                                                         Deadline::in(options_.connect_timeout)));
  co_return check_no_error(replies);
}

void RedisCache::Connection::stop() {
  stopping_ = true;
  if (open_) open_->close();
  stopped_.raise();
}

Task<Result<std::vector<Reply>>> RedisCache::Connection::call(std::string bytes, std::size_t commands,
                                                              Deadline deadline) {
  if (!session_) co_return fail(Errc::unavailable, "the cache is not connected", problem_);
  const auto session = session_;
  co_return co_await session->call(std::move(bytes), commands, deadline);
}

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
