#include "embeddings_json.hpp"

#include "json_object.hpp"

#include <kefu/text/utf8.hpp>
#include <kefu/vector/codec.hpp>

#include <fmt/format.h>

#include <iterator>
#include <span>

namespace kefu::gateway {

Result<kefu::v1::EmbedRequest> parse_embeddings_request(std::string_view body) {
  KEFU_TRY(const JsonObject object, JsonObject::parse(body));
  KEFU_CHECK(object.allow_only({"input", "model", "encoding_format", "user"}));
  KEFU_TRY(const std::optional<std::string> encoding, object.optional_string("encoding_format"));
  if (encoding && *encoding != "float") {
    return fail(Errc::invalid_argument, "field \"encoding_format\" must be \"float\"");
  }
  // OpenAI's clients send both; there is one model, and users are not told apart.
  KEFU_CHECK(object.optional_string("model"));
  KEFU_CHECK(object.optional_string("user"));
  KEFU_TRY(std::vector<std::string> inputs, object.required_strings("input"));
  if (inputs.empty()) return fail(Errc::invalid_argument, "field \"input\" is empty");
  if (inputs.size() > kMaxEmbeddingInputs) {
    return fail(Errc::invalid_argument, fmt::format("field \"input\" has {} entries, at most {} are taken",
                                                    inputs.size(), kMaxEmbeddingInputs));
  }
  kefu::v1::EmbedRequest request;
  request.set_role(kefu::v1::TEXT_ROLE_QUERY);
  for (std::string& input : inputs) {
    if (input.empty()) return fail(Errc::invalid_argument, "field \"input\" holds an empty text");
    if (text::count_code_points(input) > kMaxEmbeddingCodePoints) {
      return fail(
          Errc::invalid_argument,
          fmt::format("field \"input\" holds a text of more than {} characters", kMaxEmbeddingCodePoints));
    }
    request.add_texts(std::move(input));
  }
  return request;
}

Result<std::string> embeddings_json(const kefu::v1::EmbedResponse& response, std::size_t inputs) {
  const std::size_t dimensions = response.dimensions();
  auto components = vector::decode(response.vectors(), response.format(), inputs * dimensions);
  if (!components || dimensions == 0) {
    return fail(Errc::bad_upstream, "the embedding service gave vectors that cannot be read",
                components ? std::string{} : std::move(components).error().message);
  }
  // Written by hand: as doubles of a JSON library, floats would print with twice the digits that they have.
  std::string body = R"({"object":"list","data":[)";
  const auto out = std::back_inserter(body);
  for (std::size_t input = 0; input < inputs; ++input) {
    const std::span<const float> row(components->data() + input * dimensions, dimensions);
    fmt::format_to(out, R"({}{{"object":"embedding","index":{},"embedding":[{}]}})", input == 0 ? "" : ",",
                   input, fmt::join(row, ","));
  }
  const std::uint64_t tokens = response.usage().embedding_tokens() + response.usage().saved_tokens();
  fmt::format_to(out, R"(],"model":{},"usage":{{"prompt_tokens":{},"total_tokens":{},"saved_tokens":{}}}}})",
                 nlohmann::json(response.model_fingerprint()).dump(), tokens, tokens,
                 response.usage().saved_tokens());
  return body;
}

}  // namespace kefu::gateway
