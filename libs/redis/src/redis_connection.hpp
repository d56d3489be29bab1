#pragma once

#include "redis_protocol.hpp"
#include "redis_session.hpp"

#include <kefu/async/signal.hpp>
#include <kefu/async/task_group.hpp>
#include <kefu/redis/redis_options.hpp>

#include <memory>
#include <string>
#include <vector>

namespace kefu::redis {

/// Keeps a session open while run() runs. Shared, because its owner may be destroyed while run() ends.
class Connection {
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

/// Errors: `bad_upstream` when one of them is an error.
Result<> check_no_error(const std::vector<Reply>& replies);

}  // namespace kefu::redis
