#include <kefu/async/loop_hold.hpp>

#include <boost/asio/execution/context.hpp>
#include <boost/asio/execution_context.hpp>
#include <boost/asio/query.hpp>

#include <condition_variable>
#include <cstddef>
#include <mutex>
#include <utility>

namespace kefu {

/// Counts the holds of one event loop, and belongs to it.
class LoopThreads final : public asio::execution_context::service {
 public:
  inline static asio::execution_context::id id;

  explicit LoopThreads(asio::execution_context& context) : service(context) {}

  void enter() {
    const std::lock_guard lock(mutex_);
    ++inside_;
  }
  /// The notification is under the lock, since this object goes once the last hold is seen to be gone.
  void leave() {
    const std::lock_guard lock(mutex_);
    if (--inside_ == 0) none_inside_.notify_all();
  }

 private:
  /// Called by the loop's destructor while it can still be posted to.
  void shutdown() override {
    std::unique_lock lock(mutex_);
    none_inside_.wait(lock, [this] { return inside_ == 0; });
  }

  std::mutex mutex_;
  std::condition_variable none_inside_;
  std::size_t inside_ = 0;
};

LoopHold::LoopHold(const asio::any_io_executor& executor)
    : threads_(&asio::use_service<LoopThreads>(asio::query(executor, asio::execution::context))),
      guard_(executor) {
  threads_->enter();
}

LoopHold::LoopHold(LoopHold&& other) noexcept
    : threads_(std::exchange(other.threads_, nullptr)), guard_(std::move(other.guard_)) {}

LoopHold::~LoopHold() {
  if (threads_ == nullptr) return;
  guard_.reset();
  threads_->leave();
}

}  // namespace kefu
