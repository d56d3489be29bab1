#pragma once

#include "extractor.hpp"

#include <kefu/async/cpu_pool.hpp>

#include <chrono>
#include <cstddef>
#include <memory>
#include <string>

namespace kefu::ingest {

struct ChildLimits {
  std::size_t memory_bytes = std::size_t{1} << 30;
  std::chrono::milliseconds time{30000};  ///< that we wait for it, and of the processor
};

/// Reads each file in a process of its own, so that one which crashes or exhausts its parser costs that
/// process only. It runs while its stream is open, and waits while nobody asks for more.
class ChildExtractor final : public Extractor {
 public:
  /// `pool` outlives this and its streams; one of its threads waits where we wait for a child. `program` is
  /// started as `program --extract FORMAT CHARSET MEMORY-BYTES CPU-SECONDS`.
  ChildExtractor(CpuPool& pool, std::string program, ChildLimits limits)
      : pool_(pool), program_(std::move(program)), limits_(limits) {}

  Task<Result<std::unique_ptr<ExtractionStream>>> open(FileType type, std::string filename,
                                                       FileSource& source) override;

 private:
  CpuPool& pool_;
  std::string program_;
  ChildLimits limits_;
};

}  // namespace kefu::ingest
