#include "embedded_engine.hpp"

#include <utility>

namespace kefu::index {
namespace {

// What is searched on the event loop: it takes 0.2 ms there, less than a millisecond without VNNI.
constexpr std::uint64_t kFewPassages = 12'000;
constexpr std::uint64_t kFewVectorBytes = std::uint64_t{32} << 20;
constexpr std::size_t kShortQuestion = 512;  // bytes
constexpr std::size_t kFewHits = 20;

bool is_quick(const Snapshot& snapshot, const SearchQuery& query) {
  return snapshot.size.passages <= kFewPassages && snapshot.size.vector_bytes <= kFewVectorBytes &&
         query.question.size() <= kShortQuestion && query.top_k <= kFewHits &&
         query.filter.ByteSizeLong() == 0;
}

}  // namespace

Task<Result<>> EmbeddedEngine::apply(std::vector<DocumentUpdate> updates) {
  std::map<std::shared_ptr<Collection>, std::vector<DocumentUpdate>> by_collection;
  for (DocumentUpdate& update : updates) {
    std::shared_ptr<Collection>& collection =
        collections_[{update.key.kb_incarnation, update.key.generation}];
    if (!collection) collection = std::make_shared<Collection>();
    by_collection[collection].push_back(std::move(update));
  }
  co_await update_pool_.run([work = std::move(by_collection)]() mutable {
    for (auto& [collection, part] : work) collection->apply(std::move(part));
  });
  co_return Result<>{};
}

Task<Result<>> EmbeddedEngine::forget(std::string kb_incarnation) {
  std::vector<std::shared_ptr<Collection>> removed;
  auto it = collections_.lower_bound({kb_incarnation, 0});
  while (it != collections_.end() && it->first.first == kb_incarnation) {
    removed.push_back(std::move(it->second));
    it = collections_.erase(it);
  }
  // Freeing a million passages takes a while, so not here on the event loop.
  co_await update_pool_.run([removed = std::move(removed)]() mutable { removed.clear(); });
  co_return Result<>{};
}

Task<Result<SearchOutcome>> EmbeddedEngine::search(SearchQuery query, Deadline deadline) {
  const auto found = collections_.find({query.kb_incarnation, query.generation});
  if (found == collections_.end()) {
    SearchOutcome nothing;
    nothing.lexical_only = query.vector.empty();
    co_return nothing;
  }
  auto snapshot = found->second->snapshot();
  if (is_quick(*snapshot, query)) co_return index::search(*snapshot, query, weights_);
  auto outcome = co_await search_pool_.run([snapshot = std::move(snapshot), query = std::move(query),
                                            weights = weights_, deadline]() -> std::optional<SearchOutcome> {
    if (deadline.passed()) return std::nullopt;  // waited for a thread too long: nobody waits any more
    return index::search(*snapshot, query, weights);
  });
  if (!outcome) co_return fail(Errc::deadline_exceeded, "the deadline passed before the search began");
  co_return *std::move(outcome);
}

EngineSize EmbeddedEngine::size(std::string_view kb_incarnation, std::uint32_t generation) const {
  const auto found = collections_.find({std::string(kb_incarnation), generation});
  return found == collections_.end() ? EngineSize{} : found->second->snapshot()->size;
}

EngineSize EmbeddedEngine::size() const {
  EngineSize total;
  for (const auto& [key, collection] : collections_) {
    const EngineSize one = collection->snapshot()->size;
    total.documents += one.documents;
    total.passages += one.passages;
    total.vector_bytes += one.vector_bytes;
  }
  return total;
}

}  // namespace kefu::index
