#include "format.hpp"

#include "cells.hpp"
#include "encoding.hpp"
#include "faq_csv.hpp"
#include "jsonl.hpp"
#include "markdown.hpp"
#include "plain_text.hpp"

#include <algorithm>
#include <array>
#include <string>
#include <utility>

namespace kefu::ingest {
namespace {

using Row = std::pair<std::string_view, Format>;

constexpr std::array<Row, 9> kContentTypes{{{"text/csv", Format::csv},
                                            {"application/csv", Format::csv},
                                            {"application/x-ndjson", Format::jsonl},
                                            {"application/ndjson", Format::jsonl},
                                            {"application/jsonl", Format::jsonl},
                                            {"application/x-jsonlines", Format::jsonl},
                                            {"text/markdown", Format::markdown},
                                            {"text/x-markdown", Format::markdown},
                                            {"text/plain", Format::text}}};
constexpr std::array<Row, 6> kExtensions{{{"csv", Format::csv},
                                          {"jsonl", Format::jsonl},
                                          {"ndjson", Format::jsonl},
                                          {"md", Format::markdown},
                                          {"markdown", Format::markdown},
                                          {"txt", Format::text}}};
constexpr std::array<Row, 4> kNames{
    {{"csv", Format::csv}, {"jsonl", Format::jsonl}, {"markdown", Format::markdown}, {"text", Format::text}}};

template <std::size_t size>
std::optional<Format> find_in(const std::array<Row, size>& table, std::string_view key) {
  const auto row = std::ranges::find(table, key, &Row::first);
  return row == table.end() ? std::nullopt : std::optional(row->second);
}

std::string lower(std::string_view text) {
  std::string out(text);
  std::ranges::transform(out, out.begin(), [](char c) { return c >= 'A' && c <= 'Z' ? char(c + 32) : c; });
  return out;
}

std::optional<Format> format_of_extension(std::string_view filename) {
  const std::size_t dot = filename.rfind('.');
  if (dot == std::string_view::npos) return std::nullopt;
  return find_in(kExtensions, lower(filename.substr(dot + 1)));
}

/// Of the parameters behind a media type, `; charset="GB18030"`, the charset; empty without one.
std::string charset_in(std::string_view parameters) {
  while (!parameters.empty()) {
    parameters.remove_prefix(1);
    const std::string_view parameter = parameters.substr(0, parameters.find(';'));
    parameters.remove_prefix(parameter.size());
    const std::size_t equals = std::min(parameter.find('='), parameter.size());
    if (lower(trim(parameter.substr(0, equals))) != "charset") continue;
    std::string_view value = trim(parameter.substr(std::min(equals + 1, parameter.size())));
    if (value.size() >= 2 && value.front() == '"' && value.back() == '"')
      value = value.substr(1, value.size() - 2);
    return lower(value);
  }
  return {};
}

}  // namespace

Result<FileType> detect_file_type(std::string_view content_type, std::string_view filename) {
  const std::size_t parameters = std::min(content_type.find(';'), content_type.size());
  const std::string type = lower(trim(content_type.substr(0, parameters)));
  const std::string charset = charset_in(content_type.substr(parameters));
  if (const auto format = find_in(kContentTypes, type)) return FileType{*format, charset};
  if (type.empty() || type == "application/octet-stream") {
    if (const auto format = format_of_extension(filename)) return FileType{*format, charset};
    return fail(
        Errc::unsupported_media,
        "neither a content type nor the file's name says what it is: .csv, .jsonl, .md and .txt are read");
  }
  return fail(Errc::unsupported_media,
              "files of type " + type +
                  " are not read; text/csv, application/x-ndjson, text/markdown and text/plain are");
}

std::string_view name_of(Format format) { return std::ranges::find(kNames, format, &Row::second)->first; }

std::optional<Format> format_named(std::string_view name) { return find_in(kNames, name); }

Result<> extract(const FileType& type, std::string_view bytes, ExtractionSink& sink) {
  KEFU_TRY(const DecodedText text, decode(bytes, type.charset));
  if (trim(text.text()).empty()) {
    return fail(Errc::invalid_argument,
                bytes.empty() ? "the file is empty" : "the file is empty but for white space");
  }
  switch (type.format) {
    case Format::csv:
      return extract_faq_csv(text, sink);
    case Format::jsonl:
      return extract_jsonl(text, sink);
    case Format::markdown:
      return extract_markdown(text, sink);
    case Format::text:
      return extract_plain_text(text, sink);
  }
  std::unreachable();
}

}  // namespace kefu::ingest
