#include "world.hpp"

#include <kefu/async/signal.hpp>
#include <kefu/async/task_group.hpp>

#include <set>

namespace kefu::bus {
namespace {

BUS_CONTRACT(MessageBusContract);

/// A handler that holds every request until it is released.
class Gate {
 public:
  explicit Gate(World& world) : opened_(world.io().get_executor()) {}
  Task<Result<std::string>> handle(RequestContext, Message message, ReplySink&) {
    ++entered_;
    while (!open_) co_await opened_.wait();
    ++left_;
    co_return message.payload;
  }
  Handler handler() {
    return [this](RequestContext context, Message message, ReplySink& sink) {
      return handle(std::move(context), std::move(message), sink);
    };
  }
  void open() {
    open_ = true;
    opened_.raise();
  }
  int entered() const { return entered_; }
  int left() const { return left_; }

 private:
  Signal opened_;
  bool open_ = false;
  int entered_ = 0;
  int left_ = 0;
};

/// Asks beside the coroutine of the test.
class Caller {
 public:
  explicit Caller(World& world) : world_(world), tasks_(world.io().get_executor(), {}) {}
  void ask(std::string subject, std::string payload) {
    tasks_.spawn(run(std::move(subject), std::move(payload)));
  }
  Task<void> join() { return tasks_.join(); }
  const std::vector<Result<Message>>& results() const { return results_; }

 private:
  Task<void> run(std::string subject, std::string payload) {
    results_.push_back(
        co_await world_.other_bus().request(in_time(), {std::move(subject), std::move(payload)}));
  }

