#include "passages.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>

namespace kefu::index {
namespace {

using namespace kefu::index::testing;

std::multimap<std::string, std::string> contents(const Snapshot& snapshot) {
  std::multimap<std::string, std::string> found;
  for (const LiveSegment& live : snapshot.segments) {
    for (std::uint32_t row = 0; row < live.segment->rows(); ++row) {
      const Entry& entry = *live.segment->entry(row);
      if (live.alive(row)) found.emplace(entry.document->token, entry.passage.text());
    }
  }
  return found;
}

TEST(Collection, ReplacesAndRemovesDocumentsWhole) {
  Collection collection;
  apply(collection, document("a", {text(0, "one"), text(1, "two")}));
  apply(collection, document("b", {text(0, "other")}));
  EXPECT_EQ(collection.snapshot()->size.passages, 3U);
  EXPECT_EQ(collection.snapshot()->size.documents, 2U);
  apply(collection, document("a", {text(0, "three")}));
  EXPECT_EQ(contents(*collection.snapshot()),
            (std::multimap<std::string, std::string>{{"a", "three"}, {"b", "other"}}));
  apply(collection, document("a", {}));
  apply(collection, document("unknown", {}));
  EXPECT_EQ(collection.snapshot()->size.documents, 1U);
  EXPECT_EQ(collection.snapshot()->size.passages, 1U);
}

TEST(Collection, KeepsASnapshotAsItWas) {
  Collection collection;
  apply(collection, document("a", {text(0, "old")}));
  const auto before = collection.snapshot();
  apply(collection, document("a", {text(0, "new")}));
  EXPECT_EQ(contents(*before), (std::multimap<std::string, std::string>{{"a", "old"}}));
}

TEST(Collection, TakesTheLastOfSeveralUpdatesOfOneDocument) {
  Collection collection;
  std::vector<DocumentUpdate> updates;
  updates.push_back(document("a", {text(0, "first")}));
  updates.push_back(document("a", {text(0, "second")}));
  collection.apply(std::move(updates));
  EXPECT_EQ(contents(*collection.snapshot()), (std::multimap<std::string, std::string>{{"a", "second"}}));
}

TEST(Collection, HoldsTheSameThroughManyMergesAsAPlainMap) {
  std::mt19937 random(3);
  Collection collection;
  std::map<std::string, std::vector<std::string>> expected;
  for (int step = 0; step < 1500; ++step) {
    const std::string name = "d" + std::to_string(random() % 120);
    std::vector<IndexedPassage> passages;
    std::vector<std::string> texts;
    for (std::uint32_t i = random() % 6; i > 0; --i) {
      texts.push_back("step " + std::to_string(step) + " part " + std::to_string(i));
      passages.push_back(text(i, texts.back(), random_unit(random, random() % 2 == 0 ? 8 : 4)));
    }
    expected[name] = texts;
    apply(collection, document(name, std::move(passages), random() % 10 == 0 ? "m2" : "m1"));
  }
  std::multimap<std::string, std::string> all;
  std::uint64_t terms = 0;
  for (const auto& [name, texts] : expected) {
    for (const std::string& each : texts) all.emplace(name, each);
    terms += 4 * texts.size();
  }
  const auto snapshot = collection.snapshot();
  auto found = contents(*snapshot);
  std::vector<std::pair<std::string, std::string>> a(all.begin(), all.end());
  std::vector<std::pair<std::string, std::string>> b(found.begin(), found.end());
  std::ranges::sort(a);
  std::ranges::sort(b);
  EXPECT_EQ(a, b);
  EXPECT_EQ(snapshot->size.passages, all.size());
  EXPECT_EQ(snapshot->length, terms);
  EXPECT_LT(snapshot->segments.size(), 60U);
}

}  // namespace
}  // namespace kefu::index
