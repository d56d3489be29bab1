#include "redis_connection.hpp"

#include <kefu/async/connect.hpp>

#include <algorithm>
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

}  // namespace

Result<> check_no_error(const std::vector<Reply>& replies) {
  for (const Reply& reply : replies) {
    if (reply.kind == Reply::Kind::error)
      return fail(Errc::bad_upstream, "the cache refused a command", reply.text);
  }
  return {};
}

Task<void> Connection::run() {
  auto pause = kFirstPause;
  while (!stopping_) {
    const bool was_up = co_await run_once();
    pause = was_up ? kFirstPause : std::min(pause * 2, kLongestPause);
    if (!stopping_) co_await stopped_.wait(Deadline::in(pause));
  }
}

Task<bool> Connection::run_once() {
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

Task<Result<>> Connection::greet(std::shared_ptr<Session> session) {
  KEFU_CO_TRY(auto greeting, greeting_for(options_));
  KEFU_CO_TRY(const auto replies, co_await session->call(std::move(greeting.bytes), greeting.commands,
                                                         Deadline::in(options_.connect_timeout)));
  co_return check_no_error(replies);
}

void Connection::stop() {
  stopping_ = true;
  if (open_) open_->close();
  stopped_.raise();
}

Task<Result<std::vector<Reply>>> Connection::call(std::string bytes, std::size_t commands,
                                                  Deadline deadline) {
  if (!session_) co_return fail(Errc::unavailable, "the cache is not connected", problem_);
  const auto session = session_;
  co_return co_await session->call(std::move(bytes), commands, deadline);
}

}  // namespace kefu::redis
