#pragma once

#include <kefu/base/error.hpp>
#include <kefu/provider/role.hpp>

#include <chrono>
#include <optional>
#include <string_view>

namespace kefu::provider {

/// What a status other than 200 means to us.
struct StatusTraits {
  Errc code;
  std::string_view what;  ///< continues "the language model ..."
  bool retryable;         ///< the same request may succeed in a moment
};

StatusTraits traits_of_status(int status);

/// Its message may be shown to the caller; `body`, cut short, goes to its detail. A hint of when to come back
/// goes into both.
Error error_of_status(Role role, int status, std::string_view body,
                      std::optional<std::chrono::milliseconds> retry_after = std::nullopt);

/// The beginning of `text` without half a character at its end.
std::string_view cut_short(std::string_view text, std::size_t bytes);

}  // namespace kefu::provider
