#pragma once

#include "extraction_sink.hpp"

#include <kefu/base/error.hpp>

#include <cstddef>
#include <string_view>

namespace kefu::ingest {

/// The file as one document: paragraphs, lists, tables and code under their path of headings. The title is
/// that of the front matter, else the first heading of the first level. `offset` is where the text begins in
/// its file. Errors: `invalid_argument` naming the first byte that is not UTF-8, or when there is no text.
Result<> extract_markdown(std::string_view text, std::size_t offset, ExtractionSink& sink);

}  // namespace kefu::ingest
