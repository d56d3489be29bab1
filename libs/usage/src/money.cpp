#include <kefu/usage/money.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace kefu::usage {
namespace {

constexpr std::uint64_t kMillion = 1'000'000;
constexpr std::uint64_t kMostWhole = 1'000'000'000;
constexpr std::size_t kDecimals = 6;

bool all_digits(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

std::uint64_t number(std::string_view digits) {
  std::uint64_t value = 0;
  const auto read = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  return read.ec == std::errc{} ? value : kMostWhole + 1;
}

}  // namespace

Money Money::of_micros(std::uint64_t micros) { return Money(Amount{micros} * kMillion); }

Money Money::cost(std::uint64_t tokens, std::uint64_t micros_per_million) {
  return Money(Amount{tokens} * micros_per_million);
}

Money& Money::operator+=(Money other) {
  picos_ += other.picos_;
  return *this;
}

Money& Money::operator-=(Money other) {
  picos_ -= other.picos_;
  return *this;
}

bool Money::reaches(Money limit, unsigned percent) const { return picos_ * 100 >= limit.picos_ * percent; }

std::string Money::text() const {
  const Amount micros = (picos_ + kMillion / 2) / kMillion;
  std::string decimals = fmt::format("{:06}", static_cast<std::uint64_t>(micros % kMillion));
  while (decimals.size() > 2 && decimals.back() == '0') decimals.pop_back();
  return fmt::format("{}.{}", micros / kMillion, decimals);
}

double Money::approximate() const { return static_cast<double>(picos_) / 1e12; }

Result<std::uint64_t> parse_micros(std::string_view decimal) {
  const auto point = decimal.find('.');
  const std::string_view whole = decimal.substr(0, point);
  const std::string_view rest = point == std::string_view::npos ? "0" : decimal.substr(point + 1);
  if (!all_digits(whole) || !all_digits(rest) || rest.size() > kDecimals || number(whole) > kMostWhole) {
    return fail(Errc::invalid_argument,
                "an amount is a decimal number of at most 6 decimals and at most a billion, such as 12.50");
  }
  std::string padded(rest);
  padded.resize(kDecimals, '0');
  return number(whole) * kMillion + number(padded);
}

std::string micros_text(std::uint64_t micros) { return Money::of_micros(micros).text(); }

}  // namespace kefu::usage
