#pragma once

#include "nats_handles.hpp"
#include "nats_mailbox.hpp"
#include "nats_target.hpp"

#include <boost/asio/posix/stream_descriptor.hpp>

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

namespace kefu::bus {

/// A subscription of nats.c whose messages the poller takes. Shared with jobs of the worker thread, since
/// calls that take the lock of a connection may wait for an attempt to connect.
struct NatsPolled {
  std::shared_ptr<natsConnection> connection;
  std::shared_ptr<NatsTarget> target;
  NatsSubscriptionPtr subscription;
  bool made = false;  ///< on the executor: `subscription` is set and stays
};

/// The external event loop of one connection of nats.c: waits for its socket on the executor, lets nats.c
/// read and write there without blocking, and takes what came for each subscription. With its own threads
/// nats.c wakes three of them for a message (reader, delivery, executor), which costs more than handling it.
/// Thread: the executor, unless said otherwise.
class NatsPoller : public std::enable_shared_from_this<NatsPoller> {
 public:
  NatsPoller(asio::any_io_executor executor, std::shared_ptr<NatsMailbox> mailbox);

  /// Of a connection about to be made with these options. The poller must outlive it.
  natsStatus install(natsOptions* options);
  /// Any thread. False from the moment at which nats.c gives a socket up until it has another: in between,
  /// the lock of the connection may be held for as long as an attempt to connect takes.
  bool usable() const { return usable_; }

  void watch(std::shared_ptr<NatsPolled> polled) { watched_.push_back(std::move(polled)); }
  void forget(const std::shared_ptr<NatsPolled>& polled) { std::erase(watched_, polled); }
  /// Hands over what has been read for a subscription.
  void deliver(const NatsPolled& polled);
  /// Leaves the executor; nothing is delivered any more.
  void close();

 private:
  class Socket;
  struct Arrived {
    std::shared_ptr<NatsTarget> target;
    NatsMessagePtr message;  // empty: nobody serves the request
  };

  static natsStatus on_attach(void** data, void* loop, natsConnection* connection, natsSock socket) noexcept;
  static natsStatus on_read(void* data, bool wanted) noexcept;
  static natsStatus on_write(void* data, bool wanted) noexcept;
  static natsStatus on_detach(void* data) noexcept;

  void opened(natsConnection* connection, Socket socket);
  void lost();
  void await_readable();
  void readable();
  void write();
  void collect(const NatsPolled& polled);
  void hand_over();

  asio::any_io_executor executor_;
  std::shared_ptr<NatsMailbox> mailbox_;
  std::atomic<bool> usable_ = false;
  std::atomic<bool> writing_ = false;  // nats.c holds bytes to be written
  natsConnection* connection_ = nullptr;
  std::optional<asio::posix::stream_descriptor> socket_;
  std::uint64_t epoch_ = 0;  // of the socket: waits for an earlier one mean nothing
  bool awaiting_writable_ = false;
  bool closed_ = false;
  std::vector<std::shared_ptr<NatsPolled>> watched_;
  std::vector<Arrived> arrived_;
};

}  // namespace kefu::bus
