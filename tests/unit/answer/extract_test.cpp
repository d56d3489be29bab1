#include "extract.hpp"

#include "code_points.hpp"

#include <gtest/gtest.h>

#include <string>

namespace kefu::answer {
namespace {

const std::string kHandbook =
    "签收后 7 天内,商品完好的可以无理由退货。计算方法是从签收的第二天起算。\n"
    "退货地址以短信里显示的为准。请不要用到付的方式寄回,到付的包裹仓库会拒收。\n"
    "仓库收到退回的商品后 2 个工作日内验收,验收通过的当天退款。";

std::string between(std::string_view text, std::size_t begin, std::size_t end) {
  const auto head = first_code_points(text, begin);
  return std::string(first_code_points(text.substr(head.size()), end - begin));
}

TEST(ExtractAnswer, TakesAShortPassageWhole) {
  const Extract extract = extract_answer("几天能退货", " 签收后 7 天内可以退货。\n");
  EXPECT_EQ(extract.text, "签收后 7 天内可以退货。");
  EXPECT_EQ(extract.begin, 1U);
  EXPECT_EQ(extract.end, 1 + code_points(extract.text).size());
}

TEST(ExtractAnswer, FindsTheSentenceThatHoldsTheQuestionsWords) {
  const Extract extract = extract_answer("退回去的包裹能发到付吗", kHandbook, 40);
  EXPECT_EQ(extract.text, "请不要用到付的方式寄回,到付的包裹仓库会拒收。");
}

TEST(ExtractAnswer, IsWordForWordTheSpanThatItNames) {
  for (const auto* const question : {"到付", "几天退款", "从哪天起算", "无关的话"}) {
    for (const std::size_t limit : {10U, 30U, 60U, 1000U}) {
      const Extract extract = extract_answer(question, kHandbook, limit);
      EXPECT_EQ(extract.text, between(kHandbook, extract.begin, extract.end)) << question << limit;
      EXPECT_FALSE(extract.text.empty());
    }
  }
}

TEST(ExtractAnswer, JoinsNeighboursWhenTogetherTheyHoldMore) {
  const std::string passage = "签收后可以退货。邮费由顾客承担。其他的事情请看别的章节,那里写得更详细。";
  EXPECT_EQ(extract_answer("退货邮费", passage, 20).text, "签收后可以退货。邮费由顾客承担。");
}

TEST(ExtractAnswer, GoesOnBehindAQuestionBecauseTheAnswerFollows) {
  const std::string passage = "退货的运费由谁承担?质量问题由我们出。别的都由您出,但金卡会员除外,每年三次。";
  const Extract extract = extract_answer("退货的运费由谁承担", passage, 22);
  EXPECT_EQ(extract.text, "退货的运费由谁承担?质量问题由我们出。");
}

TEST(ExtractAnswer, TakesTheListBehindAColon) {
  const std::string passage =
      "总则写在前面,和付款没有关系,这里只是为了让这一段足够长。\n支持的付款方式:\n- 微信\n- 支付宝\n- 银联";
  EXPECT_EQ(extract_answer("支持的付款方式", passage, 30).text, "支持的付款方式:\n- 微信\n- 支付宝\n- 银联");
}

TEST(ExtractAnswer, TakesTheBeginningWhenNoWordIsShared) {
  EXPECT_EQ(extract_answer("xyz", kHandbook, 30).text, "签收后 7 天内,商品完好的可以无理由退货。");
}

TEST(ExtractAnswer, TakesOneSentenceOverTheLimitRatherThanCutIt) {
  const std::string sentence = "这一句话没有任何停顿也没有任何标点所以不能从中间切开只能整个拿走退货";
  EXPECT_EQ(extract_answer("退货", sentence + "。后面。", 10).text, sentence + "。");
}

TEST(ExtractAnswer, GivesNothingOfNothing) {
  EXPECT_EQ(extract_answer("退货", "").text, "");
  EXPECT_EQ(extract_answer("退货", " \n\t ").text, "");
}

}  // namespace
}  // namespace kefu::answer
