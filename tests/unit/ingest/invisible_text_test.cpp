// Texts that look empty: one of them must cost its own row, field or piece, and never the file.
#include "collecting_sink.hpp"
#include "extraction/wire.hpp"

#include <kefu/text/normalize.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <iterator>

namespace kefu::ingest {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr const char* kHoldsNothing = "holds nothing but characters that cannot be seen";

/// What models are given nothing of, each once.
const std::vector<std::string> kInvisible{"\u200B", "\u00AD", "\uFEFF", "\u2060", "\x01", "\u200B \u00AD"};

std::string complaint(int row, const std::string& field) {
  return std::to_string(row) + " " + field + ": the " + field + " " + kHoldsNothing;
}

TEST(InvisibleText, CostsARowOfATableThatHasItAsQuestionOrAnswer) {
  for (const std::string& invisible : kInvisible) {
    const auto found = extract_all(
        Format::csv, "question,answer\nq1,a1\n" + invisible + ",a2\nq3," + invisible + "\nq4,a4\n");
    EXPECT_THAT(found.rejections, ElementsAre(complaint(2, "question"), complaint(3, "answer")));
    ASSERT_THAT(found.rows, SizeIs(2));
    EXPECT_EQ(found.rows[1].question(), "q4");
  }
}

TEST(InvisibleText, IsNoPhrasing) {
  for (const std::string& invisible : kInvisible) {
    const auto table =
        extract_all(Format::csv, "question,answer,similar\nq,a," + invisible + "|s|" + invisible + "\n");
    EXPECT_THAT(table.rejections, IsEmpty());
    ASSERT_THAT(table.rows, SizeIs(1));
    EXPECT_THAT(table.rows[0].similar(), ElementsAre("s"));
  }
  const auto line = extract_all(
      Format::jsonl, R"({"question":"q","answer":"a","similar":["\u0000","\u200b","","s","\u00ad"]})");
  EXPECT_THAT(line.rejections, IsEmpty());
  ASSERT_THAT(line.rows, SizeIs(1));
  EXPECT_THAT(line.rows[0].similar(), ElementsAre("s"));
}

TEST(InvisibleText, CostsALineOfJsonThatHasItWhereTextIsNeeded) {
  for (const char* invisible : {"\\u0000", "\\u200b", "\\u00ad", "\\ufeff", "\\u2060", "\\u0001"}) {
    const std::string text = invisible;
    const auto found =
        extract_all(Format::jsonl,
                    R"({"question":")" + text + R"(","answer":"a"})" + "\n" +
                        R"({"question":"q","answer":")" + text + R"("})" + "\n" + R"({"id":"d1","text":")" +
                        text + R"(\n\n)" + text + R"("})" + "\n" + R"({"id":")" + text + R"(","text":"t"})" +
                        "\n" + R"({"id":"d2","title":")" + text + R"(","text":"t\n\n)" + text + R"("})");
    EXPECT_THAT(found.rejections,
                ElementsAre(complaint(1, "question"), complaint(2, "answer"),
                            "3 text: the text holds nothing that can be read", complaint(4, "id")));
    EXPECT_THAT(found.rows, IsEmpty());
    ASSERT_THAT(found.documents, SizeIs(1));
    EXPECT_EQ(found.documents[0].title(), "d2");
    ASSERT_THAT(found.documents[0].blocks(), SizeIs(1));
    EXPECT_EQ(found.documents[0].blocks(0).text(), "t");
  }
}

TEST(InvisibleText, MakesNoDocument) {
  for (const Format format : {Format::text, Format::markdown}) {
    for (const std::string& invisible : kInvisible) {
      EXPECT_EQ(refusal(format, "x" + invisible), "");
      EXPECT_EQ(refusal(format, invisible + "\n\n" + invisible + "\n").substr(0, 18), "the document holds")
          << static_cast<int>(format);
    }
  }
  EXPECT_EQ(refusal(Format::markdown, "# \u200B\n\n```\n\u200B\n```\n"), "the document holds no text");
}

TEST(InvisibleText, IsNoBlockAndNoHeadingOfADocument) {
  const auto found =
      extract_all(Format::markdown, "# T\n\none\n\n\u200B\n\n## \u2060\n\n```\n\u200B\n```\n\ntwo\n");
  ASSERT_THAT(found.documents, SizeIs(1));
  ASSERT_THAT(found.documents[0].blocks(), SizeIs(2));
  EXPECT_EQ(found.documents[0].blocks(1).text(), "two");
  EXPECT_EQ(found.documents[0].blocks(1).heading(), "T");
}

TEST(InvisibleText, IsNoPieceOfALongBlock) {
  extraction::Document document;
  std::string text = "begin ";
  for (int i = 0; i < 100'000; ++i) text += "\u200B";
  document.add_blocks()->set_text(text + " end");
  ItemReader reader("a.txt");
  ItemWriter writer([&](std::string_view bytes) { EXPECT_TRUE(reader.feed(bytes)); });
  writer.take(document);
  writer.finish({});
  const auto extraction = reader.take();
  ASSERT_THAT(extraction->entries, SizeIs(1));
  const auto& piece = std::get<extraction::Document>(extraction->entries[0]);
  ASSERT_THAT(piece.blocks(), SizeIs(2));
  for (const auto& block : piece.blocks()) EXPECT_FALSE(text::is_blank(block.text()));
}

}  // namespace
}  // namespace kefu::ingest
