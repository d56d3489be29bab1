#pragma once

#include "extraction/extractor.hpp"
#include "kefu/v1/log.pb.h"

#include <kefu/async/task.hpp>
#include <kefu/base/error.hpp>
#include <kefu/base/sha256.hpp>
#include <kefu/bus/stream_store.hpp>

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace kefu::ingest {

/// One uploaded file, whose parts the gateway put into KEFU_FILES, read part by part, once.
class UploadedFile final : public FileSource {
 public:
  UploadedFile(bus::StreamStore& store, kefu::v1::Job job) : store_(store), job_(std::move(job)) {}

  /// Errors: `not_found` when a part is gone, `data_corrupt` when the file is not what was uploaded, which
  /// shows at its end; those of the store.
  Task<Result<std::string>> next() override;
  /// Of the parts read so far.
  std::vector<std::uint64_t> sequences() const { return sequences_; }

 private:
  bus::StreamStore& store_;
  kefu::v1::Job job_;
  Sha256 hash_;
  std::uint64_t bytes_ = 0;
  std::vector<std::uint64_t> sequences_;
};

/// What is done with uploaded files as a whole.
class Uploads {
 public:
  explicit Uploads(bus::StreamStore& store) : store_(store) {}

  UploadedFile open(kefu::v1::Job job) { return {store_, std::move(job)}; }

  /// Removes parts. A failure is no error: the sweeper comes later.
  Task<void> erase(std::vector<std::uint64_t> sequences);
  /// The same when the sequences are not known.
  Task<void> erase_all_parts(kefu::v1::Job job);

 private:
  bus::StreamStore& store_;
};

}  // namespace kefu::ingest
