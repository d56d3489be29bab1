#pragma once

#include <kefu/bus/stream_store.hpp>

#include <vector>

namespace kefu::proto {

/// Limits of the durable streams, in bytes. When one is full, new messages are refused.
struct StreamLimits {
  std::int64_t files_bytes = 4LL << 30;
  std::int64_t jobs_bytes = 1LL << 30;
  std::int64_t passages_bytes = 4LL << 30;
  std::int64_t vectors_bytes = 16LL << 30;
  std::int64_t audit_bytes = 256LL << 20;
  int replicas = 1;
};

/// KEFU_FILES, KEFU_JOBS, KEFU_PASSAGES, KEFU_VECTORS, KEFU_AUDIT and KEFU_DEAD. Every service makes sure of
/// those that it uses, with the same specification, so that the order in which services start does not
/// matter.
std::vector<bus::StreamSpec> stream_specs(const StreamLimits& limits);

/// Applies `ensure` to all of them.
Task<Result<>> ensure_streams(bus::StreamStore& store, StreamLimits limits, Deadline deadline);

}  // namespace kefu::proto
