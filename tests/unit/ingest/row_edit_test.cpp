#include "row_edit.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace kefu::ingest {
namespace {

using kefu::v1::RowEdit;
using ::testing::HasSubstr;

kefu::v1::Passage phrasing(const std::string& text) {
  kefu::v1::Passage passage;
  passage.set_kind(kefu::v1::PASSAGE_KIND_FAQ);
  passage.set_document_id("r3");
  passage.set_title("main?");
  passage.set_text(text);
  passage.set_answer("answer");
  passage.set_category("c");
  passage.set_row(3);
  return passage;
}
Row faq_row() { return {.number = 3, .passages = {phrasing("main?"), phrasing("other?")}}; }
Row document_row() {
  kefu::v1::Passage passage;
  passage.set_kind(kefu::v1::PASSAGE_KIND_TEXT);
  passage.set_document_id("d1");
  passage.set_title("title");
  passage.set_url("https://x");
  passage.set_text("text");
  return {.number = 2, .passages = {passage}};
}

nlohmann::json line(const Row& row, const RowEdit& edit) {
  const auto made = edited_line(row, edit, "faq.csv");
  EXPECT_TRUE(made) << made.error().message;
  return made ? nlohmann::json::parse(*made) : nlohmann::json();
}
std::string complaint(const Row& row, const RowEdit& edit) {
  const auto made = edited_line(row, edit, "faq.csv");
  EXPECT_FALSE(made);
  return made ? "" : made.error().message;
}

TEST(RowEdit, KeepsWhatAnEditDoesNotName) {
  RowEdit edit;
  edit.set_answer("new \"answer\"");
  const auto made = line(faq_row(), edit);
  EXPECT_EQ(made, nlohmann::json({{"id", "r3"},
                                  {"question", "main?"},
                                  {"similar", {"other?"}},
                                  {"category", "c"},
                                  {"answer", "new \"answer\""}}));
}

TEST(RowEdit, ReplacesAllSimilarQuestionsOrNone) {
  RowEdit edit;
  edit.mutable_similar();
  EXPECT_EQ(line(faq_row(), edit)["similar"], nlohmann::json::array());
  edit.mutable_similar()->add_questions("a?");
  EXPECT_EQ(line(faq_row(), edit)["similar"], nlohmann::json({"a?"}));
}

TEST(RowEdit, NeverMakesTheFilenameAnId) {
  Row row = faq_row();
  for (auto& passage : row.passages) passage.set_document_id("faq.csv");
  EXPECT_EQ(line(row, {})["id"], "");
}

TEST(RowEdit, RefusesPhrasingsThatSayTheSame) {
  RowEdit edit;
  edit.set_question("OTHER？");
  edit.set_question("other?");
  EXPECT_THAT(complaint(faq_row(), edit), HasSubstr("\"faq.csv\", row 3, similar: \"other?\" says the same"));
  edit.mutable_similar()->add_questions(" ");
  EXPECT_THAT(complaint(faq_row(), edit), HasSubstr("a similar question is empty"));
}

TEST(RowEdit, RefusesFieldsOfTheOtherKind) {
  RowEdit title;
  title.set_title("t");
  EXPECT_THAT(complaint(faq_row(), title), HasSubstr("row 3, title: this is an FAQ row"));
  RowEdit answer;
  answer.set_answer("a");
  EXPECT_THAT(complaint(document_row(), answer), HasSubstr("row 2, answer: this is a document"));
  RowEdit both;
  both.set_text("t");
  both.set_question("q");
  EXPECT_THAT(complaint({.number = 9, .passages = {}}, both), HasSubstr("row 9, question"));
}

TEST(RowEdit, KeepsThePassagesOfADocumentWithoutANewText) {
  RowEdit edit;
  edit.set_url("https://y");
  EXPECT_TRUE(keeps_passages(document_row(), edit));
  EXPECT_EQ(line(document_row(), edit)["url"], "https://y");
  EXPECT_EQ(line(document_row(), edit)["title"], "title");
  edit.set_text("new");
  EXPECT_FALSE(keeps_passages(document_row(), edit));
  EXPECT_FALSE(keeps_passages(faq_row(), RowEdit()));
}

}  // namespace
}  // namespace kefu::ingest
