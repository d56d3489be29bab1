#pragma once

#include "kefu/v1/search.pb.h"

#include <string>

namespace kefu::answer::testing {

/// A phrasing of an FAQ row.
inline kefu::v1::Hit faq_hit(const std::string& phrasing, const std::string& answer, float cosine,
                             float coverage, std::uint32_t row = 1) {
  kefu::v1::Hit hit;
  auto& passage = *hit.mutable_passage();
  passage.set_kind(kefu::v1::PASSAGE_KIND_FAQ);
  passage.set_document_id("R" + std::to_string(row));
  passage.set_row(row);
  passage.set_title(phrasing);
  passage.set_text(phrasing);
  passage.set_answer(answer);
  hit.set_filename("faq.csv");
  hit.set_dense(cosine);
  hit.set_coverage(coverage);
  return hit;
}

/// A piece of a document.
inline kefu::v1::Hit text_hit(const std::string& heading, const std::string& text, float cosine,
                              float coverage) {
  kefu::v1::Hit hit;
  auto& passage = *hit.mutable_passage();
  passage.set_kind(kefu::v1::PASSAGE_KIND_TEXT);
  passage.set_document_id("handbook.md");
  passage.set_title("手册");
  passage.set_heading(heading);
  passage.set_text(text);
  passage.set_ordinal(7);
  hit.set_filename("handbook.md");
  hit.set_dense(cosine);
  hit.set_coverage(coverage);
  return hit;
}

/// Of a knowledge base as large as it takes for its own background to count.
inline kefu::v1::SearchResponse found(std::initializer_list<kefu::v1::Hit> hits) {
  kefu::v1::SearchResponse response;
  for (const auto& hit : hits) *response.add_hits() = hit;
  response.mutable_background()->set_mean(0.82F);
  response.mutable_background()->set_deviation(0.02F);
  response.mutable_background()->set_passages(1000);
  return response;
}

}  // namespace kefu::answer::testing
