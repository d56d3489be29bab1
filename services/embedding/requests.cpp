#include "requests.hpp"

#include "kefu/v1/embedding.pb.h"

#include <kefu/vector/codec.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace kefu::embedding {
namespace {

constexpr std::size_t kMaxTexts = 256;
constexpr std::size_t kMaxRequestBytes = 512 * 1024;
/// NATS carries 1 MiB with its headers.
constexpr std::size_t kMaxVectorBytes = 960 * 1024;
constexpr auto kFormat = kefu::v1::VECTOR_FORMAT_FLOAT32;

/// Errors: `payload_too_large`, `invalid_argument`.
template <class Request>
Result<Request> parse(const std::string& payload) {
  if (payload.size() > kMaxRequestBytes) {
    return fail(Errc::payload_too_large,
                fmt::format("a request holds at most {} KiB", kMaxRequestBytes / 1024));
  }
  Request request;
  if (!request.ParseFromString(payload)) return fail(Errc::invalid_argument, "the request cannot be read");
  return request;
}

Result<> check_count(int texts, std::size_t limit) {
  if (texts == 0) return fail(Errc::invalid_argument, "texts: there are none");
  if (static_cast<std::size_t>(texts) > limit) {
    return fail(Errc::invalid_argument,
                fmt::format("texts: {} in one request, the limit is {}", texts, limit));
  }
  return {};
}

Result<Role> role_of(kefu::v1::TextRole role) {
  switch (role) {
    case kefu::v1::TEXT_ROLE_QUERY:
      return Role::query;
    case kefu::v1::TEXT_ROLE_PASSAGE:
      return Role::passage;
    default:
      return fail(Errc::invalid_argument, "role: neither query nor passage");
  }
}

template <class Texts>
std::vector<std::string> take(Texts& texts) {
  return {std::make_move_iterator(texts.begin()), std::make_move_iterator(texts.end())};
}

std::string response_of(const EmbeddedTexts& embedded, const ModelInfo& model) {
  kefu::v1::EmbedResponse response;
  response.set_format(kFormat);
  response.set_dimensions(static_cast<std::uint32_t>(model.dimensions));
  for (const auto& text : embedded.vectors)
    *response.mutable_vectors() += vector::encode(text->vector, kFormat);
  response.set_model_fingerprint(model.fingerprint);
  response.set_model(model.name);
  response.mutable_usage()->set_embedding_tokens(embedded.computed_tokens);
  response.mutable_usage()->set_saved_tokens(embedded.saved_tokens);
  return response.SerializeAsString();
}

}  // namespace

Requests::Requests(EmbeddingFlow& flow, telemetry::Metrics& metrics, const telemetry::Logger& log)
    : flow_(flow),
      log_(log),
      embed_metrics_(metrics, "embedding", "embed"),
      count_metrics_(metrics, "embedding", "count_tokens"),
      model_metrics_(metrics, "embedding", "model") {}

Task<Result<std::string>> Requests::embed(RequestContext context, std::string payload) {
  const auto begin = Deadline::Clock::now();
  auto result = co_await embed_checked(context, std::move(payload));
  finished(embed_metrics_, context, begin, result);
  co_return result;
}

Task<Result<std::string>> Requests::embed_checked(RequestContext context, std::string payload) {
  KEFU_CO_TRY(kefu::v1::EmbedRequest request, parse<kefu::v1::EmbedRequest>(payload));
  const std::size_t fit = kMaxVectorBytes / (flow_.model().dimensions * vector::component_bytes(kFormat));
  KEFU_CO_CHECK(check_count(request.texts_size(), std::min(kMaxTexts, fit)));
  KEFU_CO_TRY(const Role role, role_of(request.role()));
  KEFU_CO_TRY(const EmbeddedTexts embedded,
              co_await flow_.embed(take(*request.mutable_texts()), role, Lane::question, context.deadline));
  told_.clear();
  co_return response_of(embedded, flow_.model());
}

Task<Result<std::string>> Requests::count_tokens(RequestContext context, std::string payload) {
  const auto begin = Deadline::Clock::now();
  auto result = co_await count_checked(std::move(payload));
  finished(count_metrics_, context, begin, result);
  co_return result;
}

Task<Result<std::string>> Requests::count_checked(std::string payload) {
  KEFU_CO_TRY(kefu::v1::CountTokensRequest request, parse<kefu::v1::CountTokensRequest>(payload));
  KEFU_CO_CHECK(check_count(request.texts_size(), kMaxTexts));
  KEFU_CO_TRY(const TokenCounts counted, co_await flow_.count_tokens(take(*request.mutable_texts())));
  kefu::v1::CountTokensResponse response;
  response.mutable_counts()->Add(counted.counts.begin(), counted.counts.end());
  response.set_max_tokens(static_cast<std::uint32_t>(counted.max_tokens));
  co_return response.SerializeAsString();
}

Task<Result<std::string>> Requests::model(RequestContext context) {
  const auto begin = Deadline::Clock::now();
  const ModelInfo& model = flow_.model();
  kefu::v1::GetModelResponse response;
  response.set_model(model.name);
  response.set_fingerprint(model.fingerprint);
  response.set_dimensions(static_cast<std::uint32_t>(model.dimensions));
  response.set_max_tokens(static_cast<std::uint32_t>(flow_.max_tokens()));
  Result<std::string> result = response.SerializeAsString();
  finished(model_metrics_, context, begin, result);
  co_return result;
}

void Requests::finished(const telemetry::OperationMetrics& operation, const RequestContext& context,
                        Deadline::Clock::time_point begin, const Result<std::string>& result) {
  if (result) {
    operation.succeeded(Deadline::Clock::now() - begin);
    return;
  }
  operation.failed(result.error().code);
  tell(context, result.error());
}

/// A detail does not travel: where it is not told here nobody reads what a provider said.
void Requests::tell(const RequestContext& context, const Error& error) {
  if (error.code == Errc::internal) {
    log_.failure(telemetry::Level::error, "a request failed", context, error);
    return;
  }
  if ((error.code != Errc::unavailable && error.code != Errc::bad_upstream) || error.message == told_) return;
  told_ = error.message;
  log_.failure(telemetry::Level::warning, "the model does not embed", context, error);
}

}  // namespace kefu::embedding
