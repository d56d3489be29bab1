#pragma once

#include "part_store.hpp"
#include "search_engine.hpp"
#include "visibility.hpp"

#include <kefu/base/error.hpp>
#include <kefu/bus/stream_store.hpp>
#include <kefu/telemetry/log.hpp>

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace kefu::index {

/// KEFU_VECTORS as this replica has read it: what is visible, and the disk that remembers it. Says which
/// documents have changed and how they are now; knows nothing of searching. Blocking. Thread: any one at a
/// time. Errors of all: `data_corrupt` (the disk: discard() and read the log from its beginning),
/// `insufficient_storage`, `unavailable` (also before open()).
class LogView {
 public:
  LogView(std::filesystem::path file, const telemetry::Logger& log);

  /// Opens the disk and reads what it holds; a file that cannot be used is moved aside.
  Result<> open();
  /// How everything that is visible is now, after open(), in portions of about `passages`; empty at the end.
  Result<std::vector<DocumentUpdate>> load_some(std::size_t passages);

  const PartStore::Position& position() const { return position_; }
  /// The disk, to be read by others at any time; empty before open(). It may be given up for another one.
  std::shared_ptr<PartStore> store() const { return store_; }
  std::vector<std::string> knowledge_bases() const { return visibility_.knowledge_bases(); }

  /// Takes messages in the order of the log; flush() makes them count.
  void stage(std::vector<bus::StoredMessage> messages);
  /// Takes note that the log holds nothing else up to this sequence.
  void stage_end(std::uint64_t sequence);
  /// Writes what is staged and returns the documents that it changed. After an error it can be called again.
  Result<std::vector<DocumentUpdate>> flush();

  /// The knowledge base is deleted: everything of it is superseded.
  Result<> forget(std::string_view kb_incarnation);

  /// Versions that are not whole, although what came after them may be.
  std::vector<proto::VersionKey> incomplete() const { return visibility_.incomplete(); }
  /// The log holds nothing of this version up to `sequence`, which has been flushed here: neither does this
  /// replica from now on. Returns the number of messages that were given up.
  Result<std::size_t> drop(const proto::VersionKey& version, std::uint64_t sequence);

  /// At most `limit` messages that may be erased from the log when every replica has applied so much.
  Result<std::vector<std::uint64_t>> superseded(std::size_t limit, std::uint64_t applied);
  Result<> erased(std::span<const std::uint64_t> sequences);
  Result<> erased_up_to(std::uint64_t applied);

  /// Empties everything and begins with this stream.
  Result<> begin(std::string_view stream_incarnation);
  /// Gives the damaged file up for an empty one.
  Result<> discard();

  std::uint64_t invalid_messages() const { return invalid_messages_; }

 private:
  Result<> check_open() const;
  Result<> open_store();
  Result<> read_store();
  Result<> stage_one(const bus::StoredMessage& message);
  Result<DocumentUpdate> document(const DocumentKey& key, const std::optional<VisibleVersion>& version) const;
  Result<PassageGroup> part(std::uint64_t sequence, std::string& filename) const;
  void clear();

  std::filesystem::path file_;
  const telemetry::Logger& log_;
  std::shared_ptr<PartStore> store_;
  Visibility visibility_;
  PartStore::Position position_;
  std::vector<DocumentKey> to_load_;

  // Staged, from stage() to the flush() that succeeds.
  std::vector<bus::StoredMessage> messages_;
  std::unordered_map<std::uint64_t, std::size_t> places_;  // of sequences in messages_
  std::vector<std::uint64_t> superseded_;
  std::set<DocumentKey> changed_;
  std::uint64_t staged_up_to_ = 0;

  std::uint64_t invalid_messages_ = 0;
};

}  // namespace kefu::index
