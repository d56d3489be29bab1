#include "document_json.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace kefu::gateway {
namespace {

using nlohmann::json;

kefu::v1::Passage& add_faq(kefu::v1::GetDocumentResponse& response, std::uint32_t row, const char* question,
                           const char* text) {
  kefu::v1::Passage& passage = *response.add_passages();
  passage.set_kind(kefu::v1::PASSAGE_KIND_FAQ);
  passage.set_ordinal(static_cast<std::uint32_t>(response.passages_size() - 1));
  passage.set_row(row);
  passage.set_title(question);
  passage.set_text(text);
  passage.set_answer("A");
  passage.set_document_id("faq.csv");
  return passage;
}

kefu::v1::GetDocumentResponse faq() {
  kefu::v1::GetDocumentResponse response;
  response.mutable_document()->set_filename("faq.csv");
  response.mutable_document()->set_version(7);
  add_faq(response, 1, "运费?", "运费?").set_document_id("shipping");
  add_faq(response, 1, "运费?", "谁出运费?").set_document_id("shipping");
  add_faq(response, 3, "退货?", "退货?");
  return response;
}

TEST(DocumentJson, PutsPhrasingsBackIntoRows) {
  const json body = json::parse(document_json(faq()));
  EXPECT_EQ(body["filename"], "faq.csv");
  EXPECT_EQ(body["version"], 7);
  ASSERT_EQ(body["rows"].size(), 2U);
  EXPECT_EQ(body["rows"][0], (json{{"row", 1},
                                   {"id", "shipping"},
                                   {"question", "运费?"},
                                   {"similar", {"谁出运费?"}},
                                   {"answer", "A"}}));
  EXPECT_EQ(body["rows"][1]["row"], 3);
  EXPECT_FALSE(body["rows"][1].contains("id"));
  EXPECT_FALSE(body.contains("next"));
}

TEST(DocumentJson, LeavesARowThatMayBeTornToTheNextPage) {
  auto response = faq();
  response.set_more(true);
  json body = json::parse(document_json(response));
  EXPECT_EQ(body["rows"].size(), 1U);
  EXPECT_EQ(body["next"], 2);
  response.mutable_passages()->RemoveLast();
  body = json::parse(document_json(response));
  EXPECT_EQ(body["rows"].size(), 1U);
  EXPECT_EQ(body["next"], 2);
}

TEST(DocumentJson, ShowsPassagesOfTexts) {
  kefu::v1::GetDocumentResponse response;
  response.mutable_document()->set_filename("handbook.md");
  for (std::uint32_t ordinal : {4U, 5U}) {
    auto& passage = *response.add_passages();
    passage.set_kind(kefu::v1::PASSAGE_KIND_TEXT);
    passage.set_ordinal(ordinal);
    passage.set_document_id("handbook.md");
    passage.set_title("手册");
    passage.set_url("https://shop.example/h");
    passage.set_heading("退款");
    passage.set_text("三天");
  }
  response.set_more(true);
  const json body = json::parse(document_json(response));
  ASSERT_EQ(body["rows"].size(), 1U);
  EXPECT_EQ(body["rows"][0]["row"], 0);
  EXPECT_EQ(body["rows"][0]["url"], "https://shop.example/h");
  EXPECT_EQ(body["rows"][0]["passages"][1], (json{{"passage", 5}, {"heading", "退款"}, {"text", "三天"}}));
  EXPECT_EQ(body["next"], 6);
}

TEST(DocumentJson, ListsDocumentsAndWhereToGoOn) {
  kefu::v1::ListDocumentsResponse response;
  auto& document = *response.add_documents();
  document.set_filename("退货.md");
  document.set_version(3);
  document.set_passages(12);
  document.set_content_type("text/markdown");
  document.set_file_bytes(100);
  document.set_file_sha256("ab");
  document.set_created_unix_ms(1'700'000'000'000);
  EXPECT_EQ(json::parse(documents_json(response)), (json{{"documents",
                                                          {{{"filename", "退货.md"},
                                                            {"version", 3},
                                                            {"passages", 12},
                                                            {"rows", 0},
                                                            {"content_type", "text/markdown"},
                                                            {"bytes", 100},
                                                            {"sha256", "ab"},
                                                            {"created_at", "2023-11-14T22:13:20Z"}}}}}));
  response.set_more(true);
  EXPECT_EQ(json::parse(documents_json(response))["next"], "退货.md");
}

}  // namespace
}  // namespace kefu::gateway
