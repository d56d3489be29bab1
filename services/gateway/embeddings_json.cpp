#include "embeddings_json.hpp"

#include "base64.hpp"
#include "json_object.hpp"

#include <kefu/text/utf8.hpp>
#include <kefu/vector/codec.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <iterator>
#include <utility>

namespace kefu::gateway {
namespace {

/// Of one request to embedding, which refuses 256 texts and 512 KiB: far below, so that questions of others
/// are embedded in between.
constexpr std::size_t kMaxTextsOfCall = 64;
constexpr std::size_t kMaxBytesOfCall = std::size_t{128} << 10;
constexpr std::size_t kMaxReplyBytes = std::size_t{768} << 10;
constexpr std::size_t kBytesOfComponent = 2;  // as asked for: float16
/// 2,048 vectors of 4,096 components, as they are held until all are there.
constexpr std::size_t kMaxVectorBytes = std::size_t{16} << 20;

/// What somebody types or an application shows at once is no bulk.
constexpr std::size_t kFewTexts = 8;
constexpr std::size_t kFewBytes = std::size_t{8} << 10;

constexpr std::string_view kHead = R"({"object":"list","data":[)";
/// Of a float as text, and of the JSON around a vector.
constexpr std::size_t kMostBytesOfNumber = 15;
constexpr std::size_t kBytesAroundVector = 64;

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
  for (std::size_t i = 0; i < texts.size(); ++i) {
    if (texts[i].empty())
      return fail(Errc::invalid_argument, fmt::format("field \"input[{}]\" is an empty text", i));
    if (text::count_code_points(texts[i]) > kMaxEmbeddingCodePoints) {
      return fail(Errc::invalid_argument,
                  fmt::format("field \"input[{}]\" has more than {} characters", i, kMaxEmbeddingCodePoints));
    }
  }
  return texts;
}

Result<> check_dimensions(std::uint32_t wanted, const kefu::v1::GetModelResponse& model) {
  if (wanted == model.dimensions()) return {};
  if (model.fewest_dimensions() == 0) {
    return fail(Errc::invalid_argument,
                fmt::format("field \"dimensions\" must be {}: the vectors of the model \"{}\" may not be cut",
                            model.dimensions(), model.model()));
  }
  if (wanted < model.fewest_dimensions() || wanted > model.dimensions()) {
    return fail(Errc::invalid_argument,
                fmt::format("field \"dimensions\" must be a number from {} to {} for the model \"{}\"",
                            model.fewest_dimensions(), model.dimensions(), model.model()));
  }
  return {};
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
  if (request.dimensions) KEFU_CHECK(check_dimensions(*request.dimensions, model));
  const std::size_t bytes =
      kBytesOfComponent * std::max<std::size_t>(request.dimensions.value_or(model.dimensions()), 1);
  if (request.texts.size() * bytes > kMaxVectorBytes) {
    return fail(
        Errc::invalid_argument,
        fmt::format("field \"input\" has {} entries, of vectors this long at most {} are given at once",
                    request.texts.size(), kMaxVectorBytes / bytes));
  }
  return {};
}

bool is_bulk(const std::vector<std::string>& texts) {
  if (texts.size() > kFewTexts) return true;
  std::size_t bytes = 0;
  for (const std::string& text : texts) bytes += text.size();
  return bytes > kFewBytes;
}

std::size_t texts_of_one_call(const std::vector<std::string>& texts, std::size_t first,
                              std::size_t dimensions) {
  const std::size_t reply_fits = kMaxReplyBytes / (kBytesOfComponent * std::max<std::size_t>(dimensions, 1));
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

EmbeddingsResponse::EmbeddingsResponse(std::string model, std::size_t dimensions, bool base64)
    : model_(std::move(model)), dimensions_(dimensions), base64_(base64) {}

Result<> EmbeddingsResponse::add(kefu::v1::EmbedResponse answer, std::size_t inputs) {
  if (!parts_.empty() && answer.model_fingerprint() != fingerprint_)
    return fail(Errc::unavailable, "the embedding model was changed meanwhile, try again");
  // Decoded here already: once the response has begun, nothing of it may turn out to be wrong.
  const auto components = vector::decode(answer.vectors(), answer.format(), inputs * dimensions_);
  if (!components || dimensions_ == 0 || answer.dimensions() != dimensions_) {
    return fail(Errc::bad_upstream, "the embedding service gave vectors that cannot be read",
                components ? fmt::format("{} dimensions instead of {}", answer.dimensions(), dimensions_)
                           : components.error().message);
  }
  fingerprint_ = answer.model_fingerprint();
  computed_tokens_ += answer.usage().embedding_tokens();
  saved_tokens_ += answer.usage().saved_tokens();
  inputs_ += inputs;
  parts_.push_back({std::move(*answer.mutable_vectors()), answer.format(), inputs});
  return {};
}

std::size_t EmbeddingsResponse::estimated_bytes() const {
  return inputs_ * (kBytesAroundVector + dimensions_ * kMostBytesOfNumber);
}

std::string EmbeddingsResponse::next(std::size_t bytes) {
  std::string out;
  if (finished_) return out;
  out.reserve(bytes + bytes / 4);
  if (written_ == 0) out += kHead;  // a vector follows in the same piece
  while (part_ < parts_.size()) {
    write_vector(out, parts_[part_]);
    ++written_;
    if (++input_of_part_ == parts_[part_].inputs) {
      parts_[part_] = {};
      ++part_;
      input_of_part_ = 0;
    }
    if (out.size() >= bytes && part_ < parts_.size()) return out;
  }
  write_usage(out);
  finished_ = true;
  return out;
}

void EmbeddingsResponse::write_vector(std::string& out, const Part& part) const {
  const std::size_t bytes = dimensions_ * vector::component_bytes(part.format);
  const auto encoded = std::string_view(part.vectors).substr(input_of_part_ * bytes, bytes);
  std::vector<float> row = vector::decode(encoded, part.format, dimensions_).value();
  vector::normalize_length(row);  // of which float16 left a little more or less
  fmt::format_to(std::back_inserter(out), R"({}{{"object":"embedding","index":{},"embedding":)",
                 written_ == 0 ? "" : ",", written_);
  if (base64_) {
    fmt::format_to(std::back_inserter(out), R"("{}"}})",
                   base64(vector::encode(row, kefu::v1::VECTOR_FORMAT_FLOAT32)));
  } else {
    // By hand: as doubles of a JSON library, floats would print with twice the digits that they have.
    fmt::format_to(std::back_inserter(out), "[{}]}}", fmt::join(row, ","));
  }
}

void EmbeddingsResponse::write_usage(std::string& out) const {
  const std::uint64_t tokens = computed_tokens_ + saved_tokens_;
  fmt::format_to(std::back_inserter(out),
                 R"(],"model":{},"usage":{{"prompt_tokens":{},"total_tokens":{},)"
                 R"("kefu":{{"computed_tokens":{},"saved_tokens":{}}}}}}})",
                 nlohmann::json(model_).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace),
                 tokens, tokens, computed_tokens_, saved_tokens_);
}

}  // namespace kefu::gateway
