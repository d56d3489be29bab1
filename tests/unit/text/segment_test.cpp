#include <kefu/text/segment.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

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

TEST(LexicalTerms, SeeTraditionalAndSimplifiedChineseAsOne) {
  EXPECT_EQ(lexical_terms("退貨運費由誰承擔"), lexical_terms("退货运费由谁承担"));
  EXPECT_EQ(lexical_terms("裏麵條後門"), lexical_terms("里面条后门"));
  EXPECT_EQ(lexical_terms("乾隆"), lexical_terms("干隆"));  // each character by itself: the same everywhere
  EXPECT_THAT(lexical_terms("日本語のテスト 한국어"),
              ElementsAre("日本", "本语", "语の", "のテ", "テス", "スト", "한국", "국어"));
}

TEST(LexicalTerms, KeepNumbersWhole) {
  EXPECT_THAT(lexical_terms("满1,000,000元"), ElementsAre("满", "1000000", "元"));
  EXPECT_THAT(lexical_terms("3.14. 5,12"), ElementsAre("3.14", "5", "12"));
  EXPECT_THAT(lexical_terms("3-5天"), ElementsAre("3-5", "3", "5", "天"));
  EXPECT_THAT(lexical_terms("192.168.1.1"), ElementsAre("192.168.1.1"));
  EXPECT_THAT(lexical_terms("2023-05-01"), ElementsAre("20230501", "2023", "05", "01"));
}

TEST(LexicalTerms, KeepModelCodesWholeAndSplitThem) {
  EXPECT_THAT(lexical_terms("PPR-9087"), ElementsAre("ppr9087", "ppr", "9087"));
  EXPECT_THAT(lexical_terms("ＰＰＲ－９０８７"), ElementsAre("ppr9087", "ppr", "9087"));
  EXPECT_THAT(lexical_terms("ppr9087"), ElementsAre("ppr9087", "ppr", "9087"));
  EXPECT_THAT(lexical_terms("iPhone15 手机"), ElementsAre("iphone15", "iphon", "15", "手机"));
  EXPECT_THAT(lexical_terms("v2.3.1"), ElementsAre("v2.3.1", "2.3.1"));
  EXPECT_THAT(lexical_terms("A-100B"), ElementsAre("a100b", "100b", "100"));
  EXPECT_THAT(lexical_terms("A3-100打印机"), ElementsAre("a3100", "a3", "100", "3", "打印", "印机"));
  EXPECT_THAT(lexical_terms("1.5kg"), ElementsAre("1.5kg", "1.5", "kg"));
  EXPECT_THAT(lexical_terms("www.a3.com/x"), ElementsAre("www.a3.com", "www", "3", "com", "x"));
}

TEST(LexicalTerms, FindACodeByAnyWayOfWritingIt) {
  const auto found = [](std::string_view text, std::string_view question) {
    const auto held = lexical_terms(text);
    const auto asked = lexical_terms(question);
    return std::ranges::any_of(asked,
                               [&](const auto& term) { return std::ranges::find(held, term) != held.end(); });
  };
  for (const char* question : {"PPR-9087", "ppr9087", "9087", "PPR 9087", "ppr_9087", "型号9087吗"}) {
    EXPECT_TRUE(found("打印机 PPR-9087 的保修", question)) << question;
    EXPECT_TRUE(found("PPR9087", question)) << question;
  }
  for (const char* question : {"iphone 15", "iPhone15", "15"})
    EXPECT_TRUE(found("支持iPhone15", question)) << question;
  EXPECT_TRUE(found("v2.3.1", "2.3.1"));
  for (const char* question : {"100B", "a100b", "A-100"}) EXPECT_TRUE(found("A-100B", question)) << question;
  EXPECT_FALSE(found("PPR-9087", "908"));
  EXPECT_FALSE(found("3-5", "35"));
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
  EXPECT_THAT(lexical_terms(std::string(1000, '7')), ElementsAre(std::string(64, '7')));
  EXPECT_THAT(lexical_terms("\xE9\x80"), IsEmpty());
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
