#pragma once

#include <kefu/base/error.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// OpenAI's embeddings as JSON, without the network.
namespace kefu::provider {

/// How vectors are written in a response. Base64 is a third of the size, and not every server has it; some do
/// not know the field.
enum class VectorEncoding { numbers, base64, unsaid };

struct EmbeddingsRequest {
  std::string model;
  std::vector<std::string> input;
  VectorEncoding encoding = VectorEncoding::numbers;
  std::size_t dimensions = 0;  ///< 0: the model's own, and the field is left out
};
/// The body of POST {base}/embeddings.
std::string embeddings_request(const EmbeddingsRequest& request);

struct Embeddings {
  std::vector<std::vector<float>> vectors;  ///< in the order of the input, of equal dimensions, as they came
  std::optional<std::uint64_t> tokens;      ///< of the whole input, where the provider counts them; not 0
};
/// Takes either encoding and any order. Errors: `bad_upstream` for whatever is not one vector for each of
/// `count` inputs (an index that is missing, doubled or too high), for vectors of other dimensions than
/// `dimensions` (0: than each other), and for one that is not finite or all zero. Any thread.
Result<Embeddings> parse_embeddings(std::string_view body, std::size_t count, std::size_t dimensions);

}  // namespace kefu::provider
