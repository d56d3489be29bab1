#include "media_type.hpp"

#include <algorithm>
#include <array>
#include <cstddef>

namespace kefu::gateway {
namespace {

constexpr std::array<std::string_view, 5> kTypes{"text/csv", "application/x-ndjson", "application/jsonl",
                                                 "text/markdown", "text/plain"};

/// Types that say nothing: the extension does. The last is what browsers on a machine with a spreadsheet
/// program send for a CSV file.
constexpr std::array<std::string_view, 3> kUntold{"", "application/octet-stream", "application/vnd.ms-excel"};

constexpr std::array<std::string_view, 10> kCharsets{
    "utf-8", "utf8", "gb18030", "gbk", "gb2312", "utf-16", "utf-16le", "utf-16be", "big5", "windows-1252"};

struct Extension {
  std::string_view ending;
  std::string_view type;
};
constexpr std::array kExtensions{Extension{".csv", "text/csv"},
                                 Extension{".jsonl", "application/x-ndjson"},
                                 Extension{".ndjson", "application/x-ndjson"},
                                 Extension{".md", "text/markdown"},
                                 Extension{".markdown", "text/markdown"},
                                 Extension{".txt", "text/plain"}};

/// Takes a quoted string from the front of `rest`, which begins with the quote.
std::string take_quoted(std::string_view& rest) {
  std::string value;
  std::size_t i = 1;
  for (; i < rest.size() && rest[i] != '"'; ++i) {
    const bool escapes =
        rest[i] == '\\' && i + 1 < rest.size() && (rest[i + 1] == '"' || rest[i + 1] == '\\');
    if (escapes) ++i;
    value.push_back(rest[i]);
  }
  rest.remove_prefix(std::min(rest.size(), i + 1));
  return value;
}

Result<std::string> type_by_extension(std::string_view filename) {
  const std::string name = lower_ascii(filename);
  const auto known = std::ranges::find_if(
      kExtensions, [&](const Extension& extension) { return name.ends_with(extension.ending); });
  if (known != kExtensions.end()) return std::string(known->type);
  return fail(Errc::unsupported_media,
              "without a content type only files ending in .csv, .jsonl, .ndjson, .md, .markdown and .txt "
              "are taken");
}

/// The charset to hand on, empty where none is given: ingest then finds it out. Errors: `unsupported_media`.
Result<std::string> charset_of(const MediaType& type) {
  std::string charset;
  for (const auto& [name, value] : type.parameters) {
    if (name != "charset") continue;
    const std::string given = lower_ascii(value);
    if (std::ranges::find(kCharsets, given) == kCharsets.end()) {
      return fail(Errc::unsupported_media,
                  "the charset must be utf-8, gb18030, gbk, gb2312, utf-16, utf-16le, utf-16be, big5 or "
                  "windows-1252: convert the file first");
    }
    charset = given;
  }
  return charset;
}

}  // namespace

std::string lower_ascii(std::string_view text) {
  std::string out(text);
  std::ranges::transform(out, out.begin(),
                         [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  return out;
}

std::string_view trimmed(std::string_view text) {
  const std::size_t begin = text.find_first_not_of(" \t");
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(" \t") - begin + 1);
}

const std::string* MediaType::find(std::string_view name) const {
  for (const auto& [known, value] : parameters) {
    if (known == name) return &value;
  }
  return nullptr;
}

MediaType parse_media_type(std::string_view value) {
  MediaType out{.type = lower_ascii(trimmed(value.substr(0, value.find(';')))), .parameters = {}};
  value.remove_prefix(std::min(value.find(';'), value.size()));
  while (!value.empty()) {
    value.remove_prefix(1);  // the semicolon
    const std::size_t name_end = std::min(value.find_first_of("=;"), value.size());
    std::string name = lower_ascii(trimmed(value.substr(0, name_end)));
    value.remove_prefix(name_end);
    std::string text;
    if (value.starts_with('=')) {
      value.remove_prefix(1);
      value.remove_prefix(std::min(value.find_first_not_of(" \t"), value.size()));
      if (value.starts_with('"')) {
        text = take_quoted(value);
      } else {
        text = trimmed(value.substr(0, value.find(';')));
      }
    }
    value.remove_prefix(std::min(value.find(';'), value.size()));
    if (!name.empty()) out.parameters.emplace_back(std::move(name), std::move(text));
  }
  return out;
}

Result<std::string> document_type(std::string_view content_type, std::string_view filename) {
  const MediaType sent = parse_media_type(content_type);
  std::string type = sent.type;
  if (std::ranges::find(kUntold, type) != kUntold.end()) {
    KEFU_TRY(type, type_by_extension(filename));
  } else if (std::ranges::find(kTypes, type) == kTypes.end()) {
    return fail(Errc::unsupported_media,
                "the content type must be text/csv, application/x-ndjson, application/jsonl, text/markdown "
                "or text/plain");
  }
  KEFU_TRY(const std::string charset, charset_of(sent));
  return charset.empty() ? type : type + "; charset=" + charset;
}

Result<> check_not_compressed(const http::Fields& fields) {
  for (const auto& [name, value] : fields) {
    if (lower_ascii(name) != "content-encoding") continue;
    const std::string encoding = lower_ascii(trimmed(value));
    if (!encoding.empty() && encoding != "identity") {
      return fail(Errc::unsupported_media,
                  "the content encoding must be identity: send the file without compressing it");
    }
  }
  return {};
}

}  // namespace kefu::gateway
