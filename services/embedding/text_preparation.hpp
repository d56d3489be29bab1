#pragma once

#include <kefu/base/error.hpp>

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace kefu::embedding {

/// Part of the model's fingerprint: raise it when kefu::text::normalize changes what it gives for a text.
inline constexpr std::string_view kNormalizationVersion = "nfkc-1";

/// All texts normalised, so that texts that differ only in width or white space are one.
/// Errors: `invalid_argument` for a text that is not UTF-8 or has nothing left, naming its place.
Result<std::vector<std::string>> normalize_texts(const std::vector<std::string>& texts);

/// The place of a text in a request, as error messages name it: "texts[3]".
std::string place(std::size_t index);

}  // namespace kefu::embedding
