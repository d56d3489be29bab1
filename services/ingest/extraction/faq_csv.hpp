#pragma once

#include "decoded_text.hpp"
#include "extraction_sink.hpp"

#include <kefu/base/error.hpp>

namespace kefu::ingest {

/// FAQ rows of a table with a header, whose columns are named as FaqField has it; others are passed over.
/// They are separated by commas, semicolons or tabs, whichever makes sense of the header. Errors:
/// `invalid_argument` when the header does not say which columns hold question and answer, or is all there
/// is.
Result<> extract_faq_csv(const DecodedText& text, ExtractionSink& sink);

}  // namespace kefu::ingest
