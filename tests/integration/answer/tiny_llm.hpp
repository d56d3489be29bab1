#pragma once

#include <filesystem>

namespace kefu::answer::testing {

/// What the tiny model answers to every conversation, and the number of its tokens, the end included.
inline constexpr const char* kTinyAnswer = "质量问题的运费由我们承担[1]。";
inline constexpr int kTinyAnswerTokens = 9;

/// Writes a language model of one layer with random weights as GGUF, chat template and tokenizer included.
/// Embedding and output rows are set so that one token leads to the next: the end of the template to the
/// first of kTinyAnswer, and its last one to the end of the text; the layer adds too little noise to change
/// that.
void write_tiny_llm(const std::filesystem::path& file);

}  // namespace kefu::answer::testing
