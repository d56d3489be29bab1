#pragma once

#include "jetstream_pull.hpp"

#include <cstdint>
#include <memory>
#include <string>

namespace kefu::bus::jetstream {

struct OrderedOptions {
  std::string stream;
  std::string filter_subject;
  std::uint64_t from_sequence = 1;
  bool headers_only = false;
  /// Begin with the last message of each subject instead of at `from_sequence`.
  bool last_of_each_subject = false;
};

/// Reads a stream in order, without gaps and repeats, over any number of consumers: when one is lost, or a
/// number in its sequence is missing, the next one begins after the last message that was given out.
class OrderedReader {
 public:
  OrderedReader(MessageBus& bus, OrderedOptions options) : bus_(bus), options_(std::move(options)) {}
  /// Tells the server to forget the consumer, if it listens; it would by itself after a while.
  ~OrderedReader();
  OrderedReader(const OrderedReader&) = delete;
  OrderedReader& operator=(const OrderedReader&) = delete;

  /// Errors: `deadline_exceeded`, `unavailable` (both: call again), `not_found` (the stream is gone or was
  /// made again).
  Task<Result<Delivery>> next(Deadline deadline);
  /// Makes sure that there is a consumer; returns how many messages the first one found waiting.
  Task<Result<std::uint64_t>> begin(Deadline deadline);

 private:
  Task<Result<>> create(Deadline deadline);
  Task<Result<>> check_incarnation(Deadline deadline);
  void refill();
  void drop_consumer();
  std::size_t batch() const;

  MessageBus& bus_;
  OrderedOptions options_;
  std::string incarnation_;  // of the stream; empty: not read yet
  std::uint64_t first_pending_ = 0;
  std::uint64_t last_sequence_ = 0;  // of the stream, given out
  std::uint64_t last_consumer_sequence_ = 0;
  std::size_t average_size_ = 1024;  // of recent messages
  std::string consumer_;
  std::unique_ptr<PullInbox> inbox_;  // empty: no consumer
};

}  // namespace kefu::bus::jetstream
