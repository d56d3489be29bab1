#pragma once

#include <kefu/base/error.hpp>

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace kefu::usage {

/// Millionths of the currency for a million tokens.
struct Price {
  std::uint64_t input_micros = 0;   ///< embedding and prompt
  std::uint64_t output_micros = 0;  ///< completion

  auto operator<=>(const Price&) const = default;
};

/// What the tokens of each model cost.
class Prices {
 public:
  /// `text-embedding-v4=0.5,qwen-plus=0.8/2`: of a million tokens, and of a million completion tokens where
  /// that differs. Names may hold everything but commas. Errors: `invalid_argument`.
  static Result<Prices> parse(std::string_view text);
  /// nullopt: nobody said.
  std::optional<Price> of(const std::string& model) const;

 private:
  std::map<std::string, Price> by_model_;
};

}  // namespace kefu::usage
