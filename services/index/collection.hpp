#pragma once

#include "segment.hpp"

#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>
#include <vector>

namespace kefu::index {

/// Rows of a segment that have been replaced or removed.
struct DeadRows {
  std::vector<bool> rows;
  std::vector<std::uint32_t> holders;  ///< of each term of the segment, how many of them hold it
};

/// A segment with the rows that have been replaced or removed since it was built.
struct LiveSegment {
  std::shared_ptr<const Segment> segment;
  std::shared_ptr<const DeadRows> dead;  ///< null: none
  std::uint32_t alive_rows = 0;
  std::uint64_t alive_length = 0;  ///< terms of them
  std::uint64_t alive_units = 0;   ///< FAQ rows and documents of them

  bool alive(std::uint32_t row) const { return dead == nullptr || !dead->rows[row]; }
};

/// What one search sees, from its beginning to its end.
struct Snapshot {
  std::vector<LiveSegment> segments;
  EngineSize size;
  std::uint64_t length = 0;  ///< terms of all passages
  std::uint64_t units = 0;   ///< FAQ rows and documents
};

/// The passages of one generation of a knowledge base: a log-structured merge of segments. Every update makes
/// a small segment and marks the rows that it replaces; eight of a size are merged into one. A search works
/// on a snapshot, so neither waits for the other. Thread: snapshot() from any, everything else from one at a
/// time.
class Collection {
 public:
  Collection();

  /// All updates become visible at once.
  void apply(std::vector<DocumentUpdate> updates);
  std::shared_ptr<const Snapshot> snapshot() const;

 private:
  struct Place {
    const Segment* segment;
    RowRange rows;
  };
  using Segments = std::vector<LiveSegment>;
  using Marks = std::unordered_map<const Segment*, std::vector<bool>>;  // dead rows, while an update is made

  void remove(Segments& segments, const std::string& document, Marks& marks);
  void add(Segments& segments, DocumentUpdate update);
  void merge_where_due(Segments& segments);
  void merge(Segments& segments, const std::vector<std::size_t>& chosen);
  void publish(Segments segments);

  std::unordered_map<std::string, std::vector<Place>> places_;  // by document token
  mutable std::mutex mutex_;                                    // only for the pointer
  std::shared_ptr<const Snapshot> snapshot_;
};

}  // namespace kefu::index
