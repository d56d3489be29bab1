#include "splitting/splitter.hpp"

#include "collecting_sink.hpp"
#include "fake_token_counter.hpp"

#include <kefu/proto/passage.hpp>
#include <kefu/testing/run_task.hpp>
#include <kefu/text/normalize.hpp>
#include <kefu/text/utf8.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <iterator>

namespace kefu::ingest {
namespace {

using kefu::v1::Passage;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::SizeIs;

class SplitterTest : public ::testing::Test {
 protected:
  std::vector<Passage> split(std::vector<Extraction::Entry> entries, SplitSettings settings,
                             std::uint32_t max_tokens = 512) {
    FakeTokenCounter counter(max_tokens);
    counter.surcharge = surcharge_;
    Splitter splitter(counter, settings);
    auto passages = testing::run_task(io_, splitter.split(std::move(entries), "file.md"));
    EXPECT_TRUE(passages);
    EXPECT_LE(counter.longest, TokenCounter::kMaxCountedBytes);
    return std::move(*passages);
  }

  std::vector<Passage> split_markdown(std::string_view text, SplitSettings settings,
                                      std::uint32_t max_tokens = 512) {
    auto found = extract_all(Format::markdown, text);
    std::vector<Extraction::Entry> entries;
    std::ranges::move(found.documents, std::back_inserter(entries));
    return split(std::move(entries), settings, max_tokens);
  }

