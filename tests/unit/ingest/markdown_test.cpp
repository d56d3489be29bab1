#include "collecting_sink.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace kefu::ingest {
namespace {

using extraction::Block;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

extraction::Document parse(std::string_view text) {
  auto found = extract_all(Format::markdown, text);
  return found.documents.empty() ? extraction::Document() : found.documents[0];
}

std::vector<std::string> outline(const extraction::Document& document) {
  std::vector<std::string> lines;
  for (const Block& block : document.blocks()) {
    constexpr const char* kKinds[] = {"p", "list", "table", "code"};
    lines.push_back(std::string(kKinds[block.kind()]) + " [" + block.heading() + "] " + block.text());
  }
  return lines;
}

TEST(Markdown, KeepsTheHeadingsAsAPath) {
  const auto document = parse(
      "# 售后手册\n\nIntro\n\n## 退货 ##\ntext\n### 退款时间\nmore\n\n换货\n----\nx\n# **第二** `章`\ny\n#no "
      "heading\n");
  EXPECT_EQ(document.title(), "售后手册");
  EXPECT_THAT(outline(document), ElementsAre("p [售后手册] Intro", "p [售后手册 > 退货] text",
                                             "p [售后手册 > 退货 > 退款时间] more", "p [售后手册 > 换货] x",
                                             "p [第二 章] y\n#no heading"));
}

TEST(Markdown, KeepsListsTablesAndCodeWhole) {
  const auto document = parse(
      "Steps:\n1. one\n   more\n\n2. two\n   - nested\n\nafter\n\n"
      "| a | b |\n|---|:-:|\n| 1 | 2 |\n\n"
      "```sh\n# not a heading\n\nmake\n```\n> quoted\n> twice\n\n***\n<!-- hidden\nstill --> \nend");
  EXPECT_THAT(outline(document),
              ElementsAre("p [] Steps:", "list [] 1. one\n   more\n2. two\n   - nested", "p [] after",
                          "table [] | a | b |\n|---|:-:|\n| 1 | 2 |", "code [] # not a heading\n\nmake",
                          "p [] quoted\ntwice", "p [] end"));
}

TEST(Markdown, TakesTheTitleOfTheFrontMatter) {
  const auto document = parse("---\nlayout: page\ntitle: \"帮助\"\n---\n# H\ntext");
  EXPECT_EQ(document.title(), "帮助");
  EXPECT_THAT(outline(document), ElementsAre("p [H] text"));
}

TEST(Markdown, SurvivesWhatIsNotClosed) {
  EXPECT_THAT(outline(parse("---\ntext")), ElementsAre("p [] text"));
  EXPECT_THAT(outline(parse("```\ncode")), ElementsAre("code [] code"));
  EXPECT_THAT(outline(parse("text\n<!-- open")), ElementsAre("p [] text"));
  EXPECT_THAT(outline(parse("- a\n\n\n\n")), ElementsAre("list [] - a"));
}

TEST(Markdown, KeepsTheTextBehindAComment) {
  EXPECT_THAT(outline(parse("<!-- a --> b\n\n<!--\nc\n-->\n# H\n<!-- d --><!-- e -->\nf")),
              ElementsAre("p [] b", "p [H] f"));
}

TEST(Markdown, RefusesADocumentWithoutText) {
  EXPECT_THAT(refusal(Format::markdown, "# only\n## headings\n"), HasSubstr("no text"));
}

TEST(Markdown, KeepsAHeadingThatIsATextOfItsOwnAsText) {
  const std::string heading(4000, 'x');
  const auto document = parse("# " + heading + "\ntext");
  EXPECT_THAT(outline(document), ElementsAre("p [" + heading.substr(0, 150) + "] " + heading,
                                             "p [" + heading.substr(0, 150) + "] text"));
  EXPECT_EQ(document.title().size(), 150U);
}

TEST(Markdown, TakesDashesBelowALongParagraphAsARule) {
  EXPECT_THAT(outline(parse("one\ntwo\n---\nthree")), ElementsAre("p [] one\ntwo", "p [] three"));
}

TEST(Markdown, ReadsALongListWithManyBlankLinesInLinearTime) {
  std::string text = "- a\n";
  text.append(2'000'000, '\n');
  EXPECT_THAT(outline(parse(text + "- b\n")), ElementsAre("list [] - a\n- b"));
}

}  // namespace
}  // namespace kefu::ingest
