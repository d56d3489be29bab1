// What follows jobs beside the flow: the tracker's loop, dead letters, the sweeper and the token counter,
// over a broker in memory.
#include "dead_letters.hpp"
#include "flow_fixture.hpp"
#include "kefu/v1/embedding.pb.h"
#include "splitting/bus_token_counter.hpp"
#include "sweeper.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace kefu::ingest {
namespace {

using namespace std::chrono_literals;
using kefu::v1::JobState;
using ::testing::HasSubstr;

class JobWatchersTest : public FlowFixture {
 protected:
  void delete_knowledge_base() {
    kefu::v1::KnowledgeBase record;
    record.set_name("shop");
    record.set_incarnation("inc1");
    record.set_deleted(true);
    run(knowledge_base_bucket_->put(subject_token("shop"), record.SerializeAsString(), std::nullopt, soon()));
  }
  std::uint64_t append_vectors(const std::string& filename, std::uint64_t job, std::uint32_t part) {
    bus::Message message{.subject = proto::vectors_subject(version(filename, job), part),
                         .payload = "vectors"};
    message.headers = {{"Kefu-Passages", "1"}, {"Kefu-Tokens", "4"}, {"Kefu-Saved-Tokens", "2"}};
    return run(store_->append(message, soon()));
  }
};

TEST_F(JobWatchersTest, TheTrackerDeclaresAJobDoneThatItMeetsAtItsStartAndOneThatComesLater) {
  const auto early = upload("a.txt", "text");
  work(early);
  append_vectors("a.txt", early.sequence, 0);
  loop_.start(tasks_);
  put_lease(100);
  EXPECT_TRUE(testing::run_task(io_, eventually_in_state(early.sequence, JobState::STATE_DONE)));
  EXPECT_EQ(state(early.sequence).usage().embedding_tokens(), 4U);
  EXPECT_EQ(state(early.sequence).indexed().done(), 1U);

  const auto late = upload("b.txt", "text");
  work(late);
  append_vectors("b.txt", late.sequence, 0);
  EXPECT_TRUE(testing::run_task(io_, eventually_in_state(late.sequence, JobState::STATE_DONE)));
  loop_.stop();
  testing::run_task(io_, tasks_.join());
}

TEST_F(JobWatchersTest, TwoTrackersDeclareAJobDoneOnce) {
  TrackerLoop other(io_.get_executor(), *store_, *reader_, *states_bucket_, *leases_bucket_,
                    *knowledge_base_bucket_, states_, clearance_, log_, metrics_);
  loop_.start(tasks_);
  other.start(tasks_);
  put_lease(100);
  for (const std::string filename : {"a.txt", "b.txt", "c.txt"}) {
    const auto job = upload(filename, "text");
    work(job);
    append_vectors(filename, job.sequence, 0);
    EXPECT_TRUE(testing::run_task(io_, eventually_in_state(job.sequence, JobState::STATE_DONE)));
  }
  loop_.stop();
  other.stop();
  testing::run_task(io_, tasks_.join());
  EXPECT_THAT(registry_.expose(), HasSubstr("kefu_ingest_jobs_total{outcome=\"done\"} 3"));
}

TEST_F(JobWatchersTest, TheTrackerFailsAJobWhoseKnowledgeBaseIsDeletedAndClearsWhatItLeft) {
  const auto of_earlier_run = upload("a.txt", "text");
  work(of_earlier_run);
  append_vectors("a.txt", of_earlier_run.sequence, 1);  // the other part still waits to be embedded
  delete_knowledge_base();
  loop_.start(tasks_);
  put_lease(100);
  EXPECT_TRUE(testing::run_task(io_, eventually_in_state(of_earlier_run.sequence, JobState::STATE_FAILED)));
  EXPECT_EQ(state(of_earlier_run.sequence).error(),
            "the knowledge base \"shop\" was deleted after this upload");

  put_knowledge_base("inc1");  // as if it had lived on, so that the job begins
  const auto begun = upload("b.txt", "text");
  work(begun);
  EXPECT_TRUE(testing::run_task(io_, eventually_in_state(begun.sequence, JobState::STATE_FAILED)));
  EXPECT_TRUE(testing::eventually(io_, [&] {
    return messages(proto::kPassagesStream) == 0 && messages(proto::kVectorsStream) == 0 &&
           state(begun.sequence).cleared() && state(of_earlier_run.sequence).cleared();
  }));
  EXPECT_EQ(loop_.tracker().unfinished(), 0U);
  stop_tracker();
  EXPECT_THAT(registry_.expose(), HasSubstr("kefu_ingest_jobs_total{outcome=\"failed\"} 2"));
}

TEST_F(JobWatchersTest, ADeadLetterOfItsPassagesFailsAJob) {
  const auto job = upload("a.txt", "text");
  work(job);
  DeadLetters letters(*reader_, states_, log_, metrics_);
  tasks_.spawn(letters.run());
  bus::Message letter{.subject = "kefu.v1.dead.KEFU_PASSAGES", .payload = "\xff nobody can read it"};
  letter.headers.set(std::string(bus::header::kDeadSubject),
                     proto::passages_subject(version("a.txt", job.sequence), 0));
  letter.headers.set(std::string(bus::header::kDeadReason), "the model refused it");
  run(store_->append({.subject = "kefu.v1.dead.KEFU_PASSAGES", .payload = "\xff"}, soon()));
  run(store_->append(letter, soon()));
  EXPECT_TRUE(testing::run_task(io_, eventually_in_state(job.sequence, JobState::STATE_FAILED)));
  EXPECT_THAT(state(job.sequence).error(), HasSubstr("the model refused it"));
  letters.stop();
  testing::run_task(io_, tasks_.join());
}

TEST_F(JobWatchersTest, TheSweeperRemovesOldPartsThatNoUnfinishedJobNames) {
  const auto queued = upload("queued.txt", "text");
  const auto finished = upload("finished.txt", "text");
  run(states_.mark_failed_unless_published(queued_state(finished.sequence, job_for("x")),
                                           "failed, and died before it erased the file"));
  run(store_->append({.subject = proto::file_part_subject("abandoned", 0), .payload = "x"}, soon()));
  ASSERT_EQ(messages(proto::kFilesStream), 3U);

  Sweeper patient(io_.get_executor(), *store_, *reader_, states_, log_, 1h, 1h);
  EXPECT_EQ(run(patient.sweep()), 0U);
  Sweeper sweeper(io_.get_executor(), *store_, *reader_, states_, log_, 1h, 0h);
  EXPECT_EQ(run(sweeper.sweep()), 2U);
  EXPECT_EQ(work(queued), bus::Disposition::done);
  EXPECT_EQ(run(sweeper.sweep()), 0U);
}

class TokenCounterTest : public JobWatchersTest {
 protected:
  std::unique_ptr<bus::Subscription> serve(std::size_t failures) {
    auto handler = [this, failures](RequestContext, bus::Message message, bus::ReplySink&) {
      return answer(std::move(message), failures);
    };
    auto served =
        bus_->serve({.subject = std::string(proto::kCountTokens), .queue_group = "embedding"}, handler);
    EXPECT_TRUE(served);
    return std::move(*served);
  }
  Task<Result<std::string>> answer(bus::Message message, std::size_t failures) {
    kefu::v1::CountTokensRequest request;
    kefu::v1::CountTokensResponse response;
    EXPECT_TRUE(request.ParseFromString(message.payload));
    EXPECT_LE(request.texts_size(), 256);
    EXPECT_LE(message.payload.size(), 260U << 10);
    if (++requests_ <= failures) co_return fail(Errc::overloaded, "later");
    for (const std::string& text : request.texts())
      response.add_counts(static_cast<std::uint32_t>(text.size()));
    response.set_max_tokens(512);
    co_return response.SerializeAsString();
  }

