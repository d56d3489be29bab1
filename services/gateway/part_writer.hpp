#pragma once

#include <kefu/async/signal.hpp>
#include <kefu/async/task_group.hpp>
#include <kefu/bus/stream_store.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace kefu::gateway {

/// Appends the parts of one upload to KEFU_FILES, several at once, in an order that does not matter: the
/// subject of each carries its number. Lifetime: finish() must have returned before the writer is destroyed,
/// whatever put() returned.
class PartWriter {
 public:
  static constexpr std::size_t kMaxUnacknowledged = 4;

  /// `store` outlives the writer.
  PartWriter(asio::any_io_executor executor, bus::StreamStore& store, std::string upload_id,
             Deadline deadline);

  /// Returns when fewer than kMaxUnacknowledged parts are under way: who awaits it before reading on from the
  /// client passes the pressure back. Errors: those of any append so far.
  Task<Result<>> put(std::string part);
  /// Returns when all parts are stored, or the first error.
  Task<Result<>> finish();

  std::uint32_t parts() const { return parts_; }
  /// Of the parts that the stream has acknowledged.
  const std::vector<std::uint64_t>& sequences() const { return sequences_; }

 private:
  Task<void> append(std::uint32_t number, std::string part);
  void finished(std::optional<Error> failure);
  Result<> outcome() const;

  bus::StreamStore& store_;
  std::string upload_id_;
  Deadline deadline_;
  std::uint32_t parts_ = 0;
  std::vector<std::uint64_t> sequences_;
  std::size_t unacknowledged_ = 0;
  std::optional<Error> failure_;
  Signal acknowledged_;
  TaskGroup appends_;
};

}  // namespace kefu::gateway
