#pragma once

#include <kefu/async/task.hpp>

#include <boost/asio/any_io_executor.hpp>

#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

namespace kefu::bus {

/// Carries what happens on threads of nats.c to the executor, in order. Callbacks of nats.c may run after the
/// bus is gone, and even after its io_context: each holds a share of the mailbox, which lets nothing through
/// once it is closed.
class NatsMailbox : public std::enable_shared_from_this<NatsMailbox> {
 public:
  using Event = std::move_only_function<void()>;

  explicit NatsMailbox(asio::any_io_executor executor) : executor_(std::move(executor)) {}

  /// Any thread. An event that comes after close() is destroyed.
  void post(Event event) noexcept;
  /// On the executor. No event runs any more, those waiting are destroyed.
  void close() noexcept;

 private:
  void deliver();
  bool closed();

  std::mutex mutex_;
  std::optional<asio::any_io_executor> executor_;  // empty: closed
  std::vector<Event> events_;
};

}  // namespace kefu::bus
