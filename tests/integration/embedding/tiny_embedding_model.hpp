#pragma once

#include <cstddef>
#include <filesystem>

namespace kefu::embedding::testing {

inline constexpr std::size_t kTinyDimensions = 1536;
inline constexpr std::size_t kTinyMaxTokens = 512;

/// How a file says that vectors of tokens become one (llama.cpp's numbers).
enum class TinyPooling : int { none = 0, mean = 1, rank = 4 };

/// Writes an embedding model of BERT's shape, one layer with random weights, as GGUF: one token a byte. Its
/// vectors mean nothing, and tell texts apart.
void write_tiny_embedding_model(const std::filesystem::path& file, TinyPooling pooling = TinyPooling::mean);

}  // namespace kefu::embedding::testing
