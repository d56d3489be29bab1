#include "collecting_sink.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace kefu::ingest {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

TEST(FaqCsv, ReadsChineseHeadersBehindAByteOrderMark) {
  const auto found =
      extract_all(Format::csv,
                  "\xEF\xBB\xBF编号,问题,答案,相似问题,分类\r\n"
                  "F1,怎么退货?,在订单页申请。,\"如何退货|退货流程｜退货\r\n想退货\",售后\r\n");
  ASSERT_THAT(found.rows, SizeIs(1));
  EXPECT_THAT(found.rejections, IsEmpty());
  EXPECT_EQ(found.rows[0].id(), "F1");
  EXPECT_EQ(found.rows[0].question(), "怎么退货?");
  EXPECT_THAT(found.rows[0].similar(), ElementsAre("如何退货", "退货流程", "退货", "想退货"));
  EXPECT_EQ(found.rows[0].category(), "售后");
  EXPECT_EQ(found.rows[0].row(), 1U);
}

TEST(FaqCsv, RejectsRowsWithAnotherNumberOfColumnsThanTheHeader) {
  const auto found = extract_all(Format::csv, "question,answer\nq1\nq2,a2,x\nq3,a3\n");
  EXPECT_THAT(found.rejections, ElementsAre("1 answer: the row has 1 columns and the header 2",
                                            "2 : the row has 3 columns and the header 2"));
  EXPECT_THAT(found.rows, SizeIs(1));
}

TEST(FaqCsv, TakesLineEndsQuotesAndCommasInsideQuotedCells) {
  const auto found = extract_all(Format::csv,
                                 "question,answer,similar,category\n"
                                 "\"a, \"\"b\"\"?\",\"one\r\ntwo\",\"x|y\nz\",\n");
  ASSERT_THAT(found.rows, SizeIs(1));
  EXPECT_THAT(found.rejections, IsEmpty());
  EXPECT_EQ(found.rows[0].question(), "a, \"b\"?");
  EXPECT_EQ(found.rows[0].answer(), "one\ntwo");
  EXPECT_THAT(found.rows[0].similar(), ElementsAre("x", "y", "z"));
}

TEST(FaqCsv, RejectsRowsWithoutQuestionOrAnswerAndTakesTheOthers) {
  const auto found = extract_all(Format::csv, "Question,Answer\nq1,\n,a2\nq3,a3\n,\n\nq4,a4");
  EXPECT_THAT(found.rejections,
              ElementsAre("1 answer: the answer is missing", "2 question: the question is missing"));
  ASSERT_THAT(found.rows, SizeIs(2));
  EXPECT_EQ(found.rows[0].row(), 3U);
  EXPECT_EQ(found.rows[1].row(), 6U);
}

TEST(FaqCsv, RejectsTheLaterOfTwoRowsWithOneId) {
  const auto found = extract_all(Format::csv, "id,question,answer\n7,q1,a1\n7,q2,a2\n");
  ASSERT_THAT(found.rows, SizeIs(1));
  EXPECT_EQ(found.rows[0].question(), "q1");
  EXPECT_THAT(found.rejections, ElementsAre("2 id: row 1 has the id \"7\" already"));
}

TEST(FaqCsv, LosesOnlyTheRowWhoseQuoteIsNotClosed) {
  const auto found = extract_all(Format::csv, "question,answer\n\"q1,a1\nq2,a2\nq3,a3\n");
  EXPECT_THAT(found.rejections, ElementsAre("1 : a quote is not closed"));
  ASSERT_THAT(found.rows, SizeIs(2));
  EXPECT_EQ(found.rows[0].question(), "q2");
}

TEST(FaqCsv, LosesOnlyTheRowWhoseQuoteClosesInTheWrongPlace) {
  const auto found = extract_all(Format::csv, "question,answer\nq1,\"a1\nq2,\"a2\"\nq3,a3\n");
  EXPECT_THAT(found.rejections, ElementsAre(HasSubstr("1 : there is text after a closing quote")));
  EXPECT_THAT(found.rows, SizeIs(2));
}

TEST(FaqCsv, StopsReadingAFileOfNothingButBrokenQuotes) {
  std::string file = "question,answer\n";
  for (int i = 0; i < 3000; ++i) file += "\"x\"y\n";
  const auto found = extract_all(Format::csv, file);
  ASSERT_THAT(found.rejections, SizeIs(1000));
  EXPECT_THAT(found.rejections.back(), HasSubstr("the rest of the file was not read"));
}

TEST(FaqCsv, RefusesAFileWhoseHeaderHoldsABadByte) {
  EXPECT_THAT(refusal(Format::csv, "question,answer,\xFF\nq,a\n"),
              HasSubstr("the header cannot be read: the byte at offset 16 is not UTF-8"));
}

TEST(FaqCsv, RefusesAFileWhoseHeaderNamesNoAnswer) {
  EXPECT_THAT(refusal(Format::csv, "question|answer\nq|a\n"), HasSubstr("none is named question or 问题"));
  EXPECT_THAT(refusal(Format::csv, "question,text\nq,a\n"), HasSubstr("none is named answer or 答案"));
  EXPECT_THAT(refusal(Format::csv, "question,answer,问题\n"),
              HasSubstr("two columns for question, the second is \"问题\""));
}

TEST(FaqCsv, DropsPhrasingsThatSayTheSame) {
  const auto found =
      extract_all(Format::csv, "question,answer,similar\n运费?,自理,运费？|运费谁出|运费谁出\n");
  ASSERT_THAT(found.rows, SizeIs(1));
  EXPECT_THAT(found.rows[0].similar(), ElementsAre("运费谁出"));
}

