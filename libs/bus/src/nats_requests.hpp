#pragma once

#include "nats_target.hpp"
#include "reply_queue.hpp"

#include <cstdint>
#include <memory>
#include <string>
#include <unordered_map>

namespace kefu::bus {

/// The open requests of a connection: one wildcard inbox, a token for each request.
class NatsRequests final : public NatsTarget {
 public:
  struct Open {
    std::uint64_t token;
    std::shared_ptr<ReplyQueue> replies;
  };

  explicit NatsRequests(asio::any_io_executor executor);

  std::string wildcard() const { return prefix_ + "*"; }
  std::string reply_subject(std::uint64_t token) const { return prefix_ + std::to_string(token); }
  Open open(Deadline deadline, std::size_t capacity);
  void close(std::uint64_t token) { open_.erase(token); }
  void fail_one(std::uint64_t token, const Error& error);
  void fail_all(const Error& error);

  void received(NatsMessagePtr message, Clock::time_point arrived) override;
  void refused(natsConnection*, natsMsg&) noexcept override {}

 private:
  asio::any_io_executor executor_;
  std::string prefix_;
  std::uint64_t last_token_ = 0;
  std::unordered_map<std::uint64_t, std::shared_ptr<ReplyQueue>> open_;
};

}  // namespace kefu::bus
