#include "job_tracker.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace kefu::ingest {
namespace {

using namespace std::chrono_literals;
using kefu::v1::JobState;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr std::int64_t kUnixMs = 1234;

class JobTrackerTest : public ::testing::Test {
 protected:
  JobTrackerTest() {
    tracker_.on_log_known("log");
    lease("r1", 0);
  }

  StoredState running(std::uint64_t id, std::uint32_t parts = 2, const std::string& filename = "f.csv") {
    StoredState stored{.state = {}, .revision = ++revision_};
    stored.state.set_job(id);
    stored.state.set_state(JobState::STATE_RUNNING);
    stored.state.set_kb_incarnation("kb");
    stored.state.set_filename(filename);
    stored.state.set_watch_from_sequence(10 * id);
    stored.state.set_published(true);
    stored.state.set_parts(parts);
    stored.state.mutable_manifest()->set_parts(parts);
    stored.state.set_committed(true);
    stored.state.mutable_extracted()->set_total(8);
    stored.state.mutable_embedded()->set_total(8);
    stored.state.mutable_indexed()->set_total(8);
    return stored;
  }
  void part(std::uint64_t id, std::uint32_t part, std::uint64_t sequence, const char* tokens = "10",
            const char* saved = "0") {
    tracker_.on_log_message(proto::vectors_subject(key(id), part),
                            {{"Kefu-Passages", "4"}, {"Kefu-Tokens", tokens}, {"Kefu-Saved-Tokens", saved}},
                            sequence);
  }
  void manifest(std::uint64_t id, std::uint64_t sequence) {
    tracker_.on_log_message(proto::manifest_subject(key(id)), {{"Kefu-Passages", "0"}}, sequence);
  }
  void lease(const std::string& replica, std::uint64_t applied, bool ready = true,
             const std::string& log = "log") {
    kefu::v1::IndexLease lease;
    lease.set_applied_sequence(applied);
    lease.set_ready(ready);
    lease.set_stream_incarnation(log);
    tracker_.on_lease(replica, lease, now_);
  }
  std::vector<StoredState> due() { return tracker_.due(now_, kUnixMs); }
  bool done() {
    const auto states = due();
    return states.size() == 1 && states[0].state.state() == JobState::STATE_DONE;
  }
  static proto::VersionKey key(std::uint64_t id) {
    return {.kb_incarnation = "kb", .document = "doc", .version = id};
  }

