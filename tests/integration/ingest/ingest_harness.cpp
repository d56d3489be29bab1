#include "ingest_harness.hpp"

#include "kefu/v1/embedding.pb.h"
#include "kefu/v1/knowledge_base.pb.h"

#include <kefu/base/ids.hpp>
#include <kefu/proto/streams.hpp>
#include <kefu/testing/poll.hpp>

#include <csignal>
#include <utility>

namespace kefu::ingest {
namespace {

using namespace std::chrono_literals;
using kefu::v1::JobState;

constexpr std::size_t kPartBytes = 512 << 10;

kefu::v1::Job job_for(const std::string& filename, kefu::v1::Job::Action action) {
  kefu::v1::Job job;
  job.set_action(action);
  job.set_kb_name("shop");
  job.set_kb_incarnation("inc1");
  job.set_kb_generation(1);
  job.set_filename(filename);
  return job;
}

}  // namespace

IngestHarness::IngestHarness() {
  EXPECT_TRUE(bus_.start());
  run(bus_.wait_connected(soon()));
  run(proto::ensure_streams(store_, {}, soon()));
  run(knowledge_bases_.ensure(0ms, soon()));
  run(leases_.ensure(10s, soon()));
  kefu::v1::KnowledgeBase record;
  record.set_name("shop");
  record.set_incarnation("inc1");
  record.set_generation(1);
  run(knowledge_bases_.put(subject_token("shop"), record.SerializeAsString(), std::nullopt, soon()));
}

IngestHarness::~IngestHarness() {
  stopping_ = true;
  if (embedding_) testing::run_task(io_, embedding_->drain());
  if (counting_) testing::run_task(io_, counting_->drain());
  testing::run_task(io_, tasks_.join());
  testing::run_task(io_, bus_.drain(soon()));
}

void IngestHarness::start_ingest(std::vector<std::string> extra_arguments) {
  std::vector<std::string> command{KEFU_INGEST_PROGRAM, "--nats-url", nats_.url(), "--admin-port", "0"};
  command.insert(command.end(), extra_arguments.begin(), extra_arguments.end());
  ingest_.emplace(testing::Process::Options{.command = command, .output = folder_.path() / "ingest.log"});
}

std::optional<int> IngestHarness::terminate_ingest() {
  ingest_->signal(SIGTERM);
  return ingest_->wait(20s);
}

std::uint64_t IngestHarness::upload(const std::string& filename, const std::string& bytes) {
  kefu::v1::Job job = job_for(filename, kefu::v1::Job::ACTION_UPSERT);
  job.set_upload_id(random_id());
  job.set_file_bytes(bytes.size());
  job.set_file_sha256(sha256_hex(bytes));
  for (std::size_t at = 0; at < bytes.size(); at += kPartBytes) {
    run(store_.append({.subject = proto::file_part_subject(job.upload_id(), job.file_parts()),
                       .payload = bytes.substr(at, kPartBytes)},
                      soon()));
    job.set_file_parts(job.file_parts() + 1);
  }
  return append(std::move(job));
}

std::uint64_t IngestHarness::remove(const std::string& filename) {
  return append(job_for(filename, kefu::v1::Job::ACTION_DELETE));
}

std::uint64_t IngestHarness::edit(const std::string& filename, const kefu::v1::RowEdit& edit) {
  kefu::v1::Job job = job_for(filename, kefu::v1::Job::ACTION_EDIT);
  *job.mutable_edit() = edit;
  return append(std::move(job));
}

std::uint64_t IngestHarness::append(kefu::v1::Job job) {
  return run(
      store_.append({.subject = proto::job_subject("inc1"), .payload = job.SerializeAsString()}, soon()));
}

Result<std::string> IngestHarness::request(std::string_view subject, std::string payload) {
  const RequestContext context{.request_id = "test", .deadline = Deadline::in(10s)};
  KEFU_TRY(bus::Message reply,
           testing::run_task(
               io_, bus_.request(context, {.subject = std::string(subject), .payload = std::move(payload)})));
  return std::move(reply.payload);
}

Result<JobState> IngestHarness::job(std::uint64_t id) {
  kefu::v1::GetJobRequest asked;
  asked.set_job(id);
  KEFU_TRY(const std::string reply, request(proto::kGetJob, asked.SerializeAsString()));
  kefu::v1::GetJobResponse response;
  EXPECT_TRUE(response.ParseFromString(reply));
  return response.state();
}

Result<JobState> IngestHarness::cancel(std::uint64_t id) {
  kefu::v1::CancelJobRequest asked;
  asked.set_job(id);
  KEFU_TRY(const std::string reply, request(proto::kCancelJob, asked.SerializeAsString()));
  kefu::v1::CancelJobResponse response;
  EXPECT_TRUE(response.ParseFromString(reply));
  return response.state();
}

std::vector<JobState> IngestHarness::unfinished_jobs() {
  kefu::v1::ListJobsRequest asked;
  asked.set_kb_name("shop");
  const auto reply = request(proto::kListJobs, asked.SerializeAsString());
  kefu::v1::ListJobsResponse response;
  EXPECT_TRUE(reply && response.ParseFromString(*reply));
  return {response.states().begin(), response.states().end()};
}

void IngestHarness::wait_published(std::uint64_t id) {
  const auto published = [&] {
    const auto state = job(id);
    return state && state->published();
  };
  EXPECT_TRUE(testing::eventually(io_, published, 40s));
}

std::uint64_t IngestHarness::messages(std::string_view stream) {
  return run(store_.state(std::string(stream), soon())).messages;
}

bool IngestHarness::has_manifest(std::uint64_t id) {
  for (const std::string& subject : log_of(id)) {
    if (subject.ends_with(".m")) return true;
  }
  return false;
}

JobState IngestHarness::wait_for(std::uint64_t id, JobState::State wanted) {
  JobState last;
  const auto reached = [&] {
    if (auto state = job(id)) last = std::move(*state);
    return last.state() == wanted;
  };
  EXPECT_TRUE(testing::eventually(io_, reached, 40s)) << last.ShortDebugString();
  return last;
}

void IngestHarness::start_embedding() {
  auto counting = bus_.serve({.subject = std::string(proto::kCountTokens), .queue_group = "embedding"},
                             [this](RequestContext, bus::Message message, bus::ReplySink&) {
                               return count_tokens(std::move(message.payload));
                             });
  ASSERT_TRUE(counting);
  counting_ = std::move(*counting);
  auto embedding = testing::run_task(
      io_, reader_.work(
               {.stream = std::string(proto::kPassagesStream), .durable = "embedding", .slots = 4},
               [this](bus::StoredMessage message, unsigned) { return embed(std::move(message)); },
               [](bus::StoredMessage, std::string) -> Task<void> { co_return; }, soon()));
  ASSERT_TRUE(embedding);
  embedding_ = std::move(*embedding);
}

Task<Result<std::string>> IngestHarness::count_tokens(std::string request) {
  kefu::v1::CountTokensRequest asked;
  kefu::v1::CountTokensResponse response;
  EXPECT_TRUE(asked.ParseFromString(request));
  for (const std::string& text : asked.texts()) response.add_counts(static_cast<std::uint32_t>(text.size()));
  response.set_max_tokens(512);
  co_return response.SerializeAsString();
}

Task<bus::WorkOutcome> IngestHarness::embed(bus::StoredMessage message) {
  kefu::v1::VectorPart vectors;
  if (!vectors.mutable_passages()->ParseFromString(message.payload)) {
    co_return bus::WorkOutcome::give_up("not a part of a document");
  }
  const kefu::v1::PassagePart& part = vectors.passages();
  if (part.passages(0).text() == "poison") co_return bus::WorkOutcome::give_up("texts[0]: poison");
  const proto::VersionKey version{.kb_incarnation = part.kb_incarnation(),
                                  .generation = part.kb_generation(),
                                  .document = part.document(),
                                  .version = part.version()};
  bus::Message out{.subject = proto::vectors_subject(version, part.part()),
                   .payload = vectors.SerializeAsString()};
  out.headers = {{std::string(proto::kPassagesHeader), std::to_string(part.passages_size())},
                 {std::string(proto::kTokensHeader), "7"},
                 {std::string(proto::kSavedTokensHeader), "1"}};
  const auto stored = co_await store_.append(std::move(out), soon());
  co_return stored ? bus::WorkOutcome::done() : bus::WorkOutcome::retry(stored.error().message);
}

void IngestHarness::start_index() { tasks_.spawn(renew_lease()); }

Task<void> IngestHarness::renew_lease() {
  while (!stopping_) {
    const auto log = co_await store_.state(std::string(proto::kVectorsStream), Deadline::in(2s));
    kefu::v1::IndexLease lease;
    lease.set_replica("r1");
    lease.set_ready(true);
    if (log) {
      lease.set_applied_sequence(log->last_sequence);
      lease.set_stream_incarnation(log->incarnation);
      (void)co_await leases_.put("r1", lease.SerializeAsString(), std::nullopt, Deadline::in(2s));
    }
    co_await sleep_for(100ms);
  }
}

std::vector<std::string> IngestHarness::log_of(std::uint64_t job) {
  std::vector<std::string> subjects;
  const auto end = run(store_.state(std::string(proto::kVectorsStream), soon())).last_sequence;
  auto replay = reader_.replay({.stream = std::string(proto::kVectorsStream), .headers_only = true});
  EXPECT_TRUE(replay);
  for (std::uint64_t seen = 0; seen < end;) {
    // What is erased meanwhile may have been the last.
    const auto message = testing::run_task(io_, (*replay)->next(Deadline::in(1s)));
    if (!message) break;
    seen = message->sequence;
    const auto key = proto::parse_vectors_subject(message->subject);
    if (key && key->version.version == job) subjects.push_back(message->subject);
  }
  return subjects;
}

}  // namespace kefu::ingest
