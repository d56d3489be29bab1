#include <kefu/proto/streams.hpp>
#include <kefu/proto/subjects.hpp>

#include <string>
#include <utility>

namespace kefu::proto {

std::vector<bus::StreamSpec> stream_specs(const StreamLimits& limits) {
  const auto named = [&](std::string_view name, std::string subjects, std::int64_t bytes) {
    bus::StreamSpec spec;
    spec.name = name;
    spec.subjects = {std::move(subjects)};
    spec.max_bytes = bytes;
    spec.replicas = limits.replicas;
    return spec;
  };
  auto files = named(kFilesStream, std::string(kFilesSubjects), limits.files_bytes);
  auto jobs = named(kJobsStream, std::string(kJobsSubjects), limits.jobs_bytes);
  auto passages = named(kPassagesStream, std::string(kPassagesSubjects), limits.passages_bytes);
  passages.retention = bus::Retention::work_queue;
  auto vectors = named(kVectorsStream, std::string(kVectorsSubjects), limits.vectors_bytes);
  // A redelivered part replaces its first copy: the same text and vectors under the same subject.
  vectors.max_messages_per_subject = 1;
  vectors.replace_oldest_of_subject = true;
  auto dead = named(bus::kDeadLetterStream, std::string(bus::kDeadLetterPrefix) + ">", 1LL << 30);
  auto audit = named(kAuditStream, std::string(kAuditSubject), limits.audit_bytes);
  return {files, jobs, passages, vectors, audit, dead};
}

Task<Result<>> ensure_streams(bus::StreamStore& store, StreamLimits limits, Deadline deadline) {
  for (bus::StreamSpec& spec : stream_specs(limits)) {
    KEFU_CO_CHECK(co_await store.ensure(std::move(spec), deadline));
  }
  co_return Result<>{};
}

}  // namespace kefu::proto
