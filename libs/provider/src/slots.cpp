#include <kefu/provider/slots.hpp>

#include <algorithm>

namespace kefu::provider {

Slots::Slots(std::size_t most, Signal& freed)
    : most_(static_cast<double>(std::max<std::size_t>(most, 1))), limit_(most_), freed_(freed) {}

void Slots::succeeded() {
  const std::size_t before = limit();
  limit_ = std::min(most_, limit_ + 1 / limit_);
  if (limit() > before) freed_.raise();
}

void Slots::refused(Time sent, Time now) {
  if (sent < halved_at_) return;
  limit_ = std::max(1.0, limit_ / 2);
  halved_at_ = now;
}

}  // namespace kefu::provider
