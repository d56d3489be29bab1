#include "ingest_harness.hpp"

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

TEST_F(IngestProcess, FailsAJobWhosePassagesCannotBeEmbedded) {
  start_ingest();
  start_embedding();
  start_index();
  const auto id = upload("a.txt", "poison");
  EXPECT_THAT(wait_for(id, JobState::STATE_FAILED).error(),
              HasSubstr("could not be embedded: texts[0]: poison"));
}

TEST_F(IngestProcess, GoesOnAfterNatsWasKilledAndStartedAgain) {
  start_ingest();
  start_embedding();
  start_index();
  wait_for(upload("a.txt", "one"), JobState::STATE_DONE);
  nats_.kill();
  nats_.start();
  run(bus_.wait_connected(soon()));
  wait_for(upload("b.txt", "two"), JobState::STATE_DONE);
  EXPECT_EQ(terminate_ingest(), 0);
}

}  // namespace
}  // namespace kefu::ingest
