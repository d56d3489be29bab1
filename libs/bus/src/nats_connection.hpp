#pragma once

#include "nats_handles.hpp"
#include "nats_mailbox.hpp"
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

/// A subscription of nats.c. Destroying it unsubscribes; the target lives until no callback can come any
/// more.
class NatsSubscribed {
 public:
  /// Shared with jobs of the worker: everything that nats.c does under the lock of a connection may wait for
  /// a stalled server.
  struct State {
    std::shared_ptr<natsConnection> connection;
    NatsSubscriptionPtr subscription;
  };

  NatsSubscribed(std::shared_ptr<NatsWorker> worker, std::shared_ptr<State> state)
      : worker_(std::move(worker)), state_(std::move(state)) {}
  ~NatsSubscribed();
  NatsSubscribed(const NatsSubscribed&) = delete;
  NatsSubscribed& operator=(const NatsSubscribed&) = delete;

  /// The server sends nothing more; what has arrived is still received, then completed() is called.
  void drain();

 private:
  std::shared_ptr<NatsWorker> worker_;
  std::shared_ptr<State> state_;
};

/// One connection of nats.c with what it does on its own threads: publishing, connecting again, closing.
/// Thread: all calls on the executor of the mailbox, unless said otherwise.
class NatsConnection {
 public:
  using OnFailure = std::move_only_function<void(Error)>;

  NatsConnection(std::shared_ptr<NatsMailbox> mailbox, NatsOptions options);
  /// The mailbox must be closed. Blocks while nats.c closes the connection, if close() did not.
  ~NatsConnection();

  /// Begins to connect. `on_change(connected)` runs on the executor.
  Result<> open(std::function<void(bool)> on_change);
  bool connected() const { return connected_; }
  /// `on_failure` is called, on the executor, when publishing fails after this has returned: only with
  /// publish_on_thread.
  Result<> publish(const Message& message, OnFailure on_failure);
  /// With publish_on_thread a failure shows as the target's completed().
  Result<std::unique_ptr<NatsSubscribed>> subscribe(std::string subject, std::string queue_group,
                                                    std::shared_ptr<NatsTarget> target);
  /// `on_flushed` runs on the executor when the server has answered a ping, or could not in time.
  void flush(Deadline deadline, std::move_only_function<void(Result<>)> on_flushed);
  /// Flushes until the deadline, then closes; `on_closed` runs on the executor.
  void close(Deadline deadline, NatsMailbox::Event on_closed);

 private:
  Result<NatsOptionsPtr> make_options();
  void changed(bool connected, std::int64_t max_payload);
  natsStatus publish_now(natsMsg* message) const;

  std::shared_ptr<NatsMailbox> mailbox_;
  NatsOptions options_;
  std::function<void(bool)> on_change_;
  bool connected_ = false;  // as the executor has been told
  std::size_t max_payload_ = 1 << 20;
  std::shared_ptr<natsConnection> connection_;
  std::shared_ptr<NatsWorker> worker_;  // last: its jobs use the connection
};

}  // namespace kefu::bus
