#pragma once

#include "extraction_sink.hpp"

#include <kefu/base/error.hpp>

#include <optional>
#include <string_view>

namespace kefu::ingest {

/// The kinds of file that Kefu reads.
enum class Format { csv, jsonl, markdown, text };

/// The content type decides; without one, or with application/octet-stream, the extension of the filename.
/// Errors: `unsupported_media`.
Result<Format> detect_format(std::string_view content_type, std::string_view filename);

std::string_view name_of(Format format);
std::optional<Format> format_named(std::string_view name);

/// Reads a whole file. Errors: `invalid_argument` when nothing of it can be taken in: the message says why.
Result<> extract(Format format, std::string_view bytes, ExtractionSink& sink);

}  // namespace kefu::ingest
