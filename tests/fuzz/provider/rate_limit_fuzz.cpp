// Whatever stands in the headers about limits, a request waits for a while that is not negative and ends.
#include <kefu/provider/rate_limit.hpp>
#include <kefu/provider/retry.hpp>

#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

namespace {

void require(bool condition) {
  if (!condition) std::abort();
}

std::string take_line(std::string_view& text) {
  const auto end = text.find('\n');
  std::string line(text.substr(0, end));
  text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  return line;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace std::chrono_literals;
  if (size > 1000) return 0;
  std::string_view text(reinterpret_cast<const char*>(data), size);
  kefu::http::Fields fields;
  for (const char* const name :
       {"x-ratelimit-limit-requests", "x-ratelimit-remaining-requests", "x-ratelimit-reset-requests",
        "x-ratelimit-limit-tokens", "x-ratelimit-remaining-tokens", "x-ratelimit-reset-tokens",
        "retry-after-ms", "Retry-After"})
    fields.add(name, take_line(text));
  const kefu::provider::Allowance::Time now{100h};
  kefu::provider::RateLimits limits;
  limits.learn(fields, now);
  for (const std::size_t tokens : {0UL, 1UL, 1000UL, 1000000UL}) {
    limits.spend(tokens);
    for (const auto later : {0s, 1s, 3600s}) {
      const auto free_at = limits.free_at(tokens, now + later);
      require(free_at >= now + later && free_at <= now + 24h * 365);
    }
  }
  if (const auto asked = kefu::provider::asked_pause(fields, {}))
    require(*asked >= 0ms && *asked < 24h * 365);
  return 0;
}
