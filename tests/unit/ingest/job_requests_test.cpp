// What others ask about jobs, and cancelling at every stage, over a broker in memory.
#include "job_requests.hpp"

#include "flow_fixture.hpp"

#include <kefu/testing/poll.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace kefu::ingest {
namespace {

using bus::Disposition;
using kefu::v1::JobState;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class JobRequestsTest : public FlowFixture {
 protected:
  ~JobRequestsTest() override { stop_tracker(); }

  Result<JobState> cancel(std::uint64_t job) {
    kefu::v1::CancelJobRequest request;
    request.set_job(job);
    auto reply = testing::run_task(io_, requests_.cancel(request.SerializeAsString()));
    if (!reply) return fail(reply.error());
    kefu::v1::CancelJobResponse response;
    EXPECT_TRUE(response.ParseFromString(*reply));
    return response.state();
  }
  Result<JobState> get(std::uint64_t job) {
    kefu::v1::GetJobRequest request;
    request.set_job(job);
    auto reply = testing::run_task(io_, requests_.get(request.SerializeAsString()));
    if (!reply) return fail(reply.error());
    kefu::v1::GetJobResponse response;
    EXPECT_TRUE(response.ParseFromString(*reply));
    return response.state();
  }
  std::vector<std::uint64_t> list(const std::string& kb = "", std::uint32_t limit = 0) {
    kefu::v1::ListJobsRequest request;
    request.set_kb_name(kb);
    request.set_limit(limit);
    kefu::v1::ListJobsResponse response;
    EXPECT_TRUE(response.ParseFromString(run(requests_.list(request.SerializeAsString(), soon()))));
    std::vector<std::uint64_t> jobs;
    for (const JobState& state : response.states()) jobs.push_back(state.job());
    return jobs;
  }
  void expect_cancelled(std::uint64_t job) {
    EXPECT_EQ(state(job).state(), JobState::STATE_FAILED);
    EXPECT_TRUE(state(job).cancelled());
    EXPECT_EQ(state(job).error(), "the job was cancelled");
    EXPECT_EQ(messages(proto::kPassagesStream), 0U);
    EXPECT_EQ(messages(proto::kVectorsStream), 0U);
    EXPECT_EQ(messages(proto::kFilesStream), 0U);
  }

  JobRequests requests_{job_log_, states_, loop_.tracker(), clearance_, Uploads(*store_), log_, metrics_};
};

/// Cannot erase a few times.
class FailingErasure final : public bus::StreamStore {
 public:
  FailingErasure(bus::StreamStore& store, int failures) : store_(store), failures_(failures) {}
  int failures() const { return failures_; }

  Task<Result<>> ensure(bus::StreamSpec spec, Deadline deadline) override {
    return store_.ensure(std::move(spec), deadline);
  }
  Task<Result<bus::StreamState>> state(std::string stream, Deadline deadline) override {
    return store_.state(std::move(stream), deadline);
  }
  Task<Result<std::uint64_t>> append(bus::Message message, Deadline deadline) override {
    return store_.append(std::move(message), deadline);
  }
  Task<Result<bus::StoredMessage>> last(std::string stream, std::string subject, Deadline deadline) override {
    return store_.last(std::move(stream), std::move(subject), deadline);
  }
  Task<Result<>> erase(std::string stream, std::uint64_t sequence, Deadline deadline) override {
    if (failures_-- > 0) co_return fail(Errc::unavailable, "not now");
    failures_ = 0;
    co_return co_await store_.erase(std::move(stream), sequence, deadline);
  }
  Task<Result<std::uint64_t>> purge(std::string stream, std::string subject, Deadline deadline) override {
    return store_.purge(std::move(stream), std::move(subject), deadline);
  }

 private:
  bus::StreamStore& store_;
  int failures_;
};

/// Lets a test in while a file is being read.
class InterruptedExtractor final : public Extractor {
 public:
  InterruptedExtractor(Extractor& extractor, JobRequests& requests, std::uint64_t job)
      : extractor_(extractor), requests_(requests), job_(job) {}
  Task<Result<std::unique_ptr<ExtractionStream>>> open(FileType type, std::string filename,
                                                       FileSource& source) override {
    auto opened = co_await extractor_.open(std::move(type), std::move(filename), source);
    kefu::v1::CancelJobRequest request;
    request.set_job(job_);
    EXPECT_TRUE(co_await requests_.cancel(request.SerializeAsString()));
    co_return opened;
  }

