#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace kefu::text {

/// The terms of a number or model code: ASCII letters and digits of lower case, joined by single - _ or .
/// marks, with a digit among them. First the code whole, without the - and _ that people write or leave out,
/// then what its marks separate, then its letters and its numbers, each once: "ppr-9087" is "ppr9087", "ppr"
/// and "9087". Numbers stay as they are: "3.14", "3-5".
std::vector<std::string> code_terms(std::string_view code);

}  // namespace kefu::text
