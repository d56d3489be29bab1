#include "jetstream_api.hpp"
#include "jetstream_pull.hpp"
#include "work_judge.hpp"

#include <kefu/async/signal.hpp>
#include <kefu/bus/jetstream.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <exception>
#include <utility>

namespace kefu::bus {
namespace {

using namespace std::chrono_literals;
using jetstream::Delivery;
using nlohmann::json;
using std::chrono::milliseconds;
using std::chrono::nanoseconds;

constexpr milliseconds kExpires = 5s;
// How soon pulls begin again after a reconnection, and how often a missing consumer is made again.
constexpr milliseconds kCheck = 500ms;
constexpr milliseconds kCallLimit = 2s;
constexpr int kMaxWaitingPulls = 512;
// Each is kept in memory and claimed again and again.
constexpr std::size_t kMaxAside = 256;

json consumer_config(const WorkOptions& options) {
  json config{{"durable_name", options.durable},
              {"ack_policy", "explicit"},
              {"ack_wait", nanoseconds(options.ack_wait).count()},
              {"deliver_policy", "all"},
              {"replay_policy", "instant"},
              // We count and give up ourselves: the server would only stop to deliver, silently.
              {"max_deliver", -1},
              // Messages put aside, of all replicas, must not keep the server from delivering others.
              {"max_ack_pending", -1},
              {"max_waiting", kMaxWaitingPulls}};
  if (!options.filter_subject.empty()) config["filter_subject"] = options.filter_subject;
  return config;
}

std::string to_ack(const Verdict& verdict) {
  switch (verdict.kind) {
    case Verdict::Kind::done:
      return "+ACK";
    case Verdict::Kind::terminate:
      return "+TERM";
    case Verdict::Kind::again:
    case Verdict::Kind::later:
      break;
  }
  return fmt::format(R"(-NAK {{"delay":{}}})", verdict.delay.count());
}

/// Pulls as many messages as it has free slots and works on them.
/// Thread: the executor. drain() must have returned before it is destroyed.
class JetStreamWork final : public Subscription {
 public:
  JetStreamWork(const asio::any_io_executor& executor, MessageBus& bus, WorkOptions options,
                WorkHandler handler, GiveUpHandler give_up)
      : executor_(executor),
        bus_(bus),
        store_(bus),
        options_(std::move(options)),
        judge_(options_, std::move(handler), std::move(give_up), store_),
        inbox_(bus, options_.stream, options_.durable, kExpires),
        freed_(executor),
        tasks_(executor, [](std::exception_ptr exception) { std::rethrow_exception(exception); }) {}

  Task<Result<>> start(Deadline deadline) {
    KEFU_CO_CHECK(co_await make_consumer(deadline));
    KEFU_CO_CHECK(inbox_.open(options_.slots));
    refill();
    tasks_.spawn(take_messages());
    co_return Result<>();
  }

  Task<void> drain() override {
    stopping_ = true;
    inbox_.stop();
    freed_.raise();
    co_await tasks_.join();
  }

 private:
  Task<Result<>> make_consumer(Deadline deadline) {
    json body{{"stream_name", options_.stream}, {"config", consumer_config(options_)}};
    std::string operation = fmt::format("CONSUMER.DURABLE.CREATE.{}.{}", options_.stream, options_.durable);
    KEFU_CO_CHECK(co_await jetstream::call(bus_, std::move(operation), std::move(body), deadline));
    co_return Result<>();
  }

  void refill() {
    const std::size_t taken = busy_ + inbox_.outstanding();
    if (stopping_ || taken >= options_.slots) return;
    // Without a connection: take_messages() comes back here.
    [[maybe_unused]] const auto asked = inbox_.ask(options_.slots - taken);
  }

