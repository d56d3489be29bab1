#include "world.hpp"

namespace kefu::bus {
namespace {

BUS_CONTRACT(KeyValueContract);

Task<std::unique_ptr<KeyValueBucket>> ready_bucket(World& world, std::chrono::milliseconds ttl = 0ms) {
  auto bucket = world.bucket("TEST");
  EXPECT_TRUE(co_await bucket->ensure(ttl, soon()));
  co_return bucket;
}

BUS_TEST(KeyValueContract, GivesBackWhatWasPut) {
  const auto bucket = co_await ready_bucket(world);
  const auto revision = co_await bucket->put("a.b-c_d=", "值", std::nullopt, soon());
  CO_ASSERT(revision);
  const auto entry = co_await bucket->get("a.b-c_d=", soon());
  CO_ASSERT(entry);
  EXPECT_EQ(entry->key, "a.b-c_d=");
  EXPECT_EQ(entry->value, "值");
  EXPECT_EQ(entry->revision, *revision);
}

BUS_TEST(KeyValueContract, RefusesWhatIsNoKey) {
  const auto bucket = co_await ready_bucket(world);
  for (const char* key : {"", "a b", "商店", ".a", "a.", "a..b", "*", ">"}) {
    const auto put = co_await bucket->put(key, "x", std::nullopt, soon());
    const auto got = co_await bucket->get(key, soon());
    CO_ASSERT(!put && !got);
    EXPECT_EQ(put.error().code, Errc::invalid_argument) << key;
    EXPECT_EQ(got.error().code, Errc::invalid_argument) << key;
  }
}

BUS_TEST(KeyValueContract, DoesNotFindWhatIsAbsentOrErased) {
  const auto bucket = co_await ready_bucket(world);
  const auto absent = co_await bucket->get("k", soon());
  CO_ASSERT(!absent);
  EXPECT_EQ(absent.error().code, Errc::not_found);
  EXPECT_TRUE(co_await bucket->put("k", "x", std::nullopt, soon()));
  EXPECT_TRUE(co_await bucket->erase("k", soon()));
  const auto erased = co_await bucket->get("k", soon());
  CO_ASSERT(!erased);
  EXPECT_EQ(erased.error().code, Errc::not_found);
}

BUS_TEST(KeyValueContract, WritesOnlyOverTheRevisionExpected) {
  const auto bucket = co_await ready_bucket(world);
  const auto first = co_await bucket->put("k", "1", std::nullopt, soon());
  CO_ASSERT(first);
  const auto second = co_await bucket->put("k", "2", *first, soon());
  CO_ASSERT(second);
  EXPECT_GT(*second, *first);
  const auto lost = co_await bucket->put("k", "3", *first, soon());
  CO_ASSERT(!lost);
  EXPECT_EQ(lost.error().code, Errc::conflict);
  const auto entry = co_await bucket->get("k", soon());
  CO_ASSERT(entry);
  EXPECT_EQ(entry->value, "2");
}

BUS_TEST(KeyValueContract, CreatesAKeyOnce) {
  const auto bucket = co_await ready_bucket(world);
  EXPECT_TRUE(co_await bucket->put("k", "1", 0, soon()));
  const auto again = co_await bucket->put("k", "2", 0, soon());
  CO_ASSERT(!again);
  EXPECT_EQ(again.error().code, Errc::conflict);
  EXPECT_TRUE(co_await bucket->erase("k", soon()));
  EXPECT_TRUE(co_await bucket->put("k", "3", 0, soon()));
  const auto entry = co_await bucket->get("k", soon());
  CO_ASSERT(entry);
  EXPECT_EQ(entry->value, "3");
}

BUS_TEST(KeyValueContract, ForgetsAfterItsTimeToLive) {
  const auto bucket = co_await ready_bucket(world, 1s);
  EXPECT_TRUE(co_await bucket->put("k", "1", std::nullopt, soon()));
  bool gone = false;
  for (const Deadline deadline = soon(); !gone && !deadline.passed();) {
    gone = !co_await bucket->get("k", deadline);
    co_await sleep_for(20ms);
  }
  EXPECT_TRUE(gone);
  EXPECT_TRUE(co_await bucket->put("k", "2", 0, soon()));
}

BUS_TEST(KeyValueContract, WatchesFromThePresentEntriesOn) {
  const auto bucket = co_await ready_bucket(world);
  for (const char* key : {"a", "b", "a", "c"})
    EXPECT_TRUE(co_await bucket->put(key, "old", std::nullopt, soon()));
  auto watch = bucket->watch();
  CO_ASSERT(watch);
  for (const char* key : {"b", "a", "c"}) {
    const auto entry = co_await (*watch)->next(soon());
    CO_ASSERT(entry && *entry);
    EXPECT_EQ((*entry)->key, key);
    EXPECT_EQ((*entry)->value, "old");
  }
  const auto present = co_await (*watch)->next(soon());
  CO_ASSERT(present);
  EXPECT_FALSE(*present);
  const auto nothing = co_await (*watch)->next(Deadline::in(10ms));
  CO_ASSERT(!nothing);
  EXPECT_EQ(nothing.error().code, Errc::deadline_exceeded);
  const auto revision = co_await bucket->put("b", "new", std::nullopt, soon());
  EXPECT_TRUE(co_await bucket->erase("a", soon()));
  const auto changed = co_await (*watch)->next(soon());
  CO_ASSERT(revision && changed && *changed);
  EXPECT_EQ((*changed)->value, "new");
  EXPECT_EQ((*changed)->revision, *revision);
  const auto erased = co_await (*watch)->next(soon());
  CO_ASSERT(erased && *erased);
  EXPECT_EQ((*erased)->key, "a");
  EXPECT_TRUE((*erased)->erased);
}

BUS_TEST(KeyValueContract, SaysAtOnceThatNothingIsPresent) {
  const auto bucket = co_await ready_bucket(world);
  auto watch = bucket->watch();
  CO_ASSERT(watch);
  const auto present = co_await (*watch)->next(soon());
  CO_ASSERT(present);
  EXPECT_FALSE(*present);
}

BUS_TEST(KeyValueContract, IsUnavailableBeforeItsBucketExists) {
  const auto bucket = world.bucket("MISSING");
  const auto put = co_await bucket->put("k", "1", std::nullopt, soon());
  CO_ASSERT(!put);
  EXPECT_EQ(put.error().code, Errc::unavailable);
}

}  // namespace
}  // namespace kefu::bus
