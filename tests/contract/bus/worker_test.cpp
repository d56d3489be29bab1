#include "world.hpp"

#include <kefu/async/signal.hpp>
#include <kefu/async/task_group.hpp>
#include <kefu/testing/poll.hpp>

#include <map>
#include <optional>
#include <stdexcept>

namespace kefu::bus {
namespace {

BUS_CONTRACT(WorkerContract);

/// Remembers what it was given, and decides as the test says.
class Desk {
 public:
  explicit Desk(World& world) : opened_(world.io().get_executor()) {}

  Task<WorkOutcome> handle(StoredMessage message, unsigned deliveries) {
    given_.emplace_back(message.payload, deliveries);
    while (closed_) co_await opened_.wait();
    if (message.payload == "throw") throw std::runtime_error("a bug");
    if (message.payload == "bad") co_return WorkOutcome::give_up("nobody\r\nreads it");
    if (message.payload == "early" && given_.size() < 6) co_return WorkOutcome::later("not yet", 10ms);
    if (message.payload == "hopeless") co_return WorkOutcome::retry("away");
    if (message.payload == "second time" && deliveries == 1) co_return WorkOutcome::retry("not yet");
    done_.push_back(message.payload);
    co_return WorkOutcome::done();
  }
  Task<WorkOutcome> put_aside(StoredMessage message, unsigned deliveries, std::chrono::milliseconds delay) {
    given_.emplace_back(message.payload, deliveries);
    co_return WorkOutcome::later("not yet", delay);
  }
  Task<void> give_up(StoredMessage message, std::string reason) {
    given_up_[message.payload] = reason;
    co_return;
  }
  WorkHandler handler() {
    return
        [this](StoredMessage message, unsigned deliveries) { return handle(std::move(message), deliveries); };
  }
  GiveUpHandler giver() {
    return [this](StoredMessage message, std::string reason) {
      return give_up(std::move(message), std::move(reason));
    };
  }
  void close() { closed_ = true; }
  void open() {
    closed_ = false;
    opened_.raise();
  }
  const std::vector<std::pair<std::string, unsigned>>& given() const { return given_; }
  const std::vector<std::string>& done() const { return done_; }
  const std::map<std::string, std::string>& given_up() const { return given_up_; }

