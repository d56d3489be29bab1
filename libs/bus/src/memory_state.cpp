#include "memory_state.hpp"

#include "protocol.hpp"

#include <boost/asio/post.hpp>

#include <set>
#include <utility>

namespace kefu::bus {
namespace {

constexpr std::size_t kMaxPayload = 1 << 20;  // as nats-server has it by default

}  // namespace

void MemoryBroker::State::set_connected(bool connected) {
  if (connected_ == connected) return;
  connected_ = connected;
  changed_.raise();
  if (connected) return;
  for (const auto& [subject, replies] : inboxes_) {
    replies->deliver(fail(Errc::unavailable, "the connection to the message bus was lost"));
  }
  for (const Subscribed& subscribed : subscriptions_) subscribed.target->interrupted();
}

Result<> MemoryBroker::State::check() const {
  if (!connected_) return fail(Errc::unavailable, "the message bus is not reachable");
  return {};
}

Result<> MemoryBroker::State::publish(Message message) {
  KEFU_CHECK(check());
  if (counted_size(message) > kMaxPayload) {
    return fail(Errc::payload_too_large, "the message is larger than the bus carries");
  }
  for (auto& [name, stream] : streams_) {
    // As with a real server: whoever publishes without asking for an acknowledgement does not hear of a
    // refusal.
    if (stream.takes(message.subject)) [[maybe_unused]]
      const auto stored = append(stream, message);
  }
  if (const auto inbox = inboxes_.find(message.subject); inbox != inboxes_.end()) {
    inbox->second->deliver(read_reply(std::move(message)));
    return {};
  }
  if (!deliver(message) && !message.reply_to.empty()) {
    return publish(
        {.subject = message.reply_to, .payload = "", .headers = {{std::string(header::kStatus), "503"}}});
  }
  return {};
}

bool MemoryBroker::State::deliver(const Message& message) {
  std::set<std::string> served_groups;
  bool any = false;
  const auto end = subscriptions_.end();
  std::list<Subscribed> had_their_turn;
  for (auto it = subscriptions_.begin(); it != end;) {
    const auto current = it++;
    if (!subject_matches(current->pattern, message.subject)) continue;
    const std::string& group = current->queue_group;
    if (!group.empty() && !served_groups.insert(current->pattern + " " + group).second) continue;
    any = true;
    post(current->target, message);
    if (!group.empty()) had_their_turn.splice(had_their_turn.end(), subscriptions_, current);
  }
  subscriptions_.splice(subscriptions_.end(), had_their_turn);
  return any;
}

void MemoryBroker::State::post(std::shared_ptr<MemoryTarget> target, Message message) {
  asio::post(executor_, [target = std::move(target), message = std::move(message),
                         arrived = std::chrono::steady_clock::now()]() mutable {
    target->received(std::move(message), arrived);
  });
}

void MemoryBroker::State::subscribe(std::string pattern, std::string queue_group,
                                    std::shared_ptr<MemoryTarget> target) {
  subscriptions_.push_back({std::move(pattern), std::move(queue_group), std::move(target)});
}

void MemoryBroker::State::unsubscribe(const MemoryTarget* target) {
  std::erase_if(subscriptions_, [target](const Subscribed& each) { return each.target.get() == target; });
}

std::string MemoryBroker::State::open_inbox(std::shared_ptr<ReplyQueue> replies) {
  std::string subject = "_INBOX." + std::to_string(++last_inbox_);
  inboxes_.emplace(subject, std::move(replies));
  return subject;
}

Result<MemoryStream*> MemoryBroker::State::stream(const std::string& name) {
  KEFU_CHECK(check());
  const auto found = streams_.find(name);
  if (found == streams_.end()) return fail(Errc::not_found, "no stream " + name);
  return &found->second;
}

Result<std::uint64_t> MemoryBroker::State::append(MemoryStream& stream, const Message& message,
                                                  std::optional<std::uint64_t> expected_last) {
  auto sequence = stream.append(message, expected_last);
  if (sequence) changed_.raise();
  return sequence;
}

}  // namespace kefu::bus
