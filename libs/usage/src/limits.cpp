#include <kefu/usage/limits.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <optional>

namespace kefu::usage {
namespace {

constexpr unsigned kWhole = 100;

bool reaches(std::uint64_t tokens, std::uint64_t limit, unsigned percent) {
  // As Money, which has room for the products of any two numbers.
  return Money::of_micros(tokens).reaches(Money::of_micros(limit), percent);
}

Level level_of(const Spent& spent, std::optional<std::uint64_t> tokens, std::optional<std::uint64_t> micros,
               unsigned soft_percent) {
  const auto over = [&](unsigned percent) {
    return (tokens && reaches(spent.tokens, *tokens, percent)) ||
           (micros && spent.money.reaches(Money::of_micros(*micros), percent));
  };
  if (over(kWhole)) return Level::used_up;
  return soft_percent != 0 && over(std::min(soft_percent, kWhole)) ? Level::near : Level::free;
}

template <class Value>
std::optional<std::uint64_t> if_given(bool given, Value value) {
  return given ? std::optional<std::uint64_t>(value) : std::nullopt;
}

std::string used_up(const kefu::v1::Budget& budget, const std::string& name, const char* period, Day anew) {
  return fmt::format("the budget of {} for this {} is used up; a new one begins on {} at 00:00 UTC",
                     named(budget.scope(), name), period, day_text(anew));
}

}  // namespace

std::string named(Scope scope, const std::string& name) {
  return scope == kefu::v1::Budget::SCOPE_KEY ? "API key " + name
                                              : fmt::format("knowledge base \"{}\"", name);
}

Standing standing_of(const kefu::v1::Budget& budget, const std::string& name, const Totals& totals,
                     Day today) {
  const Level month = level_of(totals.of(budget.scope(), name, first_of_month(today), today),
                               if_given(budget.has_tokens_per_month(), budget.tokens_per_month()),
                               if_given(budget.has_money_per_month_micros(), budget.money_per_month_micros()),
                               budget.soft_percent());
  if (month == Level::used_up) return {month, used_up(budget, name, "month", first_of_next_month(today))};
  const Level day = level_of(totals.of(budget.scope(), name, today, today),
                             if_given(budget.has_tokens_per_day(), budget.tokens_per_day()),
                             if_given(budget.has_money_per_day_micros(), budget.money_per_day_micros()),
                             budget.soft_percent());
  if (day == Level::used_up) return {day, used_up(budget, name, "day", today + std::chrono::days(1))};
  return {std::max(month, day), {}};
}

}  // namespace kefu::usage
