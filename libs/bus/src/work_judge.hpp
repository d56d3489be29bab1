#pragma once

#include <kefu/bus/stream_store.hpp>

#include <chrono>
#include <cstdint>
#include <string>

namespace kefu::bus {

/// What the stream is told about one delivery of a message.
struct Verdict {
  enum class Kind { done, again, later, terminate };
  Kind kind;
  std::chrono::nanoseconds delay{0};  ///< before it comes `again`, or `later` does and is not kept
  std::chrono::nanoseconds aside{0};  ///< before what is kept is looked at `later`
};

/// Decides what becomes of the messages of a worker: the same on every bus.
class WorkJudge {
 public:
  /// `store` takes the dead letters.
  WorkJudge(WorkOptions options, WorkHandler handler, GiveUpHandler give_up, StreamStore& store)
      : options_(std::move(options)),
        handler_(std::move(handler)),
        give_up_(std::move(give_up)),
        store_(store) {}

  /// Runs the handler, unless the message has had all its deliveries, and buries what cannot be processed.
  Task<Verdict> decide(StoredMessage message, std::uint64_t deliveries);

 private:
  Task<WorkOutcome> run_handler(StoredMessage message, std::uint64_t deliveries);
  Task<Verdict> bury(StoredMessage message, std::uint64_t deliveries, std::string reason);
  Verdict again(std::uint64_t deliveries) const;

  WorkOptions options_;
  WorkHandler handler_;
  GiveUpHandler give_up_;
  StreamStore& store_;
};

}  // namespace kefu::bus
