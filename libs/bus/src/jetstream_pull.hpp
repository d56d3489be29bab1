#pragma once

#include <kefu/bus/message_bus.hpp>
#include <kefu/bus/stream_store.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>

namespace kefu::bus::jetstream {

/// A message that a consumer was given.
struct Delivery {
  StoredMessage message;
  std::string ack_subject;
  std::uint64_t deliveries = 0;         ///< of this message, from 1
  std::uint64_t consumer_sequence = 0;  ///< rises by one with each message that the consumer sends
  std::uint64_t pending = 0;            ///< of the stream, after this one
};

/// Reads "$JS.ACK.<stream>.<consumer>.<deliveries>.<sequence>.<consumer sequence>.<time>.<pending>", also in
/// the form that has domain and account after ACK. Errors: `bad_upstream`.
Result<Delivery> read_delivery(Message message);

/// Pulls messages of one consumer into an inbox of its own. A pull asks for some messages and ends when they
/// have come, when its time is over, or when the server says so.
class PullInbox {
 public:
  struct Pulled {
    std::optional<Delivery> delivery;  ///< empty: only the pulls changed; ask again
  };

  PullInbox(MessageBus& bus, const std::string& stream, const std::string& consumer,
            std::chrono::milliseconds expires);

  /// `capacity`: the most that is ever outstanding.
  Result<> open(std::size_t capacity);
  /// Asks for `count` more. Errors: `unavailable`.
  Result<> ask(std::size_t count);
  /// Messages asked for that may still come.
  std::size_t outstanding() const;
  /// Errors: `deadline_exceeded`; `overloaded` (messages may be lost: outstanding() is zero now); `not_found`
  /// (the consumer is gone); `cancelled` (stopped and empty).
  Task<Result<Pulled>> next(Deadline deadline);
  /// No new message is sent here.
  void stop();

 private:
  using Clock = std::chrono::steady_clock;
  struct Pull {
    std::string subject;
    std::size_t remaining;
    Clock::time_point lost_at;  // it has ended by then, even if nobody said so
  };

  Result<Pulled> status(const Message& message);
  void forget_lost();

  MessageBus& bus_;
  std::string api_subject_;
  std::string inbox_;
  std::chrono::milliseconds expires_;
  std::uint64_t last_pull_ = 0;
  std::deque<Pull> pulls_;
  std::unique_ptr<Feed> feed_;
};

}  // namespace kefu::bus::jetstream