 private:
  Extractor& extractor_;
  JobRequests& requests_;
  std::uint64_t job_;
};

TEST_F(JobRequestsTest, TellsWhatIsKnownOfAJobThatNobodyHasBegun) {
  const auto job = upload("a.txt", "text");
  const auto queued = get(job.sequence);
  ASSERT_TRUE(queued);
  EXPECT_EQ(queued->state(), JobState::STATE_QUEUED);
  EXPECT_EQ(queued->kb_name(), "shop");
  EXPECT_EQ(queued->filename(), "a.txt");
  EXPECT_EQ(get(0).error().code, Errc::not_found);
  EXPECT_EQ(get(job.sequence + 1).error().code, Errc::not_found);
  EXPECT_EQ(testing::run_task(io_, requests_.get("\xff")).error().code, Errc::invalid_argument);
}

TEST_F(JobRequestsTest, ListsUnfinishedJobsNewestFirst) {
  EXPECT_THAT(list(), IsEmpty());
  const auto running = upload("a.txt", "text");
  const auto failed = upload("b.pdf", "text");
  const auto queued = upload("c.txt", "text");
  kefu::v1::Job elsewhere = job_for("d.txt");
  elsewhere.set_kb_name("other");
  const auto other = append(elsewhere);
  work(running);
  work(failed);
  EXPECT_THAT(list(), ElementsAre(other.sequence, queued.sequence, running.sequence));
  loop_.start(tasks_);
  EXPECT_THAT(list("shop"), ElementsAre(queued.sequence, running.sequence));
  EXPECT_THAT(list("shop", 1), ElementsAre(queued.sequence));
  EXPECT_THAT(list("none"), IsEmpty());
  const auto late = testing::run_task(io_, requests_.list("", Deadline::in(std::chrono::seconds(0))));
  EXPECT_EQ(late.error().code, Errc::deadline_exceeded);
}

TEST_F(JobRequestsTest, ListsJobsWithoutTheirRejections) {
  const auto job = upload("faq.csv", "question,answer\nQ1,\nQ2,A2\n");
  work(job);
  loop_.start(tasks_);
  EXPECT_EQ(state(job.sequence).rejected_size(), 1);
  kefu::v1::ListJobsResponse response;
  ASSERT_TRUE(response.ParseFromString(run(requests_.list("", soon()))));
  ASSERT_EQ(response.states_size(), 1);
  EXPECT_EQ(response.states(0).rejected_size(), 0);
  EXPECT_EQ(response.states(0).rejected_total(), 1U);
}

TEST_F(JobRequestsTest, CancelsAJobBeforeItsMessageIsWorkedOn) {
  const auto job = upload("a.txt", "text");
  const auto cancelled = cancel(job.sequence);
  ASSERT_TRUE(cancelled);
  EXPECT_EQ(cancelled->filename(), "a.txt");
  expect_cancelled(job.sequence);
  EXPECT_EQ(work(job), Disposition::done);
  expect_cancelled(job.sequence);
  EXPECT_THAT(registry_.expose(), HasSubstr("kefu_ingest_jobs_total{outcome=\"cancelled\"} 1"));
  EXPECT_THAT(registry_.expose(), HasSubstr("kefu_ingest_jobs_total{outcome=\"failed\"} 0"));
}

TEST_F(JobRequestsTest, CancelsAJobWhoseFileIsBeingRead) {
  const auto job = upload("a.txt", "text");
  InterruptedExtractor extractor(extractor_, requests_, job.sequence);
  IngestFlow flow(*store_, knowledge_bases_, states_, extractor, splitter_, documents_, planner_, clearance_,
                  log_, metrics_);
  EXPECT_EQ(testing::run_task(io_, flow.work(job, 1)).disposition, Disposition::done);
  expect_cancelled(job.sequence);
}

TEST_F(JobRequestsTest, CancelsAJobWhosePassagesAreBeingEmbedded) {
  const auto job = upload("a.txt", "text");
  EXPECT_EQ(work(job), Disposition::done);
  EXPECT_EQ(messages(proto::kPassagesStream), 1U);
  ASSERT_TRUE(cancel(job.sequence));
  expect_cancelled(job.sequence);
  EXPECT_TRUE(state(job.sequence).cleared());
  EXPECT_EQ(cancel(job.sequence).error().code, Errc::conflict);
}

TEST_F(JobRequestsTest, ErasesVectorsThatComeAfterTheCancellation) {
  loop_.start(tasks_);
  put_lease(1000);
  const auto job = upload("a.txt", "text");
  EXPECT_EQ(work(job), Disposition::done);
  ASSERT_TRUE(cancel(job.sequence));
  run(store_->append({.subject = proto::vectors_subject(version("a.txt", job.sequence), 0), .payload = "x"},
                     soon()));
  EXPECT_TRUE(testing::run_task(io_, testing::eventually([&] {
                                  return broker_.stream_store() != nullptr &&
                                         !loop_.tracker().is_unfinished(job.sequence);
                                })));
  EXPECT_TRUE(testing::eventually(io_, [&] { return messages(proto::kVectorsStream) == 0; }));
  expect_cancelled(job.sequence);
}

TEST_F(JobRequestsTest, ErasesThemAgainWhenTheyCouldNotBeErased) {
  FailingErasure store(*store_, 2);
  Clearance clearance(store, states_);
  TrackerLoop loop(io_.get_executor(), *store_, *reader_, *states_bucket_, *leases_bucket_,
                   *knowledge_base_bucket_, states_, clearance, log_, metrics_);
  loop.start(tasks_);
  const auto job = upload("a.txt", "text");
  EXPECT_EQ(work(job), Disposition::done);
  ASSERT_TRUE(cancel(job.sequence));
  for (const std::uint32_t part : {0U, 1U, 2U}) {
    run(store_->append(
        {.subject = proto::vectors_subject(version("a.txt", job.sequence), part), .payload = "x"}, soon()));
  }
  EXPECT_TRUE(testing::eventually(io_, [&] { return messages(proto::kVectorsStream) == 0; }));
  EXPECT_EQ(store.failures(), 0);
  loop.stop();
  testing::run_task(io_, tasks_.join());
}

TEST_F(JobRequestsTest, ACommitAndACancellationExcludeEachOther) {
  const auto job = upload("a.txt", "text");
  EXPECT_EQ(work(job), Disposition::done);
  // The tracker has seen all parts and is about to commit what it read before the cancellation.
  auto seen = run(states_.load(job.sequence));
  ASSERT_TRUE(cancel(job.sequence));
  seen->state.set_committed(true);
  EXPECT_EQ(testing::run_task(io_, states_.write(seen->state, seen->revision)).error().code, Errc::conflict);

  const auto other = upload("b.txt", "text");
  EXPECT_EQ(work(other), Disposition::done);
  seen = run(states_.load(other.sequence));
  seen->state.set_committed(true);
  run(states_.write(seen->state, seen->revision));
  const auto refused = cancel(other.sequence);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Errc::conflict);
  EXPECT_THAT(refused.error().message, HasSubstr("can no longer be cancelled"));
  EXPECT_FALSE(run(states_.mark_failed(other.sequence, "too late")));
  EXPECT_EQ(messages(proto::kPassagesStream), 1U);
}

