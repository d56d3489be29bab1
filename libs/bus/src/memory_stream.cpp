#include "memory_stream.hpp"

#include <kefu/base/ids.hpp>

#include <algorithm>
#include <ranges>
#include <utility>
#include <vector>

namespace kefu::bus {
namespace {

std::string_view take_token(std::string_view& subject) {
  const std::size_t end = std::min(subject.find('.'), subject.size());
  const std::string_view token = subject.substr(0, end);
  subject.remove_prefix(std::min(end + 1, subject.size()));
  return token;
}

}  // namespace

bool subject_matches(std::string_view pattern, std::string_view subject) {
  while (!pattern.empty() && !subject.empty()) {
    const std::string_view expected = take_token(pattern);
    if (expected == ">") return true;
    if (const std::string_view token = take_token(subject); expected != "*" && expected != token)
      return false;
  }
  return pattern.empty() && subject.empty();
}

MemoryStream::MemoryStream(StreamSpec spec) : spec_(std::move(spec)), incarnation_(random_id()) {}

bool MemoryStream::takes(std::string_view subject) const {
  return std::ranges::any_of(spec_.subjects,
                             [&](const std::string& pattern) { return subject_matches(pattern, subject); });
}

std::uint64_t MemoryStream::bytes() const {
  std::uint64_t sum = 0;
  for (const auto& [sequence, message] : messages_) sum += message.subject.size() + message.payload.size();
  return sum;
}

void MemoryStream::expire() {
  if (spec_.max_age.count() == 0) return;
  const auto oldest = std::chrono::system_clock::now() - spec_.max_age;
  std::erase_if(messages_, [oldest](const auto& entry) { return entry.second.time < oldest; });
}

Result<std::uint64_t> MemoryStream::append(const Message& message,
                                           std::optional<std::uint64_t> expected_last) {
  if (expected_last) {
    const StoredMessage* newest = last(message.subject);
    if (*expected_last != (newest != nullptr ? newest->sequence : 0)) {
      return fail(Errc::conflict, "wrong last sequence");
    }
  }
  const std::uint64_t size = message.subject.size() + message.payload.size();
  if (spec_.max_bytes > 0 && bytes() + size > static_cast<std::uint64_t>(spec_.max_bytes)) {
    return fail(Errc::insufficient_storage, "the stream is full");
  }
  if (spec_.max_messages_per_subject > 0) {
    auto same = messages_ | std::views::values |
                std::views::filter([&](const auto& stored) { return stored.subject == message.subject; });
    if (std::ranges::distance(same) >= spec_.max_messages_per_subject) {
      if (!spec_.replace_oldest_of_subject)
        return fail(Errc::insufficient_storage, "too many of this subject");
      messages_.erase((*same.begin()).sequence);
    }
  }
  ++last_sequence_;
  messages_.emplace(last_sequence_, StoredMessage{.subject = message.subject,
                                                  .payload = message.payload,
                                                  .headers = message.headers,
                                                  .sequence = last_sequence_,
                                                  .time = std::chrono::system_clock::now()});
  return last_sequence_;
}

StreamState MemoryStream::state() {
  expire();
  return StreamState{.first_sequence = messages_.empty() ? last_sequence_ + 1 : messages_.begin()->first,
                     .last_sequence = last_sequence_,
                     .messages = messages_.size(),
                     .bytes = bytes(),
                     .incarnation = incarnation_};
}

const StoredMessage* MemoryStream::last(std::string_view pattern) {
  expire();
  for (const auto& message : messages_ | std::views::values | std::views::reverse) {
    if (subject_matches(pattern, message.subject)) return &message;
  }
  return nullptr;
}

const StoredMessage* MemoryStream::at_or_after(std::uint64_t sequence, std::string_view pattern) {
  expire();
  for (auto found = messages_.lower_bound(sequence); found != messages_.end(); ++found) {
    if (pattern.empty() || subject_matches(pattern, found->second.subject)) return &found->second;
  }
  return nullptr;
}

void MemoryStream::erase(std::uint64_t sequence) {
  messages_.erase(sequence);
  for (auto& [name, consumer] : consumers_) consumer.claims.erase(sequence);
}

std::uint64_t MemoryStream::purge(std::string_view pattern) {
  std::vector<std::uint64_t> found;
  for (const auto& [sequence, message] : messages_) {
    if (subject_matches(pattern, message.subject)) found.push_back(sequence);
  }
  for (const std::uint64_t sequence : found) erase(sequence);
  return found.size();
}

void MemoryStream::finish(const std::string& durable, std::uint64_t sequence) {
  consumers_[durable].claims.erase(sequence);
  if (spec_.retention == Retention::work_queue) erase(sequence);
}

Result<ConsumerState> MemoryStream::consumer_state(const std::string& durable) {
  expire();
  const auto found = consumers_.find(durable);
  if (found == consumers_.end()) return fail(Errc::not_found, "no consumer " + durable);
  const Consumer& consumer = found->second;
  ConsumerState state{.ack_pending = consumer.claims.size()};
  const auto take = [&state](const StoredMessage& message) {
    state.oldest = std::min(state.oldest.value_or(message.time), message.time);
  };
  for (const auto& [sequence, claim] : consumer.claims) {
    if (claim.deliveries > 1) ++state.redelivered;
    if (const auto message = messages_.find(sequence); message != messages_.end()) take(message->second);
  }
  for (auto next = messages_.lower_bound(consumer.next); next != messages_.end(); ++next) {
    const bool matches =
        consumer.filter_subject.empty() || subject_matches(consumer.filter_subject, next->second.subject);
    if (!matches) continue;
    ++state.pending;
    take(next->second);
  }
  return state;
}

}  // namespace kefu::bus
