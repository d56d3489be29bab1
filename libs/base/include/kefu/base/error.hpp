#pragma once

#include <expected>
#include <string>
#include <string_view>
#include <utility>

namespace kefu {

/// What went wrong, as far as a caller can act on it. The table in error.cpp maps each value to an HTTP
/// status and to the code used on the wire; a test walks it.
enum class Errc {
  invalid_argument,      ///< The request cannot be understood; the message says which field and why.
  unauthenticated,       ///< No API key, or one that is unknown or expired.
  permission_denied,     ///< The key does not allow this.
  not_found,             ///< The thing named does not exist.
  method_not_allowed,    ///< There is something at this path, but not for this method.
  conflict,              ///< A compare-and-set lost, or the thing exists already.
  payload_too_large,     ///< A body or a message is over its limit.
  unsupported_media,     ///< The content type is not one that the operation takes.
  rate_limited,          ///< This caller is over its allowance: later, not now.
  budget_exhausted,      ///< The budget of a knowledge base or an API key is used up.
  overloaded,            ///< A queue is full: refused at once, later may work.
  not_ready,             ///< The replica has not caught up with what was asked of it.
  unavailable,           ///< A dependency cannot be reached.
  deadline_exceeded,     ///< The time that the caller gave is over.
  insufficient_storage,  ///< A durable stream is full.
  cancelled,             ///< The caller went away, or the process is stopping.
  unsupported,           ///< Understood, but this build or configuration does not do it.
  bad_upstream,          ///< A dependency answered something that is not a valid answer.
  data_corrupt,          ///< Stored data fails its checks.
  internal,              ///< A bug or a broken invariant.
};

/// An error on its way to somebody. `message` may be shown to the caller; `detail` is for the log only and
/// may name hosts and paths, never a secret.
struct Error {
  Errc code = Errc::internal;
  std::string message;
  std::string detail = {};

  bool operator==(const Error&) const = default;
};

template <class T = void>
using Result = std::expected<T, Error>;

/// Shorthand for returning an error: `return fail(Errc::not_found, "no such knowledge base")`.
inline std::unexpected<Error> fail(Errc code, std::string message, std::string detail = {}) {
  return std::unexpected(Error{code, std::move(message), std::move(detail)});
}
inline std::unexpected<Error> fail(Error error) { return std::unexpected(std::move(error)); }

/// One row of the table of errors.
struct ErrcTraits {
  Errc code;
  std::string_view wire_code;  ///< in `{"error":{"code":...}}` and in the bus header `Kefu-Error`
  int http_status;
  bool retryable;  ///< the same request may succeed later, unchanged
};

/// The row of `code`.
const ErrcTraits& traits(Errc code);
/// The code with this wire name; `internal` for a name that this build does not know.
Errc errc_from_wire(std::string_view wire_code);

}  // namespace kefu

#define KEFU_CONCAT_INNER(a, b) a##b
#define KEFU_CONCAT(a, b) KEFU_CONCAT_INNER(a, b)

#define KEFU_TRY_IMPL(result, declaration, expression, return_keyword)    \
  auto result = (expression);                                             \
  if (!result) return_keyword std::unexpected(std::move(result).error()); \
  declaration = *std::move(result)
#define KEFU_CHECK_IMPL(result, expression, return_keyword) \
  if (auto result = (expression); !result) return_keyword std::unexpected(std::move(result).error())

/// `KEFU_TRY(auto x, f());` declares x from the Result of f(), or returns its error from this function.
#define KEFU_TRY(declaration, expression) \
  KEFU_TRY_IMPL(KEFU_CONCAT(kefu_result_, __LINE__), declaration, expression, return)
/// The same inside a coroutine: `KEFU_CO_TRY(auto x, co_await f());`
#define KEFU_CO_TRY(declaration, expression) \
  KEFU_TRY_IMPL(KEFU_CONCAT(kefu_result_, __LINE__), declaration, expression, co_return)
/// `KEFU_CHECK(f());` for a Result<void>: continue, or return its error.
#define KEFU_CHECK(expression) KEFU_CHECK_IMPL(KEFU_CONCAT(kefu_result_, __LINE__), expression, return)
#define KEFU_CO_CHECK(expression) KEFU_CHECK_IMPL(KEFU_CONCAT(kefu_result_, __LINE__), expression, co_return)
