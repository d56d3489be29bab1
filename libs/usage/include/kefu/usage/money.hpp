#pragma once

#include <kefu/base/error.hpp>

#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

namespace kefu::usage {

/// An amount of the currency of the settings, exact whatever is added up: at a price in millionths for a
/// million tokens, each token costs a whole number of billionths of a thousandth, and those are counted.
class Money {
 public:
  Money() = default;
  static Money of_micros(std::uint64_t micros);
  /// What `tokens` cost at `micros_per_million`.
  static Money cost(std::uint64_t tokens, std::uint64_t micros_per_million);

  Money& operator+=(Money other);
  /// `other` was added before.
  Money& operator-=(Money other);
  std::strong_ordering operator<=>(const Money&) const = default;
  /// Whether this is `percent` of `limit` or more.
  bool reaches(Money limit, unsigned percent = 100) const;

  /// Decimal, rounded to millionths, with two decimals at least: "0.000013", "12.50".
  std::string text() const;
  /// For metrics, which know no other numbers.
  double approximate() const;

 private:
  __extension__ using Amount = unsigned __int128;
  explicit Money(Amount picos) : picos_(picos) {}
  Amount picos_ = 0;
};

/// "12.5" in millionths: digits with at most six decimals, up to a billion. Errors: `invalid_argument`.
Result<std::uint64_t> parse_micros(std::string_view decimal);
/// As Money::text().
std::string micros_text(std::uint64_t micros);

}  // namespace kefu::usage
