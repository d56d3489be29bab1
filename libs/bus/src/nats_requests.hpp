#pragma once

#include "nats_connection.hpp"
#include "nats_target.hpp"
#include "reply_queue.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

namespace kefu::bus {

/// Where the replies to one request come in. It serves one request at a time, and the next one under another
/// subject, so that what is late cannot be taken for its reply.
class NatsInbox final : public NatsTarget {
 public:
  explicit NatsInbox(std::string prefix) : prefix_(std::move(prefix)) {}

  std::string wildcard() const { return prefix_ + "*"; }
  std::string reply_subject() const { return prefix_ + std::to_string(turn_); }
  const std::shared_ptr<ReplyQueue>& replies() const { return replies_; }

  void received(NatsMessagePtr message, Clock::time_point arrived) override;
  void unserved() override;

 private:
  friend class NatsRequests;

  std::string prefix_;
  std::uint64_t turn_ = 0;
  bool answered_ = false;
  std::shared_ptr<ReplyQueue> replies_;  // empty: idle
};

/// The open requests of a connection, each with an inbox of its own: nats.c gives the notice that nobody
/// serves a request without the subject it was sent to. Inboxes are used again.
class NatsRequests {
 public:
  NatsRequests(asio::any_io_executor executor, NatsConnection& connection);

  Result<std::shared_ptr<NatsInbox>> open(Deadline deadline, std::size_t capacity);
  void close(NatsInbox& inbox);
  void fail_all(const Error& error);
  /// No inbox is used again.
  void stop() { idle_.clear(); }

 private:
  struct Held {
    std::shared_ptr<NatsInbox> inbox;
    std::unique_ptr<NatsSubscribed> subscribed;
  };
  Result<Held> take();

  asio::any_io_executor executor_;
  NatsConnection& connection_;
  std::string prefix_;
  std::uint64_t made_ = 0;
  std::unordered_map<const NatsInbox*, Held> open_;
  std::vector<Held> idle_;
};

}  // namespace kefu::bus
