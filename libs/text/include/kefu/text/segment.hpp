#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace kefu::text {

/// Terms of the lexical index, the same for passages and questions: of CJK runs every pair of neighbouring
/// characters (single ones where a run is of length 1), Traditional ones made Simplified; of other scripts
/// case-folded words (ICU word boundaries) with English plurals and common endings cut. Numbers and model
/// codes stay whole and are split too: "PPR-9087" is found by "ppr9087" and by "9087". Repetitions are kept.
std::vector<std::string> lexical_terms(std::string_view utf8);

/// Sentences as views into `utf8`, in order, with their ending punctuation and following white space, so that
/// together they are the whole text. Chinese 。！？；… and English . ! ? (not in "3.14", "e.g." or
/// "www.a.com") and line ends.
std::vector<std::string_view> sentences(std::string_view utf8);

}  // namespace kefu::text
