#pragma once

#include <kefu/http/message.hpp>

#include <chrono>
#include <optional>
#include <string_view>

namespace kefu::provider {

struct Backoff {
  std::chrono::milliseconds first{250};
  std::chrono::milliseconds longest{4000};
};

/// Full jitter: anything from nothing up to a bound that doubles with each of the `failures` so far, so that
/// clients that failed together do not come back together. `random` is in [0, 1).
std::chrono::milliseconds full_jitter(Backoff backoff, unsigned failures, double random);

/// The value of Retry-After, seconds or an HTTP date, as the time from `now`; nothing in it is nullopt.
std::optional<std::chrono::milliseconds> parse_retry_after(std::string_view value,
                                                           std::chrono::system_clock::time_point now);

/// How long a response asks to be left alone: `retry-after-ms`, which Azure sends and OpenAI's own clients
/// read first, or `Retry-After`.
std::optional<std::chrono::milliseconds> asked_pause(const http::Fields& fields,
                                                     std::chrono::system_clock::time_point now);

}  // namespace kefu::provider