  World& world_;
  TaskGroup tasks_;
  std::vector<Result<Message>> results_;
};

BUS_TEST(MessageBusContract, AnswersARequest) {
  auto served = world.bus().serve({.subject = "test.echo"}, &echo);
  CO_ASSERT(served);
  co_await settle(world.bus());
  const std::string binary("a\0b\r\n\xff", 6);
  const auto reply =
      co_await world.other_bus().request(in_time(), {.subject = "test.echo", .payload = binary});
  CO_ASSERT(reply);
  EXPECT_EQ(reply->payload, binary);
  co_await (*served)->drain();
}

BUS_TEST(MessageBusContract, RefusesAtOnceWhatNobodyServes) {
  const auto reply = co_await world.bus().request(in_time(1h), {.subject = "test.nobody", .payload = "x"});
  CO_ASSERT(!reply);
  EXPECT_EQ(reply.error().code, Errc::unavailable);
}

BUS_TEST(MessageBusContract, EndsAtTheDeadline) {
  Gate gate(world);
  auto served = world.bus().serve({.subject = "test.slow"}, gate.handler());
  CO_ASSERT(served);
  co_await settle(world.bus());
  const auto reply =
      co_await world.other_bus().request(in_time(50ms), {.subject = "test.slow", .payload = "x"});
  CO_ASSERT(!reply);
  EXPECT_EQ(reply.error().code, Errc::deadline_exceeded);
  gate.open();
  co_await (*served)->drain();
}

Task<Result<std::string>> fail_with_detail(RequestContext, Message, ReplySink&) {
  co_return fail(Errc::not_ready, "not yet, 还没好", "a secret of this host");
}

BUS_TEST(MessageBusContract, CarriesTheHandlersErrorWithoutItsDetail) {
  auto served = world.bus().serve({.subject = "test.fail"}, &fail_with_detail);
  CO_ASSERT(served);
  co_await settle(world.bus());
  const auto reply = co_await world.other_bus().request(in_time(), {.subject = "test.fail", .payload = "x"});
  CO_ASSERT(!reply);
  EXPECT_EQ(reply.error(), (Error{Errc::not_ready, "not yet, 还没好"}));
  co_await (*served)->drain();
}

Task<Result<std::string>> tell_context(RequestContext context, Message, ReplySink&) {
  const bool in_time = context.deadline.remaining() > 1min && context.deadline.remaining() <= 2min;
  co_return context.request_id + " " + context.traceparent + (in_time ? " in time" : " late");
}

BUS_TEST(MessageBusContract, CarriesTheContextOfARequest) {
  auto served = world.bus().serve({.subject = "test.context"}, &tell_context);
  CO_ASSERT(served);
  co_await settle(world.bus());
  RequestContext context{.request_id = "r-1", .deadline = Deadline::in(2min), .traceparent = "00-abc-def-01"};
  const auto reply = co_await world.other_bus().request(context, {.subject = "test.context", .payload = ""});
  CO_ASSERT(reply);
  EXPECT_EQ(reply->payload, "r-1 00-abc-def-01 in time");
  co_await (*served)->drain();
}

BUS_TEST(MessageBusContract, DoesNotHandleWhatComesTooLate) {
  Gate gate(world);
  gate.open();
  auto served = world.bus().serve({.subject = "test.late"}, gate.handler());
  CO_ASSERT(served);
  co_await settle(world.bus());
  Message late{.subject = "test.late", .payload = "late"};
  late.headers.set(std::string(header::kRemainingMicroseconds), "0");
  EXPECT_TRUE(world.bus().publish(std::move(late)));
  EXPECT_TRUE(co_await world.bus().request(in_time(), {.subject = "test.late", .payload = "in time"}));
  EXPECT_EQ(gate.entered(), 1);
  co_await (*served)->drain();
}

Task<Result<std::string>> count_to_three(RequestContext, Message, ReplySink& sink) {
  KEFU_CO_CHECK(sink.send("one"));
  KEFU_CO_CHECK(sink.send("two"));
  co_return "three";
}

BUS_TEST(MessageBusContract, StreamsRepliesInOrder) {
  auto served = world.bus().serve({.subject = "test.count"}, &count_to_three);
  CO_ASSERT(served);
  co_await settle(world.bus());
  auto replies = world.other_bus().request_stream(in_time(), {.subject = "test.count", .payload = ""}, 8);
  CO_ASSERT(replies);
  for (const auto& [payload, last] :
       {std::pair("one", false), std::pair("two", false), std::pair("three", true)}) {
    const auto item = co_await (*replies)->next();
    CO_ASSERT(item);
    EXPECT_EQ(item->message.payload, payload);
    EXPECT_EQ(item->last, last);
  }
  co_await (*served)->drain();
}

BUS_TEST(MessageBusContract, EndsAStreamWhoseRepliesAreNotTaken) {
  auto served = world.bus().serve({.subject = "test.count"}, &count_to_three);
  CO_ASSERT(served);
  co_await settle(world.bus());
  auto replies = world.other_bus().request_stream(in_time(), {.subject = "test.count", .payload = ""}, 1);
  CO_ASSERT(replies);
  co_await settle(world.other_bus());  // the request has reached the server,
  co_await settle(world.bus());        // and from there the one who serves it
  co_await (*served)->drain();
  // All replies are there, or on their way in front of this one.
  EXPECT_FALSE(co_await world.other_bus().request(in_time(), {.subject = "test.nobody", .payload = ""}));
  EXPECT_TRUE(co_await (*replies)->next());
  const auto second = co_await (*replies)->next();
  CO_ASSERT(!second);
  EXPECT_EQ(second.error().code, Errc::overloaded);
}

BUS_TEST(MessageBusContract, RefusesOverItsInFlightLimit) {
  Gate gate(world);
  auto served = world.bus().serve({.subject = "test.busy", .max_in_flight = 2}, gate.handler());
  CO_ASSERT(served);
  co_await settle(world.bus());
  Caller caller(world);
  for (int i = 0; i < 3; ++i) caller.ask("test.busy", "x");
  EXPECT_TRUE(co_await eventually([&] { return caller.results().size() == 1; }));
  CO_ASSERT(!caller.results()[0]);
  EXPECT_EQ(caller.results()[0].error().code, Errc::overloaded);
  EXPECT_EQ(gate.entered(), 2);
  gate.open();
  co_await caller.join();
  EXPECT_TRUE(caller.results()[1]);
  EXPECT_TRUE(caller.results()[2]);
  co_await (*served)->drain();
}

BUS_TEST(MessageBusContract, AnswersEveryRequestOfABurst) {
  auto served = world.bus().serve({.subject = "test.busy", .max_in_flight = 4}, &echo);
  CO_ASSERT(served);
  co_await settle(world.bus());
  Caller caller(world);
  for (int i = 0; i < 500; ++i) caller.ask("test.busy", "x");
  co_await caller.join();
  for (const auto& result : caller.results()) {
    if (!result) EXPECT_EQ(result.error().code, Errc::overloaded);
  }
  co_await (*served)->drain();
}

BUS_TEST(MessageBusContract, DrainsByAnsweringWhatItHasTaken) {
  Gate gate(world);
  auto served = world.bus().serve({.subject = "test.drain"}, gate.handler());
  CO_ASSERT(served);
  co_await settle(world.bus());
  Caller caller(world);
  caller.ask("test.drain", "taken");
  EXPECT_TRUE(co_await eventually([&] { return gate.entered() == 1; }));
  TaskGroup tasks(world.io().get_executor(), {});
  tasks.spawn((*served)->drain());
  // From here on nobody serves the subject, though its handler still runs.
  Errc code = Errc::internal;
  while (code != Errc::unavailable) {
    const auto reply =
        co_await world.other_bus().request(in_time(50ms), {.subject = "test.drain", .payload = "new"});
    CO_ASSERT(!reply);
    code = reply.error().code;
  }
  EXPECT_EQ(tasks.running(), 1U);
  gate.open();
  co_await tasks.join();
  co_await caller.join();
  EXPECT_TRUE(caller.results()[0]);
}

class Counter {
 public:
  explicit Counter(std::string name) : name_(std::move(name)) {}
  Task<Result<std::string>> handle(RequestContext, Message, ReplySink&) {
    ++count_;
    co_return name_;
  }
  Handler handler() {
    return [this](RequestContext context, Message message, ReplySink& sink) {
      return handle(std::move(context), std::move(message), sink);
    };
  }
  int count() const { return count_; }

