#include <kefu/base/ascii.hpp>
#include <kefu/provider/retry.hpp>

#include <algorithm>
#include <charconv>
#include <ctime>
#include <string>

namespace kefu::provider {
namespace {

/// More than anybody waits, and far from an overflow.
constexpr std::int64_t kMostSeconds = 1'000'000;

}  // namespace

std::chrono::milliseconds full_jitter(Backoff backoff, unsigned failures, double random) {
  constexpr unsigned kMostDoublings = 16;
  const auto bound = std::min(
      backoff.longest, backoff.first * (1U << std::min(failures == 0 ? 0 : failures - 1, kMostDoublings)));
  return std::chrono::milliseconds(static_cast<std::int64_t>(static_cast<double>(bound.count()) * random));
}

std::optional<std::chrono::milliseconds> parse_retry_after(std::string_view value,
                                                           std::chrono::system_clock::time_point now) {
  const std::string text(trimmed(value));
  if (text.empty()) return std::nullopt;
  std::int64_t seconds = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), seconds);
  if (end == text.data() + text.size() && error == std::errc{}) {
    if (seconds < 0) return std::nullopt;
    return std::chrono::seconds(std::min(seconds, kMostSeconds));
  }
  std::tm date{};
  const char* const rest = ::strptime(text.c_str(), "%a, %d %b %Y %H:%M:%S GMT", &date);
  if (rest == nullptr || *rest != '\0') return std::nullopt;
  const std::int64_t left = ::timegm(&date) - std::chrono::system_clock::to_time_t(now);
  return std::chrono::seconds(std::clamp<std::int64_t>(left, 0, kMostSeconds));
}

std::optional<std::chrono::milliseconds> asked_pause(const http::Fields& fields,
                                                     std::chrono::system_clock::time_point now) {
  const std::string_view text = trimmed(fields.get("retry-after-ms"));
  std::int64_t milliseconds = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), milliseconds);
  if (error == std::errc{} && end == text.data() + text.size() && milliseconds >= 0)
    return std::chrono::milliseconds(std::min(milliseconds, kMostSeconds * 1000));
  return parse_retry_after(fields.get("Retry-After"), now);
}

}  // namespace kefu::provider
