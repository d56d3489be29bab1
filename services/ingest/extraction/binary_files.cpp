#include "binary_files.hpp"

#include <algorithm>
#include <array>

namespace kefu::ingest {
namespace {

using namespace std::string_view_literals;

struct Kind {
  std::string_view begins;
  std::string_view name;
  std::string_view advice;
  bool may_begin_text = false;  ///< letters alone, as a text may begin with: "ID3 tags hold the title"
};

constexpr std::string_view kExport = "export its text first";
constexpr std::string_view kUnpack = "unpack it and upload the files in it";
constexpr std::string_view kNone = "only text is read";

constexpr std::array<Kind, 16> kKinds{
    {{"%PDF-"sv, "a PDF file", kExport},
     {"\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1"sv, "an old Office file (.doc, .xls)",
      "save it as text, or a table as CSV"},
     {"{\\rtf"sv, "an RTF file", "save it as plain text"},
     {"\x89PNG\r\n"sv, "a PNG image", kNone},
     {"\xFF\xD8\xFF"sv, "a JPEG image", kNone},
     {"GIF8"sv, "a GIF image", kNone, true},
     {"\x1F\x8B"sv, "a gzip archive", kUnpack},
     {"7z\xBC\xAF\x27\x1C"sv, "a 7-Zip archive", kUnpack},
     {"Rar!\x1A\x07"sv, "a RAR archive", kUnpack},
     {"\xFD"
      "7zXZ\0"sv,
      "an xz archive", kUnpack},
     {"\x28\xB5\x2F\xFD"sv, "a Zstandard archive", kUnpack},
     {"BZh9"sv, "a bzip2 archive", kUnpack, true},
     {"SQLite format 3\0"sv, "an SQLite database", "export its rows as CSV"},
     {"\x7F"
      "ELF"sv,
      "a program", kNone},
     {"ID3"sv, "an MP3 file", kNone, true},
     {"PAR1"sv, "a Parquet file", "export its rows as CSV or JSONL", true}}};

/// Within the first KB of a file of these kinds there are lengths and compressed bytes, and of a text only
/// what lays it out.
bool begins_with_binary(std::string_view bytes) {
  const auto is_control = [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte < 0x20 && (byte < '\t' || byte > '\r');
  };
  return std::ranges::any_of(bytes.substr(0, 1 << 10), is_control);
}

/// Office documents are archives, whose first entries tell what is in them.
Kind kind_of_zip(std::string_view bytes) {
  const std::string_view beginning = bytes.substr(0, 8 << 10);
  const auto holds = [&](std::string_view name) { return beginning.find(name) != std::string_view::npos; };
  if (holds("xl/")) return {{}, "an Excel file (.xlsx)", "save the sheet as CSV"};
  if (holds("word/")) return {{}, "a Word file (.docx)", "save it as plain text or Markdown"};
  if (holds("ppt/")) return {{}, "a PowerPoint file (.pptx)", kExport};
  if (holds("application/vnd.oasis.opendocument"))
    return {{}, "an OpenDocument file", "save it as text or CSV"};
  if (holds("application/epub+zip")) return {{}, "an EPUB book", kExport};
  return {{}, "a ZIP archive", kUnpack};
}

std::string complaint(const Kind& kind) {
  return "this is " + std::string(kind.name) + ", not text: " + std::string(kind.advice);
}

}  // namespace

std::optional<std::string> known_binary_file(std::string_view bytes) {
  if (bytes.starts_with("PK\x03\x04"sv) || bytes.starts_with("PK\x05\x06"sv))
    return complaint(kind_of_zip(bytes));
  if (bytes.starts_with("RIFF"sv) && bytes.size() > 12 && bytes.substr(8).starts_with("WEBP"sv) &&
      begins_with_binary(bytes))
    return complaint({{}, "a WebP image", kNone});
  const auto is_of = [&](const Kind& known) {
    return bytes.starts_with(known.begins) && (!known.may_begin_text || begins_with_binary(bytes));
  };
  const auto kind = std::ranges::find_if(kKinds, is_of);
  if (kind == kKinds.end()) return std::nullopt;
  return complaint(*kind);
}

}  // namespace kefu::ingest
