#include <kefu/async/signal.hpp>

#include <boost/asio/this_coro.hpp>

#include <utility>

namespace kefu {
namespace {

/// Leaves the list also when the frame is destroyed while it waits.
class Registration {
 public:
  Registration(std::shared_ptr<std::list<asio::steady_timer*>> list, asio::steady_timer& timer)
      : list_(std::move(list)), position_(list_->insert(list_->end(), &timer)) {}
  ~Registration() { list_->erase(position_); }
  Registration(const Registration&) = delete;
  Registration& operator=(const Registration&) = delete;

 private:
  std::shared_ptr<std::list<asio::steady_timer*>> list_;
  std::list<asio::steady_timer*>::iterator position_;
};

}  // namespace

void Signal::raise() {
  for (asio::steady_timer* timer : *waiting_) timer->cancel();
}

Task<bool> Signal::wait(Deadline deadline) {
  asio::steady_timer timer(executor_, deadline.time());
  const Registration registration(waiting_, timer);
  const auto [error] = co_await timer.async_wait(kAsTuple);
  co_return error == asio::error::operation_aborted;
}

Task<void> Signal::wait() { co_await wait(Deadline::at(Deadline::Clock::time_point::max())); }

Task<void> sleep_for(std::chrono::steady_clock::duration duration) {
  asio::steady_timer timer(co_await asio::this_coro::executor, duration);
  co_await timer.async_wait(kAsTuple);
}

}  // namespace kefu
