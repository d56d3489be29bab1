#pragma once

#include "data.hpp"
#include "embedded_engine.hpp"
#include "local_embedding.hpp"
#include "splitting/splitter.hpp"

#include <kefu/async/cpu_pool.hpp>

#include <string>
#include <vector>

namespace kefu::bench {

/// A document as the index receives it.
struct IndexedDocument {
  std::string filename;
  std::vector<index::IndexedPassage> passages;
};

/// Reads, splits and embeds a file as ingest and embedding do. Errors: those of its bytes.
Task<Result<IndexedDocument>> make_document(LocalEmbedding& embedding, TextFile file,
                                            ingest::SplitSettings settings = {});

Task<Result<std::vector<IndexedDocument>>> make_documents(LocalEmbedding& embedding,
                                                          std::vector<TextFile> files,
                                                          ingest::SplitSettings settings = {});

/// One knowledge base in index's own engine, without bus and log.
class KnowledgeBase {
 public:
  KnowledgeBase(std::string model_fingerprint, index::FusionWeights weights)
      : fingerprint_(std::move(model_fingerprint)), engine_(searches_, updates_, weights) {}

  /// Replaces the document; without passages it is removed.
  Task<Result<>> put(IndexedDocument document);
  Task<Result<>> put_all(std::vector<IndexedDocument> documents);
  /// What index would answer.
  Task<Result<kefu::v1::SearchResponse>> search(std::string question, Vector vector, std::size_t top_k);

 private:
  std::string fingerprint_;
  CpuPool searches_{1};
  CpuPool updates_{1};
  index::EmbeddedEngine engine_;
};

}  // namespace kefu::bench
