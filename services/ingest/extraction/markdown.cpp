#include "markdown.hpp"

#include "cells.hpp"
#include "graphemes.hpp"

#include <kefu/text/normalize.hpp>

#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace kefu::ingest {
namespace {

using extraction::Block;

// A path of headings is repeated in every passage below it.
constexpr std::size_t kMaxHeadingBytes = 150;
constexpr std::size_t kLevels = 6;

std::size_t indent_of(std::string_view line) { return std::min(line.find_first_not_of(" \t"), line.size()); }

bool is_blank(std::string_view line) { return trim(line).empty(); }

/// The fence that opens or closes code: at least three ` or ~; empty if the line is none.
std::string_view fence_of(std::string_view line) {
  const std::string_view body = line.substr(indent_of(line));
  if (!body.starts_with("```") && !body.starts_with("~~~")) return {};
  const std::size_t end = std::min(body.find_first_not_of(body[0]), body.size());
  return body.substr(0, end);
}

struct Heading {
  std::size_t level;
  std::string text;
};

/// A heading's words without the marks of emphasis, code and links around them.
std::string heading_text(std::string_view raw) {
  std::string text(trim(raw));
  std::erase_if(text, [](char c) { return c == '*' || c == '`'; });
  return text::is_blank(text) ? std::string() : std::string(trim(text));
}

std::optional<Heading> atx_heading(std::string_view line) {
  const std::string_view body = trim(line);
  const std::size_t level = std::min(body.find_first_not_of('#'), body.size());
  if (level == 0 || level > kLevels || indent_of(line) > 3) return std::nullopt;
  std::string_view rest = body.substr(level);
  if (!rest.empty() && rest[0] != ' ' && rest[0] != '\t') return std::nullopt;
  rest = trim(rest);
  const std::size_t closing = rest.find_last_not_of('#');
  const bool closed =
      closing == std::string_view::npos || (closing + 1 < rest.size() && rest[closing] == ' ');
  if (closed) rest = closing == std::string_view::npos ? std::string_view() : rest.substr(0, closing);
  return Heading{level, heading_text(rest)};
}

/// 1 or 2 when the line underlines the one above it as a heading, else 0.
std::size_t underline_level(std::string_view line) {
  const std::string_view body = trim(line);
  if (body.empty() || indent_of(line) > 3) return 0;
  if (body.find_first_not_of('=') == std::string_view::npos) return 1;
  return body.size() > 1 && body.find_first_not_of('-') == std::string_view::npos ? 2 : 0;
}

bool is_rule(std::string_view line) {
  std::string body(trim(line));
  std::erase(body, ' ');
  return body.size() >= 3 && (body[0] == '-' || body[0] == '*' || body[0] == '_') &&
         body.find_first_not_of(body[0]) == std::string::npos;
}

bool is_list_item(std::string_view line) {
  const std::string_view body = line.substr(indent_of(line));
  const std::size_t digits = std::min(body.find_first_not_of("0123456789"), body.size());
  std::size_t mark = 0;
  if (digits > 0 && digits < 10 && digits < body.size() && (body[digits] == '.' || body[digits] == ')')) {
    mark = digits + 1;
  } else if (!body.empty() && (body[0] == '-' || body[0] == '*' || body[0] == '+')) {
    mark = 1;
  }
  return mark > 0 && mark < body.size() && (body[mark] == ' ' || body[mark] == '\t');
}

/// The line below a table's header: "|---|:--:|".
bool is_table_rule(std::string_view line) {
  const std::string_view body = trim(line);
  return body.find('-') != std::string_view::npos && body.find('|') != std::string_view::npos &&
         body.find_first_not_of("-|: \t") == std::string_view::npos;
}

class MarkdownParser {
 public:
  explicit MarkdownParser(std::string_view text) {
    for (std::size_t begin = 0; begin < text.size();) {
      const std::size_t end = std::min(text.find('\n', begin), text.size());
      lines_.push_back(text.substr(begin, end - begin));
      begin = end + 1;
    }
  }

  extraction::Document parse() {
    skip_front_matter();
    while (at_ < lines_.size()) take_block();
    close_paragraph();
    return std::move(document_);
  }

 private:
  /// "---" lines around settings that other programs put at the top; only its title is of use here.
  void skip_front_matter() {
    if (lines_.empty() || trim(lines_[0]) != "---") return;
    const auto end = std::find_if(lines_.begin() + 1, lines_.end(), [](std::string_view line) {
      return trim(line) == "---" || trim(line) == "...";
    });
    if (end == lines_.end()) return;
    for (auto line = lines_.begin() + 1; line != end; ++line) {
      if (!line->starts_with("title:")) continue;
      std::string_view title = trim(line->substr(6));
      const bool quoted =
          title.size() > 1 && (title[0] == '"' || title[0] == '\'') && title.back() == title[0];
      const std::string text = heading_text(quoted ? title.substr(1, title.size() - 2) : title);
      document_.set_title(std::string(grapheme_prefix(text, kMaxHeadingBytes)));
    }
    at_ = static_cast<std::size_t>(end - lines_.begin()) + 1;
  }

