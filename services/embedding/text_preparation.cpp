#include "text_preparation.hpp"

#include <kefu/text/normalize.hpp>
#include <kefu/text/utf8.hpp>

#include <fmt/format.h>

namespace kefu::embedding {

std::string place(std::size_t index) { return fmt::format("texts[{}]", index); }

Result<std::vector<std::string>> normalize_texts(const std::vector<std::string>& texts) {
  std::vector<std::string> normalized;
  normalized.reserve(texts.size());
  for (std::size_t i = 0; i < texts.size(); ++i) {
    if (auto valid = text::validate_utf8(texts[i]); !valid) {
      return fail(Errc::invalid_argument, fmt::format("{}: {}", place(i), valid.error().message));
    }
    normalized.push_back(text::normalize(texts[i]));
    if (normalized.back().empty()) {
      return fail(Errc::invalid_argument, fmt::format("{}: the text is empty", place(i)));
    }
  }
  return normalized;
}

}  // namespace kefu::embedding
