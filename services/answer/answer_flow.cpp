#include "answer_flow.hpp"

#include "compose_prompt.hpp"

#include <kefu/proto/decision.hpp>
#include <kefu/text/normalize.hpp>
#include <kefu/text/utf8.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <utility>

namespace kefu::answer {
namespace {

using kefu::v1::AskEvent;

/// Failures of the embedding service that are about this question, so words alone would only hide them.
/// The question has passed our own checks: what embedding can still object to is its number of tokens.
bool is_too_long(Errc code) { return code == Errc::invalid_argument || code == Errc::payload_too_large; }

/// As metrics name it when the language model did not write what it was to write.
std::string_view reason_of(const Error& error) {
  return error.code == Errc::budget_exhausted ? degraded::kBudget : degraded::kLlmFailed;
}

/// For Redis, so that a silent one leaves time to answer.
Deadline half_of(Deadline deadline) { return deadline.at_most(deadline.remaining() / 2); }

AskEvent sources_event(const kefu::v1::Answer& answer) {
  AskEvent event;
  *event.mutable_sources()->mutable_sources() = answer.sources();
  return event;
}

AskEvent delta_event(std::string_view text) {
  AskEvent event;
  event.set_delta(std::string(text));
  return event;
}

/// An answer that was not written piece by piece, in the shape of one that was.
Result<> send_whole(const kefu::v1::Answer& answer, const AnswerFlow::OnEvent& on_event) {
  if (!on_event) return {};
  KEFU_CHECK(on_event(sources_event(answer)));
  return on_event(delta_event(answer.answer()));
}

}  // namespace

Task<Result<kefu::v1::Answer>> AnswerFlow::answer(RequestContext context, kefu::v1::AskRequest request,
                                                  OnEvent on_event) {
  Progress progress(parts_.metrics, "ask");

  // Normalise: one spelling of the question for the model, the caches and the index.
  KEFU_CO_TRY(const std::string question, normalise(request.question()));
  KEFU_CO_TRY(const std::size_t wanted, passages_wanted(request.top_k()));
  KEFU_CO_TRY(const auto base, co_await parts_.knowledge_bases.find(request.kb(), context.deadline));
  const usage::Payer payer{base.name(), request.key_id()};
  const Turns history = co_await history_of(request, base.incarnation(), context.deadline, progress);
  progress.finished(stage::kPrepare);

  // Rewrite, embed, search, decide: which passage answers, how surely, and who words the answer.
  if (request.mode() == kefu::v1::ASK_MODE_GENERATIVE && parts_.llm == nullptr)
    progress.degraded(degraded::kNoLlm, "no language model is configured");
  KEFU_CO_TRY(const Evidence evidence, co_await gather(context,
                                                       {.question = question,
                                                        .history = history,
                                                        .base = base,
                                                        .passages = std::max(wanted, options_.default_top_k),
                                                        .mode = request.mode(),
                                                        .payer = payer},
                                                       progress));
  const auto& assessments = evidence.assessments;
  Verdict verdict = evidence.verdict;

  kefu::v1::Answer answer;
  if (verdict.decision == kefu::v1::DECISION_GENERATED) {
    // Compose and generate: the model sees the passages and the question, the caller sees what it writes.
    const std::size_t shown = request.top_k() > 0 ? wanted : options_.prompt_passages;
    Prompt prompt = compose_prompt(question, history, assessments, shown, options_.prompt_characters);
    answer = compose_generated({}, verdict, prompt.shown);
    Writing writing;
    const auto written = co_await generate(context, payer, std::move(prompt.messages), sources_event(answer),
                                           on_event, writing, progress);
    if (!written && writing.shown_to_caller) co_return fail(written.error());
    if (written) {
      answer.set_answer(std::move(writing.text));
    } else {
      progress.degraded(reason_of(written.error()),
                        "answered without a language model: " + written.error().message);
      verdict = decide(assessments, kefu::v1::ASK_MODE_EXTRACTIVE, false, options_.weights);
    }
  }

  // Reply: the FAQ row's answer, the passage's own sentences, or an honest refusal, unless the model wrote
  // it.
  if (verdict.decision != kefu::v1::DECISION_GENERATED) {
    answer = compose_answer(evidence.wording, verdict, options_.refusals);
    KEFU_CO_CHECK(send_whole(answer, on_event));
  }
  if (evidence.wording != question) answer.set_searched(evidence.wording);
  progress.write_to(answer);
  parts_.metrics.answered(answer.decision());
  co_await remember(request, base.incarnation(), history, question, answer.answer(), context.deadline);
  co_return answer;
}

/// What the caller sent along, or else what is remembered of the session.
Task<Turns> AnswerFlow::history_of(const kefu::v1::AskRequest& request, std::string kb_incarnation,
                                   Deadline deadline, Progress& progress) {
  Turns turns(request.history().begin(), request.history().end());
  if (turns.empty() && !request.session().empty() && parts_.memory != nullptr) {
    auto remembered =
        co_await parts_.memory->recall(std::move(kb_incarnation), request.session(), half_of(deadline));
    if (remembered) {
      turns = *std::move(remembered);
    } else {
      progress.degraded(degraded::kNoConversation, "what was said before in this session could not be read");
    }
  }
  co_return recent(turns, options_.history_turns, options_.history_characters);
}

Task<void> AnswerFlow::remember(const kefu::v1::AskRequest& request, std::string kb_incarnation,
                                Turns history, std::string question, std::string answer, Deadline deadline) {
  if (request.session().empty() || parts_.memory == nullptr) co_return;
  history.push_back(turn(kefu::v1::Turn::ROLE_CUSTOMER, question));
  history.push_back(turn(kefu::v1::Turn::ROLE_ASSISTANT, answer));
  co_await parts_.memory->keep(std::move(kb_incarnation), request.session(),
                               recent(history, options_.history_turns, options_.history_characters),
                               half_of(deadline));
}

/// A question that says it leans on what was said before is first looked for in full. The others are taken as
/// they are, since a customer changes the subject without a word; where that finds nothing, a short one is
/// looked for in full too.
Task<Result<AnswerFlow::Evidence>> AnswerFlow::gather(RequestContext context, Asked asked,
                                                      Progress& progress) {
  std::string first = asked.question;
  std::string second = asked.question;
  if (!asked.history.empty() && refers_back(asked.question)) {
    first = co_await rewrite(context, asked, progress);
  } else if (!asked.history.empty() && leaves_words_out(asked.question)) {
    second = joined_with_last(asked.history, asked.question);
  }
  KEFU_CO_TRY(Evidence evidence, co_await weigh(context, asked, first, progress));
  if (evidence.verdict.decision != kefu::v1::DECISION_REFUSED || second == first) co_return evidence;
  KEFU_CO_TRY(Evidence other, co_await weigh(context, asked, second, progress));
  if (other.verdict.decision != kefu::v1::DECISION_REFUSED) co_return other;
  // The refusal is about the question that was asked.
  if (first == asked.question) co_return evidence;
  co_return other;
}

Task<Result<AnswerFlow::Evidence>> AnswerFlow::weigh(RequestContext context, const Asked& asked,
                                                     std::string wording, Progress& progress) {
  // Embed: no vector when the embedding service fails; the search then goes by words alone.
  KEFU_CO_TRY(const QuestionVector vector, co_await embed(context, wording, asked.payer, progress));

  // Search: without the index there is no answer, so its errors end here.
  Evidence evidence{.wording = wording, .found = {}, .assessments = {}, .verdict = {}};
  KEFU_CO_TRY(evidence.found,
              co_await search(context, asked.base, wording, vector, asked.passages, {}, progress));

  evidence.assessments = assess(wording, evidence.found, options_.weights);
  evidence.verdict = decide(evidence.assessments, asked.mode, parts_.llm != nullptr, options_.weights);
  log_assessments(context, evidence.assessments, evidence.verdict);
  progress.finished(stage::kDecide);
  co_return evidence;
}

/// By the language model where there is one and its use is allowed, else, or when it fails, by putting the
/// last question before this one.
Task<std::string> AnswerFlow::rewrite(RequestContext context, const Asked& asked, Progress& progress) {
  const std::string joined = joined_with_last(asked.history, asked.question);
  if (parts_.llm == nullptr || asked.mode == kefu::v1::ASK_MODE_EXTRACTIVE) co_return joined;
  if (const auto allowed = may_pay_for_llm(asked.payer); !allowed) {
    progress.degraded(degraded::kBudget,
                      "joined with the last question without a language model: " + allowed.error().message);
    co_return joined;
  }
  std::string written;
  const auto on_delta = [&written](std::string_view delta) -> Result<> {
    written += delta;
    return {};
  };
  const Deadline deadline =
      Deadline::at(context.deadline.time() - options_.llm_reserve).at_most(options_.rewrite_timeout);
  const auto completion =
      co_await parts_.llm->complete(compose_rewriting(asked.question, asked.history), on_delta, deadline);
  progress.finished(stage::kRewrite);
  if (!completion) {
    note_llm_failure(context, completion.error());
    progress.degraded(degraded::kLlmFailed, "joined with the last question without a language model: " +
                                                completion.error().message);
    co_return joined;
  }
  spend(asked.payer, *completion, progress);
  auto rewritten = normalise(written);
  co_return rewritten ? *std::move(rewritten) : joined;
}

Task<Result<kefu::v1::RetrieveResponse>> AnswerFlow::retrieve(RequestContext context,
                                                              kefu::v1::RetrieveRequest request) {
  Progress progress(parts_.metrics, "retrieve");
  KEFU_CO_TRY(const std::string question, normalise(request.question()));
  KEFU_CO_TRY(const std::size_t wanted, passages_wanted(request.top_k()));
  KEFU_CO_TRY(const auto base, co_await parts_.knowledge_bases.find(request.kb(), context.deadline));
  progress.finished(stage::kPrepare);
  const usage::Payer payer{base.name(), request.key_id()};
  KEFU_CO_TRY(const QuestionVector vector, co_await embed(context, question, payer, progress));
  KEFU_CO_TRY(auto found,
              co_await search(context, base, question, vector, wanted, request.filter(), progress));

  kefu::v1::RetrieveResponse response;
  response.mutable_hits()->Swap(found.mutable_hits());
  *response.mutable_usage() = progress.usage();
  response.set_lexical_only(found.lexical_only());
  response.set_degraded(progress.degradations());
  co_return response;
}

Result<std::string> AnswerFlow::normalise(const std::string& question) const {
  KEFU_CHECK(text::validate_utf8(question));
  // Before the work of normalising, so that a huge question costs nothing.
  if (text::count_code_points(question) > options_.max_question_characters)
    return fail(Errc::invalid_argument,
                fmt::format("the question is longer than {} characters", options_.max_question_characters));
  std::string normal = text::normalize(question);
  if (normal.empty()) return fail(Errc::invalid_argument, "the question is empty");
  return normal;
}

Result<std::size_t> AnswerFlow::passages_wanted(std::size_t top_k) const {
  if (top_k > options_.max_top_k)
    return fail(Errc::invalid_argument, fmt::format("top_k is at most {}", options_.max_top_k));
  return top_k == 0 ? options_.default_top_k : top_k;
}

Task<Result<QuestionVector>> AnswerFlow::embed(RequestContext context, std::string question,
                                               usage::Payer payer, Progress& progress) {
  // At most half of what is left, so that a silent embedding service leaves time to search without it.
  const auto limit =
      std::min<Deadline::Clock::duration>(options_.embed_timeout, context.deadline.remaining() / 2);
  auto vector =
      co_await parts_.embedding.embed(context.at_most(limit), std::move(question), std::move(payer));
  progress.finished(stage::kEmbed);
  if (vector) {
    embedding_failure_.clear();
    progress.spent(vector->usage);
    co_return vector;
  }
  if (is_too_long(vector.error().code)) {  // which is no failure of the service
    progress.degraded(degraded::kTooLongForModel,
                      "searched by words alone: the question is longer than the embedding model takes");
    co_return QuestionVector{};
  }
  if (vector.error().code == Errc::budget_exhausted) {  // nor is this
    progress.degraded(degraded::kBudget, "searched by words alone: " + vector.error().message);
    co_return QuestionVector{};
  }
  if (context.deadline.passed()) co_return vector;
  if (embedding_failure_.empty())
    parts_.log.failure(telemetry::Level::warning, "no vector: searching by words alone", context,
                       vector.error());
  embedding_failure_ = vector.error().message;
  progress.degraded(degraded::kNoVector, "searched by words alone: " + embedding_failure_);
  co_return QuestionVector{};
}

Task<Result<kefu::v1::SearchResponse>> AnswerFlow::search(RequestContext context,
                                                          kefu::v1::KnowledgeBase base, std::string question,
                                                          QuestionVector vector, std::size_t passages,
                                                          kefu::v1::SearchFilter filter, Progress& progress) {
  const bool has_vector = !vector.float32.empty();
  kefu::v1::SearchRequest request;
  request.set_kb_incarnation(base.incarnation());
  request.set_question(std::move(question));
  request.set_vector(std::move(vector.float32));
  request.set_model_fingerprint(std::move(vector.model_fingerprint));
  request.set_top_k(static_cast<std::uint32_t>(passages));
  if (filter.ByteSizeLong() > 0) *request.mutable_filter() = std::move(filter);
  auto found = co_await parts_.search.search(std::move(context), std::move(request));
  progress.finished(stage::kSearch);
  if (!found) co_return found;
  if (has_vector && found->lexical_only() && found->hits_size() > 0)
    progress.degraded(degraded::kNoVectorSearch,
                      "searched by words alone: the index holds no vectors of the present model");
  if (!has_vector) found->set_lexical_only(true);
  co_return found;
}

Task<Result<>> AnswerFlow::generate(RequestContext context, usage::Payer payer,
                                    std::vector<ChatMessage> messages, AskEvent sources,
                                    const OnEvent& on_event, Writing& writing, Progress& progress) {
  KEFU_CO_CHECK(may_pay_for_llm(payer));
  const auto on_delta = [&](std::string_view delta) -> Result<> {
    writing.text += delta;
    if (!on_event) return {};
    Result<> sent;
    if (!std::exchange(writing.shown_to_caller, true)) sent = on_event(sources);
    if (sent) sent = on_event(delta_event(delta));
    writing.caller_is_gone = !sent;
    return sent;
  };
  const Deadline deadline =
      Deadline::at(context.deadline.time() - options_.llm_reserve).at_most(options_.llm_timeout);
  const auto completion = co_await parts_.llm->complete(std::move(messages), on_delta, deadline);
  progress.finished(stage::kGenerate);
  if (!completion && writing.caller_is_gone) co_return fail(completion.error());
  if (!completion) {
    note_llm_failure(context, completion.error());
    co_return fail(completion.error());
  }
  spend(payer, *completion, progress);
  if (completion->cut)
    progress.degraded(degraded::kLlmCut, "the answer was cut at the language model's limit of tokens");
  co_return Result<>{};
}

void AnswerFlow::note_llm_failure(const RequestContext& context, const Error& error) {
  parts_.metrics.language_model_failed(error.code);
  parts_.log.failure(telemetry::Level::warning, "the language model failed", context, error);
  llm_failure_ = error.message;
}

Result<> AnswerFlow::may_pay_for_llm(const usage::Payer& payer) const {
  if (parts_.accounts == nullptr) return {};
  auto allowed = parts_.accounts->may_spend(payer);
  if (!allowed) parts_.accounts->refused();
  return allowed;
}

void AnswerFlow::spend(const usage::Payer& payer, const Completion& completion, Progress& progress) {
  if (parts_.accounts != nullptr)
    parts_.accounts->book(payer, parts_.llm_model,
                          {.prompt = completion.prompt_tokens, .completion = completion.completion_tokens});
  llm_failure_.clear();
  kefu::v1::Usage usage;
  usage.set_prompt_tokens(completion.prompt_tokens);
  usage.set_completion_tokens(completion.completion_tokens);
  progress.spent(usage);
}

void AnswerFlow::log_assessments(const RequestContext& context, const std::vector<Assessment>& assessments,
                                 const Verdict& verdict) const {
  constexpr std::size_t kLogged = 5;
  parts_.log.debug("decided", {{"request_id", std::string_view(context.request_id)},
                               {"decision", proto::decision_name(verdict.decision)},
                               {"confidence", verdict.confidence}});
  for (std::size_t i = 0; i < std::min(kLogged, assessments.size()); ++i) {
    const auto& [hit, features, confidence] = assessments[i];
    const bool is_faq = hit->passage().kind() == kefu::v1::PASSAGE_KIND_FAQ;
    parts_.log.debug("hit", {{"request_id", std::string_view(context.request_id)},
                             {"rank", static_cast<std::int64_t>(i + 1)},
                             {"kind", std::string_view(is_faq ? "faq" : "text")},
                             {"document", std::string_view(hit->passage().document_id())},
                             {"cosine", features.cosine},
                             {"gap", features.gap},
                             {"coverage", features.coverage},
                             {"coverage_gap", features.coverage_gap},
                             {"likeness", features.likeness},
                             {"exact", features.exact},
                             {"lexical", features.lexical},
                             {"confidence", confidence}});
  }
}

}  // namespace kefu::answer
