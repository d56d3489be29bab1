#include "section.hpp"

#include "extraction/graphemes.hpp"
#include "token_counter.hpp"

#include <kefu/text/normalize.hpp>
#include <kefu/text/segment.hpp>
#include <kefu/text/utf8.hpp>

#include <algorithm>
#include <utility>

namespace kefu::ingest {
namespace {

using extraction::Block;

constexpr std::string_view kParagraphGlue = "\n";
constexpr std::string_view kLineGlue = "\n";

std::vector<std::string_view> lines_of(std::string_view text) {
  std::vector<std::string_view> lines;
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = std::min(text.find('\n', begin), text.size());
    if (end > begin) lines.push_back(text.substr(begin, end - begin));
    begin = end + 1;
  }
  return lines;
}

/// Where a sentence ends in "!" and a mark that makes an emoji of it, the mark is of that sentence.
std::vector<std::string_view> whole_sentences(std::string_view text) {
  std::vector<std::string_view> sentences = text::sentences(text);
  std::size_t kept = 0;
  for (std::size_t i = 1; i < sentences.size(); ++i) {
    if (continues_a_grapheme(sentences[i])) {
      sentences[kept] = {sentences[kept].data(), sentences[kept].size() + sentences[i].size()};
    } else {
      sentences[++kept] = sentences[i];
    }
  }
  if (!sentences.empty()) sentences.resize(kept + 1);
  return sentences;
}

/// A sentence without the white space that follows it, which becomes the glue of the next.
void add_sentences(std::string_view text, std::string_view glue, std::uint32_t paragraph,
                   std::vector<Unit>& units) {
  for (const std::string_view sentence : whole_sentences(text)) {
    const std::size_t end = sentence.find_last_not_of(" \t\n") + 1;
    const std::string_view space = sentence.substr(end);
    if (!text::is_blank(sentence))
      units.push_back({.text = std::string(sentence.substr(0, end)), .glue = glue, .paragraph = paragraph});
    glue = space.find('\n') != std::string_view::npos ? "\n" : space.empty() ? "" : " ";
  }
}

void add_block(const Block& block, std::uint32_t paragraph, std::vector<Unit>& units) {
  if (text::is_blank(block.text())) return;
  if (block.kind() == Block::KIND_PARAGRAPH)
    return add_sentences(block.text(), kParagraphGlue, paragraph, units);
  const auto kind = block.kind() == Block::KIND_TABLE ? Unit::Kind::table : Unit::Kind::lines;
  units.push_back({.kind = kind, .text = block.text(), .glue = kParagraphGlue, .paragraph = paragraph});
}

/// How many pieces bring a text of so many tokens under the limit, with some room for uneven ones.
std::size_t pieces_for(const Unit& unit, std::uint32_t limit, std::size_t most) {
  std::size_t wanted = 2;
  if (unit.tokens > 0) {
    wanted = unit.tokens / std::max<std::size_t>(1, limit) + 1;
  } else {
    wanted = unit.text.size() / (TokenCounter::kMaxCountedBytes / 4) + 1;
  }
  return std::clamp<std::size_t>(wanted + wanted / 8, 2, std::max<std::size_t>(2, most));
}

std::vector<Unit> divide_at_graphemes(const Unit& unit, std::uint32_t limit) {
  const std::size_t code_points = text::count_code_points(unit.text);
  if (code_points < 2) return {unit};
  const std::size_t pieces = pieces_for(unit, limit, code_points);
  const std::size_t piece_bytes = (unit.text.size() + pieces - 1) / pieces;
  std::vector<Unit> out;
  for (std::string_view rest = unit.text; !rest.empty();) {
    const std::string_view piece = grapheme_prefix(rest, piece_bytes);
    rest.remove_prefix(piece.size());
    if (text::is_blank(piece)) continue;
    out.push_back(
        {.text = std::string(piece), .glue = out.empty() ? unit.glue : "", .paragraph = unit.paragraph});
  }
  return out;
}

/// A line of a list or of code may hold several.
std::vector<Unit> divide_into_sentences(const Unit& unit) {
  std::vector<Unit> out;
  add_sentences(unit.text, unit.glue, unit.paragraph, out);
  return out;
}

std::vector<Unit> divide_into_lines(const Unit& unit) {
  std::vector<Unit> out;
  for (const std::string_view line : lines_of(unit.text)) {
    if (text::is_blank(line)) continue;
    out.push_back({.text = std::string(line),
                   .glue = out.empty() ? unit.glue : kLineGlue,
                   .paragraph = unit.paragraph});
  }
  return out;
}

std::vector<Unit> divide_table(const Unit& unit, std::uint32_t limit) {
  constexpr std::size_t kHeaderLines = 2;
  const auto lines = lines_of(unit.text);
  if (lines.size() < kHeaderLines + 2) return divide_into_lines(unit);
  const std::string header = std::string(lines[0]) + "\n" + std::string(lines[1]);
  const std::size_t rows = lines.size() - kHeaderLines;
  // A header as long as a whole passage is not worth repeating.
  if (header.size() * 2 > unit.text.size()) return divide_into_lines(unit);
  const std::size_t rows_each = (rows + pieces_for(unit, limit, rows) - 1) / pieces_for(unit, limit, rows);
  std::vector<Unit> out;
  for (std::size_t row = kHeaderLines; row < lines.size(); row += rows_each) {
    Unit piece{.kind = Unit::Kind::table, .text = header, .glue = unit.glue, .paragraph = unit.paragraph};
    for (std::size_t i = row; i < std::min(row + rows_each, lines.size()); ++i) {
      piece.text.append("\n").append(lines[i]);
    }
    out.push_back(std::move(piece));
  }
  return out;
}

}  // namespace

std::vector<Section> sections_of(const extraction::Document& document) {
  std::vector<Section> sections;
  std::uint32_t paragraph = 0;
  for (const Block& block : document.blocks()) {
    if (sections.empty() || sections.back().heading != block.heading()) {
      sections.push_back({.heading = block.heading(), .units = {}});
    }
    add_block(block, paragraph++, sections.back().units);
  }
  return sections;
}

std::vector<Unit> divide(const Unit& unit, std::uint32_t limit) {
  std::vector<Unit> pieces;
  if (unit.kind == Unit::Kind::table) pieces = divide_table(unit, limit);
  if (unit.kind == Unit::Kind::lines) pieces = divide_into_lines(unit);
  if (pieces.size() < 2) pieces = divide_into_sentences(unit);
  return pieces.size() > 1 ? pieces : divide_at_graphemes(unit, limit);
}

bool too_long_to_count(const Unit& unit) { return unit.text.size() > TokenCounter::kMaxCountedBytes; }

}  // namespace kefu::ingest
