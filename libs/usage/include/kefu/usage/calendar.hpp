#pragma once

#include <kefu/base/error.hpp>

#include <chrono>
#include <functional>
#include <string>
#include <string_view>

namespace kefu::usage {

/// Of UTC, whatever the time zone of a host.
using Day = std::chrono::sys_days;
using Now = std::function<std::chrono::system_clock::time_point()>;

Day day_of(std::chrono::system_clock::time_point time);
Day first_of_month(Day day);
Day first_of_next_month(Day day);
/// 2026-11-25
std::string day_text(Day day);
/// 20261125: begins the key of a record.
std::string day_key(Day day);
/// Errors: `invalid_argument` for anything but a day that exists, written 2026-11-25.
Result<Day> parse_day(std::string_view text);

}  // namespace kefu::usage