TEST(FaqCsv, RejectsAnAnswerThatNoMessageCanCarry) {
  const auto found = extract_all(Format::csv, "question,answer\nq," + std::string(70000, 'x') + "\n");
  EXPECT_THAT(found.rejections, ElementsAre(HasSubstr("1 answer: the answer is longer than 65536 bytes")));
}

TEST(Format, IsDecidedByTheContentTypeAndThenByTheName) {
  EXPECT_EQ(detect_file_type("text/csv", "a.md")->format, Format::csv);
  EXPECT_EQ(detect_file_type("application/x-ndjson", "a")->format, Format::jsonl);
  EXPECT_EQ(detect_file_type("application/octet-stream", "faq.v2.CSV")->format, Format::csv);
  EXPECT_EQ(detect_file_type("", "手册.md")->format, Format::markdown);
  EXPECT_EQ(detect_file_type("text/plain", "faq.csv")->format, Format::text);
  EXPECT_EQ(detect_file_type("Text/CSV ; header=present; charset=\"GB18030\"", "a.md")->charset, "gb18030");
  EXPECT_EQ(detect_file_type("text/csv;", "a.csv")->charset, "");
  EXPECT_EQ(detect_file_type("application/pdf", "a.pdf").error().code, Errc::unsupported_media);
  EXPECT_EQ(detect_file_type("", "README").error().code, Errc::unsupported_media);
}

TEST(FaqCsv, KnowsTheColumnsByManyNames) {
  for (const char* header :
       {"问题,答案,相似问题,分类,编号", "标准问题,答案,相似问,类别,ID", "标准问,答案,相似问,分类,Id",
        " Question , ANSWER ,similar,Category,iD", "ｑｕｅｓｔｉｏｎ,ａｎｓｗｅｒ,similar,category,ＩＤ",
        "\"問題\",答案,相似問題,分類,編號"}) {
    const auto found = extract_all(Format::csv, std::string(header) + "\nq,a,s,c,7\n");
    ASSERT_THAT(found.rows, SizeIs(1)) << header;
    EXPECT_EQ(
        found.rows[0].question() + found.rows[0].answer() + found.rows[0].category() + found.rows[0].id(),
        "qac7")
        << header;
    EXPECT_THAT(found.rows[0].similar(), ElementsAre("s")) << header;
  }
}

TEST(FaqCsv, FindsOutWhatSeparatesTheColumns) {
  for (const std::string separator : {",", ";", "\t"}) {
    const auto found =
        extract_all(Format::csv, "question" + separator + "answer\nq" + separator + "\"a;b,c\td\"\n");
    ASSERT_THAT(found.rows, SizeIs(1)) << separator;
    EXPECT_EQ(found.rows[0].answer(), "a;b,c\td") << separator;
  }
  const auto stated = extract_all(Format::csv, "sep=|\r\nquestion|answer\r\nq|a\r\n|x\r\n");
  EXPECT_THAT(stated.rows, SizeIs(1));
  EXPECT_THAT(stated.rejections, ElementsAre("2 question: the question is missing"));
}

TEST(FaqCsv, NamesTheFirstFieldThatARowIsTooShortFor) {
  const auto found = extract_all(Format::csv, "question,note,answer\nq1\nq2,a2\n\xFF,n,a\nq,\xFF,a\n");
  EXPECT_THAT(found.rejections, ElementsAre("1 answer: the row has 1 columns and the header 3",
                                            "2 answer: the row has 2 columns and the header 3",
                                            "3 question: the byte at offset 30 is not UTF-8",
                                            "4 : the byte at offset 38 is not UTF-8"));
}

TEST(FaqCsv, RepeatsNoHugeTitleInAComplaint) {
  const std::string title = "question" + std::string(1 << 20, ' ');
  EXPECT_LT(refusal(Format::csv, "question,answer," + title + "\nq,a,b\n").size(), 300U);
}

TEST(FaqCsv, RefusesATableWithoutRows) {
  EXPECT_EQ(refusal(Format::csv, "question,answer\n"), "the file has a header and no rows");
  EXPECT_EQ(refusal(Format::csv, "问题,答案\r\n,\r\n\r\n"), "the file has a header and no rows");
}

TEST(FaqCsv, NamesTheRowOfAQuoteThatIsNotClosed) {
  const auto found = extract_all(Format::csv, "question,answer\nq1,\"a1\nline 2\"\nq2,\"a2\nq3,a3\n");
  EXPECT_THAT(found.rejections, ElementsAre("2 : a quote is not closed"));
  EXPECT_THAT(found.rows, SizeIs(2));
}

TEST(FaqCsv, RejectsQuestionsOverTheLimit) {
  std::string longest;
  for (int i = 0; i < 2000; ++i) longest += "问";
  const auto found = extract_all(
      Format::csv, "question,answer,similar\n" + longest + ",a," + longest + "吗|s\n" + longest + "吗,a,\n");
  ASSERT_THAT(found.rows, SizeIs(1));
  EXPECT_EQ(found.rows[0].question(), longest);
  EXPECT_THAT(found.rows[0].similar(), ElementsAre("s"));
  EXPECT_THAT(found.rejections,
              ElementsAre("1 similar: a question has at most 2000 characters, this one has 2001",
                          "2 question: a question has at most 2000 characters, this one has 2001"));
}

}  // namespace
}  // namespace kefu::ingest
