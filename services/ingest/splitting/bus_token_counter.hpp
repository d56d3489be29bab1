#pragma once

#include "token_counter.hpp"

#include <kefu/async/signal.hpp>
#include <kefu/base/deadline.hpp>
#include <kefu/bus/message_bus.hpp>

#include <chrono>

namespace kefu::ingest {

/// Asks the embedding service, in batches, and waits for it while it is away.
class BusTokenCounter final : public TokenCounter {
 public:
  /// `patience` bounds the waiting of one call.
  BusTokenCounter(asio::any_io_executor executor, bus::MessageBus& bus, std::chrono::milliseconds patience)
      : bus_(bus), patience_(patience), stopped_(std::move(executor)) {}

  Task<Result<TokenCounts>> count(std::vector<std::string> texts) override;
  /// Ends all waiting: calls return `cancelled`.
  void stop();

 private:
  Task<Result<TokenCounts>> count_batch(std::vector<std::string> texts, Deadline deadline);
  Task<Result<TokenCounts>> ask(std::string payload, std::size_t texts, Deadline deadline);

  bus::MessageBus& bus_;
  std::chrono::milliseconds patience_;
  Signal stopped_;
  bool stopping_ = false;
};

}  // namespace kefu::ingest
