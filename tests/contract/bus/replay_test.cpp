#include "world.hpp"

#include <kefu/async/signal.hpp>
#include <kefu/async/task_group.hpp>

namespace kefu::bus {
namespace {

BUS_CONTRACT(ReplayContract);

Task<void> fill(World& world, int from, int to) {
  for (int i = from; i <= to; ++i) {
    const std::string subject = i % 2 == 0 ? "notes.even" : "notes.odd";
    const auto appended = co_await world.store().append(
        {.subject = subject, .payload = std::to_string(i), .headers = {{"Number", std::to_string(i)}}},
        soon());
    EXPECT_EQ(appended, static_cast<std::uint64_t>(i));
  }
}

Task<void> prepare(World& world, int messages) {
  EXPECT_TRUE(co_await world.store().ensure({.name = "NOTES", .subjects = {"notes.>"}}, soon()));
  co_await fill(world, 1, messages);
}

BUS_TEST(ReplayContract, ReadsAllInOrder) {
  co_await prepare(world, 1000);
  auto replay = world.reader().replay({.stream = "NOTES"});
  CO_ASSERT(replay);
  for (std::uint64_t i = 1; i <= 1000; ++i) {
    const auto message = co_await (*replay)->next(soon());
    CO_ASSERT(message);
    CO_ASSERT(message->sequence == i);
    EXPECT_EQ(message->payload, std::to_string(i));
    EXPECT_EQ(message->headers.get("Number"), std::to_string(i));
  }
}

BUS_TEST(ReplayContract, WaitsForNewMessagesAtTheEnd) {
  co_await prepare(world, 1);
  auto replay = world.reader().replay({.stream = "NOTES"});
  CO_ASSERT(replay);
  EXPECT_TRUE(co_await (*replay)->next(soon()));
  const auto nothing = co_await (*replay)->next(Deadline::in(10ms));
  CO_ASSERT(!nothing);
  EXPECT_EQ(nothing.error().code, Errc::deadline_exceeded);
  TaskGroup tasks(world.io().get_executor(), {});
  tasks.spawn(fill(world, 2, 3));
  for (std::uint64_t i = 2; i <= 3; ++i) {
    const auto message = co_await (*replay)->next(soon());
    CO_ASSERT(message);
    EXPECT_EQ(message->sequence, i);
  }
  co_await tasks.join();
}

BUS_TEST(ReplayContract, BeginsWhereItIsTold) {
  co_await prepare(world, 10);
  auto replay = world.reader().replay({.stream = "NOTES", .from_sequence = 8});
  CO_ASSERT(replay);
  const auto message = co_await (*replay)->next(soon());
  CO_ASSERT(message);
  EXPECT_EQ(message->sequence, 8U);
}

BUS_TEST(ReplayContract, BeginsAfterTheEndWithWhatComesNext) {
  co_await prepare(world, 2);
  auto replay = world.reader().replay({.stream = "NOTES", .from_sequence = 3});
  CO_ASSERT(replay);
  EXPECT_FALSE(co_await (*replay)->next(Deadline::in(50ms)));
  co_await fill(world, 3, 3);
  const auto message = co_await (*replay)->next(soon());
  CO_ASSERT(message);
  EXPECT_EQ(message->sequence, 3U);
}

BUS_TEST(ReplayContract, PassesOverWhatWasErased) {
  co_await prepare(world, 5);
  for (const std::uint64_t gone : {1, 3, 4}) EXPECT_TRUE(co_await world.store().erase("NOTES", gone, soon()));
  auto replay = world.reader().replay({.stream = "NOTES"});
  CO_ASSERT(replay);
  for (const std::uint64_t expected : {2, 5}) {
    const auto message = co_await (*replay)->next(soon());
    CO_ASSERT(message);
    EXPECT_EQ(message->sequence, expected);
  }
}

BUS_TEST(ReplayContract, ReadsOnlyTheSubjectsAskedFor) {
  co_await prepare(world, 6);
  auto replay =
      world.reader().replay({.stream = "NOTES", .filter_subject = "notes.even", .headers_only = true});
  CO_ASSERT(replay);
  for (const std::uint64_t expected : {2, 4, 6}) {
    const auto message = co_await (*replay)->next(soon());
    CO_ASSERT(message);
    EXPECT_EQ(message->sequence, expected);
    EXPECT_EQ(message->payload, "");
    EXPECT_EQ(message->headers.get("Number"), std::to_string(expected));
  }
}

BUS_TEST(ReplayContract, DoesNotFindAStreamThatIsNotThere) {
  auto replay = world.reader().replay({.stream = "NOWHERE"});
  CO_ASSERT(replay);
  const auto message = co_await (*replay)->next(soon());
  CO_ASSERT(!message);
  EXPECT_EQ(message.error().code, Errc::not_found);
}

}  // namespace
}  // namespace kefu::bus
