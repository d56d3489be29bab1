#pragma once

#include "extractor.hpp"

#include <kefu/async/cpu_pool.hpp>

#include <chrono>
#include <cstddef>
#include <string>

namespace kefu::ingest {

struct ChildLimits {
  std::size_t memory_bytes = std::size_t{1} << 30;
  std::chrono::milliseconds time{30000};  ///< by the clock and of the processor alike
};

/// Reads each file in a process of its own, so that one which crashes or exhausts its parser costs that
/// process only.
class ChildExtractor final : public Extractor {
 public:
  /// `pool` outlives this; one of its threads waits for each child. `program` is started as
  /// `program --extract FORMAT MEMORY-BYTES CPU-SECONDS`.
  ChildExtractor(CpuPool& pool, std::string program, ChildLimits limits)
      : pool_(pool), program_(std::move(program)), limits_(limits) {}

  Task<Result<Extraction>> extract(Format format, std::string filename, std::string bytes) override;

 private:
  CpuPool& pool_;
  std::string program_;
  ChildLimits limits_;
};

}  // namespace kefu::ingest
