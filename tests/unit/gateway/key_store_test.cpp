#include "key_store.hpp"

#include "api_key.hpp"

#include <kefu/async/task_group.hpp>
#include <kefu/bus/memory_bus.hpp>
#include <kefu/testing/run_task.hpp>

namespace kefu::gateway {
namespace {

using namespace std::chrono_literals;
using testing::run_task;

Deadline soon() { return Deadline::in(10s); }

kefu::v1::ApiKey manager(const std::string& id, std::int64_t created = 1) {
  kefu::v1::ApiKey key;
  key.set_id(id);
  key.set_role(kefu::v1::ApiKey::ROLE_MANAGE);
  key.set_secret_sha256(secret_hash("secret of " + id));
  key.set_created_unix_ms(created);
  return key;
}

class KeyStoreTest : public ::testing::Test {
 protected:
  KeyStoreTest() { EXPECT_TRUE(run_task(io_, bucket_->ensure(0ms, soon()))); }
  ~KeyStoreTest() override {
    here_.stop();
    there_.stop();
    run_task(io_, tasks_.join());
  }
  void run_both() {
    tasks_.spawn(here_.run());
    tasks_.spawn(there_.run());
    EXPECT_TRUE(run_task(io_, here_.wait_complete(soon())));
    EXPECT_TRUE(run_task(io_, there_.wait_complete(soon())));
  }
  KeyState state(const KeyStore& store, const std::string& id) {
    const auto* key = store.find_by_hash(secret_hash("secret of " + id));
    return key == nullptr ? KeyState{-1} : state_of(*key, 1);
  }
  bool becomes(const KeyStore& store, const std::string& id, KeyState expected) {
    return run_task(io_, testing::eventually([&] { return state(store, id) == expected; }));
  }

  asio::io_context io_;
  bus::MemoryBroker broker_{io_.get_executor()};
  std::unique_ptr<bus::KeyValueBucket> bucket_ = broker_.bucket("KEFU_KEYS");
  TaskGroup tasks_{io_.get_executor(), {}};
  KeyStore here_{io_.get_executor(), *bucket_};
  KeyStore there_{io_.get_executor(), *bucket_};
};

TEST_F(KeyStoreTest, IsNotCompleteBeforeItHasReadTheBucket) {
  EXPECT_FALSE(here_.complete());
  EXPECT_FALSE(run_task(io_, here_.wait_complete(Deadline::in(1ms))));
  run_both();
  EXPECT_TRUE(here_.complete());
  EXPECT_FALSE(here_.any());
}

TEST_F(KeyStoreTest, AKeyCountsAtOnceHereAndSoonOnOtherReplicas) {
  run_both();
  ASSERT_TRUE(run_task(io_, here_.add(manager("b", 2), soon())));
  ASSERT_TRUE(run_task(io_, here_.add(manager("a", 3), soon())));
  EXPECT_EQ(state(here_, "a"), KeyState::usable);
  EXPECT_TRUE(becomes(there_, "a", KeyState::usable));
  EXPECT_TRUE(there_.any());
  ASSERT_EQ(there_.all().size(), 2U);
  EXPECT_EQ(there_.all()[0].id(), "b");
  ASSERT_TRUE(run_task(io_, there_.revoke("a", true, soon())));
  EXPECT_EQ(state(there_, "a"), KeyState::revoked);
  EXPECT_TRUE(becomes(here_, "a", KeyState::revoked));
}

TEST_F(KeyStoreTest, RefusesAnIdThatExists) {
  run_both();
  ASSERT_TRUE(run_task(io_, here_.add(manager("a"), soon())));
  EXPECT_EQ(run_task(io_, there_.add(manager("a"), soon())).error().code, Errc::conflict);
}

TEST_F(KeyStoreTest, KeepsTheLastKeyThatManagesEverything) {
  run_both();
  ASSERT_TRUE(run_task(io_, here_.add(manager("a"), soon())));
  auto limited = manager("limited");
  limited.add_kbs("shop");
  ASSERT_TRUE(run_task(io_, here_.add(limited, soon())));
  auto expired = manager("expired");
  expired.set_expires_unix_ms(2);
  ASSERT_TRUE(run_task(io_, here_.add(expired, soon())));
  EXPECT_EQ(run_task(io_, here_.revoke("a", true, soon())).error().code, Errc::conflict);
  EXPECT_EQ(state(here_, "a"), KeyState::usable);
  EXPECT_TRUE(run_task(io_, here_.revoke("limited", true, soon())));
  EXPECT_TRUE(run_task(io_, here_.revoke("a", false, soon())));
  EXPECT_EQ(run_task(io_, here_.revoke("none", false, soon())).error().code, Errc::not_found);
}

TEST_F(KeyStoreTest, TwoReplicasCannotRevokeEachTheOthersLastKey) {
  run_both();
  ASSERT_TRUE(run_task(io_, here_.add(manager("a"), soon())));
  ASSERT_TRUE(run_task(io_, here_.add(manager("b"), soon())));
  ASSERT_TRUE(becomes(there_, "b", KeyState::usable));
  int ended = 0;
  int revoked = 0;
  const auto count = [&](std::exception_ptr, const Result<>& result) {
    ++ended;
    if (result) ++revoked;
  };
  asio::co_spawn(io_, here_.revoke("a", true, soon()), count);
  asio::co_spawn(io_, there_.revoke("b", true, soon()), count);
  ASSERT_TRUE(run_task(io_, testing::eventually([&] { return ended == 2; })));
  EXPECT_EQ(revoked, 1);
}

TEST_F(KeyStoreTest, GivesNoAccessByARecordThatCannotBeRead) {
  run_both();
  ASSERT_TRUE(run_task(io_, here_.add(manager("a"), soon())));
  ASSERT_TRUE(becomes(there_, "a", KeyState::usable));
  ASSERT_TRUE(run_task(io_, bucket_->put("a", "\xff", std::nullopt, soon())));
  EXPECT_TRUE(becomes(there_, "a", KeyState{-1}));
  EXPECT_TRUE(there_.any());  // and does not open the door
}

}  // namespace
}  // namespace kefu::gateway
