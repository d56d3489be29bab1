#pragma once

#include "splitting/token_counter.hpp"

#include <kefu/text/utf8.hpp>

#include <optional>
#include <string>
#include <vector>

namespace kefu::ingest {

/// A token is a code point.
class FakeTokenCounter final : public TokenCounter {
 public:
  explicit FakeTokenCounter(std::uint32_t max_tokens = 512) : max_tokens_(max_tokens) {}

  Task<Result<TokenCounts>> count(std::vector<std::string> texts) override {
    ++calls;
    if (failure) co_return fail(*failure);
    TokenCounts out{.counts = {}, .max_tokens = max_tokens_};
    for (const std::string& text : texts) {
      longest = std::max(longest, text.size());
      out.counts.push_back(static_cast<std::uint32_t>(text::count_code_points(text)) + surcharge);
    }
    co_return out;
  }

  std::optional<Error> failure;
  std::size_t calls = 0;
  std::size_t longest = 0;
  std::uint32_t surcharge = 0;  ///< tokens that every text costs more

 private:
  std::uint32_t max_tokens_;
};

}  // namespace kefu::ingest
