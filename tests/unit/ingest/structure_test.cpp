// How the structure of a document shows in its passages.
#include "collecting_sink.hpp"
#include "extraction/graphemes.hpp"
#include "fake_token_counter.hpp"
#include "splitting/splitter.hpp"

#include <kefu/proto/passage.hpp>
#include <kefu/testing/run_task.hpp>
#include <kefu/text/utf8.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <iterator>
#include <set>

namespace kefu::ingest {
namespace {

using kefu::v1::Passage;
using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::SizeIs;
using ::testing::StartsWith;

std::vector<Passage> split(Format format, std::string_view text, SplitSettings settings,
                           std::uint32_t max_tokens = 512) {
  auto found = extract_all(format, text);
  std::vector<Extraction::Entry> entries;
  std::ranges::move(found.documents, std::back_inserter(entries));
  FakeTokenCounter counter(max_tokens);
  Splitter splitter(counter, settings);
  asio::io_context io;
  auto passages = testing::run_task(io, splitter.split(std::move(entries), "file.md"));
  EXPECT_TRUE(passages);
  for (const Passage& passage : *passages) {
    EXPECT_LE(text::count_code_points(proto::embedding_input(passage)), max_tokens);
    EXPECT_TRUE(text::validate_utf8(passage.text()));
  }
  return std::move(*passages);
}

std::vector<std::string> texts(const std::vector<Passage>& passages) {
  std::vector<std::string> out;
  for (const Passage& passage : passages) out.push_back(passage.text());
  return out;
}

TEST(Structure, EndsPassagesAtChineseAndEnglishSentences) {
  const auto passages =
      split(Format::text, "收到货后七天内可以退货。Keep the box! 3.5 kg 以内免运费；其余自理？",
            {.target_tokens = 16, .overlap_tokens = 0});
  EXPECT_THAT(texts(passages),
              ElementsAre("收到货后七天内可以退货。", "Keep the box!", "3.5 kg 以内免运费；", "其余自理？"));
}

TEST(Structure, DividesATableThatIsLongerThanTheModelTakesAtRows) {
  std::string table = "| 型号 | 保修期 |\n| --- | --- |\n";
  for (int i = 0; i < 100; ++i) table += "| PPR-" + std::to_string(1000 + i) + " | 两年 |\n";
  const auto passages = split(Format::markdown, table, {.target_tokens = 100, .overlap_tokens = 0}, 120);
  EXPECT_THAT(texts(passages), Each(StartsWith("| 型号 | 保修期 |\n| --- | --- |\n| PPR-1")));
  std::string all;
  for (const Passage& passage : passages) all += passage.text() + "\n";
  for (int i = 0; i < 100; ++i)
    EXPECT_THAT(all, HasSubstr("| PPR-" + std::to_string(1000 + i) + " | 两年 |\n"));
}

TEST(Structure, DividesAListBetweenItemsAndALongItemBetweenSentences) {
  std::string list = "- 第一项很短。\n- ";
  for (int i = 0; i < 10; ++i) list += "这是第" + std::to_string(i) + "句话,它说了些什么。";
  const auto passages =
      split(Format::markdown, list + "\n- 第三项。\n", {.target_tokens = 50, .overlap_tokens = 0}, 60);
  ASSERT_GT(passages.size(), 3U);
  for (const Passage& passage : passages) EXPECT_TRUE(passage.text().ends_with("。")) << passage.text();
  EXPECT_THAT(passages.back().text(), HasSubstr("- 第三项。"));
}

TEST(Structure, DividesCodeBetweenLines) {
  std::string code = "```cpp\n";
  for (int i = 0; i < 40; ++i) code += "  call(" + std::to_string(i) + ");\n";
  const auto passages =
      split(Format::markdown, code + "```\n", {.target_tokens = 60, .overlap_tokens = 0}, 80);
  ASSERT_GT(passages.size(), 5U);
  for (const Passage& passage : passages) {
    EXPECT_TRUE(passage.text().starts_with("  call(") && passage.text().ends_with(");")) << passage.text();
  }
}

TEST(Structure, KeepsCodeWholeThatTheModelTakes) {
  const std::string code = "if (a) {\n  b();\n}\n\nreturn c;";
  EXPECT_THAT(
      texts(split(Format::markdown, "```\n" + code + "\n```\n", {.target_tokens = 16, .overlap_tokens = 0})),
      ElementsAre(code));
}

TEST(Structure, TakesALineOfAHundredThousandCharactersWithoutPunctuation) {
  const std::string line(100000, 'a');
  std::string all;
  for (const Passage& passage : split(Format::text, line, {})) all += passage.text();
  EXPECT_EQ(all, line);
}

TEST(Structure, NeverCutsWhatReadersSeeAsOneCharacter) {
  // A family, a flag, a skin tone, a keycap, "é" as two code points, Hangul as three, Hindi.
  for (const std::string grapheme :
       {"👨‍👩‍👧‍👦", "🇨🇳", "👍🏽", "1️⃣", "e\u0301", "\u1112\u1161\u11ab", "नि"}) {
    std::string line;
    for (int i = 0; i < 300; ++i) line += grapheme;
    std::string all;
    for (const Passage& passage : split(Format::text, line, {.target_tokens = 40, .overlap_tokens = 0}, 61)) {
      EXPECT_EQ(passage.text().size() % grapheme.size(), 0U) << grapheme;
      all += passage.text();
    }
    EXPECT_EQ(all, line);
  }
}

TEST(Structure, KeepsAMarkBehindTheEndOfASentenceWithIt) {
  const auto passages =
      split(Format::text, "停!\uFE0F走吧。停!\uFE0F走吧。", {.target_tokens = 16, .overlap_tokens = 0}, 20);
  for (const Passage& passage : passages) EXPECT_FALSE(continues_a_grapheme(passage.text()));
}

TEST(Structure, CutsACharacterThatNoPassageCouldHoldBetweenCodePoints) {
  std::string letter = "e";
  for (int i = 0; i < 5000; ++i) letter += "\u0301";
  std::string all;
  for (const Passage& passage : split(Format::text, letter, {})) all += passage.text();
  EXPECT_EQ(all, letter);
}

TEST(Structure, ReadsAManualOfTwentyPages) {
  std::string manual = "# 售后手册\n\n";
  for (int chapter = 1; chapter <= 20; ++chapter) {
    const std::string number = std::to_string(chapter);
    manual += "## 第" + number + "章\n\n";
    for (int section = 1; section <= 3; ++section) {
      manual += "### 第" + number + "." + std::to_string(section) + "节\n\n";
      for (int i = 0; i < 6; ++i) {
        manual +=
            "本节第" + std::to_string(i) + "段说明第" + number + "章的规定,适用于所有通过官网购买的商品。";
        manual += "The rule of chapter " + number + " applies to orders placed online.\n\n";
      }
      manual += "| 项目 | 时间 |\n|---|---|\n| 退款 | " + number + " 天 |\n\n- 条目一\n- 条目二\n\n";
    }
  }
  const auto passages = split(Format::markdown, manual, {});
  std::set<std::string> headings;
  for (const Passage& passage : passages) {
    EXPECT_EQ(passage.title(), "售后手册");
    headings.insert(passage.heading());
  }
  EXPECT_THAT(headings, SizeIs(60));
  EXPECT_TRUE(headings.contains("售后手册 > 第20章 > 第20.3节"));
  EXPECT_GT(passages.size(), 60U);
}

}  // namespace
}  // namespace kefu::ingest
