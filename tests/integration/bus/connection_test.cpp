#include "nats_fixture.hpp"

#include <kefu/async/signal.hpp>

#include <algorithm>
#include <stdexcept>

namespace kefu::bus {
namespace {

using Clock = std::chrono::steady_clock;

Task<Result<std::string>> echo(RequestContext, Message message, ReplySink&) { co_return message.payload; }

class NatsConnectionFaults : public NatsFixture {
 public:
  /// A handler that does not answer before release().
  Handler holder() {
    return [this](RequestContext context, Message message, ReplySink& sink) {
      return hold(std::move(context), std::move(message), sink);
    };
  }
  void release() {
    held_ = false;
    released_.raise();
  }

  Task<void> ask(NatsBus* bus, std::string subject) {
    results_.push_back(co_await bus->request(in_time(5s), {.subject = std::move(subject), .payload = "x"}));
  }

  static Task<bool> answers(NatsBus* bus, std::string subject) {
    for (const Deadline deadline = soon(); !deadline.passed(); co_await sleep_for(10ms)) {
      if (co_await bus->request(in_time(1s), {.subject = subject, .payload = "x"})) co_return true;
    }
    co_return false;
  }

  /// Measures the longest time for which the event loop was held up.
  Task<void> watch_loop() {
    while (watching_) {
      const auto begun = Clock::now();
      co_await sleep_for(5ms);
      longest_pause_ = std::max(longest_pause_, Clock::now() - begun);
    }
  }

  int entered_ = 0;
  std::vector<Result<Message>> results_;
  bool watching_ = true;
  Clock::duration longest_pause_{};
  TaskGroup tasks_{io_.get_executor(),
                   [](std::exception_ptr exception) { std::rethrow_exception(exception); }};

 private:
  Task<Result<std::string>> hold(RequestContext, Message message, ReplySink&) {
    ++entered_;
    while (held_) co_await released_.wait();
    co_return message.payload;
  }

