#include "collecting_sink.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace kefu::ingest {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

TEST(Jsonl, ReadsFaqRowsWithSimilarQuestionsInEitherForm) {
  const auto found = extract_all(
      Format::jsonl, R"({"question":"q1","answer":"a1","similar":["x","y"],"category":"c","id":17})"
                     "\r\n\n"
                     R"({"question":"q2","answer":"a2","similar":"x|y","extra":null})");
  EXPECT_THAT(found.rejections, IsEmpty());
  ASSERT_THAT(found.rows, SizeIs(2));
  EXPECT_EQ(found.rows[0].id(), "17");
  EXPECT_EQ(found.rows[0].category(), "c");
  EXPECT_THAT(found.rows[0].similar(), ElementsAre("x", "y"));
  EXPECT_EQ(found.rows[1].row(), 3U);
  EXPECT_THAT(found.rows[1].similar(), ElementsAre("x", "y"));
}

TEST(Jsonl, ReadsDocumentsAsParagraphs) {
  const auto found =
      extract_all(Format::jsonl, R"({"id":"d1","title":"T","text":"one\n\ntwo\nlines","url":"http://x"})");
  ASSERT_THAT(found.documents, SizeIs(1));
  EXPECT_EQ(found.documents[0].title(), "T");
  EXPECT_EQ(found.documents[0].url(), "http://x");
  EXPECT_EQ(found.documents[0].row(), 1U);
  ASSERT_THAT(found.documents[0].blocks(), SizeIs(2));
  EXPECT_EQ(found.documents[0].blocks(1).text(), "two\nlines");
}

TEST(Jsonl, RejectsEachBadRowWithItsReasonAndTakesTheOthers) {
  const auto found = extract_all(Format::jsonl,
                                 "{\"question\":\"q\",\n"
                                 "[1]\n"
                                 "{\"a\":1}\n"
                                 "{\"question\":\"q\"}\n"
                                 "{\"question\":5.5,\"answer\":\"a\"}\n"
                                 "{\"question\":\"q\",\"answer\":\"a\",\"similar\":[1]}\n"
                                 "{\"text\":\"t\"}\n"
                                 "{\"id\":\"d\",\"text\":\"\"}\n"
                                 "{\"question\":\"q\",\"answer\":1e999}\n"
                                 "{\"question\":\"q\",\"answer\":\"a\"}\n");
  EXPECT_THAT(found.rejections,
              ElementsAre(HasSubstr("1 : malformed JSON at byte 17"),
                          HasSubstr("2 : every line must be a JSON object"),
                          HasSubstr("3 : the row has neither"), HasSubstr("4 answer: the answer is missing"),
                          HasSubstr("5 question: the question must be a text, not number"),
                          HasSubstr("6 similar: similar must be"), HasSubstr("7 id: the id is missing"),
                          HasSubstr("8 text: the text is empty"), HasSubstr("9 : malformed JSON")));
  EXPECT_THAT(found.rows, SizeIs(1));
}

TEST(Jsonl, RejectsAnIdThatADocumentOrARowHasAlready) {
  const auto found = extract_all(Format::jsonl,
                                 "{\"id\":\"1\",\"text\":\"t\"}\n"
                                 "{\"id\":\"1\",\"text\":\"u\"}\n"
                                 "{\"id\":\"1\",\"question\":\"q\",\"answer\":\"a\"}\n");
  EXPECT_THAT(found.rejections,
              ElementsAre("2 id: row 1 has the id \"1\" already", "3 id: row 1 has the id \"1\" already"));
}

TEST(Jsonl, TakesChineseKeysToo) {
  const auto found =
      extract_all(Format::jsonl,
                  "{\"问题\":\"q\",\"答案\":\"a\",\"相似问题\":[\"s\"],\"分类\":\"c\",\"编号\":7}\n"
                  "{\"问题\":\"q\",\"question\":\"q\",\"答案\":\"a\"}\n");
  ASSERT_THAT(found.rows, SizeIs(1));
  EXPECT_EQ(found.rows[0].answer() + found.rows[0].category() + found.rows[0].id(), "ac7");
  EXPECT_THAT(found.rows[0].similar(), ElementsAre("s"));
  EXPECT_THAT(found.rejections, ElementsAre("2 question: two keys of the row stand for the question"));
}

TEST(Jsonl, RejectsAnAddressThatNoBrowserOpens) {
  std::string file;
  for (const char* url :
       {"https://shop.example/退货?a=1#b", "HTTP://x:8080", "", "ftp://x", "javascript:alert(1)", "https://",
        "https:///path", "//x/y", "http://x y", "docs/a.html"}) {
    file += "{\"id\":\"" + std::to_string(file.size()) + "\",\"text\":\"t\",\"url\":\"" + url + "\"}\n";
  }
  const auto found = extract_all(Format::jsonl, file + "{\"id\":\"n\",\"text\":\"t\",\"url\":5.5}\n");
  EXPECT_THAT(found.documents, SizeIs(3));
  ASSERT_THAT(found.rejections, SizeIs(8));
  EXPECT_EQ(found.rejections[0], "4 url: the url must begin with http:// or https:// and name a host");
  EXPECT_EQ(found.rejections[7], "11 url: the url must be a text, not number");
}

TEST(Jsonl, RejectsLabelsThatWouldNotFitEveryPassage) {
  const auto found = extract_all(
      Format::jsonl, "{\"id\":\"a\",\"title\":\"" + std::string(600, 'x') + "\",\"text\":\"t\"}\n");
  EXPECT_THAT(found.rejections, ElementsAre("1 title: the title is longer than 512 bytes"));
}

TEST(Jsonl, SurvivesDeepNesting) {
  const auto found = extract_all(Format::jsonl, std::string(200000, '['));
  EXPECT_THAT(found.rejections, SizeIs(1));
}

TEST(PlainText, SplitsAtBlankLines) {
  const auto found = extract_all(Format::text, "first\r\nline\r\n \t\r\n\r\n  second\u3000\r\n");
  ASSERT_THAT(found.documents, SizeIs(1));
  ASSERT_THAT(found.documents[0].blocks(), SizeIs(2));
  EXPECT_EQ(found.documents[0].blocks(0).text(), "first\nline");
  EXPECT_EQ(found.documents[0].blocks(1).text(), "second");
}

}  // namespace
}  // namespace kefu::ingest
