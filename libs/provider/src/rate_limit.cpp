#include <kefu/provider/rate_limit.hpp>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <string>
#include <utility>

namespace kefu::provider {
namespace {

constexpr double kLongestPlainSeconds = 3600;
constexpr double kMostSeconds = 1'000'000;

using Seconds = std::chrono::duration<double>;

/// A number at the beginning of `text`, which it takes off. Never negative, and finite: from_chars knows
/// "inf".
std::optional<double> take_number(std::string_view& text) {
  double number = 0;
  const auto [end, error] =
      std::from_chars(text.data(), text.data() + text.size(), number, std::chars_format::fixed);
  if (error != std::errc{} || !(number >= 0) || !std::isfinite(number)) return std::nullopt;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  return number;
}

std::optional<double> take_unit(std::string_view& text) {
  for (const auto& [unit, seconds] :
       std::array{std::pair("ms", 0.001), std::pair("us", 0.000001), std::pair("h", 3600.0),
                  std::pair("m", 60.0), std::pair("s", 1.0), std::pair("d", 86400.0)}) {
    if (!text.starts_with(unit)) continue;
    text.remove_prefix(std::string_view(unit).size());
    return seconds;
  }
  return std::nullopt;
}

std::optional<double> number_of(std::string_view text) {
  const auto number = take_number(text);
  return text.empty() ? number : std::nullopt;
}

void learn_one(Allowance& allowance, const http::Fields& fields, const std::string& what,
               Allowance::Time now) {
  const auto left = number_of(fields.get("x-ratelimit-remaining-" + what));
  const auto reset = parse_reset(fields.get("x-ratelimit-reset-" + what));
  if (left && reset) allowance.learn(*left, number_of(fields.get("x-ratelimit-limit-" + what)), *reset, now);
}

}  // namespace

std::optional<std::chrono::milliseconds> parse_reset(std::string_view value) {
  if (value.empty()) return std::nullopt;
  double seconds = 0;
  for (bool first = true; !value.empty(); first = false) {
    const auto number = take_number(value);
    if (!number) return std::nullopt;
    if (first && value.empty() && *number <= kLongestPlainSeconds) {
      seconds = *number;
      break;
    }
    const auto unit = take_unit(value);
    if (!unit) return std::nullopt;
    seconds += *number * *unit;
  }
  seconds = std::min(seconds, kMostSeconds);
  return std::chrono::ceil<std::chrono::milliseconds>(Seconds(seconds));
}

void Allowance::learn(double left, std::optional<double> limit, std::chrono::milliseconds reset, Time now) {
  left_ = left;
  limit_ = limit.value_or(0);
  learned_ = now;
  full_at_ = now + reset;
  const double seconds = Seconds(reset).count();
  refilled_a_second_ = limit_ > left && seconds > 0 ? (limit_ - left) / seconds : 0;
}

Allowance::Time Allowance::free_at(double amount, Time now) const {
  if (full_at_ <= now) return now;
  // What never fits is sent when all is there: the provider's own words then say more than ours.
  if (limit_ > 0) amount = std::min(amount, limit_);
  const double there = left_ + refilled_a_second_ * Seconds(now - learned_).count();
  if (there >= amount) return now;
  if (refilled_a_second_ <= 0) return full_at_;
  const double wait = (amount - there) / refilled_a_second_;
  if (wait >= Seconds(full_at_ - now).count()) return full_at_;
  return now + std::chrono::ceil<std::chrono::milliseconds>(Seconds(wait));
}

void RateLimits::learn(const http::Fields& fields, Time now) {
  learn_one(requests_, fields, "requests", now);
  learn_one(tokens_, fields, "tokens", now);
}

void RateLimits::spend(std::size_t tokens) {
  requests_.spend(1);
  tokens_.spend(static_cast<double>(tokens));
}

RateLimits::Time RateLimits::free_at(std::size_t tokens, Time now) const {
  const auto needed = static_cast<double>(std::max<std::size_t>(tokens, 1));
  return std::max(requests_.free_at(1, now), tokens_.free_at(needed, now));
}

}  // namespace kefu::provider
