#include "retrieval_clients.hpp"

#include "kefu/v1/embedding.pb.h"

#include <kefu/proto/subjects.hpp>
#include <kefu/vector/codec.hpp>

#include <utility>

namespace kefu::answer {
namespace {

Error not_a_reply(std::string_view service) {
  return {Errc::bad_upstream, std::string(service) + " answered something that cannot be read"};
}

}  // namespace

Task<Result<QuestionVector>> BusEmbeddingClient::embed(RequestContext context, std::string question) {
  kefu::v1::EmbedRequest request;
  request.add_texts(std::move(question));
  request.set_role(kefu::v1::TEXT_ROLE_QUERY);
  bus::Message message{.subject = std::string(proto::kEmbed), .payload = request.SerializeAsString()};
  KEFU_CO_TRY(const auto reply, co_await bus_.request(std::move(context), std::move(message)));
  kefu::v1::EmbedResponse response;
  if (!response.ParseFromString(reply.payload) || response.dimensions() == 0)
    co_return fail(not_a_reply("the embedding service"));
  const auto components = vector::decode(response.vectors(), response.format(), response.dimensions());
  if (!components) co_return fail(not_a_reply("the embedding service"));
  co_return QuestionVector{vector::encode(*components, kefu::v1::VECTOR_FORMAT_FLOAT32),
                           response.model_fingerprint(), response.usage()};
}

Task<Result<kefu::v1::SearchResponse>> BusSearchClient::search(RequestContext context,
                                                               kefu::v1::SearchRequest request) {
  bus::Message message{.subject = std::string(proto::kSearch), .payload = request.SerializeAsString()};
  KEFU_CO_TRY(const auto reply, co_await bus_.request(std::move(context), std::move(message)));
  kefu::v1::SearchResponse response;
  if (!response.ParseFromString(reply.payload)) co_return fail(not_a_reply("the index"));
  co_return response;
}

}  // namespace kefu::answer
