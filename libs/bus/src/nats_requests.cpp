#include "nats_requests.hpp"

#include "nats_message.hpp"
#include "protocol.hpp"

#include <kefu/base/ids.hpp>

#include <algorithm>
#include <string_view>
#include <utility>

namespace kefu::bus {
namespace {

// About as many as a busy service has requests under way. Each is looked at whenever something was read.
constexpr std::size_t kMaxIdle = 64;

}  // namespace

void NatsInbox::received(NatsMessagePtr message, Clock::time_point) {
  std::string_view subject = natsMsg_GetSubject(message.get());
  subject.remove_prefix(std::min(prefix_.size(), subject.size()));
  if (!replies_ || subject != std::to_string(turn_)) return;  // its requester has given up
  answered_ = true;
  replies_->deliver(read_reply(from_nats(*message)));
}

void NatsInbox::unserved() {
  if (replies_) replies_->deliver(fail(unserved_error()));
}

NatsRequests::NatsRequests(asio::any_io_executor executor, NatsConnection& connection)
    : executor_(std::move(executor)), connection_(connection), prefix_("_INBOX." + random_id(12) + ".") {}

Result<NatsRequests::Held> NatsRequests::take() {
  if (!idle_.empty()) {
    Held held = std::move(idle_.back());
    idle_.pop_back();
    return held;
  }
  auto inbox = std::make_shared<NatsInbox>(prefix_ + std::to_string(++made_) + ".");
  KEFU_TRY(auto subscribed, connection_.subscribe(inbox->wildcard(), "", inbox));
  return Held{std::move(inbox), std::move(subscribed)};
}

Result<std::shared_ptr<NatsInbox>> NatsRequests::open(Deadline deadline, std::size_t capacity) {
  KEFU_TRY(auto held, take());
  auto inbox = held.inbox;
  ++inbox->turn_;
  inbox->answered_ = false;
  inbox->replies_ = std::make_shared<ReplyQueue>(executor_, deadline, capacity);
  open_.emplace(inbox.get(), std::move(held));
  return inbox;
}

void NatsRequests::close(NatsInbox& inbox) {
  inbox.replies_ = nullptr;
  auto node = open_.extract(&inbox);
  // Without a reply the notice that nobody serves the request may still come, and would be the next one's.
  if (inbox.answered_ && idle_.size() < kMaxIdle) idle_.push_back(std::move(node.mapped()));
}

void NatsRequests::fail_all(const Error& error) {
  for (const auto& [inbox, held] : open_) inbox->replies()->deliver(fail(error));
}

}  // namespace kefu::bus