  void take_block() {
    const std::string_view line = lines_[at_];
    const bool underlines = underline_level(line) != 0 && paragraph_may_be_heading();
    if (is_blank(line) || (is_rule(line) && !underlines)) {
      close_paragraph();
      ++at_;
    } else if (!fence_of(line).empty()) {
      close_paragraph();
      take_code();
    } else if (const auto heading = atx_heading(line)) {
      close_paragraph();
      open_heading(*heading);
      ++at_;
    } else if (underlines) {
      open_heading(Heading{underline_level(line), heading_text(paragraph_)});
      paragraph_.clear();
      ++at_;
    } else if (line.find('|') != std::string_view::npos && at_ + 1 < lines_.size() &&
               is_table_rule(lines_[at_ + 1])) {
      close_paragraph();
      take_table();
    } else if (is_list_item(line)) {
      close_paragraph();
      take_list();
    } else if (trim(line).starts_with("<!--")) {
      close_paragraph();
      skip_comment();
    } else {
      take_paragraph_line(line);
    }
  }

  void take_paragraph_line(std::string_view line) {
    std::string_view body = trim(line);
    while (body.starts_with('>')) body = trim(body.substr(1));
    if (!paragraph_.empty()) paragraph_.push_back('\n');
    paragraph_ += body;
    ++at_;
  }

  void take_code() {
    const std::string_view fence = fence_of(lines_[at_]);
    std::string code;
    for (++at_; at_ < lines_.size(); ++at_) {
      const std::string_view closing = fence_of(lines_[at_]);
      if (!closing.empty() && closing.starts_with(fence) && trim(lines_[at_]) == closing) {
        ++at_;
        break;
      }
      code.append(lines_[at_]).push_back('\n');
    }
    add_block(Block::KIND_CODE, code);
  }

  void take_table() {
    std::string table;
    for (; at_ < lines_.size() && lines_[at_].find('|') != std::string_view::npos && !is_blank(lines_[at_]);
         ++at_) {
      table.append(trim(lines_[at_])).push_back('\n');
    }
    add_block(Block::KIND_TABLE, table);
  }

  /// Items, their continued and indented lines, and blank lines between them.
  void take_list() {
    std::string list;
    while (at_ < lines_.size()) {
      const std::string_view line = lines_[at_];
      if (is_blank(line)) {
        const std::size_t next = next_text(at_);
        if (!continues_list(next)) break;
        at_ = next;
        continue;
      }
      const bool code_begins = !fence_of(line).empty() && indent_of(line) == 0;
      if (code_begins || atx_heading(line) || is_rule(line)) break;
      list.append(line).push_back('\n');
      ++at_;
    }
    add_block(Block::KIND_LIST, list);
  }

  std::size_t next_text(std::size_t line) const {
    while (line < lines_.size() && is_blank(lines_[line])) ++line;
    return line;
  }
  bool continues_list(std::size_t line) const {
    return line < lines_.size() && !is_rule(lines_[line]) &&
           (is_list_item(lines_[line]) || indent_of(lines_[line]) >= 2);
  }

  /// What follows a comment in its last line is text.
  void skip_comment() {
    constexpr std::string_view kEnd = "-->";
    while (at_ < lines_.size() && lines_[at_].find(kEnd) == std::string_view::npos) ++at_;
    if (at_ < lines_.size()) lines_[at_].remove_prefix(lines_[at_].find(kEnd) + kEnd.size());
  }

  void close_paragraph() {
    add_block(Block::KIND_PARAGRAPH, paragraph_);
    paragraph_.clear();
  }

  /// A longer paragraph above a line of dashes is text with a rule below it.
  bool paragraph_may_be_heading() const {
    return !paragraph_.empty() && paragraph_.size() <= kMaxHeadingBytes &&
           paragraph_.find('\n') == std::string::npos;
  }

  void open_heading(const Heading& heading) {
    const std::string short_text(trim(grapheme_prefix(heading.text, kMaxHeadingBytes)));
    if (heading.level == 1 && document_.title().empty()) document_.set_title(short_text);
    path_[heading.level - 1] = short_text;
    for (std::size_t deeper = heading.level; deeper < kLevels; ++deeper) path_[deeper].clear();
    // What was cut off is not lost.
    if (short_text.size() < heading.text.size()) add_block(Block::KIND_PARAGRAPH, heading.text);
  }

  std::string heading_path() const {
    std::string out;
    for (const std::string& heading : path_) {
      if (heading.empty()) continue;
      if (!out.empty()) out += " > ";
      out += heading;
    }
    return out;
  }

  void add_block(Block::Kind kind, std::string_view text) {
    // A first line may be indented on purpose, in code and nested lists.
    while (text.ends_with('\n') || text.ends_with(' ')) text.remove_suffix(1);
    if (text::is_blank(text)) return;
    Block& block = *document_.add_blocks();
    block.set_kind(kind);
    block.set_heading(heading_path());
    block.set_text(std::string(text));
  }

  std::vector<std::string_view> lines_;
  std::size_t at_ = 0;
  std::string paragraph_;  // lines of the one that is open
  std::array<std::string, kLevels> path_;
  extraction::Document document_;
};

}  // namespace

Result<> extract_markdown(const DecodedText& text, ExtractionSink& sink) {
  if (auto bad_byte = text.complaint()) return fail(Errc::invalid_argument, std::move(*bad_byte));
  const std::string plain = with_plain_line_ends(text.text());
  extraction::Document document = MarkdownParser(plain).parse();
  if (document.blocks().empty()) return fail(Errc::invalid_argument, "the document holds no text");
  sink.take(std::move(document));
  return {};
}

}  // namespace kefu::ingest
