#pragma once

#include "nats_handles.hpp"
#include "nats_mailbox.hpp"
#include "nats_poller.hpp"
#include "nats_target.hpp"
#include "nats_worker.hpp"

#include <kefu/base/deadline.hpp>
#include <kefu/base/error.hpp>
#include <kefu/bus/message.hpp>
#include <kefu/bus/nats_bus.hpp>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

namespace kefu::bus {

/// A subscription of nats.c. Destroying it unsubscribes: its target then gets nothing more.
class NatsSubscribed {
 public:
  NatsSubscribed(std::shared_ptr<NatsWorker> worker, std::shared_ptr<NatsMailbox> mailbox,
                 std::shared_ptr<NatsPoller> poller, std::shared_ptr<NatsPolled> polled);
  ~NatsSubscribed();
  NatsSubscribed(const NatsSubscribed&) = delete;
  NatsSubscribed& operator=(const NatsSubscribed&) = delete;

  /// The server sends nothing more; what it has sent is still received, then completed() is called.
  void drain();

 private:
  std::shared_ptr<NatsWorker> worker_;
  std::shared_ptr<NatsMailbox> mailbox_;
  std::shared_ptr<NatsPoller> poller_;
  std::shared_ptr<NatsPolled> polled_;
};

/// One connection of nats.c. Messages are written and read on the executor; nats.c connects again, and the
/// worker flushes, unsubscribes and closes, on threads of their own. Thread: all calls on the executor.
class NatsConnection {
 public:
  NatsConnection(asio::any_io_executor executor, std::shared_ptr<NatsMailbox> mailbox, NatsOptions options);
  /// The mailbox must be closed. Blocks while nats.c closes the connection, if close() did not.
  ~NatsConnection();

  /// Begins to connect. `on_change(connected)` runs on the executor.
  Result<> open(std::function<void(bool)> on_change);
  bool connected() const { return connected_; }
  /// Never blocks: what a slow server does not take yet waits in memory, up to a limit. Errors:
  /// `unavailable`, `overloaded`, `payload_too_large`, `invalid_argument`.
  Result<> publish(const Message& message);
  /// While there is no connection, a failure shows as the target's completed().
  Result<std::unique_ptr<NatsSubscribed>> subscribe(std::string subject, std::string queue_group,
                                                    std::shared_ptr<NatsTarget> target);
  /// `on_flushed` runs on the executor when the server has answered a ping, or could not in time.
  void flush(Deadline deadline, std::move_only_function<void(Result<>)> on_flushed);
  /// Flushes until the deadline, then closes; `on_closed` runs on the executor.
  void close(Deadline deadline, NatsMailbox::Event on_closed);
  /// The mailbox is closed: nothing is delivered any more.
  void leave() { poller_->close(); }

 private:
  Result<NatsOptionsPtr> make_options();
  void changed(bool connected, std::int64_t max_payload);

  std::shared_ptr<NatsMailbox> mailbox_;
  std::shared_ptr<NatsPoller> poller_;
  NatsOptions options_;
  std::function<void(bool)> on_change_;
  bool connected_ = false;  // as the executor has been told
  std::size_t max_payload_ = 1 << 20;
  std::shared_ptr<natsConnection> connection_;
  std::shared_ptr<NatsWorker> worker_;  // last: its jobs use the connection
};

}  // namespace kefu::bus
