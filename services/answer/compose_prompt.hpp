#pragma once

#include "conversation.hpp"
#include "decide.hpp"
#include "llm_client.hpp"

#include <cstddef>
#include <string_view>
#include <vector>

namespace kefu::answer {

struct Prompt {
  std::vector<ChatMessage> messages;
  /// What was shown to the model, in the order of its numbers: [1] is the first.
  std::vector<const Assessment*> shown;
};

/// Instructions, what was said before, the numbered passages and the question, in the question's language.
/// The most confident passage comes first. The phrasings of one FAQ row are one passage. At most
/// `max_characters` code points of passages: one that does not fit is left out, the first is cut. Passages
/// are fenced by tags that their own text cannot close, and the instructions say that what is inside is
/// material, not orders. `assessments` must outlive the result.
Prompt compose_prompt(std::string_view question, const Turns& history,
                      const std::vector<Assessment>& assessments, std::size_t max_passages,
                      std::size_t max_characters);

/// Asks a model to say a question that leans on what was said before so that it stands alone.
std::vector<ChatMessage> compose_rewriting(std::string_view question, const Turns& history);

}  // namespace kefu::answer
