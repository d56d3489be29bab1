#include "embeddings_json.hpp"

#include "base64.hpp"
#include "json_object.hpp"

#include <kefu/text/utf8.hpp>
#include <kefu/vector/codec.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <iterator>
#include <span>
#include <utility>

namespace kefu::gateway {
namespace {

/// Of one request to embedding, which refuses 256 texts and 512 KiB: far below, so that questions of others
/// are embedded in between.
constexpr std::size_t kMaxTextsOfCall = 64;
constexpr std::size_t kMaxBytesOfCall = std::size_t{128} << 10;
constexpr std::size_t kMaxReplyBytes = std::size_t{768} << 10;

Result<kefu::v1::TextRole> parse_role(const std::optional<std::string>& input_type) {
  if (!input_type || *input_type == "passage") return kefu::v1::TEXT_ROLE_PASSAGE;
  if (*input_type == "query") return kefu::v1::TEXT_ROLE_QUERY;
  return fail(Errc::invalid_argument, "field \"input_type\" must be \"query\" or \"passage\"");
}

Result<std::vector<std::string>> read_texts(const JsonObject& object) {
  const nlohmann::json* input = object.find("input");
  const bool is_list = input != nullptr && input->is_array() && !input->empty();
  if (is_list && (input->front().is_number() || input->front().is_array())) {
    return fail(Errc::invalid_argument,
                "field \"input\" holds tokens: give texts, since the numbers of tokens differ from model to "
                "model");
  }
  KEFU_TRY(std::vector<std::string> texts, object.required_strings("input"));
  if (texts.empty()) return fail(Errc::invalid_argument, "field \"input\" is empty");
  if (texts.size() > kMaxEmbeddingInputs) {
    return fail(Errc::invalid_argument, fmt::format("field \"input\" has {} entries, at most {} are taken",
                                                    texts.size(), kMaxEmbeddingInputs));
  }
  for (const std::string& text : texts) {
    if (text.empty()) return fail(Errc::invalid_argument, "field \"input\" holds an empty text");
    if (text::count_code_points(text) > kMaxEmbeddingCodePoints) {
      return fail(
          Errc::invalid_argument,
          fmt::format("field \"input\" holds a text of more than {} characters", kMaxEmbeddingCodePoints));
    }
  }
  return texts;
}

}  // namespace

Result<EmbeddingsRequest> parse_embeddings_request(std::string_view body) {
  KEFU_TRY(const JsonObject object, JsonObject::parse(body));
  KEFU_CHECK(object.allow_only({"input", "model", "encoding_format", "dimensions", "user", "input_type"}));
  EmbeddingsRequest request;
  KEFU_TRY(const std::optional<std::string> encoding, object.optional_string("encoding_format"));
  if (encoding && *encoding != "float" && *encoding != "base64")
    return fail(Errc::invalid_argument, "field \"encoding_format\" must be \"float\" or \"base64\"");
  request.base64 = encoding == "base64";
  KEFU_TRY(std::optional<std::string> model, object.optional_string("model"));
  if (model && *model != "default") request.model = *std::move(model);
  KEFU_TRY(const std::optional<std::int64_t> dimensions, object.optional_integer("dimensions", 1, 65536));
  if (dimensions) request.dimensions = static_cast<std::uint32_t>(*dimensions);
  KEFU_CHECK(object.optional_string("user"));  // users are not told apart
  KEFU_TRY(const std::optional<std::string> input_type, object.optional_string("input_type"));
  KEFU_TRY(request.role, parse_role(input_type));
  KEFU_TRY(request.texts, read_texts(object));
  return request;
}

Result<> check_model(const EmbeddingsRequest& request, const kefu::v1::GetModelResponse& model) {
  if (!request.model.empty() && request.model != model.model()) {
    return fail(Errc::not_found, fmt::format("there is no embedding model \"{}\": the one in use is \"{}\"",
                                             text::truncate_utf8(request.model, 128), model.model()));
  }
  if (request.dimensions && *request.dimensions != model.dimensions()) {
    return fail(Errc::invalid_argument,
                fmt::format("field \"dimensions\" must be {}, the number of this model", model.dimensions()));
  }
  return {};
}

std::size_t texts_of_one_call(const std::vector<std::string>& texts, std::size_t first,
                              std::size_t dimensions) {
  const std::size_t reply_fits = kMaxReplyBytes / (sizeof(float) * std::max<std::size_t>(dimensions, 1));
  const std::size_t most =
      std::min({texts.size() - first, kMaxTextsOfCall, std::max<std::size_t>(reply_fits, 1)});
  std::size_t bytes = texts[first].size();
  std::size_t count = 1;
  while (count < most && bytes + texts[first + count].size() <= kMaxBytesOfCall)
    bytes += texts[first + count++].size();
  return count;
}

Error name_input(Error error, std::size_t first) {
  constexpr std::string_view kTexts = "texts[";
  if (!error.message.starts_with(kTexts)) return error;
  std::size_t index = 0;
  const char* const begin = error.message.data() + kTexts.size();
  const char* const end = error.message.data() + error.message.size();
  const auto [stop, failure] = std::from_chars(begin, end, index);
  if (failure != std::errc{} || stop == end || *stop != ']') return error;
  error.message = fmt::format("field \"input[{}]\"{}", first + index, std::string_view(stop + 1, end));
  return error;
}

EmbeddingsResponse::EmbeddingsResponse(std::string model, bool base64)
    : model_(std::move(model)), base64_(base64) {}

Result<> EmbeddingsResponse::add(const kefu::v1::EmbedResponse& response, std::size_t inputs) {
  const std::size_t dimensions = response.dimensions();
  auto components = vector::decode(response.vectors(), response.format(), inputs * dimensions);
  if (!components || dimensions == 0) {
    return fail(Errc::bad_upstream, "the embedding service gave vectors that cannot be read",
                components ? std::string{} : std::move(components).error().message);
  }
  // Written by hand: as doubles of a JSON library, floats would print with twice the digits that they have.
  const auto out = std::back_inserter(body_);
  for (std::size_t input = 0; input < inputs; ++input, ++count_) {
    const std::span<const float> row(components->data() + input * dimensions, dimensions);
    fmt::format_to(out, R"({}{{"object":"embedding","index":{},"embedding":)", count_ == 0 ? "" : ",",
                   count_);
    if (base64_) {
      fmt::format_to(out, R"("{}"}})", base64(vector::encode(row, kefu::v1::VECTOR_FORMAT_FLOAT32)));
    } else {
      fmt::format_to(out, "[{}]}}", fmt::join(row, ","));
    }
  }
  computed_tokens_ += response.usage().embedding_tokens();
  saved_tokens_ += response.usage().saved_tokens();
  return {};
}

std::string EmbeddingsResponse::finish() {
  const std::uint64_t tokens = computed_tokens_ + saved_tokens_;
  fmt::format_to(std::back_inserter(body_),
                 R"(],"model":{},"usage":{{"prompt_tokens":{},"total_tokens":{},)"
                 R"("kefu":{{"computed_tokens":{},"saved_tokens":{}}}}}}})",
                 nlohmann::json(model_).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace),
                 tokens, tokens, computed_tokens_, saved_tokens_);
  return std::move(body_);
}

}  // namespace kefu::gateway
