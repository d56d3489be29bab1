#pragma once

#include <kefu/async/task_group.hpp>
#include <kefu/bus/message_bus.hpp>

#include <cstddef>
#include <functional>
#include <memory>
#include <string>

namespace kefu::bus {

struct NatsOptions {
  std::string url = "nats://127.0.0.1:4222";  ///< several, separated by commas
  std::string client_name = "kefu";
  /// Told of exceptions that leave a handler, which are bugs; their callers get `internal`.
  TaskGroup::OnException on_handler_exception = {};
  /// Told of each request that is dropped since its time had passed before it was handled. On the executor.
  std::function<void()> on_expired_request = {};
};

/// MessageBus over one connection to NATS (nats.c), read and written on the executor. Publishing never
/// blocks: while a slow server takes nothing it waits in memory, and beyond a limit it is refused as
/// `overloaded`. Publishing while disconnected is refused at once, since nats.c would buffer it and deliver
/// late; when the connection is lost every open request ends with `unavailable`.
class NatsBus final : public MessageBus {
 public:
  /// `on_connection_change(connected)` runs on the executor.
  NatsBus(asio::any_io_executor executor, NatsOptions options,
          std::function<void(bool)> on_connection_change);
  /// drain() must have returned.
  ~NatsBus() override;

  /// Begins to connect, and keeps trying until drain(). Errors: `invalid_argument` for options that nats.c
  /// refuses.
  Result<> start();
  /// Returns when connected. Errors: `deadline_exceeded`.
  Task<Result<>> wait_connected(Deadline deadline);
  /// Returns when the server has handled everything sent before: subscriptions made by serve() are then known
  /// to it. Errors: `unavailable`, `deadline_exceeded`.
  Task<Result<>> flush(Deadline deadline);
  /// Flushes and closes the connection. Subscriptions must be drained before.
  Task<void> drain(Deadline deadline);

  bool connected() const override;
  Task<Result<Message>> request(RequestContext context, Message message) override;
  Result<std::unique_ptr<ReplyStream>> request_stream(RequestContext context, Message message,
                                                      std::size_t capacity) override;
  Result<> publish(Message message) override;
  Result<std::unique_ptr<Subscription>> serve(ServeOptions options, Handler handler) override;
  Result<std::unique_ptr<Feed>> subscribe(std::string subject, std::size_t capacity) override;

 private:
  class Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace kefu::bus
