#pragma once

#include "collection.hpp"

#include <kefu/vector/codec.hpp>

#include <random>
#include <string>
#include <utility>
#include <vector>

namespace kefu::index::testing {

inline std::vector<float> random_unit(std::mt19937& random, std::size_t dimensions) {
  std::normal_distribution<float> normal;
  std::vector<float> vector(dimensions);
  for (float& x : vector) x = normal(random);
  vector::normalize_length(vector);
  return vector;
}

inline IndexedPassage text(std::uint32_t ordinal, std::string words, std::vector<float> vector = {}) {
  IndexedPassage made;
  made.vector = std::move(vector);
  made.passage.set_kind(kefu::v1::PASSAGE_KIND_TEXT);
  made.passage.set_ordinal(ordinal);
  made.passage.set_text(std::move(words));
  return made;
}

inline IndexedPassage faq(std::uint32_t ordinal, std::uint32_t row, std::string question, std::string answer,
                          std::vector<float> vector = {}) {
  IndexedPassage made = text(ordinal, std::move(question), std::move(vector));
  made.passage.set_kind(kefu::v1::PASSAGE_KIND_FAQ);
  made.passage.set_row(row);
  made.passage.set_answer(std::move(answer));
  return made;
}

inline DocumentUpdate document(const std::string& name, std::vector<IndexedPassage> passages,
                               const std::string& model = "m1") {
  DocumentUpdate update;
  update.key = {"kb", 1, name};
  update.filename = name + ".md";
  if (!passages.empty()) update.groups.push_back({model, std::move(passages)});
  return update;
}

inline void apply(Collection& collection, DocumentUpdate update) {
  std::vector<DocumentUpdate> updates;
  updates.push_back(std::move(update));
  collection.apply(std::move(updates));
}

}  // namespace kefu::index::testing
