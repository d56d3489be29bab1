#pragma once

#include <kefu/bus/stream_store.hpp>

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace kefu::bus {

/// Does a subject match one with wildcards (`*`: one token, `>`: one or more at the end)?
bool subject_matches(std::string_view pattern, std::string_view subject);

/// One stream of a MemoryBroker.
class MemoryStream {
 public:
  /// What a durable consumer knows of the messages that it was given and has not finished.
  struct Claim {
    std::uint64_t deliveries = 0;
    bool held = false;                            // somebody works on it
    std::chrono::steady_clock::time_point due{};  // when it may be given again
  };
  struct Consumer {
    std::uint64_t next = 1;  // the first sequence that was never given
    std::map<std::uint64_t, Claim> claims;
    std::string filter_subject;  // empty: all of the stream
  };

  explicit MemoryStream(StreamSpec spec);

  void respecify(StreamSpec spec) { spec_ = std::move(spec); }
  bool takes(std::string_view subject) const;
  /// `expected_last`: refuse with `conflict` unless the newest message of the subject has this sequence (0:
  /// none).
  Result<std::uint64_t> append(const Message& message, std::optional<std::uint64_t> expected_last = {});
  StreamState state();
  const StoredMessage* last(std::string_view pattern);
  /// The first message at or after `sequence` that matches; an empty pattern matches all.
  const StoredMessage* at_or_after(std::uint64_t sequence, std::string_view pattern);
  void erase(std::uint64_t sequence);
  std::uint64_t purge(std::string_view pattern);
  Consumer& consumer(const std::string& durable) { return consumers_[durable]; }
  /// The consumer is done with a message; a work queue then forgets it.
  void finish(const std::string& durable, std::uint64_t sequence);
  /// Errors: `not_found` for a durable that nobody has worked under.
  Result<ConsumerState> consumer_state(const std::string& durable);

 private:
  void expire();
  std::uint64_t bytes() const;

  StreamSpec spec_;
  std::string incarnation_;
  std::uint64_t last_sequence_ = 0;
  std::map<std::uint64_t, StoredMessage> messages_;
  std::map<std::string, Consumer> consumers_;
};

}  // namespace kefu::bus