  asio::io_context io_;
  std::uint32_t surcharge_ = 0;
};

std::vector<std::string> texts(const std::vector<Passage>& passages) {
  std::vector<std::string> out;
  for (const Passage& passage : passages) out.push_back(passage.text());
  return out;
}

TEST_F(SplitterTest, MakesOnePassageOfEachPhrasingWithTheSameAnswer) {
  extraction::FaqRow row;
  row.set_row(3);
  row.set_question("怎么退货?");
  row.add_similar("如何退货");
  row.set_answer("在订单页申请。");
  row.set_category("售后");
  const auto passages = split({row}, {});
  ASSERT_THAT(passages, SizeIs(2));
  for (const Passage& passage : passages) {
    EXPECT_EQ(passage.kind(), kefu::v1::PASSAGE_KIND_FAQ);
    EXPECT_EQ(passage.answer(), "在订单页申请。");
    EXPECT_EQ(passage.title(), "怎么退货?");
    EXPECT_EQ(passage.document_id(), "file.md");
    EXPECT_EQ(passage.row(), 3U);
  }
  EXPECT_EQ(passages[1].text(), "如何退货");
}

TEST_F(SplitterTest, LeavesAPhrasingThatIsLongerThanTheModelToTheEmbeddingService) {
  extraction::FaqRow row;
  row.set_id("F1");
  row.set_question(std::string(30, 'q'));
  row.add_similar("short");
  const auto passages = split({row}, {}, 20);
  EXPECT_THAT(texts(passages), ElementsAre(row.question(), "short"));
  EXPECT_EQ(passages[0].document_id(), "F1");
}

TEST_F(SplitterTest, KeepsTheOrderOfTheFileAndWhereEachPassageComesFrom) {
  extraction::Document document;
  document.set_row(1);
  document.set_id("D1");
  document.set_title("T");
  document.set_url("https://shop.example/d1");
  document.add_blocks()->set_text("text");
  extraction::FaqRow row;
  row.set_row(2);
  row.set_question("q");
  const auto passages = split({document, row, document}, {});
  EXPECT_THAT(texts(passages), ElementsAre("text", "q", "text"));
  EXPECT_EQ(passages[0].row(), 1U);
  EXPECT_EQ(passages[0].url(), "https://shop.example/d1");
  EXPECT_EQ(passages[0].document_id(), "D1");
  EXPECT_EQ(passages[1].url(), "");
}

TEST_F(SplitterTest, KeepsASectionThatFitsInOnePassage) {
  const auto passages = split_markdown("# H\nOne. Two.\n\nThree.\n- a\n- b\n## K\nFour.", {});
  EXPECT_THAT(texts(passages), ElementsAre("One. Two.\nThree.\n- a\n- b", "Four."));
  EXPECT_EQ(passages[1].heading(), "H > K");
  EXPECT_EQ(passages[1].title(), "H");
}

TEST_F(SplitterTest, DividesBetweenParagraphsBeforeSentences) {
  const auto passages = split_markdown("Aaaa aaa. Bbbb bbb.\n\nCccc ccc. Dddd ddd.\n",
                                       {.target_tokens = 24, .overlap_tokens = 0});
  EXPECT_THAT(texts(passages), ElementsAre("Aaaa aaa. Bbbb bbb.", "Cccc ccc. Dddd ddd."));
}

TEST_F(SplitterTest, RepeatsTheLastSentencesWhereASectionIsDivided) {
  const auto passages = split_markdown("一二三四五。六七八九。甲乙丙丁。子丑寅卯。",
                                       {.target_tokens = 12, .overlap_tokens = 5});
  EXPECT_THAT(texts(passages),
              ElementsAre("一二三四五。六七八九。", "六七八九。甲乙丙丁。", "甲乙丙丁。子丑寅卯。"));
}

TEST_F(SplitterTest, KeepsAListThatIsLongerThanTheTargetWholeWithTheWordsThatLeadToIt) {
  const std::string list = "- aaaaaaaaaa\n- bbbbbbbbbb\n- cccccccccc";
  const auto passages =
      split_markdown("So:\n\n" + list + "\n\nAfter that.\n", {.target_tokens = 20, .overlap_tokens = 0}, 100);
  EXPECT_THAT(texts(passages), ElementsAre("So:\n" + list, "After that."));
}

TEST_F(SplitterTest, RepeatsTheHeaderOfATableThatIsDivided) {
  std::string table = "| k | v |\n|---|---|\n";
  for (int i = 0; i < 12; ++i) table += "| key" + std::to_string(i) + " | value |\n";
  const auto passages = split_markdown(table, {.target_tokens = 60, .overlap_tokens = 0}, 100);
  ASSERT_GT(passages.size(), 1U);
  for (const Passage& passage : passages)
    EXPECT_TRUE(passage.text().starts_with("| k | v |\n|---|---|\n| key"));
  EXPECT_THAT(passages.back().text(), HasSubstr("key11"));
}

TEST_F(SplitterTest, NeverMakesAPassageThatTheModelCannotTakeWhole) {
  surcharge_ = 2;
  std::string text = "# 标题 很长的标题很长的标题\n## 第二层的标题\n";
  for (int i = 0; i < 50; ++i)
    text += std::string(i, 'w') + " " + std::string(i % 7 * 9, 'x') + (i % 3 == 0 ? ".\n\n" : "。");
  text += "\n\n" + std::string(5000, 'y') + "\n\n- " + std::string(300, 'z') + "\n- short\n";
  for (const std::uint32_t max_tokens : {30U, 64U, 200U}) {
    for (const Passage& passage :
         split_markdown(text, {.target_tokens = 200, .overlap_tokens = 10}, max_tokens)) {
      EXPECT_LE(text::count_code_points(proto::embedding_input(passage)) + surcharge_, max_tokens);
    }
  }
}

TEST_F(SplitterTest, DividesASentenceWithoutAnEndAtCodePoints) {
  std::string text;
  for (int i = 0; i < 100000; ++i) text += "字";
  std::size_t code_points = 0;
  for (const Passage& passage : split_markdown(text, {.target_tokens = 200, .overlap_tokens = 0})) {
    ASSERT_TRUE(text::validate_utf8(passage.text()));
    ASSERT_LE(text::count_code_points(passage.text()), 512U);
    code_points += text::count_code_points(passage.text());
  }
  EXPECT_EQ(code_points, 100000U);
}

TEST_F(SplitterTest, ShortensAPathOfHeadingsThatWouldLeaveNoRoom) {
  const auto passages = split_markdown("# aaaaaaaaaaaaaaaaaaaa\n## bbbbb\ntext",
                                       {.target_tokens = 30, .overlap_tokens = 0}, 40);
  ASSERT_THAT(passages, SizeIs(1));
  EXPECT_EQ(passages[0].heading(), "bbbbb");
}

TEST_F(SplitterTest, LosesNoSentence) {
  std::string text;
  for (int i = 0; i < 200; ++i)
    text += "Sentence number " + std::to_string(i) + " is here. " + (i % 9 == 0 ? "\n\n" : "");
  std::string all;
  for (const std::string& passage : texts(split_markdown(text, {}))) all += passage + "\n";
  for (int i = 0; i < 200; ++i) EXPECT_THAT(all, HasSubstr("number " + std::to_string(i) + " is here."));
}

TEST_F(SplitterTest, MakesNoPassageOfWhatCannotBeSeen) {
  std::string much;
  for (int i = 0; i < 30'000; ++i) much += "\u200B";
  for (const auto kind : {extraction::Block::KIND_PARAGRAPH, extraction::Block::KIND_LIST}) {
    extraction::Document document;
    for (const std::string& text : {std::string("Aaa.\n\u200B\nBbb. \u00AD"), std::string("\u200B\u2060"),
                                    "Ccc" + much + "\n" + much, much, "Ddd.\n" + std::string(50, 'd')}) {
      document.add_blocks()->set_kind(kind);
      document.mutable_blocks()->rbegin()->set_text(text);
    }
    std::string all;
    for (const Passage& passage : split({document}, {.target_tokens = 5, .overlap_tokens = 0}, 40)) {
      EXPECT_FALSE(text::is_blank(passage.text()));
      all += text::normalize(passage.text()) + "|";
    }
    for (const char* part : {"Aaa.", "Bbb.", "Ccc", "Ddd."}) EXPECT_THAT(all, HasSubstr(part));
  }
}

TEST_F(SplitterTest, PassesOnThatTheCounterIsAway) {
  FakeTokenCounter counter;
  counter.failure = Error{Errc::unavailable, "nobody counts"};
  Splitter splitter(counter, {});
  extraction::Document document;
  document.add_blocks()->set_text("text");
  const auto passages = testing::run_task(io_, splitter.split({document}, "f"));
  ASSERT_FALSE(passages);
  EXPECT_EQ(passages.error().code, Errc::unavailable);
}

}  // namespace
}  // namespace kefu::ingest
