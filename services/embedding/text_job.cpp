#include "text_job.hpp"

#include "text_preparation.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace kefu::embedding {

TextWait::TextWait(const asio::any_io_executor& executor, std::vector<Delivery> deliveries, Deadline deadline,
                   Bill bill)
    : timer_(executor, deadline.time()),
      deadline_(deadline),
      bill_(std::move(bill)),
      missing_(static_cast<std::size_t>(std::ranges::count(deliveries, nullptr, &Delivery::value))),
      deliveries_(std::move(deliveries)) {}

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
  if (joined_) {  // finished, and still being stored
    wait->deliver(index, *joined_);
    return;
  }
  if (!payer_ && !wait->bill().refusal) payer_ = wait->bill().payer;
  waiters_.push_back({wait, index});
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

bool TextJob::find_payer() {
  bool refused = false;
  for (Waiter& waiter : waiters_) {
    const auto wait = waiter.wait.lock();
    if (!wait) continue;
    if (!wait->bill().refusal) {
      payer_ = wait->bill().payer;
      waiter.pays = true;
      return true;
    }
    refused = true;
  }
  return !refused && payer_;
}

void TextJob::refuse() {
  joined_ = fail(Errc::budget_exhausted, "a budget is used up");  // nobody joins any more: it is forgotten
  for (const Waiter& waiter : std::exchange(waiters_, {})) {
    const auto wait = waiter.wait.lock();
    if (wait) wait->deliver(waiter.index, fail(wait->bill().refusal.value_or(joined_->error())));
  }
}

void TextJob::finish(Result<Delivery> delivery) {
  if (joined_) return;
  joined_ = delivery;
  if (*joined_) **joined_ = Delivery{(*joined_)->value, Source::joined};
  const std::vector<Waiter> waiters = std::exchange(waiters_, {});
  const auto waits = [](const Waiter& waiter) {
    const auto wait = waiter.wait.lock();
    return wait && wait->wants_more();
  };
  auto first = std::ranges::find_if(waiters, [&](const Waiter& each) { return each.pays && waits(each); });
  if (first == waiters.end()) first = std::ranges::find_if(waiters, waits);
  for (auto waiter = waiters.begin(); waiter != waiters.end(); ++waiter) {
    if (const auto wait = waiter->wait.lock())
      wait->deliver(waiter->index, waiter == first ? delivery : *joined_);
  }
}

}  // namespace kefu::embedding