 private:
  Signal opened_;
  bool closed_ = false;
  std::vector<std::pair<std::string, unsigned>> given_;
  std::vector<std::string> done_;
  std::map<std::string, std::string> given_up_;
};

WorkOptions options(std::size_t slots = 1) {
  return {.stream = "WORK", .durable = "desk", .slots = slots, .ack_wait = 600ms, .max_deliveries = 3};
}

Task<void> prepare(World& world, std::vector<std::string> payloads) {
  EXPECT_TRUE(co_await world.store().ensure(
      {.name = "WORK", .subjects = {"work.>"}, .retention = Retention::work_queue}, soon()));
  EXPECT_TRUE(co_await world.store().ensure(
      {.name = std::string(kDeadLetterStream), .subjects = {std::string(kDeadLetterPrefix) + ">"}}, soon()));
  for (std::string& payload : payloads) {
    EXPECT_TRUE(co_await world.store().append({.subject = "work.a", .payload = std::move(payload)}, soon()));
  }
}

Task<void> prepare_log(World& world, std::vector<std::string> payloads) {
  co_await prepare(world, {});
  EXPECT_TRUE(co_await world.store().ensure({.name = "LOG", .subjects = {"log.>"}}, soon()));
  for (std::string& payload : payloads) {
    const std::string subject = payload == "other" ? "log.b" : "log.a";
    EXPECT_TRUE(co_await world.store().append({.subject = subject, .payload = std::move(payload)}, soon()));
  }
}

WorkOptions log_options() {
  auto log = options();
  log.stream = "LOG";
  return log;
}

Task<bool> runs_empty(World& world) {
  for (const Deadline deadline = Deadline::in(10s); !deadline.passed(); co_await sleep_for(10ms)) {
    const auto state = co_await world.store().state("WORK", soon());
    if (state && state->messages == 0) co_return true;
  }
  co_return false;
}

Task<WorkOutcome> retried() { co_return WorkOutcome::retry("not yet"); }

Task<std::optional<std::chrono::system_clock::time_point>> stored_at(World& world, std::uint64_t sequence) {
  auto replay = world.reader().replay({.stream = "LOG", .from_sequence = sequence});
  if (!replay) co_return std::nullopt;
  const auto message = co_await (*replay)->next(soon());
  if (!message) co_return std::nullopt;
  co_return message->time;
}

Task<bool> finished(World& world, std::string stream, std::string durable, std::uint64_t sequence) {
  const auto now = co_await world.reader().finished_up_to(std::move(stream), std::move(durable), soon());
  co_return now.has_value() && *now == sequence;
}

BUS_TEST(WorkerContract, WorksOnEverythingOnceInOrder) {
  co_await prepare(world, {"1", "2", "3"});
  Desk desk(world);
  auto work = co_await world.reader().work(options(), desk.handler(), desk.giver(), soon());
  CO_ASSERT(work);
  EXPECT_TRUE(co_await world.store().append({.subject = "work.b", .payload = "4"}, soon()));
  EXPECT_TRUE(co_await runs_empty(world));
  EXPECT_EQ(desk.done(), (std::vector<std::string>{"1", "2", "3", "4"}));
  co_await (*work)->drain();
}

BUS_TEST(WorkerContract, WorksOnAsManyAtOnceAsItHasSlots) {
  co_await prepare(world, {"1", "2", "3", "4", "5"});
  Desk desk(world);
  desk.close();
  auto work = co_await world.reader().work(options(3), desk.handler(), desk.giver(), soon());
  CO_ASSERT(work);
  EXPECT_TRUE(co_await eventually([&] { return desk.given().size() == 3; }));
  // Longer than ack_wait: nothing is given twice while somebody works on it.
  EXPECT_FALSE(co_await eventually([&] { return desk.given().size() > 3; }, 1s));
  desk.open();
  EXPECT_TRUE(co_await runs_empty(world));
  EXPECT_EQ(desk.given().size(), 5U);
  co_await (*work)->drain();
}

BUS_TEST(WorkerContract, TriesAgain) {
  co_await prepare(world, {"second time", "other"});
  Desk desk(world);
  auto work = co_await world.reader().work(options(), desk.handler(), desk.giver(), soon());
  CO_ASSERT(work);
  EXPECT_TRUE(co_await runs_empty(world));
  EXPECT_EQ(desk.given().size(), 3U);
  EXPECT_EQ(desk.given().back(), std::pair(std::string("second time"), 2U));
  EXPECT_TRUE(desk.given_up().empty());
  co_await (*work)->drain();
}

BUS_TEST(WorkerContract, PutsAsideWithoutCountingADeliveryAndWithoutHoldingUpTheOthers) {
  co_await prepare(world, {"early", "1", "2"});
  Desk desk(world);
  auto work = co_await world.reader().work(options(), desk.handler(), desk.giver(), soon());
  CO_ASSERT(work);
  EXPECT_TRUE(co_await runs_empty(world));
  EXPECT_EQ(desk.done(), (std::vector<std::string>{"1", "2", "early"}));
  // More often than max_deliveries.
  EXPECT_GE(desk.given().size(), 6U);
  for (const auto& [payload, deliveries] : desk.given()) EXPECT_EQ(deliveries, 1U) << payload;
  EXPECT_TRUE(desk.given_up().empty());
  co_await (*work)->drain();
}

BUS_TEST(WorkerContract, DrainsWithoutWaitingForWhatIsPutAside) {
  co_await prepare(world, {"early"});
  Desk desk(world);
  const auto later = [&desk](StoredMessage message, unsigned deliveries) {
    return desk.put_aside(std::move(message), deliveries, 1h);
  };
  auto work = co_await world.reader().work(options(), later, desk.giver(), soon());
  CO_ASSERT(work);
  EXPECT_TRUE(co_await eventually([&] { return desk.given().size() == 1; }));
  co_await (*work)->drain();
  EXPECT_EQ(desk.given().size(), 1U);
}

BUS_TEST(WorkerContract, KnowsUpToWhereEverythingIsFinished) {
  co_await prepare_log(world, {"1", "2", "bad", "hold", "5"});
  const auto nobody = co_await world.reader().finished_up_to("LOG", "desk", soon());
  CO_ASSERT(nobody);
  EXPECT_EQ(*nobody, 0U);
  Desk desk(world);
  const auto handler = [&desk](StoredMessage message, unsigned deliveries) {
    return message.payload == "hold" ? desk.put_aside(std::move(message), deliveries, 1h)
                                     : desk.handle(std::move(message), deliveries);
  };
  auto work = co_await world.reader().work(log_options(), handler, desk.giver(), soon());
  CO_ASSERT(work);
  EXPECT_TRUE(co_await eventually([&] { return desk.done().size() == 3; }));
  EXPECT_TRUE(co_await testing::eventually_true([&world] { return finished(world, "LOG", "desk", 3); }));
  co_await (*work)->drain();
}

Task<bool> shows(World& world, std::uint64_t pending, std::uint64_t ack_pending, std::uint64_t redelivered) {
  const auto state = co_await world.reader().consumer_state("LOG", "desk", soon());
  co_return state.has_value() && state->pending == pending && state->ack_pending == ack_pending &&
      state->redelivered == redelivered;
}

BUS_TEST(WorkerContract, ShowsWhatWaitsAndWhatCameAgain) {
  co_await prepare_log(world, {"1", "again", "3", "4"});
  Desk desk(world);
  const auto handler = [&desk](StoredMessage message, unsigned deliveries) {
    if (message.payload == "again" && deliveries == 1) return retried();
    if (deliveries > 1) desk.close();
    return desk.handle(std::move(message), deliveries);
  };
  auto work = co_await world.reader().work(log_options(), handler, desk.giver(), soon());
  CO_ASSERT(work);
  // The last two may be done with before the second one comes again, or wait behind it.
  EXPECT_TRUE(co_await eventually(
      [&] { return !desk.given().empty() && desk.given().back() == std::pair(std::string("again"), 2U); }));
  const auto state = co_await world.reader().consumer_state("LOG", "desk", soon());
  CO_ASSERT(state);
  EXPECT_EQ(state->redelivered, 1U);
  EXPECT_GE(state->ack_pending, 1U);
  EXPECT_EQ(state->oldest, co_await stored_at(world, 2));
  desk.open();
  EXPECT_TRUE(co_await testing::eventually_true([&world] { return shows(world, 0, 0, 0); }));
  const auto idle = co_await world.reader().consumer_state("LOG", "desk", soon());
  CO_ASSERT(idle);
  EXPECT_FALSE(idle->oldest);
  co_await (*work)->drain();
}

BUS_TEST(WorkerContract, ShowsTheBacklogOfAQueueAndItsAge) {
  co_await prepare(world, {"1", "2", "3"});
  Desk desk(world);
  desk.close();
  auto work = co_await world.reader().work(options(), desk.handler(), desk.giver(), soon());
  CO_ASSERT(work);
  EXPECT_TRUE(co_await eventually([&] { return desk.given().size() == 1; }));
  const auto state = co_await world.reader().consumer_state("WORK", "desk", soon());
  CO_ASSERT(state && state->oldest);
  EXPECT_EQ(state->pending, 2U);
  EXPECT_EQ(state->ack_pending, 1U);
  EXPECT_EQ(state->redelivered, 0U);
  EXPECT_LT(std::chrono::abs(std::chrono::system_clock::now() - *state->oldest), 1min);
  desk.open();
  co_await (*work)->drain();
}

BUS_TEST(WorkerContract, CountsOnlyWhatItsFilterTakes) {
  co_await prepare_log(world, {"other", "1", "other", "2"});
  auto filtered = log_options();
  filtered.filter_subject = "log.a";
  Desk desk(world);
  desk.close();
  auto work = co_await world.reader().work(filtered, desk.handler(), desk.giver(), soon());
  CO_ASSERT(work);
  EXPECT_TRUE(co_await eventually([&] { return desk.given().size() == 1; }));
  EXPECT_TRUE(co_await shows(world, 1, 1, 0));
  const auto state = co_await world.reader().consumer_state("LOG", "desk", soon());
  CO_ASSERT(state);
  EXPECT_EQ(state->oldest, co_await stored_at(world, 2));
  desk.open();
  co_await (*work)->drain();
}

BUS_TEST(WorkerContract, ShowsNothingOfWorkersThatNeverWere) {
  const auto nowhere = co_await world.reader().consumer_state("LOG", "desk", soon());
  CO_ASSERT(!nowhere);
  EXPECT_EQ(nowhere.error().code, Errc::not_found);
  co_await prepare_log(world, {"1"});
  const auto nobody = co_await world.reader().consumer_state("LOG", "desk", soon());
  CO_ASSERT(!nobody);
  EXPECT_EQ(nobody.error().code, Errc::not_found);
}

BUS_TEST(WorkerContract, BuriesWhatNoDeliveryCanProcess) {
  co_await prepare(world, {"hopeless", "bad", "throw", "good"});
  Desk desk(world);
  auto work = co_await world.reader().work(options(), desk.handler(), desk.giver(), soon());
  CO_ASSERT(work);
  EXPECT_TRUE(co_await runs_empty(world));
  EXPECT_EQ(desk.done(), std::vector<std::string>{"good"});
  EXPECT_EQ(desk.given_up(), (std::map<std::string, std::string>{{"hopeless", "3 deliveries failed: away"},
                                                                 {"bad", "nobody  reads it"},
                                                                 {"throw", "3 deliveries failed: a bug"}}));
  const auto dead = co_await world.store().state(std::string(kDeadLetterStream), soon());
  const auto letter =
      co_await world.store().last(std::string(kDeadLetterStream), "kefu.v1.dead.WORK", soon());
  CO_ASSERT(dead && letter);
  EXPECT_EQ(dead->messages, 3U);
  EXPECT_EQ(letter->headers.get(header::kDeadSubject), "work.a");
  EXPECT_FALSE(letter->headers.get(header::kDeadSequence).empty());
  EXPECT_EQ(letter->headers.get(header::kDeadReason), "3 deliveries failed: a bug");
  co_await (*work)->drain();
}

BUS_TEST(WorkerContract, SharesTheWorkOfOneDurable) {
  std::vector<std::string> payloads;
  for (int i = 0; i < 100; ++i) payloads.push_back(std::to_string(i));
  co_await prepare(world, payloads);
  Desk first(world);
  Desk second(world);
  auto one = co_await world.reader().work(options(2), first.handler(), first.giver(), soon());
  auto two = co_await world.reader().work(options(2), second.handler(), second.giver(), soon());
  CO_ASSERT(one && two);
  EXPECT_TRUE(co_await runs_empty(world));
  EXPECT_EQ(first.done().size() + second.done().size(), 100U);
  co_await (*one)->drain();
  co_await (*two)->drain();
}

BUS_TEST(WorkerContract, DrainsByFinishingWhatItHasBegun) {
  co_await prepare(world, {"1", "2", "3"});
  Desk desk(world);
  desk.close();
  auto work = co_await world.reader().work(options(1), desk.handler(), desk.giver(), soon());
  CO_ASSERT(work);
  EXPECT_TRUE(co_await eventually([&] { return desk.given().size() == 1; }));
  TaskGroup tasks(world.io().get_executor(), {});
  tasks.spawn((*work)->drain());
  EXPECT_FALSE(co_await eventually([&] { return tasks.running() == 0; }, 50ms));
  desk.open();
  co_await tasks.join();
  EXPECT_EQ(desk.done(), std::vector<std::string>{"1"});
  // The next worker gets the others at once.
  Desk next(world);
  auto other = co_await world.reader().work(options(), next.handler(), next.giver(), soon());
  CO_ASSERT(other);
  EXPECT_TRUE(co_await runs_empty(world));
  EXPECT_EQ(next.done(), (std::vector<std::string>{"2", "3"}));
  for (const auto& [payload, deliveries] : next.given()) EXPECT_EQ(deliveries, 1U) << payload;
  co_await (*other)->drain();
}

BUS_TEST(WorkerContract, FailsToStartWithoutItsStream) {
  Desk desk(world);
  const auto work = co_await world.reader().work(options(), desk.handler(), desk.giver(), soon());
  CO_ASSERT(!work);
  EXPECT_EQ(work.error().code, Errc::not_found);
}

}  // namespace
}  // namespace kefu::bus
