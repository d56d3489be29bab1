#include <kefu/usage/calendar.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace kefu::usage {
namespace {

using std::chrono::year_month_day;

std::string written(Day day, const char* separator) {
  const year_month_day date(day);
  return fmt::format("{:04}{}{:02}{}{:02}", static_cast<int>(date.year()), separator,
                     static_cast<unsigned>(date.month()), separator, static_cast<unsigned>(date.day()));
}

int number(std::string_view digits) {
  int value = 0;
  std::from_chars(digits.data(), digits.data() + digits.size(), value);
  return value;
}

}  // namespace

Day day_of(std::chrono::system_clock::time_point time) { return std::chrono::floor<std::chrono::days>(time); }

Day first_of_month(Day day) {
  const year_month_day date(day);
  return date.year() / date.month() / 1;
}

Day first_of_next_month(Day day) {
  const year_month_day date(day);
  return (date.year() / date.month() + std::chrono::months(1)) / 1;
}

std::string day_text(Day day) { return written(day, "-"); }

std::string day_key(Day day) { return written(day, ""); }

Result<Day> parse_day(std::string_view text) {
  constexpr std::string_view kShape = "dddd-dd-dd";
  const bool shaped =
      text.size() == kShape.size() && std::ranges::equal(text, kShape, [](char c, char wanted) {
        return wanted == 'd' ? c >= '0' && c <= '9' : c == wanted;
      });
  if (shaped) {
    const year_month_day date(std::chrono::year(number(text.substr(0, 4))),
                              std::chrono::month(static_cast<unsigned>(number(text.substr(5, 2)))),
                              std::chrono::day(static_cast<unsigned>(number(text.substr(8, 2)))));
    if (date.ok()) return Day(date);
  }
  return fail(Errc::invalid_argument, "a day is written as in 2026-11-25");
}

}  // namespace kefu::usage
