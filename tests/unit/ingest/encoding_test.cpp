#include "extraction/encoding.hpp"

#include "collecting_sink.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unicode/unistr.h>

#include <string>

namespace kefu::ingest {
namespace {

using namespace std::string_literals;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

/// A text in another encoding; "UTF-16LE" and "UTF-16BE" come without a byte order mark.
std::string encoded(const std::string& utf8, const char* encoding) {
  const auto text = icu::UnicodeString::fromUTF8(utf8);
  std::string out(utf8.size() * 4, '\0');
  out.resize(static_cast<std::size_t>(
      text.extract(0, text.length(), out.data(), static_cast<std::uint32_t>(out.size()), encoding)));
  return out;
}

std::string decoded(std::string_view bytes, std::string_view charset = "") {
  const auto text = decode(bytes, charset);
  return text ? std::string(text->text()) : "refused: " + text.error().message;
}

const std::string kFaq =
    "问题,答案\r\n怎么退货?,在订单页申请😀。\r\n运费多少?,\"满99元包邮,否则10元\"\r\n一,一一一一一一一\r\n";

TEST(Encoding, IsFoundOutForEveryOneThatIsRead) {
  EXPECT_EQ(decoded(kFaq), kFaq);
  EXPECT_EQ(decoded("\xEF\xBB\xBF" + kFaq), kFaq);
  EXPECT_EQ(decoded(encoded(kFaq, "gb18030")), kFaq);
  EXPECT_EQ(decoded(encoded(kFaq, "UTF-16LE")), kFaq);
  EXPECT_EQ(decoded(encoded(kFaq, "UTF-16BE")), kFaq);
  EXPECT_EQ(decoded("\xFF\xFE" + encoded(kFaq, "UTF-16LE")), kFaq);
  EXPECT_EQ(decoded("\xFE\xFF" + encoded(kFaq, "UTF-16BE")), kFaq);
  EXPECT_EQ(decoded(encoded("question,answer\nq,a\n", "UTF-16BE")), "question,answer\nq,a\n");
  EXPECT_EQ(decoded("plain"), "plain");
}

TEST(Encoding, TakesAFewCharactersOfGb18030AmongAscii) {
  EXPECT_EQ(decoded("question,answer\nq1,\xB2\xBB\xC4\xDC\xA1\xA3\n"), "question,answer\nq1,不能。\n");
  EXPECT_EQ(decoded("\x81\x30\x81\x34 \xB2\xBB"), "\u0084 不");  // four bytes, and two
}

TEST(Encoding, TakesALongTextWhosePairsAreDividedBetweenSteps) {
  std::string text = "x";
  for (int i = 0; i < 50000; ++i) text += "退😀";
  EXPECT_EQ(decoded(encoded(text, "gb18030"), "gb18030"), text);
  EXPECT_EQ(decoded(encoded(text + "\n", "UTF-16LE")), text + "\n");
}

TEST(Encoding, IsTheOneThatTheUploaderNames) {
  EXPECT_EQ(decoded(encoded("這是繁體中文。", "Big5"), "big5"), "這是繁體中文。");
  EXPECT_EQ(decoded("Don\x92t", "windows-1252"), "Don’t");
  EXPECT_EQ(decoded(encoded("退货", "UTF-16BE"), "utf-16be"), "退货");
  EXPECT_EQ(decoded(encoded("退货\n", "gb18030"), "gbk"), "退货\n");
  EXPECT_THAT(decoded("x", "klingon"), HasSubstr("the charset \"klingon\" is not read"));
  EXPECT_THAT(decoded("\xEF\xBB\xBF退货", "gb18030"), HasSubstr("begins with the byte order mark of UTF-8"));
  EXPECT_THAT(decoded(encoded(kFaq, "gb18030"), "utf-8"),
              HasSubstr("the file is not UTF-8: the byte at offset 0"));
}

TEST(Encoding, IsNotGuessedWhereItIsNotClear) {
  // Valid in GB18030, but no Chinese text: Windows-1252 and Big5.
  EXPECT_THAT(decoded("Don\x92t. Caf\xE9 \xE0 la carte, na\xEFve r\xE9sum\xE9"),
              HasSubstr("in none of the encodings"));
  EXPECT_THAT(decoded(encoded("這是一份關於退貨與換貨的說明文件。", "Big5")),
              HasSubstr("(the byte at offset 0"));
}

TEST(Encoding, LeavesAFewBadBytesToTheReaderOfRows) {
  std::string text = kFaq;
  text.insert(text.find("满99"), "\xFF");
  const auto found = decode(text, "");
  ASSERT_TRUE(found);
  EXPECT_EQ(found->text(), text);
  EXPECT_EQ(*found->complaint(),
            "line 3: the byte at offset " + std::to_string(text.find('\xFF')) + " is not UTF-8");
  EXPECT_EQ(found->complaint(found->text().substr(0, text.find('\xFF'))), std::nullopt);
  const std::string chinese = encoded(kFaq, "gb18030");
  const auto damaged = decode(chinese + "\xFF,a\r\n", "gb18030");
  ASSERT_TRUE(damaged);
  EXPECT_EQ(*damaged->complaint(),
            "line 5: the byte at offset " + std::to_string(chinese.size()) + " is not GB18030");
}

TEST(Encoding, NamesATruncatedCharacterAtTheEnd) {
  EXPECT_EQ(*decode("退货\xE9\x80", "")->complaint(), "line 1: the byte at offset 6 is not UTF-8");
  EXPECT_EQ(*decode("\xB2\xBB\xB2", "gbk")->complaint(), "line 1: the byte at offset 2 is not GB18030");
  EXPECT_EQ(*decode("\xFF\xFEq\0x"s, "")->complaint(), "line 1: the byte at offset 4 is not UTF-16");
}

TEST(Encoding, RefusesTextInNone) {
  std::string noise;
  for (int i = 0; i < 500; ++i) noise.push_back(static_cast<char>(128 + i * 37 % 127));
  EXPECT_THAT(decoded("ok " + noise), HasSubstr("(the byte at offset 3 is the first that is not UTF-8)"));
  EXPECT_THAT(decoded("\xFF\xFE\0\0q\0\0\0"s), HasSubstr("UTF-32"));
}

TEST(Encoding, RefusesBinaryFilesByTheirKind) {
  for (const Format format : {Format::csv, Format::jsonl, Format::markdown, Format::text}) {
    EXPECT_THAT(refusal(format, "%PDF-1.7\n..."), HasSubstr("this is a PDF file, not text"));
    EXPECT_THAT(refusal(format, "PK\x03\x04....xl/workbook.xml"),
                HasSubstr("an Excel file (.xlsx), not text: save"));
    EXPECT_THAT(refusal(format, "PK\x03\x04....word/document.xml"), HasSubstr("a Word file (.docx)"));
    EXPECT_THAT(refusal(format, "PK\x03\x04...."), HasSubstr("a ZIP archive"));
    EXPECT_THAT(refusal(format, "\x89PNG\r\n\x1A\n"), HasSubstr("a PNG image"));
    EXPECT_THAT(refusal(format, "\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1"), HasSubstr("an old Office file"));
    EXPECT_THAT(refusal(format, "RIFF\1\0\0\0WEBPVP8"s), HasSubstr("a WebP image"));
    EXPECT_THAT(refusal(format, "ID3\3\0\0\0\0\x1F"s), HasSubstr("an MP3 file"));
    EXPECT_THAT(refusal(format, "PAR1\x15\4\x15\x20"s), HasSubstr("a Parquet file, not text: export"));
    EXPECT_THAT(refusal(format, "GIF89a\x40\1\xC8\0"s), HasSubstr("a GIF image"));
    EXPECT_THAT(refusal(format, "BZh91AY&SY\x4E\xEC\xE8\x36\0"s), HasSubstr("a bzip2 archive"));
    EXPECT_THAT(refusal(format, "text\0x"s), HasSubstr("a NUL byte at offset 4: it is a binary file"));
    EXPECT_THAT(refusal(format, "\1\0\2\3\4\5\0\6"s), HasSubstr("binary file"));
  }
}

TEST(Encoding, IsNotMistakenForABinaryFileByItsFirstLetters) {
  EXPECT_EQ(decoded("RIFF"), "RIFF");
  EXPECT_EQ(decoded("PK is short"), "PK is short");
  for (const std::string text :
       {"ID3 tags hold the title, the artist and the year.\r\n", "PAR1 is a parking garage.",
        "GIF89 uploads are refused.\n\tUse PNG.\f", "BZh9 is a code.", "RIFF or WEBP: which one is it?"}) {
    for (const Format format : {Format::text, Format::markdown}) EXPECT_EQ(refusal(format, text), "");
  }
}

TEST(Encoding, RefusesEmptyFiles) {
  for (const Format format : {Format::csv, Format::jsonl, Format::markdown, Format::text}) {
    EXPECT_THAT(refusal(format, ""), HasSubstr("the file is empty"));
    EXPECT_THAT(refusal(format, " \r\n\u3000"), HasSubstr("empty but for white space"));
    EXPECT_THAT(refusal(format, "\xEF\xBB\xBF"), HasSubstr("empty"));
    EXPECT_THAT(refusal(format, "\xFF\xFE \0\n\0"s), HasSubstr("empty"));
  }
}

TEST(Encoding, CostsOnlyTheRowsThatHoldBadBytes) {
  const std::string csv = kFaq + "q4,\xC0\xAF\r\nq5,a5\r\n";
  const auto table = extract_all(Format::csv, csv);
  EXPECT_THAT(table.rejections, ElementsAre("4 answer: the byte at offset " +
                                            std::to_string(csv.find('\xC0')) + " is not UTF-8"));
  EXPECT_THAT(table.rows, SizeIs(4));
  const auto lines = extract_all(
      Format::jsonl, "{\"question\":\"\xff\",\"answer\":\"a\"}\n{\"question\":\"q\",\"answer\":\"a\"}\n");
  EXPECT_THAT(lines.rejections, ElementsAre("1 : the byte at offset 13 is not UTF-8"));
  EXPECT_THAT(lines.rows, SizeIs(1));
}

TEST(Encoding, RefusesADocumentWithABadByteNamingItsLine) {
  for (const Format format : {Format::markdown, Format::text}) {
    EXPECT_EQ(refusal(format, "one\ntwo \xFF\nthree"), "line 2: the byte at offset 8 is not UTF-8");
  }
}

TEST(Encoding, ReadsATableThatASpreadsheetSaved) {
  const std::string table = "问题\t答案\t分类\r\n怎么退货?\t\"第一行\r\n第二行\"\t售后\r\n";
  for (const std::string& bytes : {"\xFF\xFE" + encoded(table, "UTF-16LE"), encoded(table, "gb18030")}) {
    const auto found = extract_all(Format::csv, bytes);
    EXPECT_THAT(found.rejections, IsEmpty());
    ASSERT_THAT(found.rows, SizeIs(1));
    EXPECT_EQ(found.rows[0].answer(), "第一行\n第二行");
    EXPECT_EQ(found.rows[0].category(), "售后");
  }
}

}  // namespace
}  // namespace kefu::ingest
