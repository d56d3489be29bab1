#pragma once

#include "extraction_sink.hpp"

#include <kefu/base/error.hpp>

#include <optional>
#include <string>
#include <string_view>

namespace kefu::ingest {

/// The kinds of file that Kefu reads.
enum class Format { csv, jsonl, markdown, text };

struct FileType {
  Format format = Format::text;
  std::string charset = {};  ///< as the uploader named it; empty: to be found out
};

/// The content type decides ("text/csv; charset=gb18030"); without one, or with application/octet-stream, the
/// extension of the filename. Errors: `unsupported_media`.
Result<FileType> detect_file_type(std::string_view content_type, std::string_view filename);

std::string_view name_of(Format format);
std::optional<Format> format_named(std::string_view name);

/// Reads a whole file. Errors: `invalid_argument` when nothing of it can be taken in: the message says why.
Result<> extract(const FileType& type, std::string_view bytes, ExtractionSink& sink);

}  // namespace kefu::ingest
