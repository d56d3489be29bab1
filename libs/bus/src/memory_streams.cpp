#include "memory_streams.hpp"

#include "memory_state.hpp"
#include "work_judge.hpp"

#include <kefu/async/task_group.hpp>

#include <algorithm>
#include <utility>

namespace kefu::bus {
namespace {

using StatePtr = std::shared_ptr<MemoryBroker::State>;
using Clock = std::chrono::steady_clock;

class MemoryStore final : public StreamStore {
 public:
  explicit MemoryStore(StatePtr state) : state_(std::move(state)) {}

  Task<Result<>> ensure(StreamSpec spec, Deadline) override {
    KEFU_CO_CHECK(state_->check());
    const auto [found, created] = state_->streams().try_emplace(spec.name, spec);
    if (!created) found->second.respecify(std::move(spec));
    co_return Result<>();
  }

  Task<Result<StreamState>> state(std::string stream, Deadline) override {
    KEFU_CO_TRY(MemoryStream * found, state_->stream(stream));
    co_return found->state();
  }

  Task<Result<std::uint64_t>> append(Message message, Deadline) override {
    KEFU_CO_CHECK(state_->check());
    if (message.payload.size() > (1 << 20)) {
      co_return fail(Errc::payload_too_large, "the message is larger than the bus carries");
    }
    for (auto& [name, stream] : state_->streams()) {
      if (stream.takes(message.subject)) co_return state_->append(stream, message);
    }
    co_return fail(Errc::unavailable, "no stream takes " + message.subject);
  }

  Task<Result<StoredMessage>> last(std::string stream, std::string subject, Deadline) override {
    KEFU_CO_TRY(MemoryStream * found, state_->stream(stream));
    const StoredMessage* message = found->last(subject);
    if (message == nullptr) co_return fail(Errc::not_found, "no message found");
    co_return *message;
  }

  Task<Result<>> erase(std::string stream, std::uint64_t sequence, Deadline) override {
    KEFU_CO_TRY(MemoryStream * found, state_->stream(stream));
    found->erase(sequence);
    co_return Result<>();
  }

  Task<Result<std::uint64_t>> purge(std::string stream, std::string subject, Deadline) override {
    KEFU_CO_TRY(MemoryStream * found, state_->stream(stream));
    co_return found->purge(subject);
  }

 private:
  StatePtr state_;
};

class MemoryReplay final : public Replay {
 public:
  MemoryReplay(StatePtr state, ReplayOptions options)
      : state_(std::move(state)), options_(std::move(options)), next_(options_.from_sequence) {}

  Task<Result<StoredMessage>> next(Deadline deadline) override {
    for (;;) {
      KEFU_CO_TRY(MemoryStream * stream, state_->stream(options_.stream));
      const std::string incarnation = stream->state().incarnation;
      if (incarnation_.empty()) incarnation_ = incarnation;
      if (incarnation != incarnation_) co_return fail(Errc::not_found, "the stream was made again");
      if (const StoredMessage* found = stream->at_or_after(next_, options_.filter_subject)) {
        StoredMessage message = *found;
        next_ = message.sequence + 1;
        if (options_.headers_only) message.payload.clear();
        co_return message;
      }
      if (!co_await state_->changed().wait(deadline)) co_return fail(Errc::deadline_exceeded, "nothing new");
    }
  }

 private:
  StatePtr state_;
  ReplayOptions options_;
  std::uint64_t next_;
  std::string incarnation_;
};

class MemoryWork final : public Subscription {
 public:
  MemoryWork(const StatePtr& state, WorkOptions options, WorkHandler handler, GiveUpHandler give_up)
      : state_(state),
        store_(state),
        options_(std::move(options)),
        judge_(options_, std::move(handler), std::move(give_up), store_),
        tasks_(state->executor(), [](std::exception_ptr exception) { std::rethrow_exception(exception); }) {
    for (std::size_t i = 0; i < std::max<std::size_t>(options_.slots, 1); ++i) tasks_.spawn(work());
  }

  Task<void> drain() override {
    stopping_ = true;
    state_->changed().raise();
    co_await tasks_.join();
  }

