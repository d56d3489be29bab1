#include "nats_poller.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <utility>

namespace kefu::bus {

/// A second handle of the socket: nats.c closes its own from any thread, and the number may then name
/// another.
class NatsPoller::Socket {
 public:
  explicit Socket(int of) : handle_(fcntl(of, F_DUPFD_CLOEXEC, 0)) {}
  ~Socket() {
    if (handle_ >= 0) ::close(handle_);
  }
  Socket(Socket&& other) noexcept : handle_(other.release()) {}
  Socket& operator=(Socket&&) = delete;

  bool valid() const { return handle_ >= 0; }
  int release() { return std::exchange(handle_, -1); }

 private:
  int handle_;
};

NatsPoller::NatsPoller(asio::any_io_executor executor, std::shared_ptr<NatsMailbox> mailbox)
    : executor_(std::move(executor)), mailbox_(std::move(mailbox)) {}

natsStatus NatsPoller::install(natsOptions* options) {
  return natsOptions_SetEventLoop(options, this, &on_attach, &on_read, &on_write, &on_detach);
}

// The four below run under the lock of the connection, on whichever thread caused them.

natsStatus NatsPoller::on_attach(void** data, void* loop, natsConnection* connection,
                                 natsSock socket) noexcept {
  auto& self = *static_cast<NatsPoller*>(loop);
  *data = &self;
  Socket own(static_cast<int>(socket));
  if (!own.valid()) return NATS_SYS_ERROR;
  self.usable_ = true;
  self.mailbox_->post([poller = self.shared_from_this(), connection, own = std::move(own)]() mutable {
    poller->opened(connection, std::move(own));
  });
  return NATS_OK;
}

natsStatus NatsPoller::on_read(void* data, bool wanted) noexcept {
  // nats.c asks for reads only by attaching; that it wants no more means that it has given the socket up.
  return wanted ? NATS_OK : on_detach(data);
}

natsStatus NatsPoller::on_write(void* data, bool wanted) noexcept {
  auto& self = *static_cast<NatsPoller*>(data);
  self.writing_ = wanted;
  // Later, not at once: all that is published until then goes out in one piece.
  if (wanted) self.mailbox_->post([poller = self.shared_from_this()] { poller->write(); });
  return NATS_OK;
}

natsStatus NatsPoller::on_detach(void* data) noexcept {
  auto& self = *static_cast<NatsPoller*>(data);
  self.usable_ = false;
  self.mailbox_->post([poller = self.shared_from_this()] { poller->lost(); });
  return NATS_OK;
}

void NatsPoller::opened(natsConnection* connection, Socket socket) {
  connection_ = connection;
  socket_.emplace(executor_, socket.release());
  ++epoch_;
  awaiting_writable_ = false;
  await_readable();
}

void NatsPoller::lost() {
  if (!usable_) socket_.reset();  // else a new one is on its way already
}

void NatsPoller::close() {
  closed_ = true;
  socket_.reset();
  watched_.clear();
}

void NatsPoller::await_readable() {
  socket_->async_wait(asio::posix::stream_descriptor::wait_read,
                      [self = shared_from_this(), epoch = epoch_](boost::system::error_code error) {
                        if (!error && self->socket_ && epoch == self->epoch_) self->readable();
                      });
}

void NatsPoller::readable() {
  if (!usable_) return;
  natsConnection_ProcessReadEvent(connection_);
  for (const auto& polled : watched_) collect(*polled);
  hand_over();
  if (socket_) await_readable();
}

void NatsPoller::write() {
  // Without bytes to write nats.c would take the empty write for the end of the connection.
  if (!usable_ || !socket_ || !writing_ || awaiting_writable_) return;
  natsConnection_ProcessWriteEvent(connection_);
  if (!writing_ || !socket_) return;
  awaiting_writable_ = true;
  socket_->async_wait(asio::posix::stream_descriptor::wait_write,
                      [self = shared_from_this(), epoch = epoch_](boost::system::error_code error) {
                        if (error || epoch != self->epoch_) return;
                        self->awaiting_writable_ = false;
                        self->write();
                      });
}

void NatsPoller::deliver(const NatsPolled& polled) {
  if (closed_) return;
  collect(polled);
  hand_over();
}

void NatsPoller::collect(const NatsPolled& polled) {
  if (!polled.made) return;
  natsSubscription* subscription = polled.subscription.get();
  int waiting = 0;
  if (natsSubscription_GetPending(subscription, &waiting, nullptr) != NATS_OK) return;
  for (; waiting > 0; --waiting) {
    natsMsg* message = nullptr;
    const natsStatus status = natsSubscription_NextMsg(&message, subscription, 0);
    if (status != NATS_OK && status != NATS_NO_RESPONDERS) return;
    arrived_.push_back({polled.target, NatsMessagePtr(message)});
  }
}

void NatsPoller::hand_over() {
  // Receivers may make and end subscriptions, and even close this poller.
  std::vector<Arrived> arrived = std::exchange(arrived_, {});
  const auto now = NatsTarget::Clock::now();
  for (Arrived& each : arrived) {
    if (closed_) return;
    if (each.message) {
      each.target->received(std::move(each.message), now);
    } else {
      each.target->unserved();
    }
  }
  arrived.clear();
  if (arrived_.empty()) arrived_ = std::move(arrived);  // its memory serves the next messages
}

}  // namespace kefu::bus
