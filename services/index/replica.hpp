#pragma once

#include "index_metrics.hpp"
#include "log_view.hpp"
#include "search_engine.hpp"

#include <kefu/async/cpu_pool.hpp>
#include <kefu/async/signal.hpp>
#include <kefu/async/task.hpp>
#include <kefu/bus/stream_store.hpp>
#include <kefu/telemetry/log.hpp>

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <set>
#include <string>
#include <vector>

namespace kefu::index {

struct ReplicaParts {
  asio::any_io_executor executor;
  bus::StreamStore& streams;
  bus::StreamReader& reader;
  SearchEngine& engine;
  CpuPool& update_pool;  ///< of one thread: disk and engine see one update at a time
  IndexMetrics& metrics;
  const telemetry::Logger& log;
};

/// Follows KEFU_VECTORS: what it reads goes to the disk, then to the engine, and only then counts as applied.
/// Thread: the event loop; the work on disk and engine is done on the update pool.
class Replica {
 public:
  /// The parts outlive this object.
  Replica(const ReplicaParts& parts, std::filesystem::path file);

  /// Until stop(); spawn it in the owner's task group.
  Task<void> run();
  void stop();

  /// Every message up to this sequence is in the engine.
  std::uint64_t applied() const { return applied_; }
  /// Rises when everything is given up and read again, and applied() begins at 0.
  std::uint64_t epoch() const { return epoch_; }
  /// The disk is loaded and belongs to the stream that is there now.
  bool following() const { return following_; }
  /// What the stream ends with, as far as it is known.
  std::uint64_t stream_end() const { return std::max(stream_end_, applied_); }
  /// Raised after applied(), epoch() or following() changed.
  Signal& changed() { return changed_; }
  /// True when applied, false when the deadline passed first.
  Task<bool> wait_applied(std::uint64_t sequence, Deadline deadline);

  /// Why the disk does not take what was read; empty while it does. Searches go on meanwhile.
  const std::string& disk_problem() const { return disk_problem_; }
  /// Those of which messages are held.
  const std::vector<std::string>& knowledge_bases() const { return knowledge_bases_; }

  /// The knowledge base is deleted: soon its passages leave engine and disk.
  void forget(std::string kb_incarnation) { to_forget_.insert(std::move(kb_incarnation)); }
  /// The stream whose sequences superseded() speaks of.
  const std::string& stream_incarnation() const { return stream_incarnation_; }
  /// At most `limit` messages that may be erased from the log when every replica has applied so much.
  Task<Result<std::vector<std::uint64_t>>> superseded(std::size_t limit, std::uint64_t applied);
  Task<Result<>> erased(std::vector<std::uint64_t> sequences);
  Task<Result<>> erased_up_to(std::uint64_t applied);

  /// Versions that are not whole.
  Task<std::vector<proto::VersionKey>> incomplete();
  /// The log holds nothing of this version up to `sequence`, which is applied: neither does this replica from
  /// now on. Returns the number of messages that were given up.
  Task<Result<std::size_t>> drop(proto::VersionKey version, std::uint64_t sequence);

  /// The disk with the documents that are visible; empty while following() is false.
  std::shared_ptr<PartStore> store() const { return store_; }

 private:
  /// Until stop(), an error, or a stream that was made again; after these it is called again.
  Task<Result<>> follow();
  Task<Result<>> load();
  Task<Result<>> load_engine();
  /// False when the stream is not the one that was read until now; then everything is given up.
  Task<Result<bool>> read_stream_state();
  Task<Result<std::vector<bus::StoredMessage>>> gather(bus::Replay& replay);
  Task<Result<>> apply(std::vector<bus::StoredMessage> messages);
  Task<Result<bool>> look_for_the_end();
  Task<Result<>> forget_deleted();
  Task<Result<>> flush();
  Task<void> empty_engine();
  Task<void> give_memory_back();
  Task<void> publish_position();

  ReplicaParts parts_;
  LogView view_;  // read and changed on the update pool alone, which has one thread
  Signal changed_;
  std::string stream_incarnation_;  // of what is applied
  std::uint64_t applied_ = 0;
  std::uint64_t epoch_ = 0;
  std::uint64_t stream_end_ = 0;
  Deadline state_is_fresh_until_;
  std::string disk_problem_;
  std::vector<std::string> knowledge_bases_;
  std::set<std::string> to_forget_;
  std::shared_ptr<PartStore> store_;
  std::size_t bytes_since_trim_ = 0;  // of messages that went through memory
  std::uint64_t counted_invalid_ = 0;
  bool loaded_ = false;
  bool following_ = false;
  bool stopping_ = false;
};

}  // namespace kefu::index
