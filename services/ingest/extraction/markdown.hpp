#pragma once

#include "decoded_text.hpp"
#include "extraction_sink.hpp"

#include <kefu/base/error.hpp>

namespace kefu::ingest {

/// The file as one document: paragraphs, lists, tables and code under their path of headings. The title is
/// that of the front matter, else the first heading of the first level. Errors: `invalid_argument` naming the
/// line of an undecodable byte, or when there is no text.
Result<> extract_markdown(const DecodedText& text, ExtractionSink& sink);

}  // namespace kefu::ingest