 private:
  Task<void> work() {
    while (!stopping_) {
      const auto wake = Clock::now() + std::chrono::seconds(1);
      auto claimed = claim(wake);
      if (!claimed) {
        co_await state_->changed().wait(Deadline::at(std::min(wake, next_due_)));
        continue;
      }
      const std::uint64_t sequence = claimed->first.sequence;
      settle(sequence, co_await judge_.decide(std::move(claimed->first), claimed->second));
    }
  }

  /// A message and how often it was delivered, or nothing and the time in next_due_.
  std::optional<std::pair<StoredMessage, std::uint64_t>> claim(Clock::time_point wake) {
    next_due_ = wake;
    const auto stream = state_->stream(options_.stream);
    if (!stream) return std::nullopt;
    auto& consumer = (*stream)->consumer(options_.durable);
    for (auto& [sequence, held] : consumer.claims) {
      if (held.held) continue;
      if (held.due > Clock::now()) {
        next_due_ = std::min(next_due_, held.due);
        continue;
      }
      const StoredMessage* message = (*stream)->at_or_after(sequence, "");
      if (message == nullptr || message->sequence != sequence) continue;  // expired
      held.held = true;
      return std::pair(*message, ++held.deliveries);
    }
    const StoredMessage* message = (*stream)->at_or_after(consumer.next, options_.filter_subject);
    if (message == nullptr) return std::nullopt;
    consumer.next = message->sequence + 1;
    consumer.claims[message->sequence] = {.deliveries = 1, .held = true};
    return std::pair(*message, std::uint64_t{1});
  }

  void settle(std::uint64_t sequence, const Verdict& verdict) {
    const auto found = state_->streams().find(options_.stream);
    if (found == state_->streams().end()) return;
    if (verdict.kind != Verdict::Kind::again && verdict.kind != Verdict::Kind::later) {
      return found->second.finish(options_.durable, sequence);
    }
    auto& claims = found->second.consumer(options_.durable).claims;
    if (const auto held = claims.find(sequence); held != claims.end()) {
      held->second.held = false;
      const bool later = verdict.kind == Verdict::Kind::later;
      if (later) --held->second.deliveries;
      held->second.due = Clock::now() + (later ? verdict.aside : verdict.delay);
      state_->changed().raise();
    }
  }

  StatePtr state_;
  MemoryStore store_;
  WorkOptions options_;
  WorkJudge judge_;
  bool stopping_ = false;
  Clock::time_point next_due_{};
  TaskGroup tasks_;
};

class MemoryReader final : public StreamReader {
 public:
  explicit MemoryReader(StatePtr state) : state_(std::move(state)) {}

  Task<Result<std::unique_ptr<Subscription>>> work(WorkOptions options, WorkHandler handler,
                                                   GiveUpHandler give_up, Deadline) override {
    KEFU_CO_TRY(MemoryStream * stream, state_->stream(options.stream));
    stream->consumer(options.durable).filter_subject = options.filter_subject;
    co_return std::make_unique<MemoryWork>(state_, std::move(options), std::move(handler),
                                           std::move(give_up));
  }

  Result<std::unique_ptr<Replay>> replay(ReplayOptions options) override {
    return std::make_unique<MemoryReplay>(state_, std::move(options));
  }

  Task<Result<std::uint64_t>> finished_up_to(std::string stream, std::string durable, Deadline) override {
    KEFU_CO_TRY(MemoryStream * found, state_->stream(stream));
    const auto& consumer = found->consumer(durable);
    co_return (consumer.claims.empty() ? consumer.next : consumer.claims.begin()->first) - 1;
  }

  Task<Result<ConsumerState>> consumer_state(std::string stream, std::string durable, Deadline) override {
    KEFU_CO_TRY(MemoryStream * found, state_->stream(stream));
    co_return found->consumer_state(durable);
  }

 private:
  StatePtr state_;
};

}  // namespace

std::unique_ptr<StreamStore> make_memory_store(StatePtr state) {
  return std::make_unique<MemoryStore>(std::move(state));
}
std::unique_ptr<StreamReader> make_memory_reader(StatePtr state) {
  return std::make_unique<MemoryReader>(std::move(state));
}

}  // namespace kefu::bus