  JobTracker tracker_;
  JobTracker::Time now_ = JobTracker::Time() + 1h;
  std::uint64_t revision_ = 0;
};

TEST_F(JobTrackerTest, DeclaresAJobDoneWhenEveryLiveReplicaHasAppliedItsLastMessage) {
  tracker_.on_state(running(5));
  lease("r2", 0);
  part(5, 0, 51);
  manifest(5, 52);
  part(5, 1, 53);
  lease("r1", 53);
  lease("r2", 52);
  EXPECT_FALSE(done());
  lease("r2", 53);
  const auto states = due();
  ASSERT_THAT(states, SizeIs(1));
  EXPECT_EQ(states[0].state.state(), JobState::STATE_DONE);
  EXPECT_EQ(states[0].state.finished_unix_ms(), kUnixMs);
  EXPECT_EQ(states[0].state.indexed().done(), 8U);
  EXPECT_EQ(states[0].state.usage().embedding_tokens(), 20U);
}

TEST_F(JobTrackerTest, CommitsAVersionOnceAllItsPartsAreInTheLog) {
  auto stored = running(5);
  stored.state.set_committed(false);
  tracker_.on_state(stored);
  lease("r1", 100);
  part(5, 1, 51);
  part(5, 7, 52);  // of an earlier delivery, which made more parts
  for (const StoredState& progress : due()) EXPECT_FALSE(progress.state.committed());
  part(5, 0, 53);
  const auto states = due();
  ASSERT_THAT(states, SizeIs(1));
  EXPECT_TRUE(states[0].state.committed());
  EXPECT_EQ(states[0].state.state(), JobState::STATE_RUNNING);
  EXPECT_EQ(states[0].revision, stored.revision);
  // Not done before its manifest has been applied.
  tracker_.on_state({.state = states[0].state, .revision = ++revision_});
  EXPECT_THAT(due(), IsEmpty());
  manifest(5, 54);
  EXPECT_TRUE(done());
}

TEST_F(JobTrackerTest, CommitsNothingThatIsNotPublished) {
  auto stored = running(5, 0);
  stored.state.set_committed(false);
  stored.state.set_published(false);
  tracker_.on_state(stored);
  EXPECT_THAT(due(), IsEmpty());
}

TEST_F(JobTrackerTest, FinishesJobsOfVersionsThatPublishedTheirManifestThemselves) {
  auto stored = running(5, 1);
  stored.state.set_committed(false);
  stored.state.clear_manifest();
  tracker_.on_state(stored);
  part(5, 0, 51);
  manifest(5, 52);
  lease("r1", 52);
  EXPECT_TRUE(done());
}

TEST_F(JobTrackerTest, PublishesAManifestAgainWhoseCommitterMayBeDead) {
  tracker_.on_state(running(5));
  EXPECT_THAT(tracker_.manifests_due(now_), IsEmpty());
  EXPECT_THAT(tracker_.manifests_due(now_ + 2s), IsEmpty());
  EXPECT_THAT(tracker_.manifests_due(now_ + 3s), SizeIs(1));
  EXPECT_THAT(tracker_.manifests_due(now_ + 4s), IsEmpty());
  EXPECT_THAT(tracker_.manifests_due(now_ + 6s), SizeIs(1));
  manifest(5, 54);
  EXPECT_THAT(tracker_.manifests_due(now_ + 60s), IsEmpty());
}

TEST_F(JobTrackerTest, ClearsFailedJobsWhoseWorkerMayBeDead) {
  auto failed = running(5);
  failed.state.set_state(JobState::STATE_FAILED);
  failed.state.set_committed(false);
  tracker_.on_state(failed);
  EXPECT_EQ(tracker_.log_begin(99), 50U);
  EXPECT_THAT(tracker_.clearances_due(now_), IsEmpty());
  EXPECT_THAT(tracker_.clearances_due(now_ + 3s), SizeIs(1));
  failed.state.set_cleared(true);
  tracker_.on_state(failed);
  EXPECT_THAT(tracker_.clearances_due(now_ + 60s), IsEmpty());
  auto unbegun = failed;
  unbegun.state.set_job(6);
  unbegun.state.set_cleared(false);
  unbegun.state.clear_watch_from_sequence();
  tracker_.on_state(unbegun);
  EXPECT_THAT(tracker_.clearances_due(now_ + 60s), IsEmpty());
}

TEST_F(JobTrackerTest, FindsVectorsThatComeAfterTheirJobHasFailed) {
  auto stored = running(5);
  tracker_.on_state(stored);
  part(5, 0, 51);
  stored.state.set_state(JobState::STATE_FAILED);
  stored.revision = ++revision_;
  tracker_.on_state(stored);
  part(5, 1, 60);
  part(6, 0, 61);
  EXPECT_EQ(tracker_.take_strays(), (std::vector<std::uint64_t>{51, 60}));
  EXPECT_THAT(tracker_.take_strays(), IsEmpty());
}

TEST_F(JobTrackerTest, TellsOnceThatAHigherCommittedVersionReplacesOne) {
  auto older = running(5);
  older.state.set_committed(false);
  older.state.set_published(false);
  tracker_.on_state(older);
  EXPECT_THAT(tracker_.newly_replaced(), IsEmpty());
  tracker_.on_state(running(6));
  const auto replaced = tracker_.newly_replaced();
  ASSERT_THAT(replaced, SizeIs(1));
  EXPECT_EQ(replaced[0].job(), 5U);
  EXPECT_THAT(tracker_.newly_replaced(), IsEmpty());
  EXPECT_THAT(tracker_.unfinished_states(), SizeIs(2));
  EXPECT_EQ(tracker_.unfinished_states()[0].job(), 6U);
}

TEST_F(JobTrackerTest, CountsMessagesThatCameBeforeTheStateOfTheirJob) {
  part(5, 0, 51);
  part(5, 1, 52);
  manifest(5, 53);
  lease("r1", 60);
  EXPECT_THAT(due(), IsEmpty());
  tracker_.on_state(running(5));
  EXPECT_TRUE(done());
}

TEST_F(JobTrackerTest, WaitsForTheManifestAndForEveryPart) {
  tracker_.on_state(running(5, 3));
  lease("r1", 100);
  part(5, 0, 51);
  part(5, 2, 52);
  manifest(5, 53);
  EXPECT_FALSE(done());
  part(5, 1, 54);
  EXPECT_TRUE(done());
}

TEST_F(JobTrackerTest, WaitsUntilEverythingIsPublished) {
  auto stored = running(5, 0);
  stored.state.set_published(false);
  tracker_.on_state(stored);
  manifest(5, 51);
  lease("r1", 100);
  EXPECT_THAT(due(), IsEmpty());
}

TEST_F(JobTrackerTest, WritesNothingForAJobWhoseTotalsAreNotKnown) {
  StoredState begun{.state = {}, .revision = 1};
  begun.state.set_job(5);
  begun.state.set_state(JobState::STATE_RUNNING);
  tracker_.on_state(begun);
  part(5, 0, 51, "0", "0");  // of an earlier delivery, which died
  EXPECT_THAT(due(), IsEmpty());
}

TEST_F(JobTrackerTest, DeclaresADeletionDoneWithItsManifestAlone) {
  tracker_.on_state(running(5, 0));
  lease("r1", 100);
  manifest(5, 51);
  EXPECT_TRUE(done());
}

TEST_F(JobTrackerTest, NeedsAtLeastOneReplicaThatIsReadyAndLives) {
  tracker_.on_state(running(5, 0));
  manifest(5, 51);
  lease("r1", 100, false);
  EXPECT_FALSE(done());
  lease("r1", 100);
  now_ += 10s;
  EXPECT_FALSE(done());
  lease("r1", 100);
  EXPECT_TRUE(done());
  tracker_.on_lease_erased("r1");
  EXPECT_FALSE(done());
}

TEST_F(JobTrackerTest, DoesNotTrustALeaseThatSpeaksOfALogThatIsNoMore) {
  tracker_.on_state(running(5, 0));
  lease("r1", 100);
  tracker_.on_log_lost();
  manifest(5, 1);
  EXPECT_FALSE(done());
  tracker_.on_log_known("new log");
  EXPECT_FALSE(done());
  lease("r1", 1, true, "new log");
  lease("r2", 100);
  EXPECT_FALSE(done());
  lease("r2", 1, true, "new log");
  EXPECT_TRUE(done());
}

TEST_F(JobTrackerTest, DoesNotWaitForAReplicaThatStoppedRenewingItsLease) {
  tracker_.on_state(running(5, 0));
  lease("dead", 3);
  manifest(5, 51);
  now_ += 10s;
  lease("r1", 51);
  EXPECT_TRUE(done());
}

TEST_F(JobTrackerTest, DeclaresAVersionDoneThatAHigherOneOfItsDocumentReplaced) {
  tracker_.on_state(running(5));
  auto newer = running(6);
  newer.state.set_state(JobState::STATE_DONE);
  auto other = running(7, 2, "g.csv");
  tracker_.on_state(other);
  tracker_.on_state(newer);
  const auto states = due();
  ASSERT_THAT(states, SizeIs(1));
  EXPECT_EQ(states[0].state.job(), 5U);
  EXPECT_EQ(states[0].state.state(), JobState::STATE_DONE);
}

TEST_F(JobTrackerTest, FailsAJobWhoseDocumentWasDeletedBeforeItsVersionWasCommitted) {
  auto open = running(5);
  open.state.set_committed(false);
  tracker_.on_state(open);
  tracker_.on_state(running(6));  // was searchable
  auto deletion = running(7, 0);
  deletion.state.set_action(kefu::v1::Job::ACTION_DELETE);
  deletion.state.set_state(JobState::STATE_DONE);
  tracker_.on_state(deletion);
  const auto states = due();
  ASSERT_THAT(states, SizeIs(2));
  EXPECT_EQ(states[0].state.state(), JobState::STATE_FAILED);
  EXPECT_EQ(states[0].state.error(),
            "\"f.csv\" was deleted by job 7 before this job was done: nothing of it was taken in");
  EXPECT_EQ(states[0].state.finished_unix_ms(), kUnixMs);
  EXPECT_EQ(states[1].state.state(), JobState::STATE_DONE);
  EXPECT_EQ(states[1].state.error(), "");
}

TEST_F(JobTrackerTest, EndsJobsWhoseKnowledgeBaseWasDeleted) {
  auto open = running(5);
  open.state.set_committed(false);
  open.state.set_kb_name("shop");
  tracker_.on_state(open);
  tracker_.on_state(running(6, 2, "g.csv"));  // committed: index may erase it before anybody applies it
  auto elsewhere = running(7, 2, "h.csv");
  elsewhere.state.set_kb_incarnation("later");
  tracker_.on_state(elsewhere);
  part(5, 0, 51);
  part(5, 1, 52);
  (void)due();
  now_ += 1s;
  kefu::v1::KnowledgeBase record;
  record.set_name("shop");
  record.set_incarnation("kb");
  tracker_.on_knowledge_base(record);
  for (const StoredState& next : due()) EXPECT_EQ(next.state.state(), JobState::STATE_RUNNING);
  record.set_deleted(true);
  tracker_.on_knowledge_base(record);
  const auto states = due();
  ASSERT_THAT(states, SizeIs(2));
  EXPECT_EQ(states[0].state.state(), JobState::STATE_FAILED);
  EXPECT_EQ(states[0].state.error(), "the knowledge base \"shop\" was deleted after this upload");
  EXPECT_EQ(states[0].state.finished_unix_ms(), kUnixMs);
  EXPECT_FALSE(states[0].state.committed());
  EXPECT_EQ(states[1].state.job(), 6U);
  EXPECT_EQ(states[1].state.state(), JobState::STATE_DONE);
  tracker_.on_state({.state = states[0].state, .revision = ++revision_});
  tracker_.on_state({.state = states[1].state, .revision = ++revision_});
  EXPECT_EQ(tracker_.take_strays(), (std::vector<std::uint64_t>{51, 52}));
  EXPECT_EQ(tracker_.unfinished(), 1U);
}

TEST_F(JobTrackerTest, EndsJobsWhoseKnowledgeBaseWasCreatedAgainWhicheverOfTheTwoIsToldFirst) {
  kefu::v1::KnowledgeBase record;
  record.set_name("shop");
  record.set_incarnation("new");
  record.add_former_incarnations("older");
  record.add_former_incarnations("kb");
  tracker_.on_knowledge_base(record);
  auto left = running(5);
  left.state.set_committed(false);
  left.state.set_published(false);
  tracker_.on_state(left);
  auto fresh = running(6);
  fresh.state.set_kb_incarnation("newer");  // what the bucket says of it has yet to arrive
  tracker_.on_state(fresh);
  const auto states = due();
  ASSERT_THAT(states, SizeIs(1));
  EXPECT_EQ(states[0].state.job(), 5U);
  EXPECT_EQ(states[0].state.state(), JobState::STATE_FAILED);
}

TEST_F(JobTrackerTest, WritesProgressAtMostTwiceASecond) {
  tracker_.on_state(running(5));
  part(5, 0, 51);
  auto states = due();
  ASSERT_THAT(states, SizeIs(1));
  EXPECT_EQ(states[0].state.embedded().done(), 4U);
  EXPECT_EQ(states[0].state.indexed().done(), 0U);
  tracker_.on_state({.state = states[0].state, .revision = ++revision_});
  part(5, 1, 52);
  EXPECT_THAT(due(), IsEmpty());
  now_ += 500ms;
  EXPECT_THAT(due(), SizeIs(1));
}

TEST_F(JobTrackerTest, CountsAPartThatCameTwiceOnceWithWhatItCostFirst) {
  tracker_.on_state(running(5, 1));
  part(5, 0, 51, "10", "2");
  part(5, 0, 52, "0", "12");
  manifest(5, 53);
  lease("r1", 51);
  EXPECT_FALSE(done());
  lease("r1", 53);
  now_ += 1s;
  const auto states = due();
  ASSERT_THAT(states, SizeIs(1));
  EXPECT_EQ(states[0].state.embedded().done(), 4U);
  EXPECT_EQ(states[0].state.usage().embedding_tokens(), 10U);
  EXPECT_EQ(states[0].state.usage().saved_tokens(), 2U);
}

TEST_F(JobTrackerTest, ReadsTheLogFromTheLowestUnfinishedJobOn) {
  EXPECT_EQ(tracker_.log_begin(99), 99U);
  tracker_.on_state(running(6));
  tracker_.on_state(running(5));
  EXPECT_EQ(tracker_.log_begin(99), 50U);
  auto finished = running(5);
  finished.state.set_state(JobState::STATE_FAILED);
  finished.state.set_cleared(true);
  tracker_.on_state(finished);
  EXPECT_EQ(tracker_.log_begin(99), 60U);
  EXPECT_EQ(tracker_.unfinished(), 1U);
}

TEST_F(JobTrackerTest, PrefersTheNewestRevisionOfAState) {
  auto newest = running(5, 0);
  newest.revision = 9;
  tracker_.on_state(newest);
  auto stale = running(5, 0);
  stale.revision = 8;
  stale.state.set_published(false);
  tracker_.on_state(stale);
  manifest(5, 51);
  lease("r1", 60);
  const auto states = due();
  ASSERT_THAT(states, SizeIs(1));
  EXPECT_EQ(states[0].revision, 9U);
}

TEST_F(JobTrackerTest, ForgetsVersionsThatNobodyAskedFor) {
  tracker_.on_state(running(1, 1));
  part(1, 0, 1);
  manifest(1, 2);
  for (std::uint64_t id = 2; id < 5000; ++id) part(id, 0, id + 1);
  lease("r1", 10000);
  EXPECT_TRUE(done());
}

}  // namespace
}  // namespace kefu::ingest
