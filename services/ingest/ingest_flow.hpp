#pragma once

#include "clearance.hpp"
#include "document_log.hpp"
#include "edit_planner.hpp"
#include "extraction/extractor.hpp"
#include "ingest_metrics.hpp"
#include "job_states.hpp"
#include "kefu/v1/log.pb.h"
#include "part_publisher.hpp"
#include "splitting/splitter.hpp"
#include "uploads.hpp"

#include <kefu/async/task.hpp>
#include <kefu/base/error.hpp>
#include <kefu/bus/stream_store.hpp>
#include <kefu/directory/knowledge_bases.hpp>
#include <kefu/telemetry/log.hpp>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace kefu::ingest {

/// What happens to a job, from its message to its published passages; a deletion is committed here, all else
/// by the tracker once the vectors are there. It may be killed at any line: the job is then delivered again
/// and everything is done again with the same result. A job that was cancelled meanwhile stops at its next
/// step.
class IngestFlow {
 public:
  /// Everything outlives this.
  IngestFlow(bus::StreamStore& store, const directory::KnowledgeBases& knowledge_bases, JobStates& states,
             Extractor& extractor, Splitter& splitter, DocumentLog& documents, EditPlanner& planner,
             Clearance& clearance, const telemetry::Logger& log, const IngestMetrics& metrics);

  /// One delivery of a message of KEFU_JOBS. Errors of the document end its job; with those of dependencies,
  /// and behind earlier jobs of a document that it edits, it waits for at most a day.
  Task<bus::WorkOutcome> work(bus::StoredMessage message, unsigned deliveries);
  /// No delivery could finish the job.
  Task<void> give_up(bus::StoredMessage message, std::string reason);

 private:
  Task<Result<>> ingest(std::uint64_t id, kefu::v1::Job job);
  Task<Result<>> go_on(kefu::v1::JobState state, kefu::v1::Job job);
  Task<Result<kefu::v1::JobState>> begin(std::uint64_t id, kefu::v1::Job job);
  Task<Result<>> require_knowledge_base(kefu::v1::Job job);
  Task<Result<kefu::v1::Manifest>> publish_passages(proto::VersionKey version, kefu::v1::Job job,
                                                    UploadedFile& file);
  Task<Result<kefu::v1::Manifest>> publish_edit(proto::VersionKey version, kefu::v1::Job job);
  Task<Result<std::unique_ptr<ExtractionStream>>> open(kefu::v1::Job job, UploadedFile& file);
  Task<Result<>> record_extraction(std::uint64_t id, std::uint32_t passages, const Rejections& rejections);
  Task<Result<>> record_publication(std::uint64_t id, kefu::v1::Manifest manifest);
  Task<Result<>> require_unfinished(std::uint64_t id);
  Task<Result<>> end_as_failed(std::uint64_t id, kefu::v1::Job job, std::string error);
  Task<Result<>> clear_if_failed(std::uint64_t id);

  bus::StreamStore& store_;
  const directory::KnowledgeBases& knowledge_bases_;
  JobStates& states_;
  Extractor& extractor_;
  Splitter& splitter_;
  DocumentLog& documents_;
  EditPlanner& planner_;
  Clearance& clearance_;
  const telemetry::Logger& log_;
  const IngestMetrics& metrics_;
  Uploads uploads_;
  PartPublisher publisher_;
};

}  // namespace kefu::ingest
