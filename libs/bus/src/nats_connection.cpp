#include "nats_connection.hpp"

#include "nats_message.hpp"
#include "protocol.hpp"

#include <algorithm>
#include <memory>
#include <utility>
#include <vector>

namespace kefu::bus {
namespace {

using std::chrono::milliseconds;

// A silent server is given up after three intervals at most, with its open requests.
constexpr milliseconds kPingInterval{1300};
constexpr int kMaxPingsOut = 2;
constexpr milliseconds kConnectTimeout{2000};
constexpr milliseconds kReconnectWait{250};
constexpr milliseconds kReconnectJitter{100};
constexpr milliseconds kDrainTimeout{2000};
// What may wait for a server that takes nothing until its silence is noticed.
constexpr std::size_t kMaxBuffered = 32 << 20;

/// What the connection's callbacks share. Freed in the last one, on_closed.
struct ConnectionClosure {
  std::shared_ptr<NatsMailbox> mailbox;
  std::function<void(bool connected, std::int64_t max_payload)> changed;
};

void on_connected(natsConnection* connection, void* closure) noexcept {
  auto& self = *static_cast<ConnectionClosure*>(closure);
  self.mailbox->post([changed = self.changed, max_payload = natsConnection_GetMaxPayload(connection)] {
    changed(true, max_payload);
  });
}

void on_disconnected(natsConnection*, void* closure) noexcept {
  auto& self = *static_cast<ConnectionClosure*>(closure);
  self.mailbox->post([changed = self.changed] { changed(false, 0); });
}

void on_closed(natsConnection*, void* closure) noexcept {
  const std::unique_ptr<ConnectionClosure> self(static_cast<ConnectionClosure*>(closure));
  self->mailbox->post([changed = self->changed] { changed(false, 0); });
}

/// nats.c prints to stderr without a handler. Slow consumers cannot happen to what is emptied after each
/// read, and all else shows as a disconnection.
void on_error(natsConnection*, natsSubscription*, natsStatus, void*) noexcept {}

natsStatus subscribe_now(NatsPolled& polled, const std::string& subject, const std::string& queue_group) {
  natsConnection* connection = polled.connection.get();
  natsSubscription* raw = nullptr;
  const natsStatus status =
      queue_group.empty()
          ? natsConnection_SubscribeSync(&raw, connection, subject.c_str())
          : natsConnection_QueueSubscribeSync(&raw, connection, subject.c_str(), queue_group.c_str());
  if (status == NATS_OK) polled.subscription.reset(raw);
  return status;
}

std::vector<std::string> split(const std::string& urls) {
  std::vector<std::string> result;
  for (std::size_t begin = 0; begin <= urls.size();) {
    const std::size_t end = std::min(urls.find(',', begin), urls.size());
    if (end > begin) result.push_back(urls.substr(begin, end - begin));
    begin = end + 1;
  }
  return result;
}

}  // namespace

NatsSubscribed::NatsSubscribed(std::shared_ptr<NatsWorker> worker, std::shared_ptr<NatsMailbox> mailbox,
                               std::shared_ptr<NatsPoller> poller, std::shared_ptr<NatsPolled> polled)
    : worker_(std::move(worker)),
      mailbox_(std::move(mailbox)),
      poller_(std::move(poller)),
      polled_(std::move(polled)) {
  poller_->watch(polled_);
}

NatsSubscribed::~NatsSubscribed() {
  poller_->forget(polled_);
  polled_->target = nullptr;  // here, since the job may outlive the event loop whose timers the target holds
  worker_->run([polled = std::move(polled_)] { natsSubscription_Unsubscribe(polled->subscription.get()); });
}

void NatsSubscribed::drain() {
  worker_->run([polled = polled_, poller = poller_, mailbox = mailbox_]() mutable {
    // Draining waits for the server to answer; without one there is nothing to wait for.
    natsConnection* connection = polled->connection.get();
    if (natsConnection_Status(connection) == NATS_CONN_STATUS_CONNECTED &&
        natsSubscription_DrainTimeout(polled->subscription.get(), kDrainTimeout.count()) == NATS_OK) {
      // After its answer nothing can come that was sent before.
      natsConnection_FlushTimeout(connection, kDrainTimeout.count());
    }
    mailbox->post([polled = std::move(polled), poller = std::move(poller)] {
      poller->deliver(*polled);
      if (polled->target) polled->target->completed();
    });
  });
}

NatsConnection::NatsConnection(asio::any_io_executor executor, std::shared_ptr<NatsMailbox> mailbox,
                               NatsOptions options)
    : mailbox_(std::move(mailbox)),
      poller_(std::make_shared<NatsPoller>(std::move(executor), mailbox_)),
      options_(std::move(options)),
      worker_(std::make_shared<NatsWorker>()) {}

NatsConnection::~NatsConnection() { worker_->stop(); }

Result<NatsOptionsPtr> NatsConnection::make_options() {
  natsOptions* raw = nullptr;
  if (const natsStatus status = natsOptions_Create(&raw); status != NATS_OK) return fail(to_error(status));
  NatsOptionsPtr options(raw);
  const std::vector<std::string> urls = split(options_.url);
  std::vector<const char*> servers;
  servers.reserve(urls.size());
  for (const std::string& url : urls) servers.push_back(url.c_str());
  const natsStatus results[] = {
      natsOptions_SetServers(raw, servers.data(), static_cast<int>(servers.size())),
      natsOptions_SetName(raw, options_.client_name.c_str()),
      natsOptions_SetTimeout(raw, kConnectTimeout.count()),
      natsOptions_SetPingInterval(raw, kPingInterval.count()),
      natsOptions_SetMaxPingsOut(raw, kMaxPingsOut),
      natsOptions_SetMaxReconnect(raw, -1),
      natsOptions_SetReconnectWait(raw, kReconnectWait.count()),
      natsOptions_SetReconnectJitter(raw, kReconnectJitter.count(), kReconnectJitter.count()),
      // With room for nothing, nats.c refuses to publish between connections instead of delivering late.
      natsOptions_SetReconnectBufSize(raw, 0),
      natsOptions_SetSendAsap(raw, true),
      poller_->install(raw),
      natsOptions_SetErrorHandler(raw, &on_error, nullptr),
  };
  for (const natsStatus status : results) {
    if (status != NATS_OK) {
      return fail(Errc::invalid_argument, "these NATS options are refused", natsStatus_GetText(status));
    }
  }
  return options;
}

Result<> NatsConnection::open(std::function<void(bool)> on_change) {
  on_change_ = std::move(on_change);
  KEFU_TRY(NatsOptionsPtr options, make_options());
  auto closure = std::make_unique<ConnectionClosure>(ConnectionClosure{
      mailbox_, [this](bool connected, std::int64_t max_payload) { changed(connected, max_payload); }});
  natsOptions_SetDisconnectedCB(options.get(), &on_disconnected, closure.get());
  natsOptions_SetReconnectedCB(options.get(), &on_connected, closure.get());
  natsOptions_SetClosedCB(options.get(), &on_closed, closure.get());
  natsOptions_SetRetryOnFailedConnect(options.get(), true, &on_connected, closure.get());
  natsConnection* raw = nullptr;
  const natsStatus status = natsConnection_Connect(&raw, options.get());
  connection_ = std::shared_ptr<natsConnection>(raw, [poller = poller_](natsConnection* connection) {
    natsConnection_Destroy(connection);  // it calls the poller
  });
  if (status != NATS_OK && status != NATS_NOT_YET_CONNECTED) {
    return fail(Errc::invalid_argument, "cannot connect to NATS with these options",
                natsStatus_GetText(status));
  }
  ConnectionClosure& kept = *closure.release();  // on_closed owns it from here on
  // nats.c calls back only when a later attempt succeeds.
  if (status == NATS_OK) on_connected(raw, &kept);
  return {};
}

void NatsConnection::changed(bool connected, std::int64_t max_payload) {
  if (connected == connected_) return;
  connected_ = connected;
  if (connected) max_payload_ = static_cast<std::size_t>(max_payload);
  on_change_(connected);
}

Result<> NatsConnection::publish(const Message& message) {
  if (!connected_ || !poller_->usable()) return fail(to_error(NATS_CONNECTION_DISCONNECTED));
  const std::size_t size = counted_size(message);
  if (size > max_payload_) return fail(to_error(NATS_MAX_PAYLOAD));
  KEFU_TRY(NatsMessagePtr owned, to_nats(message));
  const int buffered = natsConnection_Buffered(connection_.get());
  if (buffered > 0 && static_cast<std::size_t>(buffered) + size > kMaxBuffered) {
    return fail(Errc::overloaded, "too many messages wait to be published");
  }
  if (const natsStatus status = natsConnection_PublishMsg(connection_.get(), owned.get());
      status != NATS_OK) {
    return fail(to_error(status));
  }
  return {};
}

Result<std::unique_ptr<NatsSubscribed>> NatsConnection::subscribe(std::string subject,
                                                                  std::string queue_group,
                                                                  std::shared_ptr<NatsTarget> target) {
  auto polled = std::make_shared<NatsPolled>(NatsPolled{connection_, std::move(target), nullptr});
  auto subscribed = std::make_unique<NatsSubscribed>(worker_, mailbox_, poller_, polled);
  if (poller_->usable()) {
    const natsStatus status = subscribe_now(*polled, subject, queue_group);
    if (status != NATS_OK) return fail(to_error(status));
    polled->made = true;
    return subscribed;
  }
  worker_->run([polled = std::move(polled), mailbox = mailbox_, subject = std::move(subject),
                queue_group = std::move(queue_group)]() mutable {
    const natsStatus status = subscribe_now(*polled, subject, queue_group);
    mailbox->post([polled = std::move(polled), status] {
      polled->made = status == NATS_OK;
      if (!polled->made && polled->target) polled->target->completed();
    });
  });
  return subscribed;
}

void NatsConnection::flush(Deadline deadline, std::move_only_function<void(Result<>)> on_flushed) {
  worker_->run([this, deadline, on_flushed = std::move(on_flushed)]() mutable {
    const auto remaining = std::chrono::duration_cast<milliseconds>(deadline.remaining());
    // nats.c takes no time of zero for a flush.
    const natsStatus status = remaining.count() > 0
                                  ? natsConnection_FlushTimeout(connection_.get(), remaining.count())
                                  : NATS_TIMEOUT;
    mailbox_->post([on_flushed = std::move(on_flushed), status]() mutable {
      on_flushed(status == NATS_OK ? Result<>{} : Result<>(std::unexpected(to_error(status))));
    });
  });
}

void NatsConnection::close(Deadline deadline, NatsMailbox::Event on_closed) {
  worker_->run([this, deadline, on_closed = std::move(on_closed)]() mutable {
    const auto remaining = std::chrono::duration_cast<milliseconds>(deadline.remaining());
    if (natsConnection_Status(connection_.get()) == NATS_CONN_STATUS_CONNECTED && remaining.count() > 0) {
      natsConnection_FlushTimeout(connection_.get(), remaining.count());
    }
    natsConnection_Close(connection_.get());
    mailbox_->post([this, on_closed = std::move(on_closed)]() mutable {
      changed(false, 0);
      on_closed();
    });
  });
}

}  // namespace kefu::bus
