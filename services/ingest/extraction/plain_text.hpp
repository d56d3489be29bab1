#pragma once

#include "decoded_text.hpp"
#include "extraction_sink.hpp"

#include <kefu/base/error.hpp>

#include <string_view>

namespace kefu::ingest {

/// Adds the paragraphs of a text, which blank lines separate, to a document.
void add_paragraphs(std::string_view text, extraction::Document& document);

/// The file as one document of paragraphs. Errors: `invalid_argument` naming the line of an undecodable byte,
/// or when there is no text.
Result<> extract_plain_text(const DecodedText& text, ExtractionSink& sink);

}  // namespace kefu::ingest
