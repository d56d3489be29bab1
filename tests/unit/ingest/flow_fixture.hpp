#pragma once

#include "clearance.hpp"
#include "document_log.hpp"
#include "earlier_jobs.hpp"
#include "edit_planner.hpp"
#include "extraction/wire.hpp"
#include "fake_token_counter.hpp"
#include "ingest_flow.hpp"
#include "job_log.hpp"
#include "kefu/v1/knowledge_base.pb.h"
#include "tracker_loop.hpp"

#include <kefu/async/task_group.hpp>
#include <kefu/base/ids.hpp>
#include <kefu/bus/memory_bus.hpp>
#include <kefu/directory/knowledge_bases.hpp>
#include <kefu/proto/streams.hpp>
#include <kefu/testing/poll.hpp>
#include <kefu/testing/run_task.hpp>

#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace kefu::ingest {

/// What has been read already, in one piece.
class InlineStream final : public ExtractionStream {
 public:
  explicit InlineStream(ItemReader reader) : reader_(std::move(reader)) {}
  Task<Result<std::optional<Extraction>>> next() override {
    if (reader_.held_bytes() == 0) co_return std::nullopt;
    KEFU_CO_TRY(Extraction piece, reader_.take());
    co_return piece;
  }

 private:
  ItemReader reader_;
};

/// Extracts in this process: children have their own test.
class InlineExtractor final : public Extractor {
 public:
  Task<Result<std::unique_ptr<ExtractionStream>>> open(FileType type, std::string filename,
                                                       FileSource& source) override {
    if (failure) co_return fail(*failure);
    std::string bytes;
    while (true) {
      KEFU_CO_TRY(const std::string piece, co_await source.next());
      if (piece.empty()) break;
      bytes += piece;
    }
    ItemReader reader(std::move(filename));
    ItemWriter writer([&](std::string_view piece) { EXPECT_TRUE(reader.feed(piece)); });
    writer.finish(ingest::extract(type, bytes, writer));
    co_return std::make_unique<InlineStream>(std::move(reader));
  }
  std::optional<Error> failure;
};

/// The flow over a broker in memory, with the streams and buckets that it needs and the knowledge base
/// "shop".
class FlowFixture : public ::testing::Test {
 protected:
  FlowFixture() {
    run(proto::ensure_streams(*store_, {}, soon()));
    for (auto* bucket : {knowledge_base_bucket_.get(), states_bucket_.get(), leases_bucket_.get()}) {
      run(bucket->ensure(std::chrono::milliseconds(0), soon()));
    }
    put_knowledge_base("inc1");
  }

  static Deadline soon() { return Deadline::in(std::chrono::seconds(10)); }

  template <class T>
  T run(Task<Result<T>> task) {
    auto result = testing::run_task(io_, std::move(task));
    EXPECT_TRUE(result) << result.error().message;
    if constexpr (!std::is_void_v<T>) return std::move(*result);
  }

  void put_knowledge_base(const std::string& incarnation) {
    kefu::v1::KnowledgeBase record;
    record.set_name("shop");
    record.set_incarnation(incarnation);
    record.set_generation(1);
    run(knowledge_base_bucket_->put(subject_token("shop"), record.SerializeAsString(), std::nullopt, soon()));
  }

  /// Stores a file in parts of `part_bytes` and appends its job, as the gateway does.
  bus::StoredMessage upload(const std::string& filename, const std::string& bytes,
                            std::size_t part_bytes = 1024) {
    kefu::v1::Job job = job_for(filename);
    job.set_action(kefu::v1::Job::ACTION_UPSERT);
    job.set_content_type(filename.ends_with(".csv") ? "text/csv" : "");
    job.set_created_unix_ms(77);
    job.set_request_id("req");
    job.set_upload_id(random_id());
    job.set_file_bytes(bytes.size());
    job.set_file_sha256(sha256_hex(bytes));
    for (std::size_t at = 0; at < bytes.size(); at += part_bytes) {
      run(store_->append({.subject = proto::file_part_subject(job.upload_id(), job.file_parts()),
                          .payload = bytes.substr(at, part_bytes)},
                         soon()));
      job.set_file_parts(job.file_parts() + 1);
    }
    return append(job);
  }
  bus::StoredMessage deletion(const std::string& filename) {
    kefu::v1::Job job = job_for(filename);
    job.set_action(kefu::v1::Job::ACTION_DELETE);
    return append(job);
  }
  static kefu::v1::Job job_for(const std::string& filename) {
    kefu::v1::Job job;
    job.set_kb_name("shop");
    job.set_kb_incarnation("inc1");
    job.set_kb_generation(1);
    job.set_filename(filename);
    return job;
  }
  bus::StoredMessage append(const kefu::v1::Job& job) {
    bus::StoredMessage message{
        .subject = proto::job_subject("inc1"), .payload = job.SerializeAsString(), .headers = {}};
    message.sequence = run(store_->append({.subject = message.subject, .payload = message.payload}, soon()));
    return message;
  }

  bus::Disposition work(bus::StoredMessage message, unsigned deliveries = 1) {
    return testing::run_task(io_, flow_.work(std::move(message), deliveries)).disposition;
  }
  kefu::v1::JobState state(std::uint64_t job) {
    const auto stored = run(states_.load(job));
    return stored ? stored->state : kefu::v1::JobState();
  }
  std::uint64_t messages(std::string_view stream) {
    return run(store_->state(std::string(stream), soon())).messages;
  }

