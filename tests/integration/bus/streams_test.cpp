#include "nats_fixture.hpp"

#include <kefu/async/signal.hpp>

#include <algorithm>
#include <set>

namespace kefu::bus {
namespace {

class NatsStreamFaults : public NatsFixture {
 public:
  Task<void> prepare(NatsBus* bus, Retention retention = Retention::limits) {
    JetStreamStore store(*bus);
    EXPECT_TRUE(
        co_await store.ensure({.name = "NOTES", .subjects = {"notes.>"}, .retention = retention}, soon()));
    EXPECT_TRUE(co_await store.ensure(
        {.name = std::string(kDeadLetterStream), .subjects = {std::string(kDeadLetterPrefix) + ">"}},
        soon()));
  }

  /// Appends until `total` messages are acknowledged, whatever happens to the server meanwhile. A message
  /// whose acknowledgement was lost may be there twice.
  Task<void> append_all(NatsBus* bus, int total) {
    JetStreamStore store(*bus);
    for (appended_ = 0; appended_ < total;) {
      if (co_await store.append({.subject = "notes.a", .payload = std::to_string(appended_)},
                                Deadline::in(1s))) {
        ++appended_;
      } else {
        co_await sleep_for(10ms);
      }
    }
  }

  Task<void> restart_twice() {
    for (const int after : {100, 300}) {
      EXPECT_TRUE(co_await eventually([&] { return appended_ >= after; }));
      server_.kill();
      server_.start();
    }
  }

  static Task<Result<>> drop_stream(NatsBus* bus) {
    Message message{.subject = "$JS.API.STREAM.DELETE.NOTES", .payload = "", .plain = true};
    KEFU_CO_CHECK(co_await bus->request(in_time(), std::move(message)));
    co_return Result<>();
  }

  /// The next message, however often the connection is lost before it comes.
  static Task<Result<StoredMessage>> insist(Replay* replay) {
    for (const Deadline deadline = Deadline::in(20s);; co_await sleep_for(10ms)) {
      auto message = co_await replay->next(Deadline::in(1s));
      if (message || message.error().code == Errc::not_found || deadline.passed()) co_return message;
    }
  }

  WorkHandler worker(std::vector<std::string>* done) {
    return [this, done](StoredMessage message, unsigned deliveries) {
      return work(std::move(message), deliveries, done);
    };
  }
  /// Never returns before release().
  WorkHandler stuck_worker() {
    return [this](StoredMessage, unsigned) { return hold(); };
  }
  /// Puts everything aside for an hour, and what there is no room for back for a moment.
  WorkHandler waiting_worker() {
    return [this](StoredMessage, unsigned deliveries) { return put_aside(deliveries); };
  }
  static GiveUpHandler no_one() {
    return [](StoredMessage, std::string) { return nothing(); };
  }
  void release() {
    held_ = false;
    released_.raise();
  }

  int appended_ = 0;
  int holding_ = 0;
  std::vector<unsigned> deliveries_;
  TaskGroup tasks_{io_.get_executor(),
                   [](std::exception_ptr exception) { std::rethrow_exception(exception); }};

 private:
  Task<WorkOutcome> work(StoredMessage message, unsigned deliveries, std::vector<std::string>* done) {
    deliveries_.push_back(deliveries);
    done->push_back(message.payload);
    co_return WorkOutcome::done();
  }
  Task<WorkOutcome> put_aside(unsigned deliveries) {
    deliveries_.push_back(deliveries);
    co_return WorkOutcome::later("not yet", 1h, 20ms);
  }
  Task<WorkOutcome> hold() {
    ++holding_;
    while (held_) co_await released_.wait();
    co_return WorkOutcome::done();
  }
  static Task<void> nothing() { co_return; }

