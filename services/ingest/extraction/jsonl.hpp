#pragma once

#include "decoded_text.hpp"
#include "extraction_sink.hpp"

#include <kefu/base/error.hpp>

namespace kefu::ingest {

/// One JSON object a line: FAQ rows {question, answer, similar?, category?, id?}, whose keys may be named as
/// the columns of a table may, and documents {id, title?, text, url?}, told apart by `text`. A row is a line.
/// Never fails as a whole.
Result<> extract_jsonl(const DecodedText& text, ExtractionSink& sink);

}  // namespace kefu::ingest
