#pragma once

#include <cstddef>
#include <string_view>

namespace kefu::embedding {

/// Tokens of a valid UTF-8 text for a model whose tokenizer is elsewhere, erring upwards: a letter in three
/// of each Latin word, 1.5 for a Chinese, Japanese or Korean character, 1 for each digit, mark and space
/// before no Latin word, and the worst case of byte-level tokenizers for what is rarer. That is 1.2 to 2
/// times what cl100k, o200k, Qwen's, XLM-R's and BERT's tokenizers give for Chinese and English prose. Of two
/// texts joined it is at most the sum of both.
std::size_t estimate_tokens(std::string_view text);

}  // namespace kefu::embedding
