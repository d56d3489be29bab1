#pragma once

#include <string>
#include <string_view>

namespace kefu::text {

/// What models and caches see: NFKC (full-width forms and compatibility characters become plain ones),
/// control characters dropped, runs of white space one space, ends trimmed. "怎么退货？" and "怎么退货?"
/// become one.
std::string normalize(std::string_view utf8);

/// True where normalize() leaves nothing: white space, control characters and marks without width, which look
/// empty to people and are empty to models. Costs no more than finding the first other character.
bool is_blank(std::string_view utf8);

/// Reads ICU's tables now, which takes some 20 ms, rather than with the first text that needs them.
void warm_up();

/// What is compared for equality of meaning in letters alone: normalize(), case folded, Traditional
/// Chinese made Simplified, punctuation and spaces between CJK characters dropped.
std::string fold_for_matching(std::string_view utf8);

}  // namespace kefu::text