  bool held_ = true;
  Signal released_{io_.get_executor()};
};

NATS_TEST(NatsConnectionFaults, CountRequestsWhoseTimeHasPassed) {
  int expired = 0;
  NatsBus* bus = co_await t.connect({.url = t.server_.url(), .on_expired_request = [&] { ++expired; }});
  auto served = bus->serve({.subject = "test.echo"}, echo);
  CO_ASSERT(served);
  Message late{.subject = "test.echo", .payload = "late"};
  late.headers.set(std::string(header::kRemainingMicroseconds), "0");
  EXPECT_TRUE(bus->publish(std::move(late)));
  EXPECT_TRUE(co_await bus->request(in_time(), {.subject = "test.echo", .payload = "in time"}));
  EXPECT_EQ(expired, 1);
  co_await (*served)->drain();
}

Task<void> expect_own_reply(NatsBus* bus, int number) {
  const bool served = number % 3 != 0;
  const std::string payload = std::to_string(number);
  const auto reply = co_await bus->request(
      in_time(5s), {.subject = served ? "test.echo" : "test.nobody", .payload = payload});
  EXPECT_EQ(reply.has_value(), served) << number;
  if (reply) EXPECT_EQ(reply->payload, payload);
  if (!reply) EXPECT_EQ(reply.error().code, Errc::unavailable) << reply.error().message;
}

NATS_TEST(NatsConnectionFaults, TellEachOfManyRequestsWhetherItIsServed) {
  NatsBus* bus = co_await t.connect();
  auto served = bus->serve({.subject = "test.echo", .max_in_flight = 200}, echo);
  CO_ASSERT(served);
  for (int round = 0; round < 3; ++round) {
    for (int i = 0; i < 150; ++i) t.tasks_.spawn(expect_own_reply(bus, 1000 * round + i));
    co_await t.tasks_.join();
  }
  co_await (*served)->drain();
}

NATS_TEST(NatsConnectionFaults, TakeNoLateReplyForThatOfAnotherRequest) {
  NatsBus* bus = co_await t.connect();
  auto held = bus->serve({.subject = "test.hold"}, t.holder());
  auto served = bus->serve({.subject = "test.echo"}, echo);
  CO_ASSERT(held && served);
  for (int i = 0; i < 10; ++i) {
    const auto late = co_await bus->request(in_time(20ms), {.subject = "test.hold", .payload = "late"});
    CO_ASSERT(!late);
    EXPECT_EQ(late.error().code, Errc::deadline_exceeded);
  }
  t.release();
  for (int i = 0; i < 100; ++i) co_await expect_own_reply(bus, 3 * i + 1);
  co_await (*held)->drain();
  co_await (*served)->drain();
}

NATS_TEST(NatsConnectionFaults, FailOpenRequestsAtOnceWhenTheServerIsKilled) {
  NatsBus* bus = co_await t.connect();
  auto served = bus->serve({.subject = "test.hold"}, t.holder());
  CO_ASSERT(served);
  t.tasks_.spawn(t.ask(bus, "test.hold"));
  EXPECT_TRUE(co_await eventually([&] { return t.entered_ == 1; }));
  t.server_.kill();
  co_await t.tasks_.join();
  CO_ASSERT(!t.results_[0]);
  EXPECT_EQ(t.results_[0].error().code, Errc::unavailable);
  EXPECT_FALSE(bus->connected());
  const auto refused = bus->publish({.subject = "test.other", .payload = "x"});
  CO_ASSERT(!refused);
  EXPECT_EQ(refused.error().code, Errc::unavailable);
  t.release();
  co_await (*served)->drain();
}

NATS_TEST(NatsConnectionFaults, ServeAgainAfterTheServerIsBack) {
  NatsBus* server = co_await t.connect();
  NatsBus* client = co_await t.connect();
  auto served = server->serve({.subject = "test.echo", .queue_group = "g"}, &echo);
  CO_ASSERT(served);
  EXPECT_TRUE(co_await t.answers(client, "test.echo"));
  for (int i = 0; i < 2; ++i) {
    t.server_.kill();
    EXPECT_TRUE(co_await eventually([&] { return !server->connected() && !client->connected(); }));
    t.server_.start();
    EXPECT_TRUE(co_await t.answers(client, "test.echo"));
  }
  // Both connections came, went and came, twice.
  EXPECT_EQ(std::ranges::count(t.changes_, true), 6);
  EXPECT_EQ(std::ranges::count(t.changes_, false), 4);
  co_await (*served)->drain();
}

NATS_TEST(NatsConnectionFaults, DeliverNothingLateThatWasPublishedInBetween) {
  NatsBus* sender = co_await t.connect();
  NatsBus* receiver = co_await t.connect();
  auto feed = receiver->subscribe("news", 100);
  CO_ASSERT(feed);
  t.server_.kill();
  // From before the loss is noticed on: each either goes to the dead server, or is refused.
  int refused = 0;
  for (const Deadline deadline = soon(); refused < 10 && !deadline.passed(); co_await sleep_for(1ms)) {
    if (!sender->publish({.subject = "news", .payload = "late"})) ++refused;
  }
  EXPECT_EQ(refused, 10);
  EXPECT_TRUE(co_await eventually([&] { return !receiver->connected(); }));
  t.server_.start();
  EXPECT_TRUE(co_await sender->wait_connected(soon()));
  EXPECT_TRUE(co_await receiver->wait_connected(soon()));
  EXPECT_TRUE(co_await receiver->flush(soon()));  // the server knows its subscription again
  const auto interrupted = co_await (*feed)->next(soon());
  CO_ASSERT(!interrupted);
  EXPECT_EQ(interrupted.error().code, Errc::overloaded);
  EXPECT_TRUE(sender->publish({.subject = "news", .payload = "now"}));
  const auto message = co_await (*feed)->next(soon());
  CO_ASSERT(message);
  EXPECT_EQ(message->payload, "now");
}

NATS_TEST(NatsConnectionFaults, GiveUpASilentServerWithinFiveSeconds) {
  NatsBus* bus = co_await t.connect();
  auto served = bus->serve({.subject = "test.echo"}, &echo);
  CO_ASSERT(served);
  t.server_.pause();
  co_await t.ask(bus, "test.echo");
  CO_ASSERT(!t.results_[0]);
  // Before the deadline of five seconds.
  EXPECT_EQ(t.results_[0].error().code, Errc::unavailable);
  t.server_.resume();
  EXPECT_TRUE(co_await t.answers(bus, "test.echo"));
  co_await (*served)->drain();
}

NATS_TEST(NatsConnectionFaults, KeepTheEventLoopFreeOfAStalledServer) {
  NatsBus* bus = co_await t.connect();
  t.server_.pause();
  t.tasks_.spawn(t.watch_loop());
  // Far more than the buffers of the sockets hold.
  Errc refused = Errc::internal;
  for (int i = 0; i < 200; ++i) {
    const auto sent = bus->publish({.subject = "bulk", .payload = std::string(512 << 10, 'x')});
    if (!sent) refused = sent.error().code;
    if (i == 10) t.tasks_.spawn(t.ask(bus, "test.nobody"));
  }
  EXPECT_EQ(refused, Errc::overloaded);
  EXPECT_TRUE(co_await eventually([&] { return !t.results_.empty(); }));
  CO_ASSERT(!t.results_.empty() && !t.results_[0]);
  EXPECT_EQ(t.results_[0].error().code, Errc::unavailable);
  t.watching_ = false;
  co_await t.tasks_.join();
  EXPECT_LT(t.longest_pause_, 1500ms);  // writing was given up after 2 s
  t.server_.resume();
}

NATS_TEST(NatsConnectionFaults, ConnectOnceTheServerIsThere) {
  t.server_.kill();
  NatsBus& bus = t.add({.url = t.server_.url()});
  EXPECT_FALSE(bus.connected());
  const auto early = co_await bus.request(in_time(), {.subject = "test.echo", .payload = "x"});
  CO_ASSERT(!early);
  EXPECT_EQ(early.error().code, Errc::unavailable);
  const auto waited = co_await bus.wait_connected(Deadline::in(10ms));
  CO_ASSERT(!waited);
  EXPECT_EQ(waited.error().code, Errc::deadline_exceeded);
  // What is served before the first connection is served after it.
  auto served = bus.serve({.subject = "test.echo"}, &echo);
  CO_ASSERT(served);
  t.server_.start();
  EXPECT_TRUE(co_await bus.wait_connected(soon()));
  EXPECT_TRUE(co_await t.answers(&bus, "test.echo"));
  co_await (*served)->drain();
}

NATS_TEST(NatsConnectionFaults, DrainWithoutAServer) {
  NatsBus* bus = co_await t.connect();
  auto served = bus->serve({.subject = "test.echo"}, &echo);
  CO_ASSERT(served);
  t.server_.kill();
  EXPECT_TRUE(co_await eventually([&] { return !bus->connected(); }));
  co_await (*served)->drain();
}

NATS_TEST(NatsConnectionFaults, StandAStreamCutIntoSinglePieces) {
  testing::TcpGate gate(t.server_.port());
  NatsBus* bus = co_await t.connect({.url = "nats://127.0.0.1:" + std::to_string(gate.port())});
  // Not before: nats.c 3.4.1 does not see the end of the server's greeting when CR and LF come apart.
  gate.split(3);
  auto served = bus->serve({.subject = "test.echo"}, &echo);
  CO_ASSERT(served);
  const std::string payload(1000, 'x');
  const auto reply = co_await bus->request(in_time(), {.subject = "test.echo", .payload = payload});
  CO_ASSERT(reply);
  EXPECT_EQ(reply->payload, payload);
  co_await (*served)->drain();
}

NATS_TEST(NatsConnectionFaults, ComeBackAfterTheConnectionWasCut) {
  testing::TcpGate gate(t.server_.port());
  NatsBus* bus = co_await t.connect({.url = "nats://127.0.0.1:" + std::to_string(gate.port())});
  auto served = bus->serve({.subject = "test.hold"}, t.holder());
  CO_ASSERT(served);
  t.tasks_.spawn(t.ask(bus, "test.hold"));
  EXPECT_TRUE(co_await eventually([&] { return t.entered_ == 1; }));
  gate.cut();
  co_await t.tasks_.join();
  EXPECT_FALSE(t.results_[0]);
  gate.restore();
  t.release();
  EXPECT_TRUE(co_await t.answers(bus, "test.hold"));
  co_await (*served)->drain();
}

Task<Result<std::string>> broken(RequestContext, Message, ReplySink&) {
  throw std::runtime_error("a bug");
  co_return "";
}

NATS_TEST(NatsConnectionFaults, AnswerInternalForAHandlerWithABug) {
  int reported = 0;
  NatsBus* bus = co_await t.connect(
      {.url = t.server_.url(), .on_handler_exception = [&](const std::exception_ptr&) { ++reported; }});
  auto served = bus->serve({.subject = "test.bug"}, &broken);
  CO_ASSERT(served);
  const auto reply = co_await bus->request(in_time(), {.subject = "test.bug", .payload = "x"});
  CO_ASSERT(!reply);
  EXPECT_EQ(reply.error().code, Errc::internal);
  co_await (*served)->drain();
  EXPECT_EQ(reported, 1);
}

NATS_TEST(NatsConnectionFaults, RefuseWhatIsNoSubjectOrNoUrl) {
  NatsBus* bus = co_await t.connect();
  for (const char* subject : {"", "a b", "a\r\nPUB x 0\r\n"}) {
    const auto sent = bus->publish({.subject = subject, .payload = "x"});
    CO_ASSERT(!sent);
    EXPECT_EQ(sent.error().code, Errc::invalid_argument);
  }
  NatsBus wrong(t.io_.get_executor(), {.url = "nats://host:port"}, {});
  const auto started = wrong.start();
  CO_ASSERT(!started);
  EXPECT_EQ(started.error().code, Errc::invalid_argument);
}

}  // namespace
}  // namespace kefu::bus
