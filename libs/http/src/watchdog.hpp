#pragma once

#include <kefu/async/task.hpp>
#include <kefu/base/deadline.hpp>

#include <chrono>
#include <functional>
#include <memory>

namespace kefu::http {

/// Calls `on_expiry` when the time given to arm() has come and neither arm() nor disarm() was called again.
/// It keeps one timer running and moves it only when that is due, so that arming costs two comparisons: a
/// connection does it for each read. Thread: the executor's. `on_expiry` is never called after the watchdog
/// is destroyed.
class Watchdog {
 public:
  /// `nap`: the timer looks at least so often; times further away than this are free to move.
  Watchdog(const asio::any_io_executor& executor, Deadline::Clock::duration nap,
           std::function<void()> on_expiry);
  ~Watchdog();
  Watchdog(const Watchdog&) = delete;
  Watchdog& operator=(const Watchdog&) = delete;

  void arm(Deadline deadline);
  void disarm();

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace kefu::http