TEST_F(JobRequestsTest, WhoeverWinsAManifestIsThereExactlyForWhatIsCommitted) {
  loop_.start(tasks_);
  put_lease(1'000'000);
  for (int round = 0; round < 30; ++round) {
    const std::string filename = std::to_string(round) + ".txt";
    const auto job = upload(filename, "text");
    EXPECT_EQ(work(job), Disposition::done);
    embed();
    // The tracker is on its way to commit meanwhile, and gets a step further each time.
    io_.restart();
    for (int step = 0; step < round; ++step) io_.run_one_for(std::chrono::milliseconds(2));
    const auto cancelled = cancel(job.sequence);
    if (!cancelled) EXPECT_EQ(cancelled.error().code, Errc::conflict);
    const auto wanted = cancelled ? JobState::STATE_FAILED : JobState::STATE_DONE;
    EXPECT_TRUE(testing::run_task(io_, eventually_in_state(job.sequence, wanted)));
    const auto published = testing::run_task(
        io_, store_->last(std::string(proto::kVectorsStream),
                          proto::manifest_subject(version(filename, job.sequence)), soon()));
    EXPECT_EQ(published.has_value(), !cancelled.has_value()) << round;
  }
}

TEST_F(JobRequestsTest, RefusesToCancelWhatNeverWasOrIsOver) {
  EXPECT_EQ(cancel(7).error().code, Errc::not_found);
  const auto deletion_job = deletion("a.txt");
  EXPECT_EQ(work(deletion_job), Disposition::done);
  const auto committed = cancel(deletion_job.sequence);
  ASSERT_FALSE(committed);
  EXPECT_EQ(committed.error().code, Errc::conflict);
  const auto failed = upload("b.pdf", "text");
  EXPECT_EQ(work(failed), Disposition::done);
  EXPECT_THAT(cancel(failed.sequence).error().message, HasSubstr("is finished already"));
}

TEST_F(JobRequestsTest, ADeletionWinsOverAnUploadThatIsStillBeingEmbedded) {
  loop_.start(tasks_);
  put_lease(1'000'000);
  const auto earlier = upload("a.txt", "text");
  EXPECT_EQ(work(earlier), Disposition::done);
  const auto later = deletion("a.txt");
  EXPECT_EQ(work(later), Disposition::done);
  EXPECT_TRUE(testing::run_task(io_, eventually_in_state(later.sequence, JobState::STATE_DONE)));
  EXPECT_TRUE(testing::run_task(io_, eventually_in_state(earlier.sequence, JobState::STATE_FAILED)));
  EXPECT_EQ(state(earlier.sequence).error(),
            "\"a.txt\" was deleted by job 2 before this job was done: nothing of it was taken in");
  EXPECT_FALSE(state(earlier.sequence).cancelled());
  EXPECT_TRUE(testing::eventually(io_, [&] { return messages(proto::kPassagesStream) == 0; }));
  EXPECT_THAT(registry_.expose(), HasSubstr("kefu_ingest_jobs_total{outcome=\"failed\"} 1"));
  EXPECT_EQ(manifest("a.txt", later.sequence).parts(), 0U);
  EXPECT_FALSE(testing::run_task(
      io_, store_->last(std::string(proto::kVectorsStream),
                        proto::manifest_subject(version("a.txt", earlier.sequence)), soon())));
}

}  // namespace
}  // namespace kefu::ingest
