#include "embeddings.hpp"

#include "call.hpp"
#include "embeddings_calls.hpp"
#include "request_body.hpp"

#include <kefu/proto/subjects.hpp>

#include <chrono>
#include <utility>

namespace kefu::gateway {
namespace {

/// Of as many texts as are taken, if they are not long, with Chinese in UTF-8 or escaped.
constexpr std::size_t kMaxBodyBytes = std::size_t{8} << 20;
/// A longer response goes out as it is written, so that it is never held whole.
constexpr std::size_t kMaxWholeReplyBytes = std::size_t{256} << 10;
constexpr std::size_t kPieceBytes = std::size_t{64} << 10;
/// Only a service that hangs takes longer to say which model it has; the texts may take minutes.
constexpr std::chrono::seconds kModelTimeout{5};

/// The body and what it was parsed to are gone before the texts are embedded.
Task<Result<EmbeddingsRequest>> read_request(http::Exchange& exchange) {
  KEFU_CO_TRY(const std::string body, co_await read_json_body(exchange, kMaxBodyBytes));
  co_return parse_embeddings_request(body);
}

std::string whole(EmbeddingsResponse response) {
  std::string body;
  for (std::string piece = response.next(kPieceBytes); !piece.empty(); piece = response.next(kPieceBytes))
    body += piece;
  return body;
}

/// Each piece is taken by the client before the next one is written, and others get their turn in between.
Task<Result<Reply>> send_in_pieces(RequestContext context, EmbeddingsResponse response,
                                   http::Exchange& exchange) {
  http::Response head{.fields = {{"Content-Type", "application/json"}, {"X-Request-Id", context.request_id}}};
  KEFU_CO_CHECK(co_await exchange.begin_stream(std::move(head)));
  for (std::string piece = response.next(kPieceBytes); !piece.empty(); piece = response.next(kPieceBytes))
    KEFU_CO_CHECK(co_await exchange.write(std::move(piece)));
  KEFU_CO_CHECK(co_await exchange.end_stream());
  co_return Reply{};
}

}  // namespace

Task<Result<Reply>> EmbeddingRoutes::embed(RequestContext context, const Caller& caller,
                                           http::Exchange& exchange) {
  // Before the body is read: large bodies are what is to be limited.
  const auto permit = limit_.try_acquire();
  if (!permit) co_return fail(Errc::overloaded, "too many texts are being embedded");
  KEFU_CO_TRY(EmbeddingsRequest request, co_await read_request(exchange));
  request.key_id = caller.key_id;
  KEFU_CO_TRY(EmbeddingsResponse response, co_await ask(context, std::move(request)));
  if (response.estimated_bytes() <= kMaxWholeReplyBytes)
    co_return json_reply(200, whole(std::move(response)));
  co_return co_await send_in_pieces(std::move(context), std::move(response), exchange);
}

/// All vectors before the first byte of the response, so that whatever fails is still an error of its own.
Task<Result<EmbeddingsResponse>> EmbeddingRoutes::ask(RequestContext context, EmbeddingsRequest request) {
  RequestContext soon = context;
  soon.deadline = context.deadline.at_most(kModelTimeout);
  KEFU_CO_TRY(const auto model, co_await call<kefu::v1::GetModelResponse>(
                                    bus_, proto::kGetModel, std::move(soon), kefu::v1::GetModelRequest{}));
  KEFU_CO_CHECK(check_model(request, model));
  const std::size_t dimensions = request.dimensions.value_or(model.dimensions());
  EmbeddingsResponse response(model.model(), dimensions, request.base64);
  EmbeddingsCalls calls(bus_, std::move(context), std::move(request), dimensions);
  KEFU_CO_CHECK(co_await calls.run());
  for (EmbeddingsCalls::Call& each : calls.finished())
    KEFU_CO_CHECK(response.add(std::move(each.answer), each.count));
  co_return response;
}

}  // namespace kefu::gateway
