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
/// About as many as 8,192 tokens of English have, the most that OpenAI takes.
inline constexpr std::size_t kMaxEmbeddingCodePoints = 32768;

struct EmbeddingsRequest {
  std::string key_id = {};  ///< of the API key that pays; not in the body
  std::vector<std::string> texts;
  kefu::v1::TextRole role = kefu::v1::TEXT_ROLE_PASSAGE;
  bool base64 = false;
  std::string model = {};  ///< empty: whichever there is
  std::optional<std::uint32_t> dimensions = {};
};

/// The body of POST /v1/embeddings in OpenAI's format. Errors: `invalid_argument`, naming the field.
Result<EmbeddingsRequest> parse_embeddings_request(std::string_view body);

/// There is one model: another name is `not_found`. A number of dimensions that its vectors cannot have, or
/// more vectors than one response may hold, is `invalid_argument`.
Result<> check_model(const EmbeddingsRequest& request, const kefu::v1::GetModelResponse& model);

/// So much that nobody waits for a single text: it goes behind questions.
bool is_bulk(const std::vector<std::string>& texts);

/// How many of the texts from `first` on go into one request to embedding: what it takes, and what its reply
/// may hold. At least one.
std::size_t texts_of_one_call(const std::vector<std::string>& texts, std::size_t first,
                              std::size_t dimensions);

/// What embedding says of `texts[3]` of one call, in terms of the field of the request.
Error name_input(Error error, std::size_t first);

/// The response, put together call by call and written piece by piece: as text it may be ten times as long.
class EmbeddingsResponse {
 public:
  EmbeddingsResponse(std::string model, std::size_t dimensions, bool base64);
  /// The vectors of the next `inputs` texts. Errors: `bad_upstream` when they are not whole ones of a known
  /// format, `unavailable` when they are of another model than those before.
  Result<> add(kefu::v1::EmbedResponse answer, std::size_t inputs);
  /// Of the whole text, and rather more than less.
  std::size_t estimated_bytes() const;
  /// The next piece of the text, of about `bytes` but at least a vector; empty when there is no more. After
  /// the last add(), of which there was one.
  std::string next(std::size_t bytes);

 private:
  struct Part {
    std::string vectors;
    kefu::v1::VectorFormat format = kefu::v1::VECTOR_FORMAT_UNSPECIFIED;
    std::size_t inputs = 0;
  };
  void write_vector(std::string& out, const Part& part) const;
  void write_usage(std::string& out) const;

  std::string model_;
  std::string fingerprint_;
  std::size_t dimensions_;
  bool base64_;
  std::vector<Part> parts_;
  std::size_t inputs_ = 0;
  std::uint64_t computed_tokens_ = 0;
  std::uint64_t saved_tokens_ = 0;
  // Where next() stands.
  std::size_t part_ = 0;
  std::size_t input_of_part_ = 0;
  std::size_t written_ = 0;
  bool finished_ = false;
};

}  // namespace kefu::gateway
