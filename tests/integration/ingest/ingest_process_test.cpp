#include "ingest_harness.hpp"

#include <kefu/proto/streams.hpp>
#include <kefu/testing/poll.hpp>

#include <gmock/gmock.h>

namespace kefu::ingest {
namespace {

using kefu::v1::JobState;
using ::testing::HasSubstr;
using ::testing::SizeIs;

using IngestProcess = IngestHarness;

std::string faq_rows(int rows) {
  std::string csv = "问题,答案\n";
  for (int i = 0; i < rows; ++i) csv += "问题" + std::to_string(i) + ",答案" + std::to_string(i) + "\n";
  return csv;
}

TEST_F(IngestProcess, BringsUploadsAndDeletionsToTheirEnd) {
  start_ingest();
  start_embedding();
  start_index();
  const auto faq = upload("faq.csv", faq_rows(100) + ",没有问题\n");
  const auto handbook = upload("手册.md", "# 手册\n\n## 退货\n七天内可以退货。\n");
  const auto deletion = remove("old.md");
  const JobState done = wait_for(faq, JobState::STATE_DONE);
  EXPECT_EQ(done.extracted().done(), 100U);
  EXPECT_EQ(done.embedded().done(), 100U);
  EXPECT_EQ(done.indexed().done(), 100U);
  EXPECT_EQ(done.usage().embedding_tokens(), 4U * 7);
  EXPECT_EQ(done.rejected_total(), 1U);
  EXPECT_EQ(done.rejected(0).row(), 101U);
  EXPECT_THAT(log_of(faq), SizeIs(5));
  wait_for(handbook, JobState::STATE_DONE);
  wait_for(deletion, JobState::STATE_DONE);
  EXPECT_EQ(run(store_.state(std::string(proto::kFilesStream), soon())).messages, 0U);
  EXPECT_EQ(terminate_ingest(), 0);
}

TEST_F(IngestProcess, KnowsQueuedJobsAndThoseThatNeverWere) {
  start_ingest({"--slots", "1"});
  wait_for(upload("a.txt", "waits for embedding"), JobState::STATE_RUNNING);
  const auto behind = wait_for(upload("b.txt", "waits for a.txt"), JobState::STATE_QUEUED);
  EXPECT_EQ(behind.job(), 2U);
  for (const std::uint64_t never : {std::uint64_t{0}, std::uint64_t{1000}}) {
    const auto missing = job(never);
    ASSERT_FALSE(missing);
    EXPECT_EQ(missing.error().code, Errc::not_found);
    EXPECT_THAT(missing.error().message, HasSubstr(std::to_string(never)));
  }
}

TEST_F(IngestProcess, HoldsAJobWhileEmbeddingIsAwayAlsoAcrossARestart) {
  start_ingest();
  start_index();
  const auto id = upload("faq.csv", faq_rows(3));
  wait_for(id, JobState::STATE_RUNNING);
  EXPECT_EQ(terminate_ingest(), 0);
  start_ingest();
  wait_for(id, JobState::STATE_RUNNING);
  start_embedding();
  EXPECT_EQ(wait_for(id, JobState::STATE_DONE).indexed().done(), 3U);
  EXPECT_THAT(log_of(id), SizeIs(2));
}

TEST_F(IngestProcess, FindsJobsDoneThatWereEmbeddedWhileItWasDead) {
  start_ingest();
  start_embedding();
  const auto id = upload("faq.csv", faq_rows(3));
  while (!wait_for(id, JobState::STATE_RUNNING).published()) continue;
  ingest_->kill();
  start_index();
  start_ingest();
  EXPECT_EQ(wait_for(id, JobState::STATE_DONE).embedded().done(), 3U);
}

TEST_F(IngestProcess, FailsOnlyTheJobWhoseDocumentCrashesItsExtractor) {
  start_ingest({"--extractor-program", KEFU_BROKEN_EXTRACTOR});
  start_embedding();
  start_index();
  const auto crashing = upload("a.txt", "abort");
  const auto deletion = remove("b.txt");
  EXPECT_THAT(wait_for(crashing, JobState::STATE_FAILED).error(), HasSubstr("crashed its extractor"));
  wait_for(deletion, JobState::STATE_DONE);
  EXPECT_THAT(log_of(crashing), SizeIs(0));
  EXPECT_TRUE(ingest_->running());
}

kefu::v1::RowEdit removal(std::uint32_t row) {
  kefu::v1::RowEdit edit;
  edit.set_action(kefu::v1::RowEdit::ACTION_REMOVE);
  edit.set_row(row);
  return edit;
}

TEST_F(IngestProcess, CancelsAJobThatIsBeingEmbedded) {
  start_ingest();
  start_index();
  const auto id = upload("faq.csv", faq_rows(100));
  wait_published(id);
  EXPECT_EQ(messages(proto::kPassagesStream), 4U);
  ASSERT_THAT(unfinished_jobs(), SizeIs(1));
  const auto cancelled = cancel(id);
  ASSERT_TRUE(cancelled) << cancelled.error().message;
  EXPECT_TRUE(cancelled->cancelled());
  EXPECT_EQ(cancelled->error(), "the job was cancelled");
  EXPECT_EQ(messages(proto::kPassagesStream), 0U);
  EXPECT_THAT(unfinished_jobs(), SizeIs(0));
  start_embedding();
  const auto again = upload("faq.csv", faq_rows(3));
  wait_for(again, JobState::STATE_DONE);
  EXPECT_THAT(log_of(id), SizeIs(0));
  for (const std::uint64_t over : {id, again}) {
    const auto refused = cancel(over);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, Errc::conflict);
  }
}

TEST_F(IngestProcess, CancelsAJobThatNobodyHasBegun) {
  start_ingest({"--slots", "1"});
  start_index();
  wait_for(upload("a.txt", "holds the only slot while tokens cannot be counted"), JobState::STATE_RUNNING);
  const auto queued = upload("faq.csv", faq_rows(3));
  EXPECT_THAT(unfinished_jobs(), SizeIs(2));
  ASSERT_TRUE(cancel(queued));
  start_embedding();
  wait_for(upload("b.csv", faq_rows(3)), JobState::STATE_DONE);
  EXPECT_TRUE(job(queued)->cancelled());
  EXPECT_THAT(log_of(queued), SizeIs(0));
  EXPECT_EQ(messages(proto::kFilesStream), 0U);
}

TEST_F(IngestProcess, AManifestIsThereExactlyForJobsThatWereNotCancelledInTime) {
  start_ingest();
  start_embedding();
  start_index();
  int cancelled = 0;
  for (int round = 0; round < 12; ++round) {
    const auto id = upload("faq.csv", faq_rows(40));
    if (round % 2 == 1) wait_published(id);
    for (int turn = 0; turn < 5 * (round / 2); ++turn) (void)job(id);  // how far it gets differs
    const bool was_cancelled = cancel(id).has_value();
    cancelled += was_cancelled ? 1 : 0;
    wait_for(id, was_cancelled ? JobState::STATE_FAILED : JobState::STATE_DONE);
    EXPECT_EQ(has_manifest(id), !was_cancelled) << round;
  }
  const auto last = upload("faq.csv", faq_rows(40));
  wait_for(last, JobState::STATE_DONE);
  EXPECT_TRUE(has_manifest(last));
  EXPECT_GT(cancelled, 0);
}

TEST_F(IngestProcess, ADocumentDeletedWhileItIsEmbeddedStaysDeleted) {
  start_ingest();
  start_index();
  const auto id = upload("faq.csv", faq_rows(100));
  wait_published(id);
  const auto deletion = remove("faq.csv");
  wait_for(deletion, JobState::STATE_DONE);
  EXPECT_THAT(wait_for(id, JobState::STATE_FAILED).error(), HasSubstr("\"faq.csv\" was deleted by job 2"));
  start_embedding();
  wait_for(upload("other.csv", faq_rows(1)), JobState::STATE_DONE);
  EXPECT_EQ(messages(proto::kPassagesStream), 0U);
  EXPECT_FALSE(has_manifest(id));
  EXPECT_THAT(log_of(deletion), SizeIs(1));
}

TEST_F(IngestProcess, EditsOneRowBehindTheUploadThatItFollows) {
  start_ingest({"--slots", "1"});
  start_index();
  const auto id = upload("faq.csv", faq_rows(100));
  kefu::v1::RowEdit changed;
  changed.set_action(kefu::v1::RowEdit::ACTION_CHANGE);
  changed.set_row(50);
  changed.set_answer("neu");
  const auto edited = edit("faq.csv", changed);
  const auto other = upload("other.csv", faq_rows(1));
  wait_published(other);  // the edit waits, and holds nobody up
  EXPECT_EQ(job(edited)->published(), false);
  start_embedding();
  wait_for(id, JobState::STATE_DONE);
  const JobState done = wait_for(edited, JobState::STATE_DONE);
  EXPECT_EQ(done.embedded().done(), 100U);
  EXPECT_EQ(done.usage().embedding_tokens(), 7U);
  EXPECT_TRUE(has_manifest(edited));
  EXPECT_EQ(terminate_ingest(), 0);
}

TEST_F(IngestProcess, FinishesEditsThatWereKilledAtAnyStage) {
  start_ingest({"--slots", "3"});
  start_embedding();
  start_index();
  const std::vector<std::string> filenames{"a.csv", "b.csv", "c.csv", "d.csv", "e.csv", "f.csv"};
  for (const std::string& filename : filenames)
    wait_for(upload(filename, faq_rows(200)), JobState::STATE_DONE);
  std::vector<std::uint64_t> edits;
  for (const std::string& filename : filenames) edits.push_back(edit(filename, removal(100)));
  bool begun = false;
  for (const Deadline deadline = soon(); !begun && !deadline.passed();) {
    const auto state = job(edits[1]);
    begun = state && state->extracted().total() > 0;
  }
  ingest_->kill();
  start_ingest();
  for (const std::uint64_t id : edits) {
    const JobState done = wait_for(id, JobState::STATE_DONE);
    EXPECT_EQ(done.extracted().total(), 199U);
    EXPECT_EQ(done.embedded().done(), 199U);
    EXPECT_TRUE(has_manifest(id));
  }
}

TEST_F(IngestProcess, PublishesTheManifestOfAVersionWhoseCommitterDied) {
  start_ingest();
  const auto id = upload("faq.csv", faq_rows(3));
  wait_published(id);
  ingest_->kill();
  start_embedding();
  const auto entry = run(states_.get(std::to_string(id), soon()));
  JobState state;
  ASSERT_TRUE(state.ParseFromString(entry.value));
  state.set_committed(true);
  run(states_.put(entry.key, state.SerializeAsString(), entry.revision, soon()));
  start_index();
  start_ingest();
  wait_for(id, JobState::STATE_DONE);
  EXPECT_TRUE(has_manifest(id));
}

TEST_F(IngestProcess, FailsAJobWhosePassagesCannotBeEmbedded) {
  start_ingest();
  start_embedding();
  start_index();
  const auto id = upload("a.txt", "poison");
  EXPECT_THAT(wait_for(id, JobState::STATE_FAILED).error(),
              HasSubstr("could not be embedded: texts[0]: poison"));
}

TEST_F(IngestProcess, TrustsNoLeaseOfALogThatWasMadeAgain) {
  start_ingest();
  start_embedding();
  const auto log = [&] { return run(store_.state(std::string(proto::kVectorsStream), soon())); };
  const auto put_lease = [&](const std::string& incarnation, std::uint64_t applied) {
    kefu::v1::IndexLease lease;
    lease.set_ready(true);
    lease.set_applied_sequence(applied);
    lease.set_stream_incarnation(incarnation);
    run(leases_.put("r1", lease.SerializeAsString(), std::nullopt, soon()));
  };
  const std::string old = log().incarnation;
  put_lease(old, 1000);
  wait_for(upload("a.txt", "one"), JobState::STATE_DONE);
  run(bus_.request(
      {.request_id = "r", .deadline = soon()},
      {.subject = "$JS.API.STREAM.DELETE." + std::string(proto::kVectorsStream), .payload = {}}));
  run(proto::ensure_streams(store_, {}, soon()));
  const auto id = upload("b.txt", "two");
  EXPECT_TRUE(testing::eventually(io_, [&] {
    put_lease(old, 1000);
    return has_manifest(id) && job(id)->embedded().done() == 1;
  }));
  EXPECT_EQ(job(id)->state(), JobState::STATE_RUNNING);
  EXPECT_EQ(job(id)->indexed().done(), 0U);
  put_lease(log().incarnation, 1000);
  wait_for(id, JobState::STATE_DONE);
}

TEST_F(IngestProcess, GoesOnAfterNatsWasKilledAndStartedAgain) {
  start_ingest();
  start_embedding();
  start_index();
  const auto id = upload("a.txt", "one");
  wait_for(id, JobState::STATE_DONE);
  nats_.kill();
  nats_.start();
  // Nothing was read meanwhile: our own connection seems to be there until it is used.
  EXPECT_TRUE(testing::eventually(io_, [&] { return job(id).has_value(); }));
  wait_for(upload("b.txt", "two"), JobState::STATE_DONE);
  EXPECT_EQ(terminate_ingest(), 0);
}

}  // namespace
}  // namespace kefu::ingest
