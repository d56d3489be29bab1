#include "extraction/wire.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace kefu::ingest {
namespace {

using extraction::Document;
using ::testing::IsEmpty;
using ::testing::SizeIs;

/// A document as it arrives on the other side.
std::vector<Document> pieces_of(const Document& document) {
  ItemReader reader("file.md");
  ItemWriter writer([&](std::string_view bytes) { EXPECT_TRUE(reader.feed(bytes)); });
  writer.take(document);
  writer.finish({});
  EXPECT_TRUE(reader.finished());
  const auto extraction = reader.take();
  std::vector<Document> pieces;
  for (const auto& entry : extraction->entries) pieces.push_back(std::get<Document>(entry));
  return pieces;
}

void add_block(Document& document, const std::string& heading, std::size_t bytes) {
  auto& block = *document.add_blocks();
  block.set_heading(heading);
  block.set_text(std::string(bytes, 'x'));
}

TEST(Wire, CarriesALongDocumentInPiecesThatEndWhereSectionsDo) {
  Document document;
  document.set_id("d");
  document.set_title("t");
  document.set_url("http://u");
  document.set_row(3);
  for (int section = 0; section < 10; ++section) {
    for (int block = 0; block < 5; ++block)
      add_block(document, "section " + std::to_string(section), 10 << 10);
  }
  const auto pieces = pieces_of(document);
  ASSERT_THAT(pieces, SizeIs(5));  // of two sections each: one is shorter than 64 KiB
  int blocks = 0;
  for (std::size_t i = 0; i < pieces.size(); ++i) {
    EXPECT_EQ(pieces[i].continued(), i > 0);
    EXPECT_EQ(pieces[i].id() + pieces[i].title() + pieces[i].url(), "dthttp://u");
    EXPECT_EQ(pieces[i].row(), 3U);
    EXPECT_EQ(pieces[i].blocks(0).heading(), "section " + std::to_string(2 * i));
    blocks += pieces[i].blocks_size();
  }
  EXPECT_EQ(blocks, 50);
}

TEST(Wire, DividesASectionThatIsVeryLong) {
  Document document;
  for (int block = 0; block < 60; ++block) add_block(document, "one", 10 << 10);
  EXPECT_THAT(pieces_of(document), SizeIs(3));
}

TEST(Wire, DividesABlockThatIsVeryLongWhereItHurtsLeast) {
  using extraction::Block;
  const auto blocks_of = [](Block::Kind kind, const std::string& text) {
    Document document;
    document.add_blocks()->set_kind(kind);
    document.mutable_blocks(0)->set_text(text);
    std::vector<Block> blocks;
    for (const Document& piece : pieces_of(document)) {
      blocks.insert(blocks.end(), piece.blocks().begin(), piece.blocks().end());
    }
    EXPECT_GT(blocks.size(), 10U);
    for (const Block& block : blocks) {
      EXPECT_EQ(block.kind(), kind);
      EXPECT_LE(block.text().size(), 64U << 10);
    }
    return blocks;
  };
  std::string table = "| k | v |\n|---|---|\n";
  std::string text;
  std::string emoji;
  for (int i = 0; i < 50000; ++i) {
    table += "| key" + std::to_string(i) + " | value |\n";
    text += "这是第" + std::to_string(i) + "句话。";
    emoji += "👨‍👩‍👧‍👦";
  }
  for (const Block& block : blocks_of(Block::KIND_TABLE, table)) {
    EXPECT_TRUE(block.text().starts_with("| k | v |\n|---|---|\n| key") && block.text().ends_with(" |"));
  }
  std::string all;
  for (const Block& block : blocks_of(Block::KIND_PARAGRAPH, text)) {
    EXPECT_TRUE(block.text().ends_with("。"));
    all += block.text();
  }
  EXPECT_EQ(all, text);
  for (const Block& block : blocks_of(Block::KIND_PARAGRAPH, emoji))
    EXPECT_TRUE(block.text().starts_with("👨‍👩‍👧‍👦"));
  const std::string lines = "header without a second line " + std::string(1'000'000, 'x');
  all.clear();
  for (const Block& block : blocks_of(Block::KIND_CODE, lines)) all += block.text();
  EXPECT_EQ(all, lines);
}

TEST(Wire, GetsPastACharacterThatIsLongerThanAPiece) {
  std::string text = "ae";
  for (int i = 0; i < 50000; ++i) text += "\u0301";
  Document document;
  document.add_blocks()->set_text(text);
  std::string all;
  for (const Document& piece : pieces_of(document)) {
    for (const auto& block : piece.blocks()) all += block.text();
  }
  EXPECT_EQ(all, text);
}

TEST(Wire, CarriesAShortDocumentWhole) {
  Document document;
  add_block(document, "h", 10);
  const auto pieces = pieces_of(document);
  ASSERT_THAT(pieces, SizeIs(1));
  EXPECT_FALSE(pieces[0].continued());
}

TEST(Wire, TellsOfRejectionsOnceWhicheverPieceTheyCameIn) {
  ItemReader reader("faq.csv");
  ItemWriter writer([&](std::string_view bytes) { EXPECT_TRUE(reader.feed(bytes)); });
  for (std::uint32_t row = 1; row <= 60; ++row) writer.reject(row, "answer", "the answer is missing");
  Rejections all;
  all.add(reader.take()->rejections);
  EXPECT_EQ(all.total(), 60U);
  for (std::uint32_t row = 61; row <= 150; ++row) writer.reject(row, "answer", "the answer is missing");
  writer.finish({});
  all.add(reader.take()->rejections);
  EXPECT_EQ(all.total(), 150U);
  ASSERT_THAT(all.kept(), SizeIs(100));
  EXPECT_EQ(all.kept()[99].row(), 100U);
  EXPECT_THAT(reader.take()->entries, IsEmpty());
}

}  // namespace
}  // namespace kefu::ingest