  Task<void> take_messages() {
    for (;;) {
      auto pulled = co_await inbox_.next(Deadline::in(kCheck));
      if (pulled) {
        if (pulled->delivery) begin(*std::move(pulled->delivery));
      } else if (pulled.error().code == Errc::cancelled) {
        co_return;
      } else if (pulled.error().code == Errc::not_found && !stopping_) {
        // Deleted by somebody, or with its stream. Should this fail, the next pull says not_found again.
        co_await sleep_for(kCheck);
        [[maybe_unused]] const auto made = co_await make_consumer(Deadline::in(kCallLimit));
      }
      refill();
    }
  }

  void begin(Delivery delivery) {
    // One that was put aside may have taken the slot that this one was asked for.
    if (stopping_ || busy_ >= 2 * options_.slots) return acknowledge(delivery, "-NAK");
    ++busy_;
    tasks_.spawn(work(std::move(delivery)));
  }

  Task<void> work(Delivery delivery) {
    auto finished = std::make_shared<Signal>(executor_);
    auto running = std::make_shared<bool>(true);
    tasks_.spawn(keep_claimed(delivery.ack_subject, finished, running));
    Verdict verdict = co_await judge_.decide(delivery.message, delivery.deliveries);
    while (verdict.kind == Verdict::Kind::later && co_await put_aside(verdict.aside)) {
      verdict = co_await judge_.decide(delivery.message, delivery.deliveries);
    }
    // Whoever stops gives what it had put aside to the others at once.
    const bool hand_over = stopping_ && verdict.kind == Verdict::Kind::later;
    acknowledge(delivery, hand_over ? "-NAK" : to_ack(verdict));
    *running = false;
    finished->raise();
    free_slot();
  }

  void free_slot() {
    --busy_;
    freed_.raise();
    refill();
  }

  /// Gives the slot to others for this time, and until one is free. False at once when the message must be
  /// given back instead.
  Task<bool> put_aside(nanoseconds delay) {
    if (stopping_ || aside_ == kMaxAside) co_return false;
    ++aside_;
    free_slot();
    const Deadline until = Deadline::in(delay);
    while (!stopping_ && !until.passed()) co_await freed_.wait(until);
    while (!stopping_ && busy_ >= options_.slots) co_await freed_.wait(Deadline::in(kCheck));
    --aside_;
    ++busy_;
    co_return !stopping_;
  }

  /// Tells the server that a message is still being worked on, so that nobody else gets it.
  Task<void> keep_claimed(std::string ack_subject, std::shared_ptr<Signal> finished,
                          std::shared_ptr<bool> running) {
    while (*running) {
      if (co_await finished->wait(Deadline::in(options_.ack_wait / 3)) || !*running) co_return;
      [[maybe_unused]] const auto sent = bus_.publish({.subject = ack_subject, .payload = "+WPI"});
    }
  }

  void acknowledge(const Delivery& delivery, std::string how) {
    // Without a connection the message is delivered again: once more is what a worker must stand anyway.
    [[maybe_unused]] const auto sent =
        bus_.publish({.subject = delivery.ack_subject, .payload = std::move(how)});
  }

  asio::any_io_executor executor_;
  MessageBus& bus_;
  JetStreamStore store_;
  WorkOptions options_;
  WorkJudge judge_;
  std::size_t busy_ = 0;
  std::size_t aside_ = 0;
  bool stopping_ = false;
  jetstream::PullInbox inbox_;
  Signal freed_;  // a slot, or all of them by drain()
  TaskGroup tasks_;
};

}  // namespace

Task<Result<std::unique_ptr<Subscription>>> JetStreamReader::work(WorkOptions options, WorkHandler handler,
                                                                  GiveUpHandler give_up, Deadline deadline) {
  auto work = std::make_unique<JetStreamWork>(executor_, bus_, std::move(options), std::move(handler),
                                              std::move(give_up));
  KEFU_CO_CHECK(co_await work->start(deadline));
  co_return std::unique_ptr<Subscription>(std::move(work));
}

}  // namespace kefu::bus
