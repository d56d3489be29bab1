#pragma once

#include "collection.hpp"
#include "fusion.hpp"
#include "search_engine.hpp"

#include <kefu/async/cpu_pool.hpp>

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace kefu::index {

/// SearchEngine inside this process: everything in memory, every vector compared, if only in 8 bits. Searches
/// of large knowledge bases run on one pool, updates on another, so that an import does not take the threads
/// of the questions. Short questions to small ones are answered at once: handing one over costs as much as
/// the search.
class EmbeddedEngine final : public SearchEngine {
 public:
  /// The pools outlive this object and everything that it is doing.
  EmbeddedEngine(CpuPool& search_pool, CpuPool& update_pool, FusionWeights weights)
      : search_pool_(search_pool), update_pool_(update_pool), weights_(weights) {}

  Task<Result<>> apply(std::vector<DocumentUpdate> updates) override;
  Task<Result<>> forget(std::string kb_incarnation) override;
  Task<Result<SearchOutcome>> search(SearchQuery query, Deadline deadline) override;
  EngineSize size(std::string_view kb_incarnation, std::uint32_t generation) const override;
  EngineSize size() const override;

 private:
  using Key = std::pair<std::string, std::uint32_t>;  // knowledge base, generation

  CpuPool& search_pool_;
  CpuPool& update_pool_;
  FusionWeights weights_;
  std::map<Key, std::shared_ptr<Collection>> collections_;  // on the event loop
};

}  // namespace kefu::index
