#pragma once

#include "kefu/v1/embedding.pb.h"

#include <kefu/base/error.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace kefu::gateway {

inline constexpr std::size_t kMaxEmbeddingInputs = 2048;
inline constexpr std::size_t kMaxEmbeddingCodePoints = 8000;

struct EmbeddingsRequest {
  std::vector<std::string> texts;
  kefu::v1::TextRole role = kefu::v1::TEXT_ROLE_PASSAGE;
  bool base64 = false;
  std::string model = {};  ///< empty: whichever there is
  std::optional<std::uint32_t> dimensions = {};
};

/// The body of POST /v1/embeddings in OpenAI's format. Errors: `invalid_argument`, naming the field.
Result<EmbeddingsRequest> parse_embeddings_request(std::string_view body);

/// There is one model: another name is `not_found`, another number of dimensions `invalid_argument`.
Result<> check_model(const EmbeddingsRequest& request, const kefu::v1::GetModelResponse& model);

/// How many of the texts from `first` on go into one request to embedding: what it takes, and what its reply
/// may hold. At least one.
std::size_t texts_of_one_call(const std::vector<std::string>& texts, std::size_t first,
                              std::size_t dimensions);

/// What embedding says of `texts[3]` of one call, in terms of the field of the request.
Error name_input(Error error, std::size_t first);

/// The response as it is put together, call by call.
class EmbeddingsResponse {
 public:
  EmbeddingsResponse(std::string model, bool base64);
  /// The vectors of the next `inputs` texts. Errors: `bad_upstream` when they are not whole ones of a known
  /// format.
  Result<> add(const kefu::v1::EmbedResponse& response, std::size_t inputs);
  std::string finish();

 private:
  std::string body_ = R"({"object":"list","data":[)";
  std::string model_;
  bool base64_;
  std::size_t count_ = 0;
  std::uint64_t computed_tokens_ = 0;
  std::uint64_t saved_tokens_ = 0;
};

}  // namespace kefu::gateway
