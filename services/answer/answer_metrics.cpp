#include "answer_metrics.hpp"

#include <kefu/proto/decision.hpp>

namespace kefu::answer {

AnswerMetrics::AnswerMetrics(telemetry::Metrics& metrics)
    : llm_errors_(metrics, "kefu_answer_llm_errors_total",
                  "Calls of the language model that failed, by error code") {
  for (const auto decision : {kefu::v1::DECISION_FAQ, kefu::v1::DECISION_EXTRACTED,
                              kefu::v1::DECISION_GENERATED, kefu::v1::DECISION_REFUSED}) {
    answered_.emplace(decision, metrics.counter("kefu_answer_questions_total", "Questions answered",
                                                {{"decision", std::string(proto::decision_name(decision))}}));
  }
  for (const auto operation : {"ask", "retrieve"}) {
    operations_.emplace(operation, metrics.latency("kefu_answer_request_seconds",
                                                   "From the request to its last reply or error",
                                                   {{"operation", operation}}));
    errors_.emplace(operation, telemetry::ErrorCounters(metrics, "kefu_answer_errors_total",
                                                        "Requests that ended in an error, by its code",
                                                        {{"operation", operation}}));
  }
  for (const auto name :
       {stage::kPrepare, stage::kRewrite, stage::kEmbed, stage::kSearch, stage::kDecide, stage::kGenerate}) {
    stages_.emplace(name, metrics.latency("kefu_answer_stage_seconds", "Time of one stage of a request",
                                          {{"stage", std::string(name)}}));
  }
  for (const auto reason :
       {degraded::kNoVector, degraded::kTooLongForModel, degraded::kNoVectorSearch, degraded::kNoLlm,
        degraded::kNoConversation, degraded::kLlmFailed, degraded::kLlmCut, degraded::kBudget}) {
    degraded_.emplace(
        reason, metrics.counter("kefu_answer_degraded_total", "Requests that took a lesser way, by reason",
                                {{"reason", std::string(reason)}}));
  }
  for (const auto kind : {"embedding", "prompt", "completion", "saved"}) {
    tokens_.emplace(kind, metrics.counter("kefu_answer_tokens_total", "Tokens spent on requests, and saved",
                                          {{"kind", kind}}));
  }
}

void AnswerMetrics::answered(kefu::v1::Decision decision) const { answered_.at(decision).add(); }

void AnswerMetrics::finished(std::string_view operation, std::chrono::steady_clock::duration duration) const {
  operations_.find(operation)->second.observe(duration);
}

void AnswerMetrics::failed(std::string_view operation, Errc code) const {
  errors_.find(operation)->second.count(code);
}

void AnswerMetrics::stage(std::string_view stage, std::chrono::steady_clock::duration duration) const {
  stages_.find(stage)->second.observe(duration);
}

void AnswerMetrics::tokens(const kefu::v1::Usage& usage) const {
  const auto add = [&](std::string_view kind, std::uint64_t count) {
    if (count > 0) tokens_.find(kind)->second.add(static_cast<double>(count));
  };
  add("embedding", usage.embedding_tokens());
  add("prompt", usage.prompt_tokens());
  add("completion", usage.completion_tokens());
  add("saved", usage.saved_tokens());
}

void AnswerMetrics::degraded(std::string_view reason) const { degraded_.find(reason)->second.add(); }

void AnswerMetrics::language_model_failed(Errc code) const { llm_errors_.count(code); }

}  // namespace kefu::answer
