#include "kefu/v1/knowledge_base.pb.h"
#include "orphan_sweep.hpp"
#include "passages_sweep.hpp"
#include "replica_bed.hpp"

#include <kefu/directory/knowledge_bases.hpp>

namespace kefu::index {
namespace {

using namespace std::chrono_literals;
using namespace kefu::index::testing;

class OrphanSweepTest : public ReplicaBed {
 protected:
  OrphanSweepTest() { tasks_.spawn(sweep_.run()); }
  ~OrphanSweepTest() override {
    sweep_.stop();
    replica_.stop();
    run(tasks_.join());
  }
  std::vector<proto::VersionKey> incomplete() { return run(replica_.incomplete()); }

  OrphanSweep sweep_{*streams_, replica_, metrics_, log_, 10ms};
};

TEST_F(OrphanSweepTest, DropsWhatWasReadOfACancelledVersion) {
  append(document_version("a", 1, {{"kept"}}));
  const auto cancelled = document_version("a", 2, {{"one"}, {"two"}, {"never came"}});
  append(cancelled.part(0));
  append(cancelled.part(1));
  const auto going_on = document_version("b", 3, {{"one"}, {"two"}});
  const auto end = append(going_on.part(0));
  ASSERT_TRUE(applied(end));
  EXPECT_EQ(incomplete().size(), 2U);

  ASSERT_TRUE(run(
      streams_->purge(std::string(proto::kVectorsStream), proto::vectors_of_version(cancelled.key), soon())));
  EXPECT_TRUE(becomes([&] { return incomplete() == std::vector<proto::VersionKey>{going_on.key}; }));
  EXPECT_EQ(engine_.size().passages, 1U);

  append(going_on.part(1));
  ASSERT_TRUE(applied(append(going_on.manifest())));
  EXPECT_TRUE(incomplete().empty());
  EXPECT_EQ(engine_.size().passages, 3U);
}

class PassagesSweepTest : public ReplicaBed {
 protected:
  PassagesSweepTest() {
    EXPECT_TRUE(run(bucket_->ensure(0ms, soon())));
    tasks_.spawn(directory_of_kbs_.run());
    tasks_.spawn(sweep_.run());
  }
  ~PassagesSweepTest() override {
    sweep_.stop();
    directory_of_kbs_.stop();
    replica_.stop();
    run(tasks_.join());
  }
  void put(const std::string& incarnation, bool deleted, const std::string& former = {}) {
    kefu::v1::KnowledgeBase record;
    record.set_name("shop");
    record.set_incarnation(incarnation);
    record.set_deleted(deleted);
    if (!former.empty()) record.add_former_incarnations(former);
    EXPECT_TRUE(run(bucket_->put("shop", record.SerializeAsString(), std::nullopt, soon())));
  }
  void queue(const std::string& incarnation, std::uint32_t part) {
    append(bus::Message{proto::passages_subject({incarnation, 1, "a", 1}, part), "passages"});
  }
  bool left(std::uint64_t messages) {
    return becomes([&] { return state(proto::kPassagesStream).messages == messages; });
  }

  std::unique_ptr<bus::KeyValueBucket> bucket_ = broker_.bucket(std::string(proto::kKnowledgeBasesBucket));
  directory::KnowledgeBases directory_of_kbs_{*bucket_};
  PassagesSweep sweep_{directory_of_kbs_, *streams_, metrics_, log_, 200ms};
};

TEST_F(PassagesSweepTest, TakesPassagesOfDeletedKnowledgeBasesOutOfTheQueue) {
  put("first", false);
  queue("first", 0);
  queue("first", 1);
  queue("unregistered", 0);
  put("first", true);
  EXPECT_TRUE(left(1));
  // A name that was given away again.
  put("second", false, "first");
  queue("second", 0);
  queue("second", 1);
  put("third", false, "second");
  queue("third", 0);
  EXPECT_TRUE(left(2));
}

TEST_F(PassagesSweepTest, LooksAgainForWhatARunningJobPublishedMeanwhile) {
  put("first", true);
  queue("unregistered", 0);
  queue("first", 0);
  EXPECT_TRUE(left(1));
  queue("first", 1);
  EXPECT_TRUE(left(1));
}

}  // namespace
}  // namespace kefu::index