  std::unique_ptr<bus::MessageBus> bus_ = broker_.connect();
  std::size_t requests_ = 0;
};

TEST_F(TokenCounterTest, AsksInBatchesAndKeepsTheOrder) {
  const auto served = serve(0);
  BusTokenCounter counter(io_.get_executor(), *bus_, 10s);
  std::vector<std::string> texts;
  for (std::size_t i = 0; i < 600; ++i) texts.emplace_back(i, 'x');
  for (int i = 0; i < 9; ++i) texts.emplace_back(60000, 'y');
  const auto counted = run(counter.count(texts));
  ASSERT_EQ(counted.counts.size(), texts.size());
  for (std::size_t i = 0; i < texts.size(); ++i) EXPECT_EQ(counted.counts[i], texts[i].size());
  EXPECT_EQ(counted.max_tokens, 512U);
  EXPECT_GE(requests_, 5U);
  testing::run_task(io_, served->drain());
}

TEST_F(TokenCounterTest, WaitsForEmbeddingAndGivesUpWhenItsPatienceEnds) {
  BusTokenCounter impatient(io_.get_executor(), *bus_, 1ms);
  const auto refused = testing::run_task(io_, impatient.count({"a"}));
  ASSERT_FALSE(refused);
  EXPECT_TRUE(traits(refused.error().code).retryable);
  const auto served = serve(2);
  BusTokenCounter counter(io_.get_executor(), *bus_, 10s);
  EXPECT_EQ(run(counter.count({"abc"})).counts[0], 3U);
  EXPECT_EQ(requests_, 3U);
  testing::run_task(io_, served->drain());
}

TEST_F(TokenCounterTest, EndsItsWaitWhenTheServiceStops) {
  BusTokenCounter counter(io_.get_executor(), *bus_, 1h);
  asio::post(io_, [&] { counter.stop(); });
  const auto stopped = testing::run_task(io_, counter.count({"a"}));
  ASSERT_FALSE(stopped);
  EXPECT_EQ(stopped.error().code, Errc::cancelled);
}

}  // namespace
}  // namespace kefu::ingest
