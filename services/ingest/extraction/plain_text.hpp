#pragma once

#include "extraction_sink.hpp"

#include <kefu/base/error.hpp>

#include <cstddef>
#include <string_view>

namespace kefu::ingest {

/// Adds the paragraphs of a text, which blank lines separate, to a document.
void add_paragraphs(std::string_view text, extraction::Document& document);

/// The file as one document of paragraphs. `offset` is where the text begins in its file.
/// Errors: `invalid_argument` naming the first byte that is not UTF-8.
Result<> extract_plain_text(std::string_view text, std::size_t offset, ExtractionSink& sink);

}  // namespace kefu::ingest
