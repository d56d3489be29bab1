#pragma once

#include "upload_source.hpp"

#include <kefu/async/task.hpp>
#include <kefu/base/deadline.hpp>
#include <kefu/base/error.hpp>
#include <kefu/bus/stream_store.hpp>
#include <kefu/http/server.hpp>
#include <kefu/telemetry/metrics.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace kefu::gateway {

/// What is in KEFU_FILES once an upload has been taken.
struct StoredUpload {
  std::string id;
  std::uint32_t parts = 0;
  std::uint64_t bytes = 0;
  std::string sha256 = {};
  std::vector<std::uint64_t> sequences = {};  ///< of the parts, for erase_parts()
};

inline constexpr std::size_t kPartBytes = std::size_t{512} << 10;

/// A size that is announced is refused before anything is read. Errors: `payload_too_large`.
Result<> check_announced_size(const http::RequestHead& head, std::size_t max_bytes);

/// Carries the file to KEFU_FILES part by part; a handful of parts is in memory, never the file. Parts of an
/// upload that failed are erased before it returns. `source` outlives the call. Errors: `invalid_argument`
/// (empty), `payload_too_large`, `deadline_exceeded`, those of UploadSource and StreamStore::append.
Task<Result<StoredUpload>> store_upload(UploadSource& source, bus::StreamStore& store, std::size_t max_bytes,
                                        Deadline deadline, telemetry::Counter received_bytes);

/// What a full stream says to its operator becomes a sentence for the caller; the rest goes to the detail.
/// Other errors stay as they are. `stored` names what the stream holds.
Error explain_full_store(Error error, std::string_view stored);

/// Removes the parts of an upload that no job will name: whoever is refused again and again would fill the
/// stream for others. Within a few seconds; what it could not remove, and parts whose append was never
/// answered, stay behind for the sweeper.
Task<void> erase_parts(bus::StreamStore& store, std::vector<std::uint64_t> sequences);

}  // namespace kefu::gateway
