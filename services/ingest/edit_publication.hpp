#pragma once

#include "document_log.hpp"
#include "edit_planner.hpp"
#include "kefu/v1/log.pb.h"
#include "part_publisher.hpp"

#include <kefu/async/task.hpp>
#include <kefu/base/error.hpp>
#include <kefu/bus/stream_store.hpp>

#include <cstdint>

namespace kefu::ingest {

/// Makes the version that an edit leads to. Rows that stay are copied within KEFU_VECTORS with their vectors;
/// only the passages of the row that changes go by way of embedding. Parts keep the order of the passages,
/// and are filled up as they were, so that a document does not fall into ever smaller parts. One part at a
/// time is in memory. Doing it again gives the same messages.
class EditPublication {
 public:
  /// `store` and `documents` outlive this.
  EditPublication(bus::StreamStore& store, DocumentLog& documents, proto::VersionKey version, EditPlan plan,
                  usage::Payer payer)
      : store_(store),
        documents_(documents),
        publisher_(store),
        version_(std::move(version)),
        plan_(std::move(plan)),
        payer_(std::move(payer)) {}

  /// Takes the next part of the base; false when that was all. Errors: those of the streams; `not_ready` when
  /// a part is gone, `data_corrupt`.
  Task<Result<bool>> next();
  /// What belongs to the version, once all is published; without file and time.
  kefu::v1::Manifest manifest() const;

 private:
  Task<Result<>> copy(const kefu::v1::VectorPart& from, int index);
  Task<Result<>> publish_replacement();
  Task<Result<>> flush();
  void begin_part(const kefu::v1::VectorPart& like);

  bus::StreamStore& store_;
  DocumentLog& documents_;
  PartPublisher publisher_;
  proto::VersionKey version_;
  EditPlan plan_;
  usage::Payer payer_;
  kefu::v1::VectorPart open_;  // copies, not yet appended
  std::size_t open_bytes_ = 0;
  std::uint32_t base_part_ = 0;
  std::uint32_t parts_ = 0;
  std::uint32_t passages_ = 0;
  bool replaced_ = false;
};

}  // namespace kefu::ingest
