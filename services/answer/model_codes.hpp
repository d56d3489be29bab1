#pragma once

#include "kefu/v1/common.pb.h"

#include <string>
#include <string_view>
#include <vector>

namespace kefu::answer {

/// The model codes of a question, such as PPR-9087 or iPhone15: ASCII letters and digits, at least one of
/// each and four together, a letter first (500ml and 1m75 are measures), in capitals and without the hyphens
/// inside. An embedding model hardly tells one
/// code from another, so a passage about another product looks near.
std::vector<std::string> model_codes(std::string_view question);

/// Does the passage, in whatever part of it, hold none of a code? Case, hyphens and spaces are passed over.
bool lacks_a_code(const kefu::v1::Passage& passage, const std::vector<std::string>& codes);

}  // namespace kefu::answer
