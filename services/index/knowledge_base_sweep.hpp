#pragma once

#include "replica.hpp"

#include <kefu/directory/knowledge_bases.hpp>

#include <cstdint>
#include <string>
#include <unordered_map>
#include <unordered_set>

namespace kefu::index {

/// Incarnations whose records say that they were deleted.
std::unordered_set<std::string> deleted_incarnations(const directory::KnowledgeBases& directory);

/// Compares what the replica holds with the knowledge bases that exist. A knowledge base is swept only when
/// its record says that it was deleted, never because it has no record: a bucket that was lost must not take
/// the documents with it. Thread: the event loop.
class KnowledgeBaseSweep {
 public:
  /// Both outlive this object.
  KnowledgeBaseSweep(const directory::KnowledgeBases& directory, Replica& replica)
      : directory_(directory), replica_(replica) {}

  /// Until stop(); spawn it in the owner's task group.
  Task<void> run();
  void stop() { stopping_ = true; }

  /// Which generation of a knowledge base answers searches; 1 for one that is too new to be known here.
  std::uint32_t generation_of(const std::string& incarnation) const;

 private:
  void sweep();

  const directory::KnowledgeBases& directory_;
  Replica& replica_;
  std::unordered_map<std::string, std::uint32_t> generations_;  // by incarnation
  bool stopping_ = false;
};

}  // namespace kefu::index
