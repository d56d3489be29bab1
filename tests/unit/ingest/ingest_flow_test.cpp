#include "flow_fixture.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace kefu::ingest {
namespace {

using bus::Disposition;
using kefu::v1::JobState;
using ::testing::HasSubstr;

using IngestFlowTest = FlowFixture;

std::string faq_rows(int rows) {
  std::string csv = "question,answer\n";
  for (int i = 0; i < rows; ++i)
    csv += "question " + std::to_string(i) + ",answer " + std::to_string(i) + "\n";
  return csv;
}

TEST_F(IngestFlowTest, PublishesPassagesKeepsTheManifestForTheTrackerAndErasesTheFile) {
  const auto job = upload("faq.csv", faq_rows(40));
  EXPECT_EQ(work(job), Disposition::done);
  const auto part = passage_part("faq.csv", job.sequence, 1);
  EXPECT_EQ(part.passages_size(), 8);
  EXPECT_EQ(part.passages(0).ordinal(), 32U);
  EXPECT_EQ(part.version(), job.sequence);
  EXPECT_EQ(messages(proto::kVectorsStream), 0U);
  EXPECT_EQ(messages(proto::kFilesStream), 0U);
  const JobState done = state(job.sequence);
  EXPECT_EQ(done.state(), JobState::STATE_RUNNING);
  EXPECT_TRUE(done.published());
  EXPECT_EQ(done.parts(), 2U);
  EXPECT_EQ(done.extracted().done(), 40U);
  EXPECT_EQ(done.indexed().total(), 40U);
  EXPECT_EQ(done.watch_from_sequence(), 1U);
  EXPECT_FALSE(done.committed());
  EXPECT_EQ(done.manifest().parts(), 2U);
  EXPECT_EQ(done.manifest().passages(), 40U);
  EXPECT_EQ(done.manifest().rows(), 40U);
  EXPECT_EQ(done.manifest().filename(), "faq.csv");
  EXPECT_EQ(done.manifest().content_type(), "text/csv");
  EXPECT_EQ(done.manifest().file_bytes(), faq_rows(40).size());
  EXPECT_EQ(done.manifest().file_sha256(), sha256_hex(faq_rows(40)));
  EXPECT_EQ(done.manifest().created_unix_ms(), 77);
  EXPECT_EQ(done.request_id(), "req");
}

TEST_F(IngestFlowTest, CommitsADeletionAtOnceAsAManifestOfNoParts) {
  const auto job = deletion("faq.csv");
  EXPECT_EQ(work(job), Disposition::done);
  EXPECT_EQ(manifest("faq.csv", job.sequence).parts(), 0U);
  EXPECT_TRUE(state(job.sequence).published());
  EXPECT_TRUE(state(job.sequence).committed());
  // Delivered again after a crash between the commit and its manifest.
  const auto published = run(store_->state(std::string(proto::kVectorsStream), soon())).last_sequence;
  run(store_->erase(std::string(proto::kVectorsStream), published, soon()));
  EXPECT_EQ(work(job, 2), Disposition::done);
  EXPECT_EQ(manifest("faq.csv", job.sequence).filename(), "faq.csv");
}

TEST_F(IngestFlowTest, FailsAJobWhoseActionItDoesNotKnow) {
  const auto job = append(job_for("faq.csv"));
  EXPECT_EQ(work(job), Disposition::done);
  EXPECT_THAT(state(job.sequence).error(), HasSubstr("does not do"));
  EXPECT_EQ(messages(proto::kVectorsStream), 0U);
}

TEST_F(IngestFlowTest, GivesUpWaitingAfterADay) {
  extractor_.failure = Error{Errc::unavailable, "away"};
  auto job = upload("a.txt", "text");
  job.time = std::chrono::system_clock::now() - std::chrono::hours(23);
  EXPECT_EQ(work(job), Disposition::later);
  job.time -= std::chrono::hours(2);
  EXPECT_EQ(work(job), Disposition::done);
  EXPECT_THAT(state(job.sequence).error(), HasSubstr("could not go on for a day: away"));
}

TEST_F(IngestFlowTest, TellsWhoseJobItWasThatFailedBeforeItBegan) {
  const auto job = upload("a.txt", "text");
  testing::run_task(io_, flow_.give_up(job, "too many deliveries"));
  EXPECT_EQ(state(job.sequence).state(), JobState::STATE_FAILED);
  EXPECT_EQ(state(job.sequence).kb_name(), "shop");
  EXPECT_EQ(state(job.sequence).filename(), "a.txt");
  EXPECT_EQ(state(job.sequence).request_id(), "req");
}

TEST_F(IngestFlowTest, CountsNoRowsInAFileThatIsOneDocument) {
  const auto manual = upload("a.md", "# H\n\n" + std::string(300'000, 'x') + "\n");
  const auto documents = upload("b.jsonl", R"({"id":"1","text":"one"})"
                                           "\n"
                                           R"({"id":"2","text":"two"})"
                                           "\n");
  EXPECT_EQ(work(manual), Disposition::done);
  EXPECT_EQ(work(documents), Disposition::done);
  EXPECT_EQ(state(manual.sequence).manifest().rows(), 0U);
  EXPECT_EQ(state(documents.sequence).manifest().rows(), 2U);
}

TEST_F(IngestFlowTest, DoesNotFailAJobThatAnotherDeliveryHasPublished) {
  const auto job = upload("faq.csv", faq_rows(3));
  EXPECT_EQ(work(job), Disposition::done);
  // As a slower delivery does that finds the file erased.
  kefu::testing::run_task(io_, flow_.give_up(job, "the uploaded file is not there any more"));
  EXPECT_EQ(state(job.sequence).state(), JobState::STATE_RUNNING);
}

TEST_F(IngestFlowTest, GivesTheSameResultWhenItIsDeliveredAgainAfterACrash) {
  const auto job = upload("a.txt", "one\n\ntwo");
  // The first delivery died between its passages and its manifest.
  counter_.failure = Error{Errc::unavailable, "away"};
  EXPECT_EQ(work(job), Disposition::later);
  counter_.failure.reset();
  run(store_->append({.subject = proto::vectors_subject(version("a.txt", job.sequence), 0), .payload = "x"},
                     soon()));
  EXPECT_EQ(work(job, 2), Disposition::done);
  EXPECT_EQ(state(job.sequence).watch_from_sequence(), 1U);
  const std::string first = passage_part("a.txt", job.sequence, 0).SerializeAsString();
  // The second one died before it was acknowledged: the file is gone by now.
  EXPECT_EQ(work(job, 3), Disposition::done);
  EXPECT_EQ(passage_part("a.txt", job.sequence, 0).SerializeAsString(), first);
  EXPECT_EQ(state(job.sequence).state(), JobState::STATE_RUNNING);
}

TEST_F(IngestFlowTest, ReportsRejectedRowsAndTakesTheOthers) {
  const auto job = upload("faq.csv", "question,answer\nq1,\nq2,a2\n");
  EXPECT_EQ(work(job), Disposition::done);
  const JobState result = state(job.sequence);
  EXPECT_EQ(result.rejected_total(), 1U);
  ASSERT_EQ(result.rejected_size(), 1);
  EXPECT_EQ(result.rejected(0).file(), "faq.csv");
  EXPECT_EQ(result.rejected(0).row(), 1U);
  EXPECT_EQ(result.rejected(0).field(), "answer");
  EXPECT_EQ(result.extracted().total(), 1U);
}

/// One bad row among good ones: what is said about it, and that the others go in.
TEST_F(IngestFlowTest, NamesFileRowAndFieldOfEachBadRowAndTakesTheOthers) {
  struct Case {
    std::string filename, bytes, field, reason;
  };
  const std::vector<Case> cases{
      {"missing.csv", "question,answer\nq1,a1\nq2,\nq3,a3\n", "answer", "the answer is missing"},
      {"short.csv", "question,answer\nq1,a1\nq2\nq3,a3\n", "answer", "1 columns"},
      {"bytes.csv", "question,answer\nq1,a1\nq2,\xFF\nq3,a3\n", "answer",
       "the byte at offset 25 is not UTF-8"},
      {"twice.csv", "id,question,answer\n7,q1,a1\n7,q2,a2\n8,q3,a3\n", "id",
       "row 1 has the id \"7\" already"},
      {"twice.jsonl",
       R"({"id":"7","question":"q","answer":"a"})"
       "\n"
       R"({"id":"7","text":"t"})"
       "\n"
       R"({"id":"8","text":"t"})",
       "id", "row 1 has the id \"7\" already"},
      {"empty.jsonl",
       R"({"id":"1","text":"t"})"
       "\n"
       R"({"id":"2","text":" "})"
       "\n"
       R"({"id":"3","text":"t"})",
       "text", "the text is empty"},
      {"broken.jsonl",
       R"({"id":"1","text":"t"})"
       "\n"
       "{"
       "\n"
       R"({"id":"3","text":"t"})",
       "", "malformed JSON at byte"}};
  for (const Case& bad : cases) {
    const auto job = upload(bad.filename, bad.bytes);
    EXPECT_EQ(work(job), Disposition::done);
    const JobState result = state(job.sequence);
    EXPECT_EQ(result.extracted().total(), 2U) << bad.filename;
    EXPECT_EQ(result.manifest().rows(), 2U) << bad.filename;
    ASSERT_EQ(result.rejected_size(), 1) << bad.filename;
    EXPECT_EQ(result.rejected(0).file(), bad.filename);
    EXPECT_EQ(result.rejected(0).row(), 2U) << bad.filename;
    EXPECT_EQ(result.rejected(0).field(), bad.field) << bad.filename;
    EXPECT_THAT(result.rejected(0).reason(), HasSubstr(bad.reason));
  }
}

TEST_F(IngestFlowTest, FailsAJobOfWhoseFileNothingCanBeTakenIn) {
  const std::vector<std::pair<std::string, std::string>> files{{"faq.csv", "question,answer\nq1,\n"},
                                                               {"a.md", "# only a heading"},
                                                               {"b.pdf", "text"},
                                                               {"c.txt", " \n"},
                                                               {"d.md", ""},
                                                               {"e.csv", std::string("question\0answer", 15)},
                                                               {"f.txt", "%PDF-1.7 text"},
                                                               {"g.md", "one\ntwo \xFF\n"}};
  const std::vector<std::string> reasons{"row 1: the answer is missing",
                                         "no text",
                                         "neither a content type",
                                         "empty but for white space",
                                         "the file is empty",
                                         "a NUL byte at offset 8: it is a binary file",
                                         "this is a PDF file, not text",
                                         "line 2: the byte at offset 8 is not UTF-8"};
  for (std::size_t i = 0; i < files.size(); ++i) {
    const auto job = upload(files[i].first, files[i].second);
    EXPECT_EQ(work(job), Disposition::done);
    EXPECT_EQ(state(job.sequence).state(), JobState::STATE_FAILED);
    EXPECT_THAT(state(job.sequence).error(), HasSubstr(reasons[i]));
    EXPECT_EQ(state(job.sequence).filename(), files[i].first);
    EXPECT_GT(state(job.sequence).finished_unix_ms(), 0);
  }
  EXPECT_EQ(messages(proto::kVectorsStream), 0U);
  EXPECT_EQ(messages(proto::kPassagesStream), 0U);
  EXPECT_EQ(messages(proto::kFilesStream), 0U);
}

TEST_F(IngestFlowTest, FailsAJobWhoseDocumentCrashesItsExtractorWithoutTryingAgain) {
  extractor_.failure = Error{Errc::data_corrupt, "the document crashed its extractor"};
  const auto job = upload("a.txt", "text");
  EXPECT_EQ(work(job), Disposition::done);
  EXPECT_THAT(state(job.sequence).error(), HasSubstr("crashed"));
  EXPECT_EQ(messages(proto::kVectorsStream), 0U);
}

TEST_F(IngestFlowTest, PutsAJobBackWhileADependencyIsAway) {
  for (const Errc code :
       {Errc::unavailable, Errc::deadline_exceeded, Errc::insufficient_storage, Errc::cancelled}) {
    extractor_.failure = Error{code, "not now"};
    const auto job = upload("a.txt", "text");
    EXPECT_EQ(work(job), Disposition::later);
    EXPECT_EQ(state(job.sequence).state(), JobState::STATE_RUNNING);
  }
  broker_.set_connected(false);
  EXPECT_EQ(
      work({.subject = "s", .payload = job_for("b.txt").SerializeAsString(), .headers = {}, .sequence = 99}),
      Disposition::later);
}

TEST_F(IngestFlowTest, FailsAJobWhoseKnowledgeBaseIsGoneOrAnotherOneOfItsName) {
  const auto job = upload("a.txt", "text");
  put_knowledge_base("inc2");
  EXPECT_EQ(work(job), Disposition::done);
  EXPECT_THAT(state(job.sequence).error(), HasSubstr("was deleted after this upload"));
  run(knowledge_base_bucket_->erase(subject_token("shop"), soon()));
  const auto other = upload("b.txt", "text");
  EXPECT_EQ(work(other), Disposition::done);
  EXPECT_THAT(state(other.sequence).error(),
              HasSubstr("the knowledge base \"shop\" was deleted after this upload"));
}

TEST_F(IngestFlowTest, FailsAJobWhoseFileIsGoneOrDamaged) {
  const auto gone = upload("a.txt", "text");
  const auto part = run(store_->last(std::string(proto::kFilesStream), "kefu.v1.files.>", soon()));
  run(store_->erase(std::string(proto::kFilesStream), part.sequence, soon()));
  EXPECT_EQ(work(gone), Disposition::done);
  EXPECT_THAT(state(gone.sequence).error(), HasSubstr("not there any more"));

  auto job = job_for("b.txt");
  job.set_action(kefu::v1::Job::ACTION_UPSERT);
  job.set_upload_id("u");
  job.set_file_parts(1);
  job.set_file_bytes(4);
  job.set_file_sha256(sha256_hex("text"));
  run(store_->append({.subject = proto::file_part_subject("u", 0), .payload = "texT"}, soon()));
  const auto damaged = append(job);
  EXPECT_EQ(work(damaged), Disposition::done);
  EXPECT_THAT(state(damaged.sequence).error(), HasSubstr("not the one that was uploaded"));
}

TEST_F(IngestFlowTest, MarksAJobFailedThatIsGivenUp) {
  const auto job = upload("a.txt", "text");
  extractor_.failure = Error{Errc::unavailable, "away"};
  EXPECT_EQ(work(job, 5), Disposition::later);
  testing::run_task(io_, flow_.give_up(job, "5 deliveries"));
  EXPECT_EQ(state(job.sequence).state(), JobState::STATE_FAILED);
  EXPECT_THAT(state(job.sequence).error(), HasSubstr("5 deliveries"));
  EXPECT_EQ(messages(proto::kFilesStream), 0U);
}

TEST_F(IngestFlowTest, GivesUpAJobThatCannotBeRead) {
  const bus::StoredMessage message{
      .subject = "kefu.v1.jobs.x", .payload = "\xff", .headers = {}, .sequence = 7};
  EXPECT_EQ(work(message), Disposition::give_up);
  testing::run_task(io_, flow_.give_up(message, "given up by its worker"));
  EXPECT_EQ(state(7).state(), JobState::STATE_FAILED);
}

TEST_F(IngestFlowTest, KeepsPartsBelowTheLimitsOfAMessage) {
  std::string csv = "question,answer\n";
  for (int i = 0; i < 20; ++i) csv += "question " + std::to_string(i) + "," + std::string(60000, 'x') + "\n";
  const auto job = upload("faq.csv", csv, 512 << 10);
  EXPECT_EQ(work(job), Disposition::done);
  const auto parts = state(job.sequence).manifest().parts();
  EXPECT_EQ(parts, 7U);
  for (std::uint32_t i = 0; i < parts; ++i) {
    EXPECT_LT(passage_part("faq.csv", job.sequence, i).ByteSizeLong(), 200U << 10);
  }
}

}  // namespace
}  // namespace kefu::ingest
