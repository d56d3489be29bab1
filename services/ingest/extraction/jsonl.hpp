#pragma once

#include "extraction_sink.hpp"

#include <kefu/base/error.hpp>

#include <cstddef>
#include <string_view>

namespace kefu::ingest {

/// One JSON object a line: FAQ rows {question, answer, similar?, category?, id?} and documents {id, title?,
/// text, url?}, told apart by `text`. `offset` is where the text begins in its file. Never fails as a whole.
Result<> extract_jsonl(std::string_view text, std::size_t offset, ExtractionSink& sink);

}  // namespace kefu::ingest
