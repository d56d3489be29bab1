#include "duration.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <utility>

namespace kefu::cli {

Result<std::chrono::milliseconds> parse_duration(std::string_view text) {
  using namespace std::chrono_literals;
  static constexpr std::array<std::pair<std::string_view, std::chrono::milliseconds>, 5> kUnits{
      {{"ms", 1ms}, {"s", 1s}, {"m", 1min}, {"h", 1h}, {"d", 24h}}};
  constexpr std::int64_t kMost = 1'000'000;  // of any unit
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  const std::string_view unit(end, static_cast<std::size_t>(text.data() + text.size() - end));
  const auto* known = std::ranges::find(kUnits, unit, [](const auto& entry) { return entry.first; });
  if (error != std::errc{} || number <= 0 || number > kMost || known == kUnits.end()) {
    return fail(Errc::invalid_argument,
                fmt::format("\"{}\" is no duration such as 500ms, 30s, 10m, 12h or 90d", text));
  }
  return number * known->second;
}

}  // namespace kefu::cli
