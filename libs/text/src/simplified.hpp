#pragma once

#include <string>

namespace kefu::text {

/// Makes Traditional Chinese characters Simplified, each by itself: what neighbours it has must not matter to
/// an index, which has to see the same character in a question and in a passage. The text keeps its length.
void fold_to_simplified(std::string& utf8);

}  // namespace kefu::text
