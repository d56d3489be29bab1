#include "samples.hpp"

#include <algorithm>
#include <map>
#include <utility>

namespace kefu::bench {
namespace {

Task<Result<AskedQuestion>> ask(LocalEmbedding& embedding, KnowledgeBase& base, std::string question,
                                std::vector<std::string> expected, std::size_t group) {
  std::vector<std::string> texts{question};
  KEFU_CO_TRY(auto vectors, co_await embedding.embed(std::move(texts), Role::query));
  KEFU_CO_TRY(const auto found, co_await base.search(question, std::move(vectors.front()), kPassages));
  AskedQuestion asked{
      .text = std::move(question), .expected = std::move(expected), .group = group, .candidates = {}};
  for (const auto& [hit, features, confidence] : answer::assess(asked.text, found, {})) {
    const std::string& document = hit->passage().document_id();
    asked.candidates.push_back({.features = features,
                                .is_faq = hit->passage().kind() == kefu::v1::PASSAGE_KIND_FAQ,
                                .right = std::ranges::find(asked.expected, document) != asked.expected.end(),
                                .document = document});
  }
  co_return asked;
}

/// The upload without the rows or documents that have this id.
IndexedDocument without(IndexedDocument upload, const std::string& id) {
  std::erase_if(upload.passages, [&](const auto& indexed) { return indexed.passage.document_id() == id; });
  return upload;
}

bool holds(const IndexedDocument& upload, const std::string& id) {
  return std::ranges::any_of(upload.passages,
                             [&](const auto& indexed) { return indexed.passage.document_id() == id; });
}

}  // namespace

Task<Result<QuestionSet>> ask_all(LocalEmbedding& embedding, std::string name,
                                  std::vector<IndexedDocument> documents,
                                  std::vector<SampleQuestion> questions) {
  KnowledgeBase base(embedding.fingerprint(), {});
  KEFU_CO_CHECK(co_await base.put_all(std::move(documents)));
  QuestionSet set{.name = std::move(name), .questions = {}};
  for (auto& [question, expected] : questions) {
    KEFU_CO_TRY(auto asked, co_await ask(embedding, base, std::move(question), std::move(expected),
                                         set.questions.size()));
    set.questions.push_back(std::move(asked));
  }
  co_return set;
}

Task<Result<QuestionSet>> ask_with_and_without(LocalEmbedding& embedding, std::string name,
                                               std::vector<IndexedDocument> documents,
                                               std::vector<SampleQuestion> questions) {
  KnowledgeBase base(embedding.fingerprint(), {});
  KEFU_CO_CHECK(co_await base.put_all(documents));
  std::map<std::string, std::vector<std::string>> by_answer;
  for (auto& [question, expected] : questions) by_answer[expected.front()].push_back(std::move(question));
  QuestionSet set{.name = std::move(name), .questions = {}};
  std::size_t group = 0;
  for (const auto& [id, own] : by_answer) {
    const auto upload =
        std::ranges::find_if(documents, [&](const IndexedDocument& document) { return holds(document, id); });
    if (upload == documents.end()) co_return fail(Errc::data_corrupt, "nothing has the id " + id);
    for (const bool is_there : {true, false}) {
      if (!is_there) KEFU_CO_CHECK(co_await base.put(without(*upload, id)));
      for (const std::string& question : own) {
        std::vector<std::string> expected;
        if (is_there) expected.push_back(id);
        KEFU_CO_TRY(auto asked, co_await ask(embedding, base, question, std::move(expected), group));
        set.questions.push_back(std::move(asked));
      }
    }
    KEFU_CO_CHECK(co_await base.put(*upload));
    ++group;
  }
  co_return set;
}

}  // namespace kefu::bench
