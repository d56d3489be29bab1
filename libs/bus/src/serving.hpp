#pragma once

#include <kefu/async/in_flight_limit.hpp>
#include <kefu/async/task_group.hpp>
#include <kefu/bus/message_bus.hpp>

#include <chrono>
#include <cstddef>
#include <functional>

namespace kefu::bus {

/// Runs the handler of a served subject: refuses over the limit, drops what is late, answers with the result.
/// Thread: the executor. join() must have returned before it is destroyed.
class Serving {
 public:
  using Publish = std::function<Result<>(Message)>;

  /// `on_expired` may be empty.
  Serving(asio::any_io_executor executor, ServeOptions options, Handler handler, Publish publish,
          TaskGroup::OnException on_exception, std::function<void()> on_expired)
      : handler_(std::move(handler)),
        publish_(std::move(publish)),
        on_expired_(std::move(on_expired)),
        limit_(options.max_in_flight),
        tasks_(std::move(executor), std::move(on_exception)) {}

  void accept(Message message, std::chrono::steady_clock::time_point arrived);
  Task<void> join() { return tasks_.join(); }

 private:
  Task<void> handle(Message message, RequestContext context, InFlightLimit::Permit permit);
  Task<Result<std::string>> run_handler(RequestContext context, Message message, ReplySink& sink,
                                        std::exception_ptr& exception);
  void answer(const std::string& reply_to, Result<std::string> result);
  /// Its sender has stopped waiting: an answer would be for nobody.
  bool expired(const RequestContext& context) const;

  Handler handler_;
  Publish publish_;
  std::function<void()> on_expired_;
  InFlightLimit limit_;
  TaskGroup tasks_;
};

}  // namespace kefu::bus
