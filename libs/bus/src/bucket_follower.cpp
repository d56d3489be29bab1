#include <kefu/async/signal.hpp>
#include <kefu/bus/bucket_follower.hpp>

#include <memory>
#include <utility>

namespace kefu::bus {

Task<void> BucketFollower::run() {
  std::unique_ptr<KvWatch> watch;
  while (!stopping_) {
    if (!watch) {
      auto opened = bucket_.watch();
      if (!opened) {
        co_await sleep_for(poll_);
        continue;
      }
      watch = *std::move(opened);
    }
    const auto entry = co_await watch->next(Deadline::in(poll_));
    if (entry) {
      on_entry_(*entry);
    } else if (entry.error().code != Errc::deadline_exceeded) {
      watch.reset();
      co_await sleep_for(poll_);
    }
  }
}

}  // namespace kefu::bus