  proto::VersionKey version(const std::string& filename, std::uint64_t job) const {
    return {.kb_incarnation = "inc1", .generation = 1, .document = subject_token(filename), .version = job};
  }
  Task<bool> in_state(std::uint64_t job, kefu::v1::JobState::State wanted) {
    const auto stored = co_await states_.load(job);
    co_return stored && *stored && (*stored)->state.state() == wanted;
  }
  Task<bool> eventually_in_state(std::uint64_t job, kefu::v1::JobState::State wanted) {
    return testing::eventually_true([this, job, wanted] { return in_state(job, wanted); });
  }
  /// An index replica that has applied whatever will be there.
  void put_lease(std::uint64_t applied) {
    kefu::v1::IndexLease lease;
    lease.set_replica("r1");
    lease.set_applied_sequence(applied);
    lease.set_ready(true);
    lease.set_stream_incarnation(run(store_->state(std::string(proto::kVectorsStream), soon())).incarnation);
    run(leases_bucket_->put("r1", lease.SerializeAsString(), std::nullopt, soon()));
  }
  void stop_tracker() {
    loop_.stop();
    testing::run_task(io_, tasks_.join());
  }
  /// What is in a stream, in order.
  std::vector<bus::StoredMessage> contents(std::string_view stream) {
    std::vector<bus::StoredMessage> found;
    const auto state = run(store_->state(std::string(stream), soon()));
    auto replay = reader_->replay({.stream = std::string(stream)});
    while (found.size() < state.messages) found.push_back(run((*replay)->next(soon())));
    return found;
  }
  /// A vector of four bytes that tells texts apart.
  static std::string vector_of(const std::string& text) { return sha256_hex(text).substr(0, 4); }
  /// Embeds what waits in KEFU_PASSAGES; every part costs 4 tokens and saves 2.
  void embed() {
    for (const bus::StoredMessage& message : contents(proto::kPassagesStream)) {
      kefu::v1::VectorPart part;
      ASSERT_TRUE(part.mutable_passages()->ParseFromString(message.payload));
      part.set_format(kefu::v1::VECTOR_FORMAT_FLOAT16);
      part.set_dimensions(2);
      part.set_model_fingerprint("m");
      for (const auto& passage : part.passages().passages()) {
        *part.mutable_vectors() += vector_of(passage.text());
      }
      const auto key = proto::parse_passages_subject(message.subject);
      bus::Message vectors{.subject = proto::vectors_subject(key->version, key->part),
                           .payload = part.SerializeAsString()};
      vectors.headers = {{"Kefu-Passages", std::to_string(part.passages().passages_size())},
                         {"Kefu-Tokens", "4"},
                         {"Kefu-Saved-Tokens", "2"}};
      run(store_->append(vectors, soon()));
      run(store_->erase(std::string(proto::kPassagesStream), message.sequence, soon()));
    }
  }
  kefu::v1::PassagePart passage_part(const std::string& filename, std::uint64_t job, std::uint32_t part) {
    kefu::v1::PassagePart out;
    const auto stored = run(store_->last(std::string(proto::kPassagesStream),
                                         proto::passages_subject(version(filename, job), part), soon()));
    EXPECT_TRUE(out.ParseFromString(stored.payload));
    return out;
  }
  kefu::v1::Manifest manifest(const std::string& filename, std::uint64_t job) {
    kefu::v1::Manifest out;
    const auto stored = run(store_->last(std::string(proto::kVectorsStream),
                                         proto::manifest_subject(version(filename, job)), soon()));
    EXPECT_EQ(stored.headers.get(proto::kPassagesHeader), "0");
    EXPECT_TRUE(out.ParseFromString(stored.payload));
    return out;
  }

  asio::io_context io_;
  bus::MemoryBroker broker_{io_.get_executor()};
  std::unique_ptr<bus::StreamStore> store_ = broker_.stream_store();
  std::unique_ptr<bus::StreamReader> reader_ = broker_.stream_reader();
  std::unique_ptr<bus::KeyValueBucket> knowledge_base_bucket_ =
      broker_.bucket(std::string(proto::kKnowledgeBasesBucket));
  std::unique_ptr<bus::KeyValueBucket> states_bucket_ = broker_.bucket(std::string(proto::kJobStatesBucket));
  std::unique_ptr<bus::KeyValueBucket> leases_bucket_ = broker_.bucket(std::string(proto::kLeasesBucket));
  telemetry::Logger log_{"ingest", telemetry::Level::error, [](std::string_view) {}};
  telemetry::Metrics registry_;
  IngestMetrics metrics_{registry_};
  directory::KnowledgeBases knowledge_bases_{*knowledge_base_bucket_};
  JobStates states_{*states_bucket_};
  InlineExtractor extractor_;
  FakeTokenCounter counter_;
  Splitter splitter_{counter_, {}};
  JobLog job_log_{*store_, *reader_};
  DocumentLog documents_{*store_, *reader_};
  Clearance clearance_{*store_, states_};
  TaskGroup tasks_{io_.get_executor(), [](std::exception_ptr) { ADD_FAILURE(); }};
  TrackerLoop loop_{io_.get_executor(),
                    *store_,
                    *reader_,
                    *states_bucket_,
                    *leases_bucket_,
                    *knowledge_base_bucket_,
                    states_,
                    clearance_,
                    log_,
                    metrics_};
  EarlierJobs earlier_{job_log_, states_, loop_};
  EditPlanner planner_{documents_, earlier_, extractor_, splitter_};
  IngestFlow flow_{*store_,    knowledge_bases_, states_,    extractor_, splitter_,
                   documents_, planner_,         clearance_, log_,       metrics_};
};

}  // namespace kefu::ingest
