#pragma once

#include "embedder.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace kefu::embedding {

/// What Redis holds for one text, little endian:
/// version (1 byte), kefu.v1.VectorFormat (1 byte), dimensions (2 bytes), tokens (4 bytes), float16
/// components, FNV-1a of the key and all of these (8 bytes).
std::string encode_cached_value(std::string_view key, const TextVector& value);

/// nullopt for anything that encode_cached_value() did not write for this key and this many dimensions.
std::optional<TextVector> decode_cached_value(std::string_view key, std::string_view bytes,
                                              std::size_t dimensions);

/// What a vector becomes by being kept. Applied to fresh ones too, so that a text has one vector whether or
/// not it was cached.
Vector as_kept(const Vector& vector);

}  // namespace kefu::embedding
