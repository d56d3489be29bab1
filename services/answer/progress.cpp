#include "progress.hpp"

#include <algorithm>

namespace kefu::answer {

Progress::~Progress() { metrics_.finished(operation_, Clock::now() - began_); }

void Progress::finished(std::string_view stage) {
  const auto now = Clock::now();
  const auto took = now - stage_began_;
  stage_began_ = now;
  kefu::v1::StageTiming& timing = timing_of(stage);
  timing.set_microseconds(
      timing.microseconds() +
      static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::microseconds>(took).count()));
  metrics_.stage(stage, took);
}

/// A stage that comes twice, such as the search for another wording, has one entry.
kefu::v1::StageTiming& Progress::timing_of(std::string_view stage) {
  const auto found = std::ranges::find(timings_, stage, &kefu::v1::StageTiming::stage);
  if (found != timings_.end()) return *found;
  kefu::v1::StageTiming& added = *timings_.Add();
  added.set_stage(std::string(stage));
  return added;
}

void Progress::spent(const kefu::v1::Usage& usage) {
  usage_.set_embedding_tokens(usage_.embedding_tokens() + usage.embedding_tokens());
  usage_.set_prompt_tokens(usage_.prompt_tokens() + usage.prompt_tokens());
  usage_.set_completion_tokens(usage_.completion_tokens() + usage.completion_tokens());
  usage_.set_saved_tokens(usage_.saved_tokens() + usage.saved_tokens());
  metrics_.tokens(usage);
}

void Progress::degraded(std::string_view reason, std::string_view explanation) {
  metrics_.degraded(reason);
  if (!degradations_.empty()) degradations_ += "; ";
  degradations_ += explanation;
}

void Progress::write_to(kefu::v1::Answer& answer) const {
  *answer.mutable_usage() = usage_;
  *answer.mutable_timings() = timings_;
  answer.set_degraded(degradations_);
}

}  // namespace kefu::answer
