#include "embeddings.hpp"

#include "call.hpp"
#include "embeddings_json.hpp"
#include "request_body.hpp"

#include <kefu/proto/subjects.hpp>

namespace kefu::gateway {
namespace {

/// The request goes to embedding in one message, which NATS limits to 1 MiB.
constexpr std::size_t kMaxBodyBytes = std::size_t{768} << 10;

}  // namespace

Task<Result<Reply>> EmbeddingRoutes::embed(RequestContext context, http::Exchange& exchange) {
  // Before the body is read: large bodies are what is to be limited.
  const auto permit = limit_.try_acquire();
  if (!permit) co_return fail(Errc::overloaded, "too many texts are being embedded");
  KEFU_CO_TRY(const std::string body, co_await read_json_body(exchange, kMaxBodyBytes));
  KEFU_CO_TRY(kefu::v1::EmbedRequest request, parse_embeddings_request(body));
  const auto inputs = static_cast<std::size_t>(request.texts_size());
  KEFU_CO_TRY(const auto response, co_await call<kefu::v1::EmbedResponse>(
                                       bus_, proto::kEmbed, std::move(context), std::move(request)));
  KEFU_CO_TRY(std::string json, embeddings_json(response, inputs));
  co_return json_reply(200, std::move(json));
}

}  // namespace kefu::gateway
