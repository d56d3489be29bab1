#include "jetstream_ordered.hpp"

#include <kefu/bus/jetstream.hpp>

#include <algorithm>
#include <chrono>
#include <utility>

namespace kefu::bus {
namespace {

/// Callers poll in short steps, in which a busy server would never get a consumer made.
constexpr std::chrono::seconds kConsumerWithin{5};

class JetStreamReplay final : public Replay {
 public:
  JetStreamReplay(MessageBus& bus, ReplayOptions options)
      : reader_(bus, {.stream = std::move(options.stream),
                      .filter_subject = std::move(options.filter_subject),
                      .from_sequence = options.from_sequence,
                      .headers_only = options.headers_only}) {}

  Task<Result<StoredMessage>> next(Deadline deadline) override {
    const auto longest = std::max(deadline.time(), Deadline::in(kConsumerWithin).time());
    KEFU_CO_CHECK(co_await reader_.begin(Deadline::at(longest)));
    KEFU_CO_TRY(jetstream::Delivery delivery, co_await reader_.next(deadline));
    co_return std::move(delivery.message);
  }

 private:
  jetstream::OrderedReader reader_;
};

}  // namespace

Result<std::unique_ptr<Replay>> JetStreamReader::replay(ReplayOptions options) {
  return std::make_unique<JetStreamReplay>(bus_, std::move(options));
}

}  // namespace kefu::bus
