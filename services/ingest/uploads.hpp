#pragma once

#include "kefu/v1/log.pb.h"

#include <kefu/async/task.hpp>
#include <kefu/base/error.hpp>
#include <kefu/bus/stream_store.hpp>

#include <cstdint>
#include <string>
#include <vector>

namespace kefu::ingest {

/// Uploaded files, whose parts the gateway put into KEFU_FILES.
class Uploads {
 public:
  explicit Uploads(bus::StreamStore& store) : store_(store) {}

  struct File {
    std::string bytes;
    std::vector<std::uint64_t> sequences;  ///< of its parts
  };
  /// The whole file. Errors: `not_found` when a part is gone, `data_corrupt` when it is not what was
  /// uploaded; those of the store.
  Task<Result<File>> read(kefu::v1::Job job);

  /// Removes parts. A failure is no error: the sweeper comes later.
  Task<void> erase(std::vector<std::uint64_t> sequences);
  /// The same when the sequences are not known.
  Task<void> erase_all_parts(kefu::v1::Job job);

 private:
  bus::StreamStore& store_;
};

}  // namespace kefu::ingest
