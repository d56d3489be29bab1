#include "knowledge_base_registry.hpp"

#include <kefu/async/task_group.hpp>
#include <kefu/base/ids.hpp>
#include <kefu/bus/memory_bus.hpp>
#include <kefu/testing/run_task.hpp>

#include <gtest/gtest.h>

#include <chrono>
#include <string>

namespace kefu::index {
namespace {

using namespace std::chrono_literals;

class KnowledgeBaseRegistryTest : public ::testing::Test {
 protected:
  KnowledgeBaseRegistryTest() { EXPECT_TRUE(testing::run_task(io_, bucket_->ensure(0ms, deadline()))); }

  static Deadline deadline() { return Deadline::in(10s); }
  auto put(const std::string& name, const std::string& description = "") {
    return testing::run_task(io_, registry_.put(name, description, deadline()));
  }
  auto get(const std::string& name) { return testing::run_task(io_, registry_.get(name, deadline())); }
  auto remove(const std::string& name) { return testing::run_task(io_, registry_.remove(name, deadline())); }
  auto list() { return testing::run_task(io_, registry_.list(deadline())); }

  asio::io_context io_;
  bus::MemoryBroker broker_{io_.get_executor()};
  std::unique_ptr<bus::KeyValueBucket> bucket_ = broker_.bucket("KEFU_KBS");
  KnowledgeBaseRegistry registry_{*bucket_};
};

TEST_F(KnowledgeBaseRegistryTest, CreatesOnceAndThenUpdatesTheDescription) {
  const auto first = put("商店", "one");
  ASSERT_TRUE(first);
  EXPECT_TRUE(first->created);
  EXPECT_EQ(first->record.generation(), 1U);
  const auto second = put("商店", "two");
  ASSERT_TRUE(second);
  EXPECT_FALSE(second->created);
  EXPECT_EQ(second->record.incarnation(), first->record.incarnation());
  EXPECT_EQ(get("商店")->description(), "two");
  EXPECT_EQ(put("a b").error().code, Errc::invalid_argument);
  EXPECT_EQ(put("shop", std::string(5000, 'x')).error().code, Errc::invalid_argument);
  EXPECT_EQ(put("shop", "\xff").error().code, Errc::invalid_argument);
}

TEST_F(KnowledgeBaseRegistryTest, GivesAnotherIncarnationAfterADeleteAndRemembersTheOld) {
  const auto first = put("shop");
  ASSERT_TRUE(remove("shop"));
  EXPECT_EQ(get("shop").error().code, Errc::not_found);
  EXPECT_EQ(remove("shop").error().code, Errc::not_found);
  const auto second = put("shop");
  ASSERT_TRUE(second);
  EXPECT_TRUE(second->created);
  EXPECT_NE(second->record.incarnation(), first->record.incarnation());
  EXPECT_FALSE(second->record.deleted());
  ASSERT_EQ(second->record.former_incarnations_size(), 1);
  EXPECT_EQ(second->record.former_incarnations(0), first->record.incarnation());
}

TEST_F(KnowledgeBaseRegistryTest, ListsTheLiveOnesByName) {
  ASSERT_TRUE(put("b"));
  ASSERT_TRUE(put("a"));
  ASSERT_TRUE(put("c"));
  ASSERT_TRUE(remove("c"));
  const auto all = list();
  ASSERT_TRUE(all);
  ASSERT_EQ(all->size(), 2U);
  EXPECT_EQ(all->at(0).name(), "a");
  EXPECT_EQ(all->at(1).name(), "b");
}

TEST_F(KnowledgeBaseRegistryTest, LetsOnlyOneOfTwoReplicasCreate) {
  KnowledgeBaseRegistry other(*bucket_);
  struct Race {
    static Task<int> run(KnowledgeBaseRegistry* one, KnowledgeBaseRegistry* two) {
      int created = 0;
      TaskGroup group(co_await asio::this_coro::executor, [](std::exception_ptr) { FAIL(); });
      for (KnowledgeBaseRegistry* each : {one, two}) group.spawn(create(each, &created));
      co_await group.join();
      co_return created;
    }
    static Task<void> create(KnowledgeBaseRegistry* registry, int* created) {
      const auto put = co_await registry->put("shop", "", deadline());
      EXPECT_TRUE(put);
      if (put && put->created) ++*created;
    }
  };
  EXPECT_EQ(testing::run_task(io_, Race::run(&registry_, &other)), 1);
}

TEST_F(KnowledgeBaseRegistryTest, SaysWhenARecordCannotBeRead) {
  ASSERT_TRUE(
      testing::run_task(io_, bucket_->put(subject_token("shop"), "\xff\xff", std::nullopt, deadline())));
  EXPECT_EQ(get("shop").error().code, Errc::data_corrupt);
}

TEST_F(KnowledgeBaseRegistryTest, IsUnavailableWithoutTheBus) {
  broker_.set_connected(false);
  EXPECT_EQ(put("shop").error().code, Errc::unavailable);
}

}  // namespace
}  // namespace kefu::index