  bool held_ = true;
  Signal released_{io_.get_executor()};
};

NATS_TEST(NatsStreamFaults, ReplayWithoutGapsOrRepeatsAcrossRestarts) {
  constexpr int kTotal = 500;
  NatsBus* writer = co_await t.connect();
  NatsBus* reading = co_await t.connect();
  co_await t.prepare(writer);
  t.tasks_.spawn(t.append_all(writer, kTotal));
  t.tasks_.spawn(t.restart_twice());
  JetStreamReader reader(t.io_.get_executor(), *reading);
  auto replay = reader.replay({.stream = "NOTES"});
  CO_ASSERT(replay);
  std::set<std::string> seen;
  std::uint64_t last = 0;
  while (seen.size() < kTotal) {
    const auto message = co_await t.insist(replay->get());
    if (!message) ADD_FAILURE() << message.error().message << message.error().detail;
    CO_ASSERT(message);
    CO_ASSERT(message->sequence == last + 1);
    last = message->sequence;
    seen.insert(message->payload);
  }
  co_await t.tasks_.join();
}

NATS_TEST(NatsStreamFaults, ReplayIsInOrderThroughACutConnection) {
  testing::TcpGate gate(t.server_.port());
  NatsBus* writer = co_await t.connect();
  NatsBus* reading = co_await t.connect({.url = "nats://127.0.0.1:" + std::to_string(gate.port())});
  co_await t.prepare(writer);
  co_await t.append_all(writer, 2000);
  JetStreamReader reader(t.io_.get_executor(), *reading);
  auto replay = reader.replay({.stream = "NOTES"});
  CO_ASSERT(replay);
  for (std::uint64_t i = 1; i <= 2000; ++i) {
    if (i % 500 == 0) {
      gate.cut();
      gate.restore();
    }
    const auto message = co_await t.insist(replay->get());
    CO_ASSERT(message);
    CO_ASSERT(message->sequence == i);
  }
}

NATS_TEST(NatsStreamFaults, ReplayDoesNotGoOnInAStreamThatWasMadeAgain) {
  NatsBus* bus = co_await t.connect();
  co_await t.prepare(bus);
  co_await t.append_all(bus, 3);
  JetStreamStore store(*bus);
  JetStreamReader reader(t.io_.get_executor(), *bus);
  auto replay = reader.replay({.stream = "NOTES"});
  CO_ASSERT(replay);
  EXPECT_TRUE(co_await (*replay)->next(soon()));
  const auto before = co_await store.state("NOTES", soon());
  EXPECT_TRUE(co_await t.drop_stream(bus));
  co_await t.prepare(bus);
  co_await t.append_all(bus, 5);
  const auto after = co_await store.state("NOTES", soon());
  CO_ASSERT(before && after);
  EXPECT_NE(before->incarnation, after->incarnation);
  // What was on its way may still come, nothing of the new stream does.
  for (int i = 0; i < 3; ++i) {
    const auto message = co_await (*replay)->next(soon());
    if (message) continue;
    EXPECT_EQ(message.error().code, Errc::not_found);
    co_return;
  }
  ADD_FAILURE() << "the replay went on in another stream";
}

NATS_TEST(NatsStreamFaults, ReplaySaysSoWhenItsStreamIsGone) {
  NatsBus* bus = co_await t.connect();
  co_await t.prepare(bus);
  JetStreamReader reader(t.io_.get_executor(), *bus);
  auto replay = reader.replay({.stream = "NOTES"});
  CO_ASSERT(replay);
  EXPECT_FALSE(co_await (*replay)->next(Deadline::in(50ms)));
  EXPECT_TRUE(co_await t.drop_stream(bus));
  const auto message = co_await (*replay)->next(soon());
  CO_ASSERT(!message);
  EXPECT_EQ(message.error().code, Errc::not_found);
}

NATS_TEST(NatsStreamFaults, WorkGoesToAnotherWhenAWorkerDies) {
  testing::TcpGate gate(t.server_.port());
  NatsBus* dying = co_await t.connect({.url = "nats://127.0.0.1:" + std::to_string(gate.port())});
  NatsBus* living = co_await t.connect();
  co_await t.prepare(living, Retention::work_queue);
  co_await t.append_all(living, 1);
  const WorkOptions options{.stream = "NOTES", .durable = "desk", .ack_wait = 600ms};
  JetStreamReader first(t.io_.get_executor(), *dying);
  auto stuck = co_await first.work(options, t.stuck_worker(), t.no_one(), soon());
  CO_ASSERT(stuck);
  EXPECT_TRUE(co_await eventually([&] { return t.holding_ == 1; }));
  gate.cut();  // for the server, this worker is dead
  std::vector<std::string> done;
  JetStreamReader second(t.io_.get_executor(), *living);
  auto alive = co_await second.work(options, t.worker(&done), t.no_one(), soon());
  CO_ASSERT(alive);
  EXPECT_TRUE(co_await eventually([&] { return done.size() == 1; }));
  EXPECT_EQ(t.deliveries_, std::vector<unsigned>{2});
  t.release();
  co_await (*stuck)->drain();
  co_await (*alive)->drain();
}

NATS_TEST(NatsStreamFaults, WorkersGoOnAfterARestart) {
  NatsBus* bus = co_await t.connect();
  NatsBus* writer = co_await t.connect();
  co_await t.prepare(writer, Retention::work_queue);
  std::vector<std::string> done;
  JetStreamReader reader(t.io_.get_executor(), *bus);
  const WorkOptions options{.stream = "NOTES", .durable = "desk", .slots = 4, .ack_wait = 2s};
  auto work = co_await reader.work(options, t.worker(&done), t.no_one(), soon());
  CO_ASSERT(work);
  t.tasks_.spawn(t.append_all(writer, 500));
  t.tasks_.spawn(t.restart_twice());
  co_await t.tasks_.join();
  EXPECT_TRUE(co_await eventually([&] { return std::set(done.begin(), done.end()).size() == 500; }));
  co_await (*work)->drain();
}

NATS_TEST(NatsStreamFaults, WorkersMakeTheirConsumerAgain) {
  NatsBus* bus = co_await t.connect();
  co_await t.prepare(bus, Retention::work_queue);
  std::vector<std::string> done;
  JetStreamReader reader(t.io_.get_executor(), *bus);
  auto work =
      co_await reader.work({.stream = "NOTES", .durable = "desk"}, t.worker(&done), t.no_one(), soon());
  CO_ASSERT(work);
  EXPECT_TRUE(co_await t.drop_stream(bus));
  co_await t.prepare(bus, Retention::work_queue);
  co_await t.append_all(bus, 3);
  EXPECT_TRUE(co_await eventually([&] { return done.size() == 3; }));
  co_await (*work)->drain();
}

NATS_TEST(NatsStreamFaults, WhatThereIsNoRoomForAsideComesBackAfterATimeOfItsOwn) {
  NatsBus* bus = co_await t.connect();
  co_await t.prepare(bus, Retention::work_queue);
  co_await t.append_all(bus, 260);  // of which 256 are kept
  JetStreamReader reader(t.io_.get_executor(), *bus);
  auto work =
      co_await reader.work({.stream = "NOTES", .durable = "crew", .slots = 3, .max_deliveries = 100'000},
                           t.waiting_worker(), NatsStreamFaults::no_one(), soon());
  CO_ASSERT(work);
  const auto given = [&t](unsigned deliveries) { return std::ranges::count(t.deliveries_, deliveries); };
  EXPECT_TRUE(co_await eventually([&] { return given(1) == 260 && given(2) == 4 && given(3) == 4; }));
  co_await (*work)->drain();
}

NATS_TEST(NatsStreamFaults, AWatchMissesNothingAcrossARestart) {
  NatsBus* bus = co_await t.connect();
  JetStreamBucket bucket(t.io_.get_executor(), *bus, "TEST");
  EXPECT_TRUE(co_await bucket.ensure(0ms, soon()));
  EXPECT_TRUE(co_await bucket.put("a", "1", std::nullopt, soon()));
  auto watch = bucket.watch();
  CO_ASSERT(watch);
  EXPECT_TRUE(co_await (*watch)->next(soon()));
  const auto present = co_await (*watch)->next(soon());
  CO_ASSERT(present && !*present);
  t.server_.kill();
  t.server_.start();
  EXPECT_TRUE(co_await eventually([&] { return !bus->connected(); }));
  EXPECT_TRUE(co_await bus->wait_connected(soon()));
  EXPECT_TRUE(co_await bucket.put("b", "2", std::nullopt, soon()));
  for (const Deadline deadline = soon(); !deadline.passed(); co_await sleep_for(10ms)) {
    const auto entry = co_await (*watch)->next(Deadline::in(1s));
    if (entry && *entry && (*entry)->key == "b") co_return;
  }
  ADD_FAILURE() << "the new entry did not come";
}

}  // namespace
}  // namespace kefu::bus
