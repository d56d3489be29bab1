#include "dense_search.hpp"
#include "lexical_search.hpp"
#include "passages.hpp"

#include <kefu/text/segment.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <random>
#include <set>
#include <string>
#include <tuple>
#include <unordered_map>
#include <vector>

namespace kefu::index {
namespace {

using namespace kefu::index::testing;

using Place = std::pair<std::string, std::uint32_t>;  // document, ordinal

struct Ranked {
  Place place;
  float score;

  bool operator==(const Ranked&) const = default;
};

/// A collection as a plain list of its passages, scored one by one.
class Reference {
 public:
  void put(const std::string& name, const std::vector<IndexedPassage>& passages) {
    std::erase_if(held_, [&](const Held& held) { return held.document == name; });
    for (const IndexedPassage& passage : passages) {
      Held& held = held_.emplace_back(Held{name, passage.passage});
      for (const std::string& term : text::lexical_terms(passage.passage.text())) {
        ++held.terms[term];
        ++held.length;
      }
    }
  }

  template <class Admits>
  std::vector<Ranked> best(std::string_view question, std::size_t count, Admits admits) const {
    std::uint64_t length = 0;
    for (const Held& held : held_) length += held.length;
    const Bm25 bm25(static_cast<double>(length) / static_cast<double>(held_.size()));
    std::vector<Points> points(held_.size(), 0);
    const auto asked = text::lexical_terms(question);
    for (const std::string& term : std::set<std::string>(asked.begin(), asked.end())) {
      const auto holders =
          std::ranges::count_if(held_, [&](const Held& held) { return held.terms.contains(term); });
      const double rarity = Bm25::rarity(held_.size(), static_cast<std::uint64_t>(holders));
      for (std::size_t i = 0; i < held_.size(); ++i) {
        const auto found = held_[i].terms.find(term);
        if (found != held_[i].terms.end()) points[i] += bm25.gain(rarity, found->second, held_[i].length);
      }
    }
    std::vector<Ranked> ranking;
    for (std::size_t i = 0; i < held_.size(); ++i) {
      const auto& [name, passage, terms, of_terms] = held_[i];
      if (points[i] != 0 && admits(name, passage))
        ranking.push_back({{name, passage.ordinal()}, score_of(points[i])});
    }
    std::ranges::sort(ranking, [](const Ranked& a, const Ranked& b) {
      return std::tuple(-a.score, a.place) < std::tuple(-b.score, b.place);
    });
    ranking.resize(std::min(count, ranking.size()));
    return ranking;
  }

 private:
  struct Held {
    std::string document;
    kefu::v1::Passage passage;
    std::unordered_map<std::string, std::uint32_t> terms = {};
    std::uint32_t length = 0;
  };
  std::vector<Held> held_;
};

std::vector<Ranked> found(const Snapshot& snapshot, const kefu::v1::SearchFilter& filter,
                          std::string_view question, std::size_t count) {
  const RowFilter rows(snapshot, filter);
  std::vector<Ranked> ranking;
  const LexicalSearch search(snapshot, rows, question);
  for (const Scored& scored : search.best(count)) {
    const Entry& entry = entry_of(snapshot, scored);
    ranking.push_back({{entry.document->token, entry.passage.ordinal()}, scored.score});
    EXPECT_EQ(search.scores(scored.segment, {scored.row, 1}).as_passage, scored.score);
  }
  return ranking;
}

/// Words as often as in a language: the n-th about 1/n times as often as the first.
std::string words(std::mt19937& random, std::size_t count) {
  std::string text;
  for (std::size_t i = 0; i < count; ++i) {
    const double u = std::uniform_real_distribution(0.0, 1.0)(random);
    text += "w" + std::to_string(static_cast<int>(std::pow(2000.0, u))) + "x ";
  }
  return text;
}

std::vector<IndexedPassage> random_passages(std::mt19937& random, std::uint32_t count) {
  std::vector<IndexedPassage> passages;
  for (std::uint32_t i = 0; i < count; ++i) {
    // Short ones as of an FAQ among long ones, and some that are alike.
    passages.push_back(text(i, words(random, random() % 4 == 0 ? random() % 5 + 1 : random() % 60 + 1)));
    passages.back().passage.set_category(random() % 5 == 0 ? "rare" : "common");
    passages.back().passage.set_document_id("id" + std::to_string(random() % 50));
  }
  return passages;
}

class Ranking : public ::testing::Test {
 protected:
  Ranking() {
    for (int d = 0; d < 60; ++d) {
      const auto passages = random_passages(random, random() % 30 + 1);
      put("d" + std::to_string(d), passages);
    }
    // One large document, so that a segment has many windows.
    put("large", random_passages(random, 2500));
    for (int i = 0; i < 60;
         ++i) {  // replaced or removed: rows that are dead, in segments that are not merged
      const std::string name = "d" + std::to_string(random() % 60);
      put(name, random() % 2 == 0 ? std::vector<IndexedPassage>{} : random_passages(random, 5));
    }
  }