 private:
  std::string name_;
  int count_ = 0;
};

BUS_TEST(MessageBusContract, SharesTheWorkInAQueueGroup) {
  Counter first("first");
  Counter second("second");
  auto one = world.bus().serve({.subject = "test.group", .queue_group = "g"}, first.handler());
  auto two = world.other_bus().serve({.subject = "test.group", .queue_group = "g"}, second.handler());
  CO_ASSERT(one && two);
  co_await settle(world.bus());
  co_await settle(world.other_bus());
  for (int i = 0; i < 200; ++i) {
    EXPECT_TRUE(co_await world.bus().request(in_time(), {.subject = "test.group", .payload = ""}));
  }
  EXPECT_EQ(first.count() + second.count(), 200);
  EXPECT_GT(first.count(), 0);
  EXPECT_GT(second.count(), 0);
  co_await (*one)->drain();
  co_await (*two)->drain();
}

BUS_TEST(MessageBusContract, RefusesAMessageLargerThanTheBusCarries) {
  auto served = world.bus().serve({.subject = "test.large"}, &echo);
  CO_ASSERT(served);
  co_await settle(world.bus());
  // The payload alone would fit; the headers of the context do not fit beside it.
  const std::string payload(1 << 20, 'x');
  for (MessageBus* bus : {&world.bus(), &world.other_bus()}) {
    const auto reply = co_await bus->request(in_time(), {.subject = "test.large", .payload = payload});
    CO_ASSERT(!reply);
    EXPECT_EQ(reply.error().code, Errc::payload_too_large);
  }
  co_await (*served)->drain();
}

Task<Result<std::string>> answer_too_much(RequestContext, Message, ReplySink&) {
  co_return std::string((1 << 20) + 1, 'x');
}

BUS_TEST(MessageBusContract, SaysSoWhenAnAnswerIsTooLarge) {
  auto served = world.bus().serve({.subject = "test.much"}, &answer_too_much);
  CO_ASSERT(served);
  co_await settle(world.bus());
  const auto reply = co_await world.other_bus().request(in_time(), {.subject = "test.much", .payload = ""});
  CO_ASSERT(!reply);
  EXPECT_EQ(reply.error().code, Errc::payload_too_large);
  co_await (*served)->drain();
}

BUS_TEST(MessageBusContract, FeedsWhatIsPublished) {
  auto feed = world.bus().subscribe("news.*", 8);
  CO_ASSERT(feed);
  const auto nothing = co_await (*feed)->next(Deadline::in(1ms));
  CO_ASSERT(!nothing);
  EXPECT_EQ(nothing.error().code, Errc::deadline_exceeded);
  EXPECT_TRUE(world.bus().publish({.subject = "news.today",
                                   .payload = "hello",
                                   .headers = {{"Colour", "red"}},
                                   .reply_to = "news.answer"}));
  EXPECT_TRUE(world.bus().publish({.subject = "olds.today", .payload = "not this"}));
  EXPECT_TRUE(world.bus().publish({.subject = "news.later", .payload = "bye"}));
  const auto first = co_await (*feed)->next(soon());
  const auto second = co_await (*feed)->next(soon());
  CO_ASSERT(first && second);
  EXPECT_EQ(first->payload, "hello");
  EXPECT_EQ(first->headers.get("Colour"), "red");
  EXPECT_EQ(first->reply_to, "news.answer");
  EXPECT_EQ(second->subject, "news.later");
}

BUS_TEST(MessageBusContract, TellsAFeedThatMessagesWereLost) {
  auto feed = world.bus().subscribe("news", 2);
  auto marks = world.bus().subscribe("mark", 2);
  CO_ASSERT(feed && marks);
  for (int i = 0; i < 5; ++i) EXPECT_TRUE(world.bus().publish({.subject = "news", .payload = "x"}));
  EXPECT_TRUE(world.bus().publish({.subject = "mark", .payload = ""}));
  EXPECT_TRUE(co_await (*marks)->next(soon()));
  EXPECT_TRUE(co_await (*feed)->next(soon()));
  EXPECT_TRUE(co_await (*feed)->next(soon()));
  const auto lost = co_await (*feed)->next(soon());
  CO_ASSERT(!lost);
  EXPECT_EQ(lost.error().code, Errc::overloaded);
  EXPECT_TRUE(world.bus().publish({.subject = "news", .payload = "y"}));
  EXPECT_TRUE(co_await (*feed)->next(soon()));
}

BUS_TEST(MessageBusContract, GivesWhatHasComeBeforeAFeedWasStopped) {
  auto feed = world.bus().subscribe("news", 8);
  CO_ASSERT(feed);
  EXPECT_TRUE(world.bus().publish({.subject = "news", .payload = "x"}));
  (*feed)->stop();
  EXPECT_TRUE(co_await (*feed)->next(soon()));
  const auto end = co_await (*feed)->next(soon());
  CO_ASSERT(!end);
  EXPECT_EQ(end.error().code, Errc::cancelled);
}

}  // namespace
}  // namespace kefu::bus
