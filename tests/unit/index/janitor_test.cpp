#include "janitor.hpp"

#include "kefu/v1/log.pb.h"
#include "replica_bed.hpp"

namespace kefu::index {
namespace {

using namespace kefu::index::testing;

class JanitorTest : public ReplicaBed {
 protected:
  JanitorTest() {
    EXPECT_TRUE(run(bucket_->ensure(kJanitorTtl, soon())));
    EXPECT_TRUE(run(leases_->ensure(std::chrono::milliseconds(0), soon())));
    tasks_.spawn(janitor_.run());
  }
  ~JanitorTest() override {
    janitor_.stop();
    replica_.stop();
    run(tasks_.join());
  }

  void write_lease(std::uint64_t applied, bool counts, const std::string& stream) {
    kefu::v1::IndexLease lease;
    lease.set_replica("slow");
    lease.set_applied_sequence(applied);
    lease.set_ready(counts);
    lease.set_stream_incarnation(stream);
    EXPECT_TRUE(run(leases_->put("slow", lease.SerializeAsString(), std::nullopt, soon())));
  }
  // Two versions of a document, and a message of a deleted knowledge base: that one waits for nobody, so when
  // it is gone the janitor has been at work.
  std::uint64_t publish_versions_and_rubbish() {
    append(document_version("a", 1, {{"old"}}));
    append(document_version("a", 2, {{"new"}}));
    const auto end = append(document_version("b", 3, {{"of nobody"}}, "deleted").part(0));
    EXPECT_TRUE(applied(end));
    replica_.forget("deleted");
    return end;
  }
  bool left(std::uint64_t messages) {
    return becomes([&] { return state().messages == messages; });
  }

  std::unique_ptr<bus::KeyValueBucket> bucket_ = broker_.bucket(std::string(proto::kJanitorBucket));
  std::unique_ptr<bus::KeyValueBucket> leases_ = broker_.bucket(std::string(proto::kLeasesBucket));
  Janitor janitor_{{.bucket = *bucket_,
                    .leases = *leases_,
                    .streams = *streams_,
                    .replica = replica_,
                    .metrics = metrics_,
                    .log = log_},
                   "one",
                   5000};
};

TEST_F(JanitorTest, ErasesWhatIsSuperseded) {
  publish_versions_and_rubbish();
  EXPECT_TRUE(left(2));
  EXPECT_EQ(state().first_sequence, 3U);
}

TEST_F(JanitorTest, KeepsAVersionUntilEveryReplicaThatMayAnswerHasReadTheNextOne) {
  const std::string stream = state().incarnation;
  write_lease(2, true, stream);
  const auto end = publish_versions_and_rubbish();
  EXPECT_TRUE(left(4));
  EXPECT_EQ(state().first_sequence, 1U);
  write_lease(end, true, stream);
  EXPECT_TRUE(left(2));
}

TEST_F(JanitorTest, TakesALeaseOfAnotherStreamForOneThatHasReadNothing) {
  write_lease(1000, true, "a stream that is no more");
  publish_versions_and_rubbish();
  EXPECT_TRUE(left(4));
  EXPECT_EQ(state().first_sequence, 1U);
  ASSERT_TRUE(run(leases_->erase("slow", soon())));
  EXPECT_TRUE(left(2));
}

TEST_F(JanitorTest, DoesNotWaitForAReplicaThatStillCatchesUp) {
  write_lease(0, false, state().incarnation);
  publish_versions_and_rubbish();
  EXPECT_TRUE(left(2));
}

}  // namespace
}  // namespace kefu::index
