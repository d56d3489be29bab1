#include "document_log.hpp"

#include <chrono>
#include <string>
#include <utility>

namespace kefu::ingest {
namespace {

using namespace std::chrono_literals;

constexpr auto kCallTime = 5s;
// The last manifest may be erased while we read towards it: then nothing comes, and that is the end.
constexpr auto kEndOfManifests = 1s;

}  // namespace

/// Which version is the highest does not show in the order of the log: one may be committed after a higher
/// one, or published again after a crash.
Task<Result<DocumentLog::Versions>> DocumentLog::versions(proto::VersionKey from) {
  Versions found;
  const std::string stream(proto::kVectorsStream);
  const std::string manifests = proto::manifests_of_document(from);
  auto last = co_await store_.last(stream, manifests, Deadline::in(kCallTime));
  if (!last && last.error().code == Errc::not_found) co_return found;
  if (!last) co_return fail(std::move(last).error());
  KEFU_CO_TRY(const auto replay, reader_.replay({.stream = stream, .filter_subject = manifests}));
  for (std::uint64_t seen = 0; seen < last->sequence;) {
    const auto message = co_await replay->next(Deadline::in(kEndOfManifests));
    if (!message && message.error().code == Errc::deadline_exceeded) break;
    if (!message) co_return fail(message.error());
    seen = message->sequence;
    const auto key = proto::parse_vectors_subject(message->subject);
    if (!key || key->version.version == from.version) continue;
    if (key->version.version > from.version) {
      found.higher = true;
    } else if (!found.below || found.below->key.version < key->version.version) {
      CommittedVersion& below = found.below.emplace();
      below.key = key->version;
      if (!below.manifest.ParseFromString(message->payload)) {
        co_return fail(Errc::data_corrupt, "the manifest of the document cannot be read");
      }
    }
  }
  co_return found;
}

Task<Result<kefu::v1::VectorPart>> DocumentLog::part(proto::VersionKey version, std::uint32_t part) {
  auto stored = co_await store_.last(std::string(proto::kVectorsStream),
                                     proto::vectors_subject(version, part), Deadline::in(kCallTime));
  if (!stored && stored.error().code == Errc::not_found) {
    co_return fail(Errc::not_ready, "the version that is edited is being replaced");
  }
  if (!stored) co_return fail(std::move(stored).error());
  kefu::v1::VectorPart vectors;
  if (!vectors.ParseFromString(stored->payload)) {
    co_return fail(Errc::data_corrupt, "a part of the document cannot be read");
  }
  co_return vectors;
}

}  // namespace kefu::ingest
