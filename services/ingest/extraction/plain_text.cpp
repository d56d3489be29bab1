#include "plain_text.hpp"

#include "cells.hpp"

#include <kefu/text/normalize.hpp>

#include <string>
#include <utility>

namespace kefu::ingest {

void add_paragraphs(std::string_view text, extraction::Document& document) {
  std::string paragraph;
  const auto close = [&] {
    const std::string_view trimmed = trim(paragraph);
    if (!text::is_blank(trimmed)) document.add_blocks()->set_text(std::string(trimmed));
    paragraph.clear();
  };
  const std::string plain = with_plain_line_ends(text);
  for (std::size_t begin = 0; begin < plain.size();) {
    const std::size_t end = std::min(plain.find('\n', begin), plain.size());
    const std::string_view line = std::string_view(plain).substr(begin, end - begin);
    if (trim(line).empty()) {
      close();
    } else {
      paragraph.append(line).push_back('\n');
    }
    begin = end + 1;
  }
  close();
}

Result<> extract_plain_text(const DecodedText& text, ExtractionSink& sink) {
  if (auto bad_byte = text.complaint()) return fail(Errc::invalid_argument, std::move(*bad_byte));
  extraction::Document document;
  add_paragraphs(text.text(), document);
  if (document.blocks().empty()) return fail(Errc::invalid_argument, "the document holds no text");
  sink.take(std::move(document));
  return {};
}

}  // namespace kefu::ingest
