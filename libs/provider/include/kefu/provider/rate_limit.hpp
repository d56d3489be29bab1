#pragma once

#include <kefu/http/message.hpp>

#include <chrono>
#include <cstddef>
#include <optional>
#include <string_view>

namespace kefu::provider {

/// The value of x-ratelimit-reset-*, a duration in the notation that OpenAI documents: "1s", "6m0s", "12ms",
/// "7.66s". A number alone counts as seconds up to an hour; more may be a point in time. nullopt for whatever
/// else there is.
std::optional<std::chrono::milliseconds> parse_reset(std::string_view value);

/// What a provider says is left of one of its allowances, which it fills again at a steady rate. No clock of
/// its own. Event loop only.
class Allowance {
 public:
  using Time = std::chrono::steady_clock::time_point;

  /// `left` of `limit`, where that is known, and all of it again after `reset`.
  void learn(double left, std::optional<double> limit, std::chrono::milliseconds reset, Time now);
  /// A request goes out that the provider has not counted yet.
  void spend(double amount) { left_ -= amount; }
  /// When `amount` is there; not after `now` where it is there already, or where nothing is known.
  Time free_at(double amount, Time now) const;

 private:
  double left_ = 0;
  double refilled_a_second_ = 0;  ///< 0: not known, all comes back at once
  double limit_ = 0;              ///< 0: not known
  Time learned_{};
  Time full_at_{};  ///< in the past: there is no limit that we know of
};

/// The headers x-ratelimit-{limit,remaining,reset}-{requests,tokens}
/// (https://platform.openai.com/docs/guides/rate-limits), which most providers that limit have copied. A
/// request that the provider has announced to refuse is not sent before its time.
class RateLimits {
 public:
  using Time = Allowance::Time;

  void learn(const http::Fields& fields, Time now);
  /// `tokens` 0: not known.
  void spend(std::size_t tokens);
  /// When a request of so many tokens may go out.
  Time free_at(std::size_t tokens, Time now) const;

 private:
  Allowance requests_;
  Allowance tokens_;
};

}  // namespace kefu::provider
