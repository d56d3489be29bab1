#include "text_job.hpp"

#include "text_preparation.hpp"

#include <fmt/format.h>

namespace kefu::embedding {

void TextWait::deliver(std::size_t index, Result<Delivery> delivery) {
  if (error_ || missing_ == 0) return;
  if (delivery) {
    deliveries_[index] = *std::move(delivery);
    if (--missing_ != 0) return;
  } else {
    error_ = std::move(delivery).error();
    if (error_->code == Errc::invalid_argument)
      error_->message = fmt::format("{}: {}", place(index), error_->message);
  }
  timer_.cancel();
}

Task<Result<std::vector<Delivery>>> TextWait::all() {
  if (!error_ && missing_ != 0) co_await timer_.async_wait(kAsTuple);
  if (error_) co_return fail(*error_);
  if (missing_ != 0) co_return fail(Errc::deadline_exceeded, "the texts were not embedded in time");
  co_return std::move(deliveries_);
}

void TextJob::add_waiter(const std::shared_ptr<TextWait>& wait, std::size_t index) {
  if (value_) {  // finished, and still being stored
    if (*value_) {
      wait->deliver(index, Delivery{**value_, Source::joined});
    } else {
      wait->deliver(index, fail(value_->error()));
    }
    return;
  }
  waiters_.push_back({wait, index, waiters_.empty() ? Source::model : Source::joined});
}

bool TextJob::wanted() const {
  return std::ranges::any_of(waiters_, [](const Waiter& waiter) {
    const auto wait = waiter.wait.lock();
    return wait && wait->wants_more();
  });
}

Deadline TextJob::wanted_until() const {
  Deadline last = Deadline::at(Deadline::Clock::time_point{});
  for (const Waiter& waiter : waiters_) {
    const auto wait = waiter.wait.lock();
    if (wait && wait->wants_more() && wait->deadline().time() > last.time()) last = wait->deadline();
  }
  return last;
}

void TextJob::finish(Result<std::shared_ptr<const TextVector>> value, Source source) {
  if (value_) return;
  value_ = std::move(value);
  for (const Waiter& waiter : std::exchange(waiters_, {})) {
    const auto wait = waiter.wait.lock();
    if (!wait) continue;
    if (*value_) {
      wait->deliver(waiter.index,
                    Delivery{**value_, waiter.source == Source::joined ? Source::joined : source});
    } else {
      wait->deliver(waiter.index, fail(value_->error()));
    }
  }
}

}  // namespace kefu::embedding
