#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace kefu::answer {

/// A part of a passage, word for word.
struct Extract {
  std::string text;
  std::size_t begin = 0;  ///< in code points of the passage
  std::size_t end = 0;
};

/// The sentences of `passage` that answer `question` best: a run of neighbours of at most `max_characters`
/// code points (one sentence may be longer) that holds the most of the question's terms, the shortest such. A
/// run that ends in a question or a colon takes what follows, since there the answer is. A passage that fits
/// is taken whole. White space around the result is left out.
Extract extract_answer(std::string_view question, std::string_view passage, std::size_t max_characters = 200);

}  // namespace kefu::answer
