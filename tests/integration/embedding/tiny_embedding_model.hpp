#pragma once

#include <cstddef>
#include <filesystem>

namespace kefu::embedding::testing {

inline constexpr std::size_t kTinyDimensions = 1536;
inline constexpr std::size_t kTinyMaxTokens = 512;

/// Writes an embedding model of BERT's shape, one layer with random weights, as GGUF: mean pooling, one token
/// a byte. Its vectors mean nothing, and tell texts apart.
void write_tiny_embedding_model(const std::filesystem::path& file);

}  // namespace kefu::embedding::testing
