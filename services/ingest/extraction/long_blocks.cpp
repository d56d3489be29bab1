#include "long_blocks.hpp"

#include "graphemes.hpp"

#include <kefu/text/normalize.hpp>
#include <kefu/text/segment.hpp>

#include <string>
#include <string_view>
#include <utility>

namespace kefu::ingest {
namespace {

using extraction::Block;

/// Where to cut: as late as possible, in the second half of what fits.
std::string_view first_piece(std::string_view text, std::size_t max_bytes) {
  if (text.size() <= max_bytes) return text;
  const std::string_view most = grapheme_prefix(text, max_bytes);
  const std::size_t line_end = most.rfind('\n');
  if (line_end != std::string_view::npos && line_end >= most.size() / 2) return most.substr(0, line_end + 1);
  const auto sentences = text::sentences(most);
  const std::size_t before_last = most.size() - sentences.back().size();
  const bool is_late =
      before_last > 0 && before_last >= most.size() / 2 && !continues_a_grapheme(sentences.back());
  return is_late ? most.substr(0, before_last) : most;
}

/// The first two lines of a table, with their line ends; empty when they are too long to be repeated.
std::string header_of(const Block& block, std::size_t max_bytes) {
  if (block.kind() != Block::KIND_TABLE) return {};
  const std::size_t first = block.text().find('\n');
  const std::size_t second = first == std::string::npos ? first : block.text().find('\n', first + 1);
  return second < max_bytes / 4 ? block.text().substr(0, second + 1) : std::string();
}

}  // namespace

std::vector<Block> divide_long_block(Block block, std::size_t max_bytes) {
  std::vector<Block> out;
  if (block.text().size() <= max_bytes) {
    out.push_back(std::move(block));
    return out;
  }
  const std::string text = std::move(*block.mutable_text());
  block.set_text(text.substr(0, max_bytes));
  const std::string header = header_of(block, max_bytes);
  if (header.empty() && block.kind() == Block::KIND_TABLE) block.set_kind(Block::KIND_LIST);
  for (std::string_view rest = std::string_view(text).substr(header.size()); !rest.empty();) {
    const std::string_view piece = first_piece(rest, max_bytes - header.size());
    rest.remove_prefix(piece.size());
    if (text::is_blank(piece)) continue;
    const std::size_t end = piece.find_last_not_of(" \n") + 1;
    block.set_text(header + std::string(piece.substr(0, end)));
    out.push_back(block);
  }
  return out;
}

}  // namespace kefu::ingest
