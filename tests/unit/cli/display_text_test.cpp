#include "display_text.hpp"

#include "table.hpp"

#include <gtest/gtest.h>

namespace kefu::cli {
namespace {

TEST(DisplayText, CountsTheColumnsThatATerminalGives) {
  EXPECT_EQ(display_width("abc"), 3U);
  EXPECT_EQ(display_width("退货a"), 5U);
  EXPECT_EQ(display_width("？"), 2U);
  EXPECT_EQ(display_width("e\xCC\x81"), 1U);  // e and a combining accent
  EXPECT_EQ(display_width("\xFF"), 1U);
}

TEST(DisplayText, CutsBetweenCharactersAndSaysSo) {
  EXPECT_EQ(fit("退货说明", 8), "退货说明");
  EXPECT_EQ(fit("退货说明", 7), "退货说…");
  EXPECT_EQ(fit("退货说明", 6), "退货…");
  EXPECT_EQ(fit("abcdef", 3), "ab…");
}

TEST(DisplayText, TakesAwayWhatWouldSteerATerminal) {
  EXPECT_EQ(printable("a\x1b[31mred\x07\r\nb\tc"), "a[31mred\nb\tc");
  EXPECT_EQ(printable("x\xC2\x9By"), "xy");  // the one-character form of ESC [
  EXPECT_EQ(printable("a\xFF"), "a\xEF\xBF\xBD");
  EXPECT_EQ(one_line("  a\n\n b\t "), "a b");
}

TEST(DisplayText, GroupsDigits) {
  EXPECT_EQ(grouped(0), "0");
  EXPECT_EQ(grouped(999), "999");
  EXPECT_EQ(grouped(1234567), "1,234,567");
}

TEST(Table, AlignsWideCharacters) {
  Table table({Table::Align::left, Table::Align::right});
  table.add({"奥运会", "1"});
  table.add({"ab", "100"});
  EXPECT_EQ(table.lines(), (std::vector<std::string>{"奥运会    1", "ab      100"}));
}

}  // namespace
}  // namespace kefu::cli
