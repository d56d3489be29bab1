#include "nats_requests.hpp"

#include "nats_message.hpp"
#include "protocol.hpp"

#include <kefu/base/ids.hpp>

#include <charconv>
#include <string_view>
#include <utility>

namespace kefu::bus {
namespace {

// Replies are bounded by the requests that this process makes; this only stops a peer that has gone mad.
constexpr std::size_t kMaxWaiting = 65536;

}  // namespace

NatsRequests::NatsRequests(asio::any_io_executor executor)
    : NatsTarget(kMaxWaiting), executor_(std::move(executor)), prefix_("_INBOX." + random_id(12) + ".") {}

NatsRequests::Open NatsRequests::open(Deadline deadline, std::size_t capacity) {
  Open result{++last_token_, std::make_shared<ReplyQueue>(executor_, deadline, capacity)};
  open_.emplace(result.token, result.replies);
  return result;
}

void NatsRequests::fail_one(std::uint64_t token, const Error& error) {
  if (const auto found = open_.find(token); found != open_.end()) found->second->deliver(fail(error));
}

void NatsRequests::fail_all(const Error& error) {
  for (const auto& [token, replies] : open_) replies->deliver(fail(error));
}

void NatsRequests::received(NatsMessagePtr message, Clock::time_point) {
  std::string_view subject = natsMsg_GetSubject(message.get());
  subject.remove_prefix(std::min(prefix_.size(), subject.size()));
  std::uint64_t token = 0;
  std::from_chars(subject.data(), subject.data() + subject.size(), token);
  const auto found = open_.find(token);
  if (found == open_.end()) return;  // its requester has given up
  found->second->deliver(read_reply(from_nats(*message)));
}

}  // namespace kefu::bus
