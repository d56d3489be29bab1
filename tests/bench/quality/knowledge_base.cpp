#include "knowledge_base.hpp"

#include "extraction/format.hpp"

#include <kefu/base/ids.hpp>
#include <kefu/proto/passage.hpp>
#include <kefu/text/normalize.hpp>

#include <fmt/format.h>

#include <chrono>
#include <utility>

namespace kefu::bench {
namespace {

constexpr const char* kName = "bench";

/// Ingest does this in a child process, for the sake of files that nobody trusts.
class Collector final : public ingest::ExtractionSink {
 public:
  explicit Collector(std::string filename) : filename_(std::move(filename)) {}

  void take(ingest::extraction::FaqRow row) override { found.emplace_back(std::move(row)); }
  void take(ingest::extraction::Document document) override { found.emplace_back(std::move(document)); }
  void reject(std::uint32_t row, std::string field, std::string reason) override {
    fmt::print("{}: row {}, {}: {}\n", filename_, row, field, reason);
  }

  std::vector<ingest::Extraction::Entry> found;

 private:
  std::string filename_;
};

}  // namespace

Task<Result<IndexedDocument>> make_document(LocalEmbedding& embedding, TextFile file,
                                            ingest::SplitSettings settings) {
  auto& [filename, bytes] = file;
  KEFU_CO_TRY(const ingest::FileType type, ingest::detect_file_type({}, filename));
  Collector collector(filename);
  KEFU_CO_CHECK(ingest::extract(type, bytes, collector));
  ingest::Splitter splitter(embedding, settings);
  KEFU_CO_TRY(auto passages, co_await splitter.split(std::move(collector.found), filename));
  for (std::size_t i = 0; i < passages.size(); ++i) passages[i].set_ordinal(static_cast<std::uint32_t>(i));
  std::vector<std::string> inputs;
  for (const auto& passage : passages) inputs.push_back(proto::embedding_input(passage));
  KEFU_CO_TRY(auto vectors, co_await embedding.embed(std::move(inputs), Role::passage));
  IndexedDocument document{.filename = std::move(filename), .passages = {}};
  for (std::size_t i = 0; i < passages.size(); ++i)
    document.passages.push_back({std::move(passages[i]), std::move(vectors[i])});
  co_return document;
}

Task<Result<std::vector<IndexedDocument>>> make_documents(LocalEmbedding& embedding,
                                                          std::vector<TextFile> files,
                                                          ingest::SplitSettings settings) {
  std::vector<IndexedDocument> documents;
  for (TextFile& file : files) {
    KEFU_CO_TRY(auto document, co_await make_document(embedding, std::move(file), settings));
    documents.push_back(std::move(document));
  }
  co_return documents;
}

Task<Result<>> KnowledgeBase::put(IndexedDocument document) {
  std::vector<IndexedDocument> one;
  one.push_back(std::move(document));
  co_return co_await put_all(std::move(one));
}

Task<Result<>> KnowledgeBase::put_all(std::vector<IndexedDocument> documents) {
  std::vector<index::DocumentUpdate> updates;
  for (IndexedDocument& document : documents) {
    index::DocumentUpdate update{
        .key = {.kb_incarnation = kName, .generation = 1, .document = subject_token(document.filename)},
        .filename = document.filename};
    if (!document.passages.empty()) update.groups.push_back({fingerprint_, std::move(document.passages)});
    updates.push_back(std::move(update));
  }
  co_return co_await engine_.apply(std::move(updates));
}

Task<Result<kefu::v1::SearchResponse>> KnowledgeBase::search(std::string question, Vector vector,
                                                             std::size_t top_k) {
  index::SearchQuery query{.kb_incarnation = kName,
                           .question = text::normalize(question),
                           .vector = std::move(vector),
                           .model_fingerprint = fingerprint_,
                           .top_k = top_k};
  KEFU_CO_TRY(auto outcome, co_await engine_.search(std::move(query), Deadline::in(std::chrono::minutes(1))));
  kefu::v1::SearchResponse response;
  for (auto& hit : outcome.hits) *response.add_hits() = std::move(hit);
  *response.mutable_background() = outcome.background;
  response.set_lexical_only(outcome.lexical_only);
  co_return response;
}

}  // namespace kefu::bench
