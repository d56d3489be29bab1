#include "nats_mailbox.hpp"

#include <boost/asio/post.hpp>

#include <utility>

namespace kefu::bus {

void NatsMailbox::post(Event event) noexcept {
  const std::lock_guard lock(mutex_);
  if (!executor_) return;
  events_.push_back(std::move(event));
  // One wake-up takes all that came until it runs.
  if (events_.size() == 1) asio::post(*executor_, [self = shared_from_this()] { self->deliver(); });
}

void NatsMailbox::close() noexcept {
  std::vector<Event> dropped;
  const std::lock_guard lock(mutex_);
  executor_.reset();
  std::swap(dropped, events_);
}

bool NatsMailbox::closed() {
  const std::lock_guard lock(mutex_);
  return !executor_;
}

void NatsMailbox::deliver() {
  std::vector<Event> events;
  {
    const std::lock_guard lock(mutex_);
    std::swap(events, events_);
  }
  for (Event& event : events) {
    if (closed()) return;  // by an event before this one
    event();
    event = nullptr;
  }
}

}  // namespace kefu::bus
