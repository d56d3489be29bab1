#pragma once

#include "kefu/v1/ask.pb.h"

#include <kefu/base/error.hpp>
#include <kefu/telemetry/error_counters.hpp>
#include <kefu/telemetry/metrics.hpp>

#include <chrono>
#include <map>
#include <string>
#include <string_view>

namespace kefu::answer {

/// Parts of the work on a question, as timings and metrics name them.
namespace stage {
inline constexpr std::string_view kPrepare = "prepare";  ///< normalise, find the knowledge base
inline constexpr std::string_view kRewrite = "rewrite";  ///< a follow-up question, by the language model
inline constexpr std::string_view kEmbed = "embed";
inline constexpr std::string_view kSearch = "search";
inline constexpr std::string_view kDecide = "decide";
inline constexpr std::string_view kGenerate = "generate";
}  // namespace stage

/// Why a lesser way was taken, as metrics name it.
namespace degraded {
inline constexpr std::string_view kNoVector = "no_vector";  ///< embedding failed
inline constexpr std::string_view kTooLongForModel = "too_long_for_model";
inline constexpr std::string_view kNoVectorSearch =
    "vector_unused";                                  ///< index had no vectors to compare with
inline constexpr std::string_view kNoLlm = "no_llm";  ///< asked for one, none is configured
inline constexpr std::string_view kLlmFailed = "llm_failed";
inline constexpr std::string_view kNoConversation = "no_conversation";  ///< the session could not be read
inline constexpr std::string_view kBudget = "budget";   ///< one is used up: no vector, or no language model
inline constexpr std::string_view kLlmCut = "llm_cut";  ///< its answer reached the limit of tokens
}  // namespace degraded

/// The metrics of this service; docs/metrics.md lists them. Every series whose labels are known exists from
/// the start, at zero.
class AnswerMetrics {
 public:
  /// `metrics` outlives this object.
  explicit AnswerMetrics(telemetry::Metrics& metrics);

  void answered(kefu::v1::Decision decision) const;
  /// `operation`: "ask" or "retrieve".
  void finished(std::string_view operation, std::chrono::steady_clock::duration duration) const;
  void failed(std::string_view operation, Errc code) const;
  void stage(std::string_view stage, std::chrono::steady_clock::duration duration) const;
  void tokens(const kefu::v1::Usage& usage) const;
  void degraded(std::string_view reason) const;
  void language_model_failed(Errc code) const;

 private:
  using Counters = std::map<std::string, telemetry::Counter, std::less<>>;
  using Histograms = std::map<std::string, telemetry::Histogram, std::less<>>;

  std::map<kefu::v1::Decision, telemetry::Counter> answered_;
  Histograms operations_;
  Histograms stages_;
  Counters degraded_;
  Counters tokens_;
  std::map<std::string, telemetry::ErrorCounters, std::less<>> errors_;  // by operation
  telemetry::ErrorCounters llm_errors_;
};

}  // namespace kefu::answer
