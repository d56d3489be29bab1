#include <kefu/async/task_group.hpp>
#include <kefu/base/ids.hpp>
#include <kefu/bus/memory_bus.hpp>
#include <kefu/directory/knowledge_bases.hpp>
#include <kefu/testing/run_task.hpp>

#include <gtest/gtest.h>

#include <string>

namespace kefu::directory {
namespace {

using namespace std::chrono_literals;

class KnowledgeBasesTest : public ::testing::Test {
 protected:
  KnowledgeBasesTest() {
    EXPECT_TRUE(testing::run_task(io_, bucket_->ensure(0ms, Deadline::in(1min))));
    tasks_.spawn(known_.run());
  }
  ~KnowledgeBasesTest() override {
    known_.stop();
    testing::run_task(io_, tasks_.join());
  }
  void put(const std::string& name, const std::string& incarnation, bool deleted = false) {
    kefu::v1::KnowledgeBase record;
    record.set_name(name);
    record.set_incarnation(incarnation);
    record.set_deleted(deleted);
    EXPECT_TRUE(testing::run_task(
        io_, bucket_->put(subject_token(name), record.SerializeAsString(), {}, Deadline::in(1min))));
  }
  Result<kefu::v1::KnowledgeBase> find(const std::string& name) {
    return testing::run_task(io_, known_.find(name, Deadline::in(1min)));
  }

  asio::io_context io_;
  bus::MemoryBroker broker_{io_.get_executor()};
  std::unique_ptr<bus::KeyValueBucket> bucket_ = broker_.bucket("KEFU_KBS");
  KnowledgeBases known_{*bucket_};
  TaskGroup tasks_{io_.get_executor(), {}};
};

TEST_F(KnowledgeBasesTest, FindsABaseAsSoonAsItIsWritten) {
  put("商店", "i1");
  const auto found = find("商店");
  ASSERT_TRUE(found);
  EXPECT_EQ(found->incarnation(), "i1");
}

TEST_F(KnowledgeBasesTest, FollowsABaseThatIsDeletedAndCreatedAgain) {
  put("shop", "i1");
  EXPECT_TRUE(find("shop"));
  put("shop", "i1", true);
  EXPECT_TRUE(testing::run_task(
      io_, testing::eventually([&] { return known_.all().size() == 1 && known_.all()[0].deleted(); })));
  EXPECT_EQ(find("shop").error().code, Errc::not_found);
  put("shop", "i2");
  EXPECT_TRUE(testing::run_task(io_, testing::eventually([&] {
                                  return known_.all().size() == 1 && known_.all()[0].incarnation() == "i2";
                                })));
  EXPECT_EQ(find("shop")->incarnation(), "i2");
}

TEST_F(KnowledgeBasesTest, NamesABaseThatDoesNotExist) {
  const auto missing = find("nowhere");
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().code, Errc::not_found);
  EXPECT_NE(missing.error().message.find("nowhere"), std::string::npos);
}

TEST_F(KnowledgeBasesTest, SaysThatTheBucketIsAwayRatherThanThatTheBaseIsMissing) {
  broker_.set_connected(false);
  EXPECT_EQ(find("shop").error().code, Errc::unavailable);
  broker_.set_connected(true);
}

}  // namespace
}  // namespace kefu::directory
