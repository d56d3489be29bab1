#pragma once

#include "kefu/v1/common.pb.h"

#include <kefu/base/error.hpp>

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace kefu::vector {

/// Bytes of one component, 0 for a format that this build does not know.
std::size_t component_bytes(kefu::v1::VectorFormat format);

/// Components as the `bytes` fields of messages and the values of caches hold them, little endian. FLOAT16
/// rounds to the nearest; of a vector of length 1 that moves the cosine by less than 0.00001. Unknown formats
/// give an empty string.
std::string encode(std::span<const float> components, kefu::v1::VectorFormat format);

/// Any number of vectors, one after the other. Errors: `data_corrupt` for an unknown format, a number of
/// bytes that is not `count` components, or a component that is not finite.
Result<std::vector<float>> decode(std::string_view bytes, kefu::v1::VectorFormat format, std::size_t count);

/// Scales to length 1. False, and nothing is changed, for a vector without direction: all zero or not finite.
bool normalize_length(std::span<float> vector);

}  // namespace kefu::vector
