#pragma once

#include "answer_metrics.hpp"
#include "compose_answer.hpp"
#include "conversation.hpp"
#include "conversation_memory.hpp"
#include "decide.hpp"
#include "kefu/v1/ask.pb.h"
#include "kefu/v1/search.pb.h"
#include "llm_client.hpp"
#include "progress.hpp"
#include "retrieval_clients.hpp"

#include <kefu/async/task.hpp>
#include <kefu/base/error.hpp>
#include <kefu/base/request_context.hpp>
#include <kefu/directory/knowledge_bases.hpp>
#include <kefu/telemetry/log.hpp>
#include <kefu/usage/accounts.hpp>

#include <chrono>
#include <cstddef>
#include <functional>
#include <string>
#include <vector>

namespace kefu::answer {

struct FlowOptions {
  DecisionWeights weights;
  Refusals refusals;
  std::size_t max_question_characters = 2000;
  std::size_t default_top_k = 8;  ///< also the least that a decision looks at
  std::size_t max_top_k = 50;
  std::size_t prompt_passages = 6;
  std::size_t prompt_characters = 4000;
  std::size_t history_turns = 6;         ///< questions and answers before this one that are looked at
  std::size_t history_characters = 500;  ///< of each
  std::chrono::milliseconds embed_timeout{2000};  ///< then the search goes on by words alone
  std::chrono::milliseconds rewrite_timeout{
      3000};  ///< of the language model, to say a follow-up question in full
  std::chrono::milliseconds llm_timeout{20000};  ///< below the ask-timeout of the gateway
  std::chrono::milliseconds llm_reserve{300};    ///< of the caller's time, kept to answer without the model
};

/// What the flow works with. All outlive it; `llm`, `memory` and `accounts` may be null.
struct FlowParts {
  const directory::KnowledgeBases& knowledge_bases;
  EmbeddingClient& embedding;
  SearchClient& search;
  LlmClient* llm;
  ConversationMemory* memory;
  const AnswerMetrics& metrics;
  const telemetry::Logger& log;
  usage::Accounts* accounts = nullptr;  ///< where the tokens of the language model are booked
  std::string llm_model = {};           ///< as which
};

/// The story of a question, told in answer(). docs/life-of-a-question.md tells it in prose.
/// Errors of both: `invalid_argument` (the question is empty, too long or not UTF-8, or top_k is over its
/// limit), `not_found` (no such knowledge base), and those of the index.
class AnswerFlow {
 public:
  /// Takes the events before the last: `sources` once, then `delta`s. An error gives the question up.
  using OnEvent = std::function<Result<>(const kefu::v1::AskEvent&)>;

  AnswerFlow(FlowParts parts, FlowOptions options) : parts_(parts), options_(std::move(options)) {}

  /// One question. `on_event` is empty for a caller that only wants the end; it is called only while this
  /// runs. When the language model fails before its first delta went out, the question is answered without
  /// it, which Answer.degraded says; after that the caller holds half an answer, and the error is the end.
  Task<Result<kefu::v1::Answer>> answer(RequestContext context, kefu::v1::AskRequest request,
                                        OnEvent on_event);

  /// The beginning of the same story, up to the search.
  Task<Result<kefu::v1::RetrieveResponse>> retrieve(RequestContext context,
                                                    kefu::v1::RetrieveRequest request);

  /// Why the embedding service, or the language model, failed when it was last asked; empty when it did not.
  const std::string& embedding_failure() const { return embedding_failure_; }
  const std::string& llm_failure() const { return llm_failure_; }

 private:
  /// What one wording of the question brought up. The assessments point at hits of `found`, which stay where
  /// they are when this is moved.
  struct Evidence {
    std::string wording;
    kefu::v1::SearchResponse found;
    std::vector<Assessment> assessments;
    Verdict verdict;
  };
  /// A question and what it is asked with.
  struct Asked {
    std::string question;
    Turns history;
    kefu::v1::KnowledgeBase base;
    std::size_t passages = 0;
    kefu::v1::AskMode mode = kefu::v1::ASK_MODE_AUTO;
    usage::Payer payer;
  };

  /// What a language model wrote, and whether the caller has seen a part of it.
  struct Writing {
    std::string text;
    bool shown_to_caller = false;
    bool caller_is_gone = false;
  };

  Result<std::string> normalise(const std::string& question) const;
  Task<Turns> history_of(const kefu::v1::AskRequest& request, std::string kb_incarnation, Deadline deadline,
                         Progress& progress);
  Task<Result<Evidence>> gather(RequestContext context, Asked asked, Progress& progress);
  Task<Result<Evidence>> weigh(RequestContext context, const Asked& asked, std::string wording,
                               Progress& progress);
  Task<std::string> rewrite(RequestContext context, const Asked& asked, Progress& progress);
  Task<void> remember(const kefu::v1::AskRequest& request, std::string kb_incarnation, Turns history,
                      std::string question, std::string answer, Deadline deadline);
  Result<std::size_t> passages_wanted(std::size_t top_k) const;
  Task<Result<QuestionVector>> embed(RequestContext context, std::string question, usage::Payer payer,
                                     Progress& progress);
  Task<Result<kefu::v1::SearchResponse>> search(RequestContext context, kefu::v1::KnowledgeBase base,
                                                std::string question, QuestionVector vector,
                                                std::size_t passages, kefu::v1::SearchFilter filter,
                                                Progress& progress);
  Task<Result<>> generate(RequestContext context, usage::Payer payer, std::vector<ChatMessage> messages,
                          kefu::v1::AskEvent sources, const OnEvent& on_event, Writing& writing,
                          Progress& progress);
  Result<> may_pay_for_llm(const usage::Payer& payer) const;
  void note_llm_failure(const RequestContext& context, const Error& error);
  void spend(const usage::Payer& payer, const Completion& completion, Progress& progress);
  void log_assessments(const RequestContext& context, const std::vector<Assessment>& assessments,
                       const Verdict& verdict) const;

  FlowParts parts_;
  FlowOptions options_;
  std::string embedding_failure_;
  std::string llm_failure_;
};

}  // namespace kefu::answer
