#pragma once

#include "kefu/v1/search.pb.h"
#include "visibility.hpp"

#include <kefu/async/task.hpp>
#include <kefu/base/deadline.hpp>
#include <kefu/base/error.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace kefu::index {

struct IndexedPassage {
  kefu::v1::Passage passage;
  std::vector<float> vector = {};  ///< of length 1; empty where there is none
};

/// Passages whose vectors were made by one model.
struct PassageGroup {
  std::string model_fingerprint;
  std::vector<IndexedPassage> passages;
};

/// A document as it is from now on.
struct DocumentUpdate {
  DocumentKey key;
  std::string filename = {};
  std::vector<PassageGroup> groups = {};  ///< none: the document is removed
};

struct SearchQuery {
  std::string kb_incarnation;
  std::uint32_t generation = 1;
  std::string question;
  std::vector<float> vector = {};  ///< of length 1; empty: lexical search alone
  std::string model_fingerprint = {};
  std::size_t top_k = 5;
  kefu::v1::SearchFilter filter = {};
};

struct SearchOutcome {
  std::vector<kefu::v1::Hit> hits;  ///< best first
  kefu::v1::ScoreBackground background;
  bool lexical_only = false;
  std::chrono::steady_clock::duration dense_time{};
  std::chrono::steady_clock::duration lexical_time{};
};

struct EngineSize {
  std::uint64_t documents = 0;
  std::uint64_t passages = 0;
  std::uint64_t vector_bytes = 0;
};

/// Finds the passages that are near to a question. It holds what it was last given and nothing else: the log
/// and the disk are others' business. Thread: all calls on the event loop.
class SearchEngine {
 public:
  virtual ~SearchEngine() = default;

  /// Brings documents to a new state, each at once: a search sees all passages of the old or all of the new.
  /// Called again only after it returned. Errors: `unavailable` (an engine outside this process).
  virtual Task<Result<>> apply(std::vector<DocumentUpdate> updates) = 0;
  /// Removes a knowledge base, all generations; `apply` must not run meanwhile.
  virtual Task<Result<>> forget(std::string kb_incarnation) = 0;
  /// A knowledge base that it does not know has no passages. Errors: `deadline_exceeded`, `unavailable`.
  virtual Task<Result<SearchOutcome>> search(SearchQuery query, Deadline deadline) = 0;
  /// Of one knowledge base and generation, or of everything.
  virtual EngineSize size(std::string_view kb_incarnation, std::uint32_t generation) const = 0;
  virtual EngineSize size() const = 0;
};

}  // namespace kefu::index
