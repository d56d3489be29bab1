#include "patience.hpp"

#include <kefu/async/signal.hpp>

namespace kefu::cli {
namespace {

constexpr int kTries = 6;

/// Nothing was begun that a second try would do twice.
bool may_pass(Errc code) {
  return code == Errc::rate_limited || code == Errc::overloaded || code == Errc::not_ready ||
         code == Errc::unavailable;
}

}  // namespace

Task<bool> Patience::again_after(Errc code) {
  if (!may_pass(code) || tries_ == kTries) co_return false;
  co_await sleep_for(pause_);
  pause_ *= 2;
  ++tries_;
  co_return true;
}

}  // namespace kefu::cli
