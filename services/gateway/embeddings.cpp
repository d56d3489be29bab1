#include "embeddings.hpp"

#include "call.hpp"
#include "embeddings_json.hpp"
#include "request_body.hpp"

#include <kefu/proto/subjects.hpp>

#include <utility>

namespace kefu::gateway {
namespace {

/// Of as many texts as are taken, if they are not long.
constexpr std::size_t kMaxBodyBytes = std::size_t{4} << 20;

}  // namespace

Task<Result<Reply>> EmbeddingRoutes::embed(RequestContext context, http::Exchange& exchange) {
  // Before the body is read: large bodies are what is to be limited.
  const auto permit = limit_.try_acquire();
  if (!permit) co_return fail(Errc::overloaded, "too many texts are being embedded");
  KEFU_CO_TRY(const std::string body, co_await read_json_body(exchange, kMaxBodyBytes));
  KEFU_CO_TRY(EmbeddingsRequest request, parse_embeddings_request(body));
  KEFU_CO_TRY(const auto model, co_await call<kefu::v1::GetModelResponse>(bus_, proto::kGetModel, context,
                                                                          kefu::v1::GetModelRequest{}));
  KEFU_CO_CHECK(check_model(request, model));
  EmbeddingsResponse response(model.model(), request.base64);
  for (std::size_t first = 0; first < request.texts.size();) {
    const std::size_t count = texts_of_one_call(request.texts, first, model.dimensions());
    kefu::v1::EmbedRequest part;
    part.set_role(request.role);
    for (std::size_t i = first; i < first + count; ++i) part.add_texts(std::move(request.texts[i]));
    auto vectors = co_await call<kefu::v1::EmbedResponse>(bus_, proto::kEmbed, context, std::move(part));
    if (!vectors) co_return fail(name_input(std::move(vectors).error(), first));
    KEFU_CO_CHECK(response.add(*vectors, count));
    first += count;
  }
  co_return json_reply(200, response.finish());
}

}  // namespace kefu::gateway
