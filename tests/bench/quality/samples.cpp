#include "samples.hpp"

#include <algorithm>
#include <iterator>
#include <map>
#include <optional>
#include <utility>

namespace kefu::bench {
namespace {

using kefu::v1::PASSAGE_KIND_FAQ;
using kefu::v1::PASSAGE_KIND_TEXT;
using kefu::v1::PassageKind;

struct Nearest {
  answer::Features features;
  std::string filename;
  std::string id;
};

/// What a decision would look at, the nearest passage of each kind.
class Found {
 public:
  Found(const std::string& question, kefu::v1::SearchResponse response) : response_(std::move(response)) {
    for (const auto& assessment : answer::assess(question, response_, {})) {
      const auto& passage = assessment.hit->passage();
      const Nearest candidate{assessment.features, assessment.hit->filename(), passage.document_id()};
      auto& place = passage.kind() == PASSAGE_KIND_FAQ ? faq_ : text_;
      if (!place || candidate.features.cosine > place->features.cosine) place = candidate;
    }
  }
  const std::optional<Nearest>& of(PassageKind kind) const { return kind == PASSAGE_KIND_FAQ ? faq_ : text_; }
  bool text_is_nearest() const { return text_ && (!faq_ || text_->features.cosine > faq_->features.cosine); }

 private:
  kefu::v1::SearchResponse response_;
  std::optional<Nearest> faq_;
  std::optional<Nearest> text_;
};

Task<Result<Found>> ask(LocalEmbedding& embedding, KnowledgeBase& base, std::string question) {
  std::vector<std::string> texts{question};
  KEFU_CO_TRY(auto vectors, co_await embedding.embed(std::move(texts), Role::query));
  KEFU_CO_TRY(auto response, co_await base.search(question, std::move(vectors.front()), kPassages));
  co_return Found(question, std::move(response));
}

/// The document without one phrasing. Where that is the row's main question, the next one becomes its title:
/// titles are searched too.
IndexedDocument without_phrasing(IndexedDocument document, const kefu::v1::Passage& left_out) {
  std::erase_if(document.passages,
                [&](const auto& passage) { return passage.passage.ordinal() == left_out.ordinal(); });
  std::string title;
  for (auto& [passage, vector] : document.passages) {
    if (passage.row() != left_out.row() || passage.title() != left_out.text()) continue;
    if (title.empty()) title = passage.text();
    passage.set_title(title);
  }
  return document;
}

IndexedDocument without_row(IndexedDocument document, const kefu::v1::Passage& left_out) {
  std::erase_if(document.passages,
                [&](const auto& passage) { return passage.passage.row() == left_out.row(); });
  return document;
}

void add(std::vector<Sample>& samples, Origin origin, const Nearest& nearest, bool right, std::size_t group,
         std::string question) {
  samples.push_back({.origin = origin,
                     .features = nearest.features,
                     .right = right,
                     .group = group,
                     .question = std::move(question),
                     .nearest = nearest.id});
}

Task<Result<>> add_phrasing(LocalEmbedding& embedding, KnowledgeBase& base, const IndexedDocument& document,
                            const kefu::v1::Passage& phrasing, Samples& samples) {
  for (const Origin origin : {Origin::phrasing_left_out, Origin::row_left_out}) {
    const bool row_stays = origin == Origin::phrasing_left_out;
    auto rest = row_stays ? without_phrasing(document, phrasing) : without_row(document, phrasing);
    const bool has_row = std::ranges::any_of(
        rest.passages, [&](const auto& passage) { return passage.passage.row() == phrasing.row(); });
    if (row_stays && !has_row) continue;
    KEFU_CO_CHECK(co_await base.put(std::move(rest)));
    KEFU_CO_TRY(const Found found, co_await ask(embedding, base, phrasing.text()));
    const auto& nearest = found.of(PASSAGE_KIND_FAQ);
    if (!nearest || nearest->filename != document.filename) continue;
    if (!row_stays && found.text_is_nearest()) continue;
    add(samples.faq, origin, *nearest, row_stays && nearest->id == phrasing.document_id(), phrasing.row(),
        phrasing.text());
  }
  co_return Result<>{};
}

}  // namespace

std::string_view name(Origin origin) {
  switch (origin) {
    case Origin::phrasing_left_out:
      return "phrasing left out";
    case Origin::row_left_out:
      return "row left out";
    case Origin::passage:
      return "about a text";
    case Origin::passage_left_out:
      return "text left out";
    case Origin::off_topic:
      return "off topic";
  }
  std::unreachable();
}

Task<Result<>> add_phrasings(LocalEmbedding& embedding, std::vector<IndexedDocument> documents,
                             index::FusionWeights weights, Samples& samples) {
  KnowledgeBase base(embedding.fingerprint(), weights);
  KEFU_CO_CHECK(co_await base.put_all(documents));
  for (const IndexedDocument& document : documents) {
    for (const auto& [passage, vector] : document.passages) {
      if (passage.kind() == PASSAGE_KIND_FAQ)
        KEFU_CO_CHECK(co_await add_phrasing(embedding, base, document, passage, samples));
    }
    KEFU_CO_CHECK(co_await base.put(document));
  }
  co_return Result<>{};
}

Task<Result<>> add_passages(LocalEmbedding& embedding, std::vector<IndexedDocument> documents,
                            std::vector<PassageQuestions::Question> questions, index::FusionWeights weights,
                            Samples& samples) {
  KnowledgeBase base(embedding.fingerprint(), weights);
  KEFU_CO_CHECK(co_await base.put_all(documents));
  std::map<std::string, std::vector<std::string>> by_document;
  for (auto& [question, filename] : questions) by_document[filename].push_back(std::move(question));
  std::size_t group = 0;
  for (const IndexedDocument& document : documents) {
    const auto& own = by_document[document.filename];
    for (const Origin origin : {Origin::passage, Origin::passage_left_out}) {
      const bool is_there = origin == Origin::passage;
      if (!is_there) KEFU_CO_CHECK(co_await base.put({.filename = document.filename, .passages = {}}));
      for (const std::string& question : own) {
        KEFU_CO_TRY(const Found found, co_await ask(embedding, base, question));
        if (const auto& nearest = found.of(PASSAGE_KIND_TEXT)) {
          add(samples.text, origin, *nearest, is_there && nearest->filename == document.filename, group,
              question);
        }
      }
    }
    KEFU_CO_CHECK(co_await base.put(document));
    ++group;
  }
  co_return Result<>{};
}

Task<Result<>> add_off_topic(LocalEmbedding& embedding, std::vector<IndexedDocument> documents,
                             std::vector<std::string> questions, index::FusionWeights weights,
                             Samples& samples) {
  KnowledgeBase base(embedding.fingerprint(), weights);
  KEFU_CO_CHECK(co_await base.put_all(std::move(documents)));
  std::size_t group = 0;
  for (const std::string& question : questions) {
    KEFU_CO_TRY(const Found found, co_await ask(embedding, base, question));
    for (const PassageKind kind : {PASSAGE_KIND_FAQ, PASSAGE_KIND_TEXT}) {
      const auto& nearest = found.of(kind);
      auto& place = kind == PASSAGE_KIND_FAQ ? samples.faq : samples.text;
      if (nearest) add(place, Origin::off_topic, *nearest, false, group, question);
    }
    ++group;
  }
  co_return Result<>{};
}

}  // namespace kefu::bench