  void put(const std::string& name, const std::vector<IndexedPassage>& passages) {
    reference.put(name, passages);
    apply(collection, document(name, passages));
  }

  std::mt19937 random{7};
  Collection collection;
  Reference reference;
};

TEST_F(Ranking, ByWordsIsThatOfScoringEveryPassage) {
  const auto snapshot = collection.snapshot();
  const auto all = [](const auto&, const auto&) { return true; };
  for (int i = 0; i < 60; ++i) {
    const std::string question = words(random, i % 3 == 0 ? 1 : random() % 20 + 1);
    const std::size_t count = std::array<std::size_t, 4>{1, 8, 40, 400}[random() % 4];
    EXPECT_EQ(found(*snapshot, {}, question, count), reference.best(question, count, all)) << question;
  }
}

TEST_F(Ranking, ByWordsIsExactWhateverTheFilterAdmits) {
  const auto snapshot = collection.snapshot();
  for (int i = 0; i < 40; ++i) {
    kefu::v1::SearchFilter filter;
    std::set<std::string> documents;
    const bool rare = i % 2 == 0;
    if (rare) filter.add_categories("rare");
    if (i % 4 < 2) {
      for (int d = 0; d < 2; ++d) documents.insert("id" + std::to_string(random() % 50));
      for (const auto& id : documents) filter.add_documents(id);
    } else {
      filter.add_filenames("large.md");
      filter.add_filenames("d3.md");
    }
    const auto admits = [&](const std::string& name, const kefu::v1::Passage& passage) {
      return (!rare || passage.category() == "rare") &&
             (documents.empty() || documents.contains(passage.document_id())) &&
             (filter.filenames().empty() || name == "large" || name == "d3");
    };
    const std::string question = words(random, random() % 12 + 1);
    EXPECT_EQ(found(*snapshot, filter, question, 10), reference.best(question, 10, admits)) << question;
  }
}

TEST_F(Ranking, OfManyEqualPassagesTakesTheFirstOnes) {
  for (int d = 0; d < 30; ++d)
    put("same" + std::to_string(d), {text(0, "unheardof word"), text(1, "unheardof word")});
  std::vector<IndexedPassage> many;  // in a segment of their own, out of order
  for (std::uint32_t i = 100; i > 0; --i) many.push_back(text(i, "unheardof word"));
  put("same", many);
  const auto all = [](const auto&, const auto&) { return true; };
  for (const std::size_t count : {1U, 5U, 17U, 140U})
    EXPECT_EQ(found(*collection.snapshot(), {}, "unheardof", count), reference.best("unheardof", count, all));
}

TEST_F(Ranking, ByVectorsHasTheRightOnesWhateverTheFilterAdmitsThoughItRoundsThem) {
  Collection vectors;
  std::vector<std::pair<IndexedPassage, std::string>> all;
  for (int d = 0; d < 60; ++d) {
    std::vector<IndexedPassage> passages;
    for (std::uint32_t i = 0; i < 20; ++i) {
      passages.push_back(text(i, "x", random_unit(random, 32)));
      passages.back().passage.set_category(random() % 6 == 0 ? "rare" : "common");
      all.emplace_back(passages.back(), "v" + std::to_string(d));
    }
    apply(vectors, document("v" + std::to_string(d), passages));
  }
  kefu::v1::SearchFilter filter;
  filter.add_categories("rare");
  const auto snapshot = vectors.snapshot();
  const RowFilter rows(*snapshot, filter);
  for (int i = 0; i < 20; ++i) {
    const auto question = random_unit(random, 32);
    std::vector<std::pair<float, Place>> ranking;
    for (const auto& [passage, name] : all) {
      if (passage.passage.category() == "rare")
        ranking.emplace_back(-dot(question, passage.vector), Place{name, passage.passage.ordinal()});
    }
    std::ranges::sort(ranking);
    const DenseSearch search(*snapshot, rows, question, "m1");
    EXPECT_EQ(search.background().passages(), all.size());
    const auto best = search.best(40);
    ASSERT_EQ(best.size(), 40U);
    for (std::size_t k = 0; k < best.size(); ++k) {
      const Entry& entry = entry_of(*snapshot, best[k]);
      EXPECT_EQ((Place{entry.document->token, entry.passage.ordinal()}), ranking[k].second);
    }
  }
}

}  // namespace
}  // namespace kefu::index
