#include <kefu/provider/breaker.hpp>

namespace kefu::provider {

bool Breaker::admits(Time now) const {
  if (state_ == State::open) return now >= retry_at_;
  return state_ == State::closed || !trying_;
}

bool Breaker::admit(Time now) {
  if (!admits(now)) return false;
  if (state_ != State::closed) {
    state_ = State::half_open;
    trying_ = true;
  }
  return true;
}

// While it is open only requests end that went out before: what they met is known.

void Breaker::succeeded() {
  if (state_ == State::open) return;
  state_ = State::closed;
  failures_ = 0;
  trying_ = false;
}

void Breaker::failed(Time now) {
  if (state_ == State::open) return;
  if (state_ == State::half_open || ++failures_ >= options_.failures) open(now);
}

void Breaker::undecided() { trying_ = false; }

void Breaker::open(Time now) {
  state_ = State::open;
  failures_ = 0;
  trying_ = false;
  retry_at_ = now + options_.open_for;
}

}  // namespace kefu::provider
