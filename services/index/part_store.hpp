#pragma once

#include "visibility.hpp"

#include <kefu/base/error.hpp>

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace kefu::index {

/// The messages of KEFU_VECTORS that this replica still needs, which documents they make up, and how far it
/// has read, in one SQLite file: a restart loads them and reads on instead of reading the whole log. Only a
/// copy of the log: whatever is wrong with it, the answer is to discard it. Locked to one process. Thread:
/// any; calls wait for each other. Errors of all: `data_corrupt` (discard() and read the log again),
/// `insufficient_storage` (the disk is full), `unavailable` (other failures of the disk).
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
  /// The passages of a part have ordinals up to this one, and above that of the part before.
  struct PartPlace {
    std::uint64_t sequence = 0;
    std::uint32_t last_ordinal = 0;

    bool operator==(const PartPlace&) const = default;
  };
  /// How a document is from now on; without parts it is gone.
  struct Document {
    DocumentKey key;
    std::string filename = {};
    std::uint64_t version = 0;
    std::uint64_t manifest = 0;  ///< sequence
    std::uint32_t passages = 0;
    std::vector<PartPlace> parts = {};
  };
  /// What one transaction changes; a sequence both added and superseded is not stored.
  struct Batch {
    std::uint64_t applied = 0;
    std::span<const Row> added = {};
    std::span<const Document> documents = {};
    std::span<const std::uint64_t> superseded = {};
    /// erased_up_to() leaves these alone: others may not know of them.
    bool superseded_here_alone = false;
    std::span<const std::uint64_t> dropped = {};  ///< not in the log any more
    std::string_view forgotten_kb = {};           ///< all of its documents are gone
  };

  struct StoredDocument {
    std::string filename;
    std::uint64_t version = 0;
    std::uint32_t passages = 0;
    std::string manifest;  ///< payload
  };

  /// Opens or creates the file. `unavailable` also when another process holds it; `data_corrupt` also when
  /// another version of this program wrote it.
  static Result<std::unique_ptr<PartStore>> open(const std::filesystem::path& file);
  virtual ~PartStore() = default;

  virtual Result<Position> position() = 0;
  /// All messages; `visit` does not call the store.
  virtual Result<> for_each(const std::function<Result<>(const Row&)>& visit) = 0;
  virtual Result<std::string> payload(std::uint64_t sequence) = 0;
  virtual Result<> write(const Batch& batch) = 0;
  /// Documents behind this filename, in the order of its bytes.
  virtual Result<std::vector<StoredDocument>> documents(std::string_view kb_incarnation,
                                                        std::uint32_t generation, std::string_view after,
                                                        std::size_t limit) = 0;
  /// One document, and, until `visit` returns false, the payloads of its parts from that on which holds this
  /// ordinal; `visit` does not call the store. Nothing for a document that is not there.
  virtual Result<std::optional<StoredDocument>> document(
      std::string_view kb_incarnation, std::uint32_t generation, std::string_view filename,
      std::uint32_t first_ordinal, const std::function<bool(std::string_view payload)>& visit) = 0;
  /// At most `limit` of the messages that are no longer needed and not known to be erased from the log. Of
  /// those that others know of, too, only what was superseded when `applied` had been applied.
  virtual Result<std::vector<std::uint64_t>> superseded(std::size_t limit, std::uint64_t applied) = 0;
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
