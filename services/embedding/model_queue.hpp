#pragma once

#include "embedder.hpp"
#include "embedding_metrics.hpp"
#include "text_job.hpp"

#include <kefu/async/signal.hpp>
#include <kefu/async/task.hpp>
#include <kefu/base/error.hpp>

#include <array>
#include <cstddef>
#include <deque>
#include <functional>
#include <memory>
#include <vector>

namespace kefu::embedding {

struct QueueLimits {
  /// A lane that holds this much refuses more, so it holds at most one request beyond it.
  std::size_t question_tokens = 16384;
  std::size_t import_tokens = 262144;
};

/// Puts jobs through the model in the order of their lanes. What nobody waits for any more is dropped, not
/// computed. Event loop only; the model's work is elsewhere.
class ModelQueue {
 public:
  using JobPtr = std::shared_ptr<TextJob>;
  /// Told of every job pushed, once: its vector, the model's error, or `deadline_exceeded` when it was
  /// dropped.
  using Finished = std::function<void(std::vector<JobPtr>, std::vector<Result<TextVector>>)>;

  ModelQueue(asio::any_io_executor executor, Embedder& embedder, QueueLimits limits,
             const EmbeddingMetrics& metrics, Finished finished);

  /// All jobs or none. Errors: `overloaded`; `unavailable` after stop().
  Result<> push(const std::vector<JobPtr>& jobs);
  /// After TextJob::promote(): it may be queued, or not.
  void promoted(const JobPtr& job);

  /// One call of the model after the other until stop(), and then until nothing is queued. May run several
  /// times at once.
  Task<void> run();
  void stop();

  std::size_t texts(Lane lane) const { return lanes_[index(lane)].jobs.size(); }
  std::size_t tokens(Lane lane) const { return lanes_[index(lane)].tokens; }

 private:
  struct LaneQueue {
    std::deque<JobPtr> jobs;
    std::size_t tokens = 0;
  };

  static std::size_t index(Lane lane) { return static_cast<std::size_t>(lane); }
  void show_depth() const;
  void drop_unwanted();
  void drop(std::vector<JobPtr> jobs);
  struct Batch {
    std::vector<JobPtr> jobs;
    Lane lane = Lane::question;  // of all of them
  };
  Batch next_batch();
  Task<void> compute(std::vector<JobPtr> batch);

  Embedder& embedder_;
  QueueLimits limits_;
  const EmbeddingMetrics& metrics_;
  Finished finished_;
  std::array<LaneQueue, 2> lanes_;
  Signal changed_;
  std::size_t importing_ = 0;  // calls
  bool stopping_ = false;
};

}  // namespace kefu::embedding
