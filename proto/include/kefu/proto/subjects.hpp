#pragma once

#include <kefu/base/error.hpp>

#include <cstdint>
#include <string>
#include <string_view>

/// The table of subjects, streams and buckets; proto/README.md explains each.
namespace kefu::proto {

// Requests: subject and queue group.
inline constexpr std::string_view kAsk = "kefu.v1.ask";
inline constexpr std::string_view kRetrieve = "kefu.v1.retrieve";
inline constexpr std::string_view kEmbed = "kefu.v1.embed";
inline constexpr std::string_view kCountTokens = "kefu.v1.count_tokens";
inline constexpr std::string_view kGetModel = "kefu.v1.embedding_model.get";
inline constexpr std::string_view kSearch = "kefu.v1.search";
inline constexpr std::string_view kPutKnowledgeBase = "kefu.v1.kb.put";
inline constexpr std::string_view kGetKnowledgeBase = "kefu.v1.kb.get";
inline constexpr std::string_view kListKnowledgeBases = "kefu.v1.kb.list";
inline constexpr std::string_view kDeleteKnowledgeBase = "kefu.v1.kb.delete";
inline constexpr std::string_view kListDocuments = "kefu.v1.document.list";
inline constexpr std::string_view kGetDocument = "kefu.v1.document.get";
inline constexpr std::string_view kGetJob = "kefu.v1.job.get";
inline constexpr std::string_view kListJobs = "kefu.v1.job.list";
inline constexpr std::string_view kCancelJob = "kefu.v1.job.cancel";

/// The service that answers requests to `subject`; empty for a subject that is no request.
std::string_view service_of(std::string_view subject);
/// An error of a request to `subject`: where nobody serves it, the message says which service is not there.
Error name_service(Error error, std::string_view subject);

// Durable streams.
inline constexpr std::string_view kFilesStream = "KEFU_FILES";
inline constexpr std::string_view kJobsStream = "KEFU_JOBS";
inline constexpr std::string_view kPassagesStream = "KEFU_PASSAGES";
inline constexpr std::string_view kVectorsStream = "KEFU_VECTORS";
inline constexpr std::string_view kAuditStream = "KEFU_AUDIT";

inline constexpr std::string_view kFilesSubjects = "kefu.v1.files.>";
inline constexpr std::string_view kJobsSubjects = "kefu.v1.jobs.>";
inline constexpr std::string_view kPassagesSubjects = "kefu.v1.passages.>";
inline constexpr std::string_view kVectorsSubjects = "kefu.v1.vectors.>";
inline constexpr std::string_view kAuditSubject = "kefu.v1.audit";

// Key-value buckets.
inline constexpr std::string_view kKnowledgeBasesBucket = "KEFU_KBS";
inline constexpr std::string_view kJobStatesBucket = "KEFU_JOB_STATES";
inline constexpr std::string_view kLeasesBucket = "KEFU_LEASES";
inline constexpr std::string_view kJanitorBucket = "KEFU_JANITOR";
inline constexpr std::string_view kKeysBucket = "KEFU_KEYS";
inline constexpr std::string_view kUsageBucket = "KEFU_USAGE";
inline constexpr std::string_view kBudgetsBucket = "KEFU_BUDGETS";

// Headers of messages in KEFU_VECTORS, so that progress can be followed without their payloads.
inline constexpr std::string_view kPassagesHeader = "Kefu-Passages";
inline constexpr std::string_view kTokensHeader = "Kefu-Tokens";
inline constexpr std::string_view kSavedTokensHeader = "Kefu-Saved-Tokens";

/// `kefu.v1.files.<upload>.<part>`
std::string file_part_subject(std::string_view upload_id, std::uint32_t part);
/// `kefu.v1.jobs.<kb incarnation>`
std::string job_subject(std::string_view kb_incarnation);

/// What names one version of one document in subjects.
struct VersionKey {
  std::string kb_incarnation;
  std::uint32_t generation = 1;
  std::string document;  ///< subject_token(filename)
  std::uint64_t version = 0;

  auto operator<=>(const VersionKey&) const = default;
};

/// A subject of KEFU_VECTORS or KEFU_PASSAGES, taken apart.
struct PartKey {
  VersionKey version;
  bool manifest = false;
  std::uint32_t part = 0;  ///< 0 for a manifest
};

/// `kefu.v1.passages.<kb incarnation>.<generation>.<document>.<version>.<part>`
std::string passages_subject(const VersionKey& version, std::uint32_t part);
/// `kefu.v1.vectors.<kb incarnation>.<generation>.<document>.<version>.<part>`
std::string vectors_subject(const VersionKey& version, std::uint32_t part);
/// `kefu.v1.vectors.<kb incarnation>.<generation>.<document>.<version>.m`
std::string manifest_subject(const VersionKey& version);
/// All parts of a version in KEFU_PASSAGES, or in KEFU_VECTORS with its manifest: subjects with a wildcard.
std::string passages_of_version(const VersionKey& version);
std::string vectors_of_version(const VersionKey& version);
/// The manifests of all versions of a document: a subject with a wildcard.
std::string manifests_of_document(const VersionKey& any_version);
/// All of a knowledge base in KEFU_PASSAGES.
std::string passages_of_knowledge_base(std::string_view kb_incarnation);
/// Errors: `invalid_argument` for any other subject.
Result<PartKey> parse_vectors_subject(std::string_view subject);
/// Errors: `invalid_argument` for any other subject.
Result<PartKey> parse_passages_subject(std::string_view subject);

}  // namespace kefu::proto
