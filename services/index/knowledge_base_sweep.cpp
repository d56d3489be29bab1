#include "knowledge_base_sweep.hpp"

#include <chrono>
#include <utility>

namespace kefu::index {
namespace {

constexpr std::chrono::milliseconds kInterval{500};

}  // namespace

std::unordered_set<std::string> deleted_incarnations(const directory::KnowledgeBases& directory) {
  std::unordered_set<std::string> deleted;
  for (const kefu::v1::KnowledgeBase& record : directory.all()) {
    deleted.insert(record.former_incarnations().begin(), record.former_incarnations().end());
    if (record.deleted()) deleted.insert(record.incarnation());
  }
  return deleted;
}

Task<void> KnowledgeBaseSweep::run() {
  while (!stopping_) {
    sweep();
    co_await sleep_for(kInterval);
  }
}

void KnowledgeBaseSweep::sweep() {
  std::unordered_map<std::string, std::uint32_t> generations;
  for (const kefu::v1::KnowledgeBase& record : directory_.all()) {
    if (!record.deleted()) generations[record.incarnation()] = record.generation();
  }
  generations_ = std::move(generations);
  const auto deleted = deleted_incarnations(directory_);
  for (const std::string& incarnation : replica_.knowledge_bases()) {
    if (deleted.contains(incarnation)) replica_.forget(incarnation);
  }
}

std::uint32_t KnowledgeBaseSweep::generation_of(const std::string& incarnation) const {
  const auto found = generations_.find(incarnation);
  return found == generations_.end() ? 1 : found->second;
}

}  // namespace kefu::index
