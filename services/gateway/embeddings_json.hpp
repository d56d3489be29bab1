#pragma once

#include "kefu/v1/embedding.pb.h"

#include <kefu/base/error.hpp>

#include <cstddef>
#include <string>
#include <string_view>

namespace kefu::gateway {

inline constexpr std::size_t kMaxEmbeddingInputs = 64;
inline constexpr std::size_t kMaxEmbeddingCodePoints = 8000;

/// The body of POST /v1/embeddings in OpenAI's format. Errors: `invalid_argument`, naming the field.
Result<kefu::v1::EmbedRequest> parse_embeddings_request(std::string_view body);

/// Errors: `bad_upstream` when the vectors are not `inputs` whole ones of a known format.
Result<std::string> embeddings_json(const kefu::v1::EmbedResponse& response, std::size_t inputs);

}  // namespace kefu::gateway
