#pragma once

#include <kefu/base/error.hpp>

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace kefu::index {

/// The messages of KEFU_VECTORS that this replica still needs, and how far it has read, in one SQLite file: a
/// restart loads them and reads on instead of reading the whole log. Only a copy of the log: whatever is
/// wrong with it, the answer is to discard it. Locked to one process. Thread: any one at a time. Errors of
/// all: `data_corrupt` (discard() and read the log again), `insufficient_storage` (the disk is full),
/// `unavailable` (other failures of the disk).
class PartStore {
 public:
  struct Position {
    std::uint64_t applied = 0;       ///< everything up to this sequence is contained
    std::string stream_incarnation;  ///< empty: nothing was ever read
  };
  struct Row {
    std::uint64_t sequence = 0;
    std::string_view subject;
    std::string_view payload;
  };
  /// What one transaction changes; a sequence both added and superseded is not stored.
  struct Batch {
    std::uint64_t applied = 0;
    std::span<const Row> added = {};
    std::span<const std::uint64_t> superseded = {};
    /// erased_up_to() leaves these alone: others may not know of them.
    bool superseded_here_alone = false;
  };

  /// Opens or creates the file. `unavailable` also when another process holds it; `data_corrupt` also when
  /// another version of this program wrote it.
  static Result<std::unique_ptr<PartStore>> open(const std::filesystem::path& file);
  virtual ~PartStore() = default;

  virtual Result<Position> position() = 0;
  virtual Result<> for_each(const std::function<Result<>(const Row&)>& visit) = 0;
  virtual Result<std::string> payload(std::uint64_t sequence) = 0;
  virtual Result<> write(const Batch& batch) = 0;
  /// At most `limit` of the messages that are no longer needed and not known to be erased from the log.
  virtual Result<std::vector<std::uint64_t>> superseded(std::size_t limit) = 0;
  /// These are erased from the log.
  virtual Result<> erased(std::span<const std::uint64_t> sequences) = 0;
  /// Everything is erased that was superseded when `applied` had been applied.
  virtual Result<> erased_up_to(std::uint64_t applied) = 0;
  /// Empties everything and begins with this stream.
  virtual Result<> begin(std::string_view stream_incarnation) = 0;
};

/// Moves a file that cannot be used, with its companions, out of the way for somebody to look at, and returns
/// the new path. Only the latest one is kept.
Result<std::filesystem::path> move_aside(const std::filesystem::path& file);

}  // namespace kefu::index
