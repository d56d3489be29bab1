#include <kefu/provider/slots.hpp>

namespace kefu::provider {

Task<Result<Slots::Place>> Slots::acquire(Deadline deadline) {
  while (true) {
    if (auto permit = in_flight_.try_acquire()) co_return Place(*std::move(permit), freed_);
    if (waiting_ >= limits_.waiting)
      co_return fail(Errc::overloaded, "has too many requests waiting for it, try again later");
    ++waiting_;
    const bool freed = co_await freed_.wait(deadline);
    --waiting_;
    if (!freed) co_return fail(Errc::deadline_exceeded, "had no place for the request in time");
  }
}

}  // namespace kefu::provider
