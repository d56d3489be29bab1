#pragma once

#include "embedder.hpp"

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace kefu::embedding {

/// A vector and when it was computed, so that it expires in every tier at the same time.
struct DatedVector {
  TextVector value;
  std::chrono::sys_seconds written;
};

/// What Redis holds for one text, little endian:
/// version (1 byte), kefu.v1.VectorFormat (1 byte), dimensions (2 bytes), tokens (4 bytes), seconds since
/// 1970 (4 bytes), float16 components, FNV-1a of the key and all of these (8 bytes). The model's fingerprint
/// is in the key and so in the checksum: a value that somebody copied to the key of another model or text is
/// refused as one with a wrong bit is.
std::string encode_cached_value(std::string_view key, const DatedVector& dated);

/// nullopt for anything that encode_cached_value() did not write for this key and this many dimensions.
std::optional<DatedVector> decode_cached_value(std::string_view key, std::string_view bytes,
                                               std::size_t dimensions);

/// What a vector becomes by being kept. Applied to fresh ones too, so that a text has one vector whether or
/// not it was cached.
Vector as_kept(const Vector& vector);

}  // namespace kefu::embedding
