#pragma once

#include "answer_metrics.hpp"
#include "kefu/v1/ask.pb.h"

#include <chrono>
#include <string>
#include <string_view>

namespace kefu::answer {

/// The books of one request: how long each stage took, what was spent, what was done the lesser way. Metrics
/// see each entry as it is made, so an error later on hides nothing.
class Progress {
 public:
  using Clock = std::chrono::steady_clock;

  /// `operation`: "ask" or "retrieve". `metrics` outlives this object.
  Progress(const AnswerMetrics& metrics, std::string_view operation)
      : metrics_(metrics), operation_(operation) {}
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  /// What was done since the last call, or the beginning, was this stage.
  void finished(std::string_view stage);
  void spent(const kefu::v1::Usage& usage);
  /// `reason`: one of degraded::; `explanation` goes to the caller.
  void degraded(std::string_view reason, std::string_view explanation);

  const kefu::v1::Usage& usage() const { return usage_; }
  /// Explanations, joined; empty if none.
  const std::string& degradations() const { return degradations_; }
  /// Timings, usage and degradations.
  void write_to(kefu::v1::Answer& answer) const;

 private:
  kefu::v1::StageTiming& timing_of(std::string_view stage);

  const AnswerMetrics& metrics_;
  std::string_view operation_;
  Clock::time_point began_ = Clock::now();
  Clock::time_point stage_began_ = began_;
  google::protobuf::RepeatedPtrField<kefu::v1::StageTiming> timings_;
  kefu::v1::Usage usage_;
  std::string degradations_;
};

}  // namespace kefu::answer
