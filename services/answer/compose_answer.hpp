#pragma once

#include "decide.hpp"
#include "kefu/v1/ask.pb.h"

#include <string>
#include <string_view>
#include <vector>

/// Answers and their sources from what was decided. Pure.
namespace kefu::answer {

/// What is said when the knowledge base holds nothing near enough.
struct Refusals {
  std::string chinese = "抱歉，我在现有资料中没有找到这个问题的答案，请联系人工客服。";
  std::string english =
      "Sorry, I do not know: I found no answer to this in the material I have. Please contact a person of "
      "our staff.";
};

/// The passage behind an answer. Its score is the confidence.
kefu::v1::Source source_of(const Assessment& assessment);

/// The answer of a verdict other than `generated`, usage and timings aside: the FAQ row's answer, the
/// sentences of the passage with their span, or a refusal in the question's language, which names no source.
kefu::v1::Answer compose_answer(std::string_view question, const Verdict& verdict, const Refusals& refusals);

/// The answer that a model wrote from `shown`, whose order is that of the numbers it cites.
kefu::v1::Answer compose_generated(std::string text, const Verdict& verdict,
                                   const std::vector<const Assessment*>& shown);

}  // namespace kefu::answer
