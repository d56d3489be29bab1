#pragma once

#include "kefu/v1/log.pb.h"

#include <kefu/async/task.hpp>
#include <kefu/base/error.hpp>
#include <kefu/bus/stream_store.hpp>
#include <kefu/proto/subjects.hpp>

#include <cstdint>
#include <optional>

namespace kefu::ingest {

/// A version of a document that is committed.
struct CommittedVersion {
  proto::VersionKey key;
  kefu::v1::Manifest manifest;
};

/// Reads documents from KEFU_VECTORS. Errors of all: those of the streams; `data_corrupt`.
class DocumentLog {
 public:
  /// Both outlive this.
  DocumentLog(bus::StreamStore& store, bus::StreamReader& reader) : store_(store), reader_(reader) {}

  struct Versions {
    std::optional<CommittedVersion> below;  ///< the highest one below the version asked for
    bool higher = false;                    ///< there is one above it
  };
  /// The committed versions of a document, seen from one of them.
  Task<Result<Versions>> versions(proto::VersionKey from);
  /// Errors: `not_ready` when it is gone, since a higher version is visible meanwhile.
  Task<Result<kefu::v1::VectorPart>> part(proto::VersionKey version, std::uint32_t part);

 private:
  bus::StreamStore& store_;
  bus::StreamReader& reader_;
};

}  // namespace kefu::ingest
