#pragma once

#include "kefu/v1/log.pb.h"

#include <kefu/async/task.hpp>
#include <kefu/base/error.hpp>
#include <kefu/bus/stream_store.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace kefu::ingest {

struct LoggedJob {
  std::uint64_t id = 0;
  kefu::v1::Job job;
};

/// Reads KEFU_JOBS. Errors of all: those of the streams.
class JobLog {
 public:
  /// Name of the workers that take its messages.
  static constexpr std::string_view kWorkers = "ingest";

  /// Both outlive this.
  JobLog(bus::StreamStore& store, bus::StreamReader& reader) : store_(store), reader_(reader) {}

  /// Errors: `not_found` for a number that no job has.
  Task<Result<kefu::v1::Job>> find(std::uint64_t id);
  /// Up to this one, no job waits for a worker or is being worked on: each has a state, unless it expired.
  Task<Result<std::uint64_t>> worked_up_to();
  /// The highest number of a job.
  Task<Result<std::uint64_t>> newest();
  /// Jobs with numbers in (above, below), in order and without their edits: of one knowledge base, or of all
  /// where its incarnation is empty.
  Task<Result<std::vector<LoggedJob>>> between(std::uint64_t above, std::uint64_t below,
                                               std::string kb_incarnation);

 private:
  bus::StreamStore& store_;
  bus::StreamReader& reader_;
};

}  // namespace kefu::ingest
