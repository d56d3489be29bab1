#include "passage_worker.hpp"

#include "kefu/v1/log.pb.h"

#include <kefu/proto/passage.hpp>
#include <kefu/proto/subjects.hpp>
#include <kefu/vector/codec.hpp>

#include <algorithm>
#include <utility>

namespace kefu::embedding {
namespace {

using namespace std::chrono_literals;

/// A part behind many others of a busy replica; its message is kept alive meanwhile.
constexpr auto kEmbedWithin = 5min;
constexpr auto kAppendWithin = 10s;
/// Remembered; what is forgotten has its texts looked up once more.
constexpr std::size_t kMostWaiting = 10'000;
/// Of the deliveries that a message has, those that a wait for a budget may use up.
constexpr unsigned kDeliveriesOfAWait = 3;
constexpr auto kFormat = kefu::v1::VECTOR_FORMAT_FLOAT16;

/// What passes, however long it takes: the model is away, busy, or answers nothing usable.
bool is_outage(Errc code) {
  return code == Errc::unavailable || code == Errc::overloaded || code == Errc::deadline_exceeded ||
         code == Errc::bad_upstream;
}

/// What the same message can only end with again.
bool is_final(Errc code) {
  return code == Errc::invalid_argument || code == Errc::data_corrupt || code == Errc::payload_too_large;
}

Result<kefu::v1::PassagePart> parse_part(const std::string& payload) {
  kefu::v1::PassagePart part;
  if (!part.ParseFromString(payload) || part.kb_incarnation().empty() || part.document().empty()) {
    return fail(Errc::data_corrupt, "not a part of a document");
  }
  return part;
}

bus::Message vectors_message(kefu::v1::PassagePart part, const EmbeddedTexts& embedded,
                             const ModelInfo& model) {
  bus::Message message;
  message.subject = proto::vectors_subject({.kb_incarnation = part.kb_incarnation(),
                                            .generation = part.kb_generation(),
                                            .document = part.document(),
                                            .version = part.version()},
                                           part.part());
  message.headers.set(std::string(proto::kPassagesHeader), std::to_string(part.passages_size()));
  message.headers.set(std::string(proto::kTokensHeader), std::to_string(embedded.computed_tokens));
  message.headers.set(std::string(proto::kSavedTokensHeader), std::to_string(embedded.saved_tokens));

  kefu::v1::VectorPart vectors;
  *vectors.mutable_passages() = std::move(part);
  vectors.set_format(kFormat);
  vectors.set_dimensions(static_cast<std::uint32_t>(model.dimensions));
  for (const auto& text : embedded.vectors)
    *vectors.mutable_vectors() += vector::encode(text->vector, kFormat);
  vectors.set_model_fingerprint(model.fingerprint);
  vectors.mutable_usage()->set_embedding_tokens(embedded.computed_tokens);
  vectors.mutable_usage()->set_saved_tokens(embedded.saved_tokens);
  vectors.SerializeToString(&message.payload);
  return message;
}

}  // namespace

Task<bus::WorkOutcome> PassageWorker::work(bus::StoredMessage message, unsigned deliveries) {
  if (deliveries > 1) metrics_.redeliveries.add();
  if (const auto waits = waiting_.find(message.sequence); waits != waiting_.end()) {
    auto allowed = flow_.may_spend(waits->second);
    if (!allowed)
      co_return co_await wait_for_budget(std::move(message), deliveries, std::move(allowed).error().message);
    waiting_.erase(waits);
  }
  Result<> outcome = co_await embed_part(message);
  if (outcome) co_return bus::WorkOutcome::done();
  Error error = std::move(outcome).error();
  if (error.code == Errc::budget_exhausted)
    co_return co_await wait_for_budget(std::move(message), deliveries, std::move(error.message));
  const bool final = is_final(error.code);
  log_.log(final ? telemetry::Level::error : telemetry::Level::warning,
           "could not embed a part of a document",
           {{"subject", std::string_view(message.subject)},
            {"error", std::string_view(error.message)},
            {"detail", std::string_view(error.detail)},
            {"delivery", std::int64_t{deliveries}}});
  if (final) co_return bus::WorkOutcome::give_up(std::move(error.message));
  co_return bus::WorkOutcome::retry(std::move(error.message));
}

Task<Result<>> PassageWorker::embed_part(const bus::StoredMessage& message) {
  KEFU_CO_TRY(kefu::v1::PassagePart part, parse_part(message.payload));
  std::vector<std::string> texts;
  for (const kefu::v1::Passage& passage : part.passages()) texts.push_back(proto::embedding_input(passage));
  usage::Payer payer{part.kb_name(), part.key_id()};
  auto vectors = co_await embed(std::move(texts), payer, message.subject);
  if (!vectors && vectors.error().code == Errc::budget_exhausted) {
    if (waiting_.size() >= kMostWaiting) waiting_.clear();  // most of them went to other replicas
    waiting_[message.sequence] = std::move(payer);
  }
  KEFU_CO_TRY(const EmbeddedTexts embedded, std::move(vectors));
  part.clear_kb_name();  // of the way here alone
  part.clear_key_id();
  const auto passages = static_cast<double>(part.passages_size());
  KEFU_CO_CHECK(co_await store_.append(vectors_message(std::move(part), embedded, flow_.model()),
                                       Deadline::in(kAppendWithin)));
  metrics_.passages.add(passages);
  co_return Result<>{};
}

/// Be it a month. Whoever stops meanwhile gives the message back, which counts as a delivery; so one that has
/// had several goes to the end of the stream as a new one. Where that is full, those that wait fail in the
/// end, and make room for others.
Task<bus::WorkOutcome> PassageWorker::wait_for_budget(bus::StoredMessage message, unsigned deliveries,
                                                      std::string reason) {
  if (deliveries >= kDeliveriesOfAWait) {
    bus::Message again{.subject = message.subject, .payload = message.payload};
    const auto appended = co_await store_.append(std::move(again), Deadline::in(kAppendWithin));
    const bool full = !appended && appended.error().code == Errc::insufficient_storage;
    const bool is_last = deliveries >= bus::WorkOptions{}.max_deliveries;
    if (appended || (full && is_last)) waiting_.erase(message.sequence);
    if (appended) co_return bus::WorkOutcome::done();
    if (full && is_last) co_return bus::WorkOutcome::give_up(reason + ", and there is no room to wait in");
  }
  co_return bus::WorkOutcome::later(std::move(reason), pauses_.budget, pauses_.budget_of_many);
}

Task<Result<EmbeddedTexts>> PassageWorker::embed(std::vector<std::string> texts, usage::Payer payer,
                                                 std::string_view subject) {
  std::chrono::milliseconds pause = pauses_.first;
  while (true) {
    auto embedded =
        co_await flow_.embed(texts, Role::passage, Lane::import, Deadline::in(kEmbedWithin), payer);
    if (embedded || !is_outage(embedded.error().code) || stopping_) co_return embedded;
    log_.warning("a part of a document waits for the model",
                 {{"subject", subject},
                  {"error", std::string_view(embedded.error().message)},
                  {"detail", std::string_view(embedded.error().detail)}});
    if (co_await stopped_.wait(Deadline::in(pause))) co_return embedded;
    pause = std::min(pause * 2, pauses_.longest);
  }
}

void PassageWorker::stop() {
  stopping_ = true;
  stopped_.raise();
}

Task<void> PassageWorker::given_up(bus::StoredMessage message, std::string reason) {
  metrics_.parts_given_up.add();
  log_.error("a part of a document goes to the dead letters",
             {{"subject", std::string_view(message.subject)}, {"reason", std::string_view(reason)}});
  co_return;
}

}  // namespace kefu::embedding
