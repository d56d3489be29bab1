#pragma once

#include "kefu/v1/log.pb.h"

#include <kefu/async/task.hpp>
#include <kefu/base/error.hpp>
#include <kefu/bus/stream_store.hpp>
#include <kefu/proto/subjects.hpp>

#include <cstdint>
#include <string>
#include <vector>

namespace kefu::ingest {

/// Passages in order, put together to parts of at most 32 passages and 192 KiB: a part with its vectors must
/// fit one message of a stream.
std::vector<kefu::v1::PassagePart> make_parts(const proto::VersionKey& version, const std::string& filename,
                                              std::vector<kefu::v1::Passage> passages);

/// Writes versions of documents to the streams. Doing it again for the same version changes nothing.
class PartPublisher {
 public:
  explicit PartPublisher(bus::StreamStore& store) : store_(store) {}

  /// To KEFU_PASSAGES, on their way to be embedded. Errors: the store's.
  Task<Result<>> publish(proto::VersionKey version, std::vector<kefu::v1::PassagePart> parts);
  /// To KEFU_VECTORS, once all parts are published: a version becomes visible only with its manifest.
  Task<Result<>> publish_manifest(proto::VersionKey version, kefu::v1::Manifest manifest);

 private:
  bus::StreamStore& store_;
};

}  // namespace kefu::ingest
