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
  std::vector<std::string> knowledge_bases() const { return visibility_.knowledge_bases(); }

  /// Takes messages in the order of the log; flush() makes them count.
  void stage(std::vector<bus::StoredMessage> messages);
  /// Takes note that the log holds nothing else up to this sequence.
  void stage_end(std::uint64_t sequence);
  /// Writes what is staged and returns the documents that it changed. After an error it can be called again.
  Result<std::vector<DocumentUpdate>> flush();

  /// The knowledge base is deleted: everything of it is superseded.
  Result<> forget(std::string_view kb_incarnation);

  struct Superseded {
    std::vector<std::uint64_t> sequences;
    std::uint64_t applied = 0;  ///< when there are none: all that was superseded up to here is erased
  };
  Result<Superseded> superseded(std::size_t limit);
  Result<> erased(std::span<const std::uint64_t> sequences);
  Result<> erased_up_to(std::uint64_t applied);

  /// Empties everything and begins with this stream.
  Result<> begin(std::string_view stream_incarnation);
  /// Gives the damaged file up for an empty one.
  Result<> discard();

  std::uint64_t invalid_messages() const { return invalid_messages_; }

 private:
  /// A part that was read from its message already, for the document that it may complete in the same batch.
  struct ReadPart {
    PassageGroup group;
    std::string filename;
  };

  Result<> check_open() const;
  Result<> open_store();
  Result<> read_store();
  Result<> stage_one(const bus::StoredMessage& message);
  Result<DocumentUpdate> document(const DocumentKey& key);
  Result<ReadPart> part(std::uint64_t sequence);
  void clear();

  std::filesystem::path file_;
  const telemetry::Logger& log_;
  std::unique_ptr<PartStore> store_;
  Visibility visibility_;
  PartStore::Position position_;
  std::vector<DocumentKey> to_load_;

  // Staged, from stage() to the flush() that succeeds.
  std::vector<bus::StoredMessage> messages_;
  std::vector<std::uint64_t> superseded_;
  std::set<DocumentKey> changed_;
  std::unordered_map<std::uint64_t, ReadPart> parts_;  // by sequence
  std::uint64_t staged_up_to_ = 0;

  std::uint64_t invalid_messages_ = 0;
};

}  // namespace kefu::index
