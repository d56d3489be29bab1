#pragma once

#include "job_states.hpp"

#include <kefu/async/signal.hpp>
#include <kefu/async/task.hpp>
#include <kefu/base/error.hpp>
#include <kefu/bus/stream_store.hpp>
#include <kefu/telemetry/log.hpp>

#include <chrono>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace kefu::ingest {

/// Removes parts of uploads that are old and that no unfinished job names: the gateway died before it
/// published the job, or ingest died before it erased them.
class Sweeper {
 public:
  /// Everything outlives this.
  Sweeper(asio::any_io_executor executor, bus::StreamStore& store, bus::StreamReader& reader,
          JobStates& states, const telemetry::Logger& log, std::chrono::milliseconds interval,
          std::chrono::milliseconds age);

  /// Sweeps now and then, until stop().
  Task<void> run();
  void stop();
  /// One sweep; returns how many parts it removed. Errors: those of the streams; nothing is removed unless
  /// all jobs could be read.
  Task<Result<std::size_t>> sweep();

 private:
  using Parts = std::map<std::string, std::vector<std::uint64_t>>;  // sequences, by upload

  Task<Result<Parts>> old_parts();
  Task<Result<>> drop_those_in_use(Parts& parts);
  Task<Result<bool>> in_use(bus::StoredMessage job);

  bus::StreamStore& store_;
  bus::StreamReader& reader_;
  JobStates& states_;
  const telemetry::Logger& log_;
  std::chrono::milliseconds interval_;
  std::chrono::milliseconds age_;
  Signal stopped_;
  bool stopping_ = false;
};

}  // namespace kefu::ingest
