#pragma once

#include "claim_metrics.hpp"
#include "embedder.hpp"
#include "text_job.hpp"

#include <kefu/async/signal.hpp>
#include <kefu/async/task.hpp>
#include <kefu/base/deadline.hpp>
#include <kefu/redis/claims.hpp>

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

namespace kefu::embedding {

/// A text that no cache has.
struct MissingText {
  std::shared_ptr<TextJob> job;
  std::string name = {};  ///< the key of its vector in Redis
  std::string text = {};  ///< normalised
  Role role = Role::query;
};

struct ClaimOptions {
  /// After so long without a renewal another replica computes the text.
  std::chrono::milliseconds time{2000};
  std::chrono::milliseconds renew_every{600};
  std::chrono::milliseconds timeout{100};  ///< a slower Redis is no help
  /// Between two looks at a text that another replica computes: half as long again each time.
  std::chrono::milliseconds first_pause{5};
  std::chrono::milliseconds longest_pause{100};
};

/// Which replica computes a text that several want at once: the one that claimed it in Redis. The others look
/// for its vector until it is there, until the claim ends without it, and then one of them claims it, or
/// until nobody waits any more. A Redis that fails at any of this makes every replica compute for itself:
/// nothing is lost and nothing waits for it. A question does not wait for another replica's import, whose
/// turn may come late, but takes its claim. Event loop only.
class TextClaims {
 public:
  using JobPtr = std::shared_ptr<TextJob>;
  /// What becomes of the texts that take() left to others.
  struct Events {
    std::function<void(std::vector<MissingText>)> compute;  ///< they are this replica's now
    /// The value that Redis has. False where it is no vector: then the text is this replica's.
    std::function<bool(const MissingText&, const std::string&)> found;
    std::function<void(const MissingText&)> given_up;  ///< nobody waits any more
  };

  /// `claims` outlives this.
  TextClaims(asio::any_io_executor executor, redis::Claims& claims, const ClaimMetrics& metrics,
             ClaimOptions options, Events events);

  /// Those that this replica computes, now, and gives back with release(). One round trip for 256 texts.
  Task<std::vector<MissingText>> take(std::vector<MissingText> texts);
  /// Once the vector is stored, or there will be none. One round trip; none where nothing was claimed.
  Task<void> release(std::vector<std::string> names);

  /// Both run until stop(), and then until nothing is waited for, or held: no text is left to others any
  /// more. Spawn them in the owner's group.
  Task<void> watch();
  Task<void> renew();
  void stop();

  std::size_t waiting() const { return waiting_.size(); }
  std::size_t held() const { return held_.size(); }

 private:
  struct Waiting {
    MissingText text;
    std::chrono::milliseconds pause;
    Deadline::Clock::time_point due;
  };
  enum class Answer { mine, theirs, found, failed };

  Task<std::vector<Answer>> ask(std::vector<MissingText> texts);
  Answer answer_of(const MissingText& text, const redis::Claims::Taken& taken) const;
  void hold(const MissingText& text);
  void wait_for(MissingText text);
  std::vector<Waiting> take_due();
  void give_up_unwanted();
  Task<void> look_again(std::vector<Waiting> due);
  Task<void> renew_all();

  redis::Claims& claims_;
  const ClaimMetrics& metrics_;
  const ClaimOptions options_;
  const Events events_;
  const std::string token_;  ///< this process
  std::vector<Waiting> waiting_;
  Signal waiting_changed_;
  std::unordered_map<std::string, JobPtr> held_;  // by name
  Signal held_changed_;                           ///< raised when the first is held, and at the end
  bool stopping_ = false;
};

}  // namespace kefu::embedding
