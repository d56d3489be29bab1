#include "jetstream_ordered.hpp"

#include <kefu/bus/jetstream.hpp>

#include <utility>

namespace kefu::bus {
namespace {

class JetStreamReplay final : public Replay {
 public:
  JetStreamReplay(MessageBus& bus, ReplayOptions options)
      : reader_(bus, {.stream = std::move(options.stream),
                      .filter_subject = std::move(options.filter_subject),
                      .from_sequence = options.from_sequence,
                      .headers_only = options.headers_only}) {}

  Task<Result<StoredMessage>> next(Deadline deadline) override {
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
