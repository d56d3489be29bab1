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

/// How a caller wants its vectors.
struct VectorShape {
  kefu::v1::VectorFormat format;
  std::size_t dimensions;

  std::size_t bytes() const { return dimensions * vector::component_bytes(format); }
};

Result<> check_dimensions(std::size_t wanted, std::size_t whole, std::size_t fewest) {
  if (wanted == whole) return {};
  if (fewest == 0) {
    return fail(Errc::invalid_argument,
                fmt::format("dimensions: this model's vectors have {} and may not be cut", whole));
  }
  if (wanted < fewest || wanted > whole) {
    return fail(Errc::invalid_argument,
                fmt::format("dimensions: of this model's vectors, {} to {} can be had", fewest, whole));
  }
  return {};
}

Result<VectorShape> shape_of(const kefu::v1::EmbedRequest& request, std::size_t whole, std::size_t fewest) {
  VectorShape shape{request.format(), request.dimensions() == 0 ? whole : request.dimensions()};
  if (shape.format == kefu::v1::VECTOR_FORMAT_UNSPECIFIED) shape.format = kefu::v1::VECTOR_FORMAT_FLOAT32;
  if (vector::component_bytes(shape.format) == 0) return fail(Errc::invalid_argument, "format: unknown");
  KEFU_CHECK(check_dimensions(shape.dimensions, whole, fewest));
  return shape;
}

/// A vector that is cut gets its length of 1 back, as models that allow it are trained for.
Result<> append(std::string& bytes, const Vector& whole, const VectorShape& shape) {
  if (shape.dimensions == whole.size()) {
    bytes += vector::encode(whole, shape.format);
    return {};
  }
  Vector cut(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(shape.dimensions));
  if (!vector::normalize_length(cut))
    return fail(Errc::internal, "a vector that was cut has no direction any more");
  bytes += vector::encode(cut, shape.format);
  return {};
}

Result<std::string> response_of(const EmbeddedTexts& embedded, const ModelInfo& model,
                                const VectorShape& shape) {
  kefu::v1::EmbedResponse response;
  response.set_format(shape.format);
  response.set_dimensions(static_cast<std::uint32_t>(shape.dimensions));
  std::string& vectors = *response.mutable_vectors();
  vectors.reserve(embedded.vectors.size() * shape.bytes());
  for (const auto& text : embedded.vectors) KEFU_CHECK(append(vectors, text->vector, shape));
  response.set_model_fingerprint(model.fingerprint);
  response.set_model(model.name);
  response.mutable_usage()->set_embedding_tokens(embedded.computed_tokens);
  response.mutable_usage()->set_saved_tokens(embedded.saved_tokens);
  return response.SerializeAsString();
}

}  // namespace

Requests::Requests(EmbeddingFlow& flow, telemetry::Metrics& metrics, const telemetry::Logger& log,
                   std::size_t fewest_dimensions)
    : flow_(flow),
      log_(log),
      fewest_dimensions_(fewest_dimensions),
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
  KEFU_CO_TRY(const VectorShape shape, shape_of(request, flow_.model().dimensions, fewest_dimensions_));
  KEFU_CO_CHECK(check_count(request.texts_size(), std::min(kMaxTexts, kMaxVectorBytes / shape.bytes())));
  KEFU_CO_TRY(const Role role, role_of(request.role()));
  const Lane lane = request.bulk() ? Lane::import : Lane::question;
  KEFU_CO_TRY(const EmbeddedTexts embedded,
              co_await flow_.embed(take(*request.mutable_texts()), role, lane, context.deadline,
                                   {request.kb_name(), request.key_id()}));
  if (embedded.computed_tokens != 0) told_.clear();  // what a cache has says nothing of the model
  co_return response_of(embedded, flow_.model(), shape);
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
  response.set_fewest_dimensions(static_cast<std::uint32_t>(fewest_dimensions_));
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
