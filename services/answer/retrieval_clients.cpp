#include "retrieval_clients.hpp"

#include "kefu/v1/embedding.pb.h"

#include <kefu/proto/subjects.hpp>
#include <kefu/vector/codec.hpp>

#include <chrono>
#include <utility>

namespace kefu::answer {
namespace {

Error not_a_reply(std::string_view service) {
  return {Errc::bad_upstream, std::string(service) + " answered something that cannot be read"};
}

/// A search takes milliseconds: one that takes so long is lost.
constexpr std::chrono::seconds kFirstReplicaGets{2};

bool another_may_answer(Errc code) {
  return code == Errc::deadline_exceeded || code == Errc::unavailable || code == Errc::not_ready;
}

}  // namespace

Task<Result<QuestionVector>> BusEmbeddingClient::embed(RequestContext context, std::string question,
                                                       usage::Payer payer) {
  kefu::v1::EmbedRequest request;
  request.add_texts(std::move(question));
  request.set_role(kefu::v1::TEXT_ROLE_QUERY);
  request.set_kb_name(std::move(payer.kb));
  request.set_key_id(std::move(payer.key));
  bus::Message message{.subject = std::string(proto::kEmbed), .payload = request.SerializeAsString()};
  auto reply = co_await bus_.request(std::move(context), std::move(message));
  if (!reply) co_return fail(proto::name_service(std::move(reply).error(), proto::kEmbed));
  kefu::v1::EmbedResponse response;
  if (!response.ParseFromString(reply->payload) || response.dimensions() == 0)
    co_return fail(not_a_reply("the embedding service"));
  const auto components = vector::decode(response.vectors(), response.format(), response.dimensions());
  if (!components) co_return fail(not_a_reply("the embedding service"));
  co_return QuestionVector{vector::encode(*components, kefu::v1::VECTOR_FORMAT_FLOAT32),
                           response.model_fingerprint(), response.usage()};
}

Task<Result<kefu::v1::SearchResponse>> BusSearchClient::search(RequestContext context,
                                                               kefu::v1::SearchRequest request) {
  const bus::Message message{.subject = std::string(proto::kSearch), .payload = request.SerializeAsString()};
  // A replica that is killed takes its questions with it without a word: another one is asked while there is
  // time.
  auto reply = co_await bus_.request(context.at_most(kFirstReplicaGets), message);
  if (!reply && another_may_answer(reply.error().code) && !context.deadline.passed()) {
    reply = co_await bus_.request(context, message);
  }
  if (!reply) co_return fail(proto::name_service(std::move(reply).error(), proto::kSearch));
  kefu::v1::SearchResponse response;
  if (!response.ParseFromString(reply->payload)) co_return fail(not_a_reply("the index"));
  co_return response;
}

}  // namespace kefu::answer
