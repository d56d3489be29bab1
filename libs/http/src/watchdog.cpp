#include "watchdog.hpp"

#include <boost/asio/steady_timer.hpp>

#include <algorithm>
#include <utility>

namespace kefu::http {
namespace {

constexpr auto kNever = Deadline::Clock::time_point::max();

}  // namespace

/// Shared with the callback of the timer, which may still be queued when the watchdog is destroyed.
struct Watchdog::State : std::enable_shared_from_this<State> {
  State(const asio::any_io_executor& executor, Deadline::Clock::duration nap_length,
        std::function<void()> callback)
      : timer(executor), nap(nap_length), on_expiry(std::move(callback)) {}

  void sleep() {
    wakes_at = std::min(deadline, Deadline::Clock::now() + nap);
    timer.expires_at(wakes_at);
    timer.async_wait([self = shared_from_this()](boost::system::error_code error) {
      if (error != asio::error::operation_aborted)
        self->wake();  // aborted: sleep() was called again, or the end
    });
  }

  void wake() {
    wakes_at = kNever;
    if (deadline == kNever || !on_expiry) return;
    if (Deadline::Clock::now() < deadline) return sleep();
    deadline = kNever;
    on_expiry();
  }

  asio::steady_timer timer;
  Deadline::Clock::duration nap;
  std::function<void()> on_expiry;
  Deadline::Clock::time_point deadline = kNever;
  Deadline::Clock::time_point wakes_at = kNever;  ///< kNever: not sleeping
};

Watchdog::Watchdog(const asio::any_io_executor& executor, Deadline::Clock::duration nap,
                   std::function<void()> on_expiry)
    : state_(std::make_shared<State>(executor, nap, std::move(on_expiry))) {}

Watchdog::~Watchdog() {
  state_->on_expiry = nullptr;
  state_->timer.cancel();
}

void Watchdog::arm(Deadline deadline) {
  state_->deadline = deadline.time();
  if (state_->deadline < state_->wakes_at) state_->sleep();
}

void Watchdog::disarm() { state_->deadline = kNever; }

}  // namespace kefu::http
