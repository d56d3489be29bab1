#include <kefu/text/segment.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace kefu::text {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST(LexicalTerms, AreThePairsOfAChineseRun) {
  EXPECT_THAT(lexical_terms("运费谁出？"), ElementsAre("运费", "费谁", "谁出"));
  EXPECT_THAT(lexical_terms("7 天"), ElementsAre("7", "天"));
  EXPECT_THAT(lexical_terms("退货，退货"), ElementsAre("退货", "退货"));
}

TEST(LexicalTerms, SeeFullWidthAndCaseAsOne) {
  EXPECT_THAT(lexical_terms("ＷｉＦｉ"), ElementsAre("wifi"));
  EXPECT_EQ(lexical_terms("ÉCOLE"), lexical_terms("école"));
}

TEST(LexicalTerms, KeepNumbersAndModelCodesWhole) {
  EXPECT_THAT(lexical_terms("A3-100打印机 v2.0"), ElementsAre("a3-100", "打印", "印机", "v2.0"));
  EXPECT_THAT(lexical_terms("满1,000,000元"), ElementsAre("满", "1000000", "元"));
  EXPECT_THAT(lexical_terms("3.14. 5,12"), ElementsAre("3.14", "5", "12"));
}

TEST(LexicalTerms, SplitWordsThatOnlyStandTogether) {
  EXPECT_THAT(lexical_terms("e-mail www.a.com"), ElementsAre("e", "mail", "www", "a", "com"));
}

TEST(LexicalTerms, MeetInAllFormsOfAnEnglishWord) {
  const auto same = [](std::initializer_list<const char*> words) {
    for (const char* word : words) EXPECT_EQ(lexical_terms(word), lexical_terms(*words.begin())) << word;
  };
  same({"refund", "refunds", "refunded", "refunding", "Refund's"});
  same({"ship", "ships", "shipped", "shipping"});
  same({"exchange", "exchanges", "exchanged", "exchanging"});
  same({"address", "addresses"});
  same({"policy", "policies"});
  same({"sell", "sells", "selling"});
  EXPECT_NE(lexical_terms("app"), lexical_terms("apply"));
  EXPECT_THAT(lexical_terms("don't don’t"), ElementsAre("dont", "dont"));
  EXPECT_THAT(lexical_terms("this is it's"), ElementsAre("this", "is", "it"));
}

TEST(LexicalTerms, FindWordsInScriptsWithoutSpaces) { EXPECT_GT(lexical_terms("สวัสดีครับ").size(), 1U); }

TEST(LexicalTerms, SurviveAnyBytes) {
  EXPECT_THAT(lexical_terms(""), IsEmpty());
  EXPECT_THAT(lexical_terms("\xff\xfe ?! 😀"), IsEmpty());
  EXPECT_THAT(lexical_terms(std::string(1000, 'a')), ElementsAre(std::string(64, 'a')));
}

TEST(Sentences, TogetherAreTheWholeText) {
  for (const std::string text :
       {"", " \n ", "a. b", "  退货。\n\n运费？谁出！", "no end", "...", "1. a\n2. b\n", "。。\r\n"}) {
    std::string joined;
    for (const std::string_view sentence : sentences(text)) {
      EXPECT_FALSE(sentence.empty());
      joined += sentence;
    }
    EXPECT_EQ(joined, text);
  }
}

TEST(Sentences, EndAtChineseMarksWithTheirClosingQuotes) {
  EXPECT_THAT(sentences("他说：“好。”然后走了！再见……不；是"),
              ElementsAre("他说：“好。”", "然后走了！", "再见……", "不；", "是"));
}

TEST(Sentences, EndAtEnglishMarksButNotInsideNumbersNamesAndAddresses) {
  EXPECT_THAT(sentences("It is 3.14 in. See www.a.com? Yes!"),
              ElementsAre("It is 3.14 in. ", "See www.a.com? ", "Yes!"));
  EXPECT_THAT(sentences("Use e.g. Mr. Smith's. Done"), ElementsAre("Use e.g. Mr. Smith's. ", "Done"));
  EXPECT_THAT(sentences("Model No. 5 fits. The answer is no. Next"),
              ElementsAre("Model No. 5 fits. ", "The answer is no. ", "Next"));
  EXPECT_THAT(sentences("a.com?x=1"), ElementsAre("a.com?x=1"));
}

TEST(Sentences, EndAtLineEndsAndKeepNumbersOfListItems) {
  EXPECT_THAT(sentences("标题\n1. 打开盖子\n2.关上"), ElementsAre("标题\n", "1. 打开盖子\n", "2.关上"));
}

}  // namespace
}  // namespace kefu::text
