#include "ingest_flow.hpp"

#include "edit_publication.hpp"

#include <kefu/proto/subjects.hpp>

#include <algorithm>
#include <chrono>
#include <utility>

namespace kefu::ingest {
namespace {

using namespace std::chrono_literals;
using bus::WorkOutcome;
using Clock = std::chrono::steady_clock;
using kefu::v1::Job;
using kefu::v1::JobState;

constexpr auto kCallTime = 5s;
// How soon a job is looked at again that waits for an earlier one, or for a dependency that is away.
constexpr auto kTurnPause = 500ms;
constexpr auto kOutagePause = 5s;
constexpr auto kJobPatience = 24h;

/// Also true for a job that was cancelled, or replaced, while it was worked on.
std::unexpected<Error> has_ended() { return fail(Errc::conflict, "the job has ended already"); }

bool is_too_old(const bus::StoredMessage& message) {
  return message.time != std::chrono::system_clock::time_point{} &&
         std::chrono::system_clock::now() - message.time > kJobPatience;
}

usage::Payer payer_of(const Job& job) { return {job.kb_name(), job.key_id()}; }

/// What the job itself says of its version.
void describe(const Job& job, kefu::v1::Manifest& manifest) {
  manifest.set_filename(job.filename());
  manifest.set_created_unix_ms(job.created_unix_ms());
  if (job.action() != Job::ACTION_UPSERT) return;
  manifest.set_content_type(job.content_type());
  manifest.set_file_bytes(job.file_bytes());
  manifest.set_file_sha256(job.file_sha256());
}

/// Why a file gave nothing: the first rejection stands for the others.
std::string nothing_taken_in(const Rejections& rejections) {
  if (rejections.kept().empty()) return "the document holds no text";
  const kefu::v1::Rejection& first = rejections.kept().front();
  return "none of the file's rows could be taken in; the first complaint is about row " +
         std::to_string(first.row()) + ": " + first.reason();
}

/// A long row comes in several entries; a file that is one document has none.
std::uint32_t rows_in(const std::vector<Extraction::Entry>& entries) {
  const auto begins_row = [](const Extraction::Entry& entry) {
    const auto* document = std::get_if<extraction::Document>(&entry);
    return document == nullptr || (document->row() != 0 && !document->continued());
  };
  return static_cast<std::uint32_t>(std::ranges::count_if(entries, begins_row));
}

}  // namespace

IngestFlow::IngestFlow(bus::StreamStore& store, const directory::KnowledgeBases& knowledge_bases,
                       JobStates& states, Extractor& extractor, Splitter& splitter, DocumentLog& documents,
                       EditPlanner& planner, Clearance& clearance, const telemetry::Logger& log,
                       const IngestMetrics& metrics)
    : store_(store),
      knowledge_bases_(knowledge_bases),
      states_(states),
      extractor_(extractor),
      splitter_(splitter),
      documents_(documents),
      planner_(planner),
      clearance_(clearance),
      log_(log),
      metrics_(metrics),
      uploads_(store),
      publisher_(store) {}

Task<WorkOutcome> IngestFlow::work(bus::StoredMessage message, unsigned deliveries) {
  Job job;
  if (!job.ParseFromString(message.payload)) co_return WorkOutcome::give_up("the job cannot be read");
  const std::uint64_t id = message.sequence;
  if (deliveries > 1) metrics_.redeliveries.add();
  auto outcome = co_await ingest(id, job);
  if (outcome) co_return WorkOutcome::done();
  Error error = std::move(outcome).error();
  if (traits(error.code).retryable && is_too_old(message)) {
    error = {.code = Errc::internal, .message = "the job could not go on for a day: " + error.message};
  }
  if (!traits(error.code).retryable) {
    outcome = co_await end_as_failed(id, job, error.message);
    if (outcome) co_return WorkOutcome::done();
  }
  if (error.code == Errc::not_ready) co_return WorkOutcome::later(std::move(error.message), kTurnPause);
  metrics_.jobs_retried.add();
  log_.warning("A job is put back", {{"job", static_cast<std::int64_t>(id)},
                                     {"delivery", static_cast<std::int64_t>(deliveries)},
                                     {"request_id", job.request_id()},
                                     {"reason", error.message},
                                     {"detail", error.detail}});
  co_return WorkOutcome::later(std::move(error.message), kOutagePause);
}

Task<void> IngestFlow::give_up(bus::StoredMessage message, std::string reason) {
  Job job;
  (void)job.ParseFromString(message.payload);  // of one that cannot be read at least the number is known
  const auto marked = co_await end_as_failed(message.sequence, job, "the job was given up: " + reason);
  if (!marked) {
    log_.error("A job that is given up could not be marked failed",
               {{"job", static_cast<std::int64_t>(message.sequence)}, {"reason", marked.error().message}});
  }
}

/// The way of a document, as far as ingest takes it.
Task<Result<>> IngestFlow::ingest(std::uint64_t id, Job job) {
  KEFU_CO_TRY(const JobState state, co_await begin(id, job));
  if (state.published() || is_finished(state)) co_return co_await go_on(state, job);
  KEFU_CO_CHECK(co_await require_knowledge_base(job));
  const proto::VersionKey version = version_of(id, job);
  kefu::v1::Manifest manifest;  // of no parts: a deletion
  UploadedFile file = uploads_.open(job);
  switch (job.action()) {
    case Job::ACTION_UPSERT: {
      KEFU_CO_TRY(manifest, co_await publish_passages(version, job, file));
      break;
    }
    case Job::ACTION_EDIT: {
      KEFU_CO_TRY(manifest, co_await publish_edit(version, job));
      break;
    }
    case Job::ACTION_DELETE:
      break;
    default:
      co_return fail(Errc::invalid_argument,
                     "the job asks for something that this version of Kefu does not do");
  }
  describe(job, manifest);
  KEFU_CO_CHECK(co_await record_publication(id, manifest));
  // A deletion waits for no vectors, so it is committed by now.
  if (manifest.parts() == 0) KEFU_CO_CHECK(co_await publisher_.publish_manifest(version, manifest));
  // Everything is in the streams behind us now: nobody reads the file again.
  co_await uploads_.erase(file.sequences());
  co_return Result<>{};
}

/// What is left to do where an earlier delivery came this far, or the job has ended otherwise.
Task<Result<>> IngestFlow::go_on(JobState state, Job job) {
  if (state.committed() && !is_finished(state)) {
    KEFU_CO_CHECK(co_await publisher_.publish_manifest(version_of(state), state.manifest()));
  }
  if (is_finished(state)) KEFU_CO_CHECK(co_await clear_if_failed(state.job()));
  co_await uploads_.erase_all_parts(job);
  co_return Result<>{};
}

/// Sets the job running. Messages of this version in KEFU_VECTORS come after what is there now; an earlier
/// delivery may have published some already, so its number is kept.
Task<Result<JobState>> IngestFlow::begin(std::uint64_t id, Job job) {
  KEFU_CO_TRY(const bus::StreamState vectors,
              co_await store_.state(std::string(proto::kVectorsStream), Deadline::in(kCallTime)));
  co_return co_await states_.change(id, [id, job, next = vectors.last_sequence + 1](JobState& state) {
    if (state.state() == JobState::STATE_RUNNING || is_finished(state)) return false;
    state = queued_state(id, job);
    state.set_state(JobState::STATE_RUNNING);
    state.set_watch_from_sequence(next);
    return true;
  });
}

Task<Result<>> IngestFlow::require_knowledge_base(Job job) {
  const auto known = co_await knowledge_bases_.find(job.kb_name(), Deadline::in(kCallTime));
  if (!known && known.error().code != Errc::not_found) co_return fail(known.error());
  if (known && known->incarnation() == job.kb_incarnation()) co_return Result<>{};
  co_return fail(Errc::not_found, knowledge_base_was_deleted(job.kb_name()));
}

/// Piece by piece, so that a file of any size takes little memory here: parts are published while the rest is
/// still being read, and become visible with the manifest only.
Task<Result<kefu::v1::Manifest>> IngestFlow::publish_passages(proto::VersionKey version, Job job,
                                                              UploadedFile& file) {
  const auto begin = Clock::now();
  KEFU_CO_TRY(const auto extraction, co_await open(job, file));
  auto reading = Clock::now() - begin;  // what the splitter and the streams take is not the extractor's
  PartBuilder parts(version, job.filename(), payer_of(job));
  Rejections rejections;
  std::uint32_t rows = 0;
  while (true) {
    const auto asked = Clock::now();
    KEFU_CO_TRY(auto piece, co_await extraction->next());
    reading += Clock::now() - asked;
    if (!piece) break;
    rejections.add(std::move(piece->rejections));
    rows += rows_in(piece->entries);
    KEFU_CO_TRY(auto passages, co_await splitter_.split(std::move(piece->entries), job.filename()));
    KEFU_CO_CHECK(co_await require_unfinished(version.version));
    KEFU_CO_CHECK(co_await publisher_.publish(version, parts.add(std::move(passages))));
  }
  metrics_.extraction.observe(reading);
  KEFU_CO_CHECK(co_await record_extraction(version.version, parts.passages(), rejections));
  metrics_.rejections.add(rejections.total());
  if (parts.passages() == 0) co_return fail(Errc::invalid_argument, nothing_taken_in(rejections));
  KEFU_CO_CHECK(co_await publisher_.publish(version, parts.finish()));
  metrics_.passages.add(parts.passages());
  kefu::v1::Manifest manifest;
  manifest.set_parts(parts.parts());
  manifest.set_passages(parts.passages());
  manifest.set_rows(rows);
  co_return manifest;
}

Task<Result<kefu::v1::Manifest>> IngestFlow::publish_edit(proto::VersionKey version, Job job) {
  KEFU_CO_TRY(EditPlan plan, co_await planner_.plan(version.version, job));
  KEFU_CO_CHECK(co_await record_extraction(version.version, plan.passages, {}));
  metrics_.passages.add(static_cast<double>(plan.replacement.size()));
  EditPublication publication(store_, documents_, version, std::move(plan), payer_of(job));
  for (bool more = true; more;) {
    KEFU_CO_CHECK(co_await require_unfinished(version.version));
    KEFU_CO_TRY(more, co_await publication.next());
  }
  metrics_.edits.add();
  co_return publication.manifest();
}

Task<Result<std::unique_ptr<ExtractionStream>>> IngestFlow::open(Job job, UploadedFile& file) {
  KEFU_CO_TRY(const FileType type, detect_file_type(job.content_type(), job.filename()));
  co_return co_await extractor_.open(type, job.filename(), file);
}

Task<Result<>> IngestFlow::record_extraction(std::uint64_t id, std::uint32_t passages,
                                             const Rejections& rejections) {
  KEFU_CO_TRY(const JobState now, co_await states_.change(id, [passages, rejections](JobState& state) {
    if (is_finished(state)) return false;
    for (JobState::Stage* stage :
         {state.mutable_extracted(), state.mutable_embedded(), state.mutable_indexed()}) {
      stage->set_total(passages);
    }
    state.mutable_extracted()->set_done(passages);
    state.mutable_rejected()->Assign(rejections.kept().begin(), rejections.kept().end());
    state.set_rejected_total(rejections.total());
    return true;
  }));
  if (is_finished(now)) co_return has_ended();
  co_return Result<>{};
}

Task<Result<>> IngestFlow::record_publication(std::uint64_t id, kefu::v1::Manifest manifest) {
  KEFU_CO_TRY(const JobState now, co_await states_.change(id, [manifest](JobState& state) {
    if (is_finished(state)) return false;
    state.set_parts(manifest.parts());
    *state.mutable_manifest() = manifest;
    state.set_published(true);
    if (manifest.parts() == 0) state.set_committed(true);
    return true;
  }));
  if (is_finished(now)) co_return has_ended();
  co_return Result<>{};
}

Task<Result<>> IngestFlow::require_unfinished(std::uint64_t id) {
  KEFU_CO_TRY(const auto stored, co_await states_.load(id));
  if (!stored || is_finished(stored->state)) co_return has_ended();
  co_return Result<>{};
}

Task<Result<>> IngestFlow::end_as_failed(std::uint64_t id, Job job, std::string error) {
  KEFU_CO_TRY(const bool failed_now,
              co_await states_.mark_failed_unless_published(queued_state(id, job), error));
  if (failed_now) {
    metrics_.jobs_failed.add();
    log_.warning(
        "A job failed",
        {{"job", static_cast<std::int64_t>(id)}, {"request_id", job.request_id()}, {"reason", error}});
  }
  co_await uploads_.erase_all_parts(job);
  co_return co_await clear_if_failed(id);
}

/// Also after others have cleared: this delivery may have published more since.
Task<Result<>> IngestFlow::clear_if_failed(std::uint64_t id) {
  KEFU_CO_TRY(const auto stored, co_await states_.load(id));
  const bool began = stored && stored->state.watch_from_sequence() != 0;
  if (!began || stored->state.state() != JobState::STATE_FAILED) co_return Result<>{};
  co_return co_await clearance_.clear(stored->state);
}

}  // namespace kefu::ingest
