#include "multipart.hpp"

#include "media_type.hpp"

#include <kefu/http/message.hpp>
#include <kefu/text/utf8.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace kefu::gateway {
namespace {

/// Blanks that a sender may put behind a boundary.
constexpr std::size_t kMaxPadding = 128;

std::unexpected<Error> bad_form(std::string why) {
  return fail(Errc::invalid_argument, "malformed multipart/form-data: " + std::move(why));
}

bool is_boundary_character(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
         std::string_view("'()+_,-./:=? ").find(c) != std::string_view::npos;
}

/// Browsers write a quote and the ends of lines as %22, %0D and %0A, and nothing else.
std::string undo_browser_escapes(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const std::string_view escape = text.substr(i, 3);
    if (escape == "%22" || escape == "%0D" || escape == "%0A") {
      out.push_back(escape == "%22" ? '"' : escape == "%0D" ? '\r' : '\n');
      i += 2;
    } else {
      out.push_back(text[i]);
    }
  }
  return out;
}

/// `UTF-8''%E9%80%80.csv` (RFC 5987).
Result<std::string> extended_value(std::string_view text) {
  const std::size_t charset_end = text.find('\'');
  const std::size_t language_end =
      charset_end == std::string_view::npos ? charset_end : text.find('\'', charset_end + 1);
  if (language_end == std::string_view::npos || lower_ascii(text.substr(0, charset_end)) != "utf-8")
    return bad_form("the parameter filename* must begin with UTF-8''");
  return http::percent_decode(text.substr(language_end + 1));
}

Result<FormPart> parse_disposition(std::string_view value) {
  const MediaType disposition = parse_media_type(value);
  if (disposition.type != "form-data") return bad_form("the Content-Disposition of a part is not form-data");
  FormPart part;
  bool has_name = false;
  for (const auto& [name, text] : disposition.parameters) {
    if (name == "name") {
      part.name = undo_browser_escapes(text);
      has_name = true;
    } else if (name == "filename" && !part.filename) {
      part.filename = undo_browser_escapes(text);
    } else if (name == "filename*") {
      KEFU_TRY(part.filename, extended_value(text));
    }
  }
  if (!has_name) return bad_form("a part has no name");
  for (const std::string& text : {part.name, part.filename.value_or("")}) {
    if (!text::validate_utf8(text)) return bad_form("a name or filename is not valid UTF-8");
  }
  return part;
}

}  // namespace

Result<std::string> multipart_boundary(std::string_view content_type) {
  const MediaType type = parse_media_type(content_type);
  const std::string* boundary = type.find("boundary");
  if (boundary == nullptr || boundary->empty())
    return bad_form("the content type has no parameter \"boundary\"");
  if (boundary->size() > 70 || boundary->back() == ' ' ||
      !std::ranges::all_of(*boundary, is_boundary_character))
    return bad_form("the parameter \"boundary\" must be 1 to 70 letters, digits and '()+_,-./:=?");
  return *boundary;
}

Result<FormPart> parse_part_head(std::string_view head) {
  std::optional<FormPart> part;
  std::string content_type;
  while (!head.empty()) {
    const std::size_t end = std::min(head.find("\r\n"), head.size());
    const std::string_view line = head.substr(0, end);
    head.remove_prefix(std::min(head.size(), end + 2));
    const std::size_t colon = line.find(':');
    if (colon == std::string_view::npos || line.front() == ' ' || line.front() == '\t')
      return bad_form("a line in the head of a part is no field");
    const std::string name = lower_ascii(trimmed(line.substr(0, colon)));
    const std::string_view value = trimmed(line.substr(colon + 1));
    if (name == "content-disposition") {
      KEFU_TRY(part, parse_disposition(value));
    } else if (name == "content-type") {
      content_type = value;
    } else if (name == "content-transfer-encoding") {
      const std::string encoding = lower_ascii(value);
      if (encoding != "binary" && encoding != "8bit" && encoding != "7bit")
        return fail(Errc::unsupported_media, "the content transfer encoding of a part must be binary");
    }
  }
  if (!part) return bad_form("a part has no Content-Disposition");
  part->content_type = std::move(content_type);
  return *std::move(part);
}

MultipartParser::MultipartParser(std::string_view boundary) : MultipartParser(boundary, Limits{}) {}

MultipartParser::MultipartParser(std::string_view boundary, Limits limits)
    : delimiter_("\r\n--" + std::string(boundary)), limits_(limits) {}

Result<std::vector<MultipartParser::Event>> MultipartParser::feed(std::string_view bytes) {
  std::vector<Event> out;
  buffer_ += bytes;
  for (;;) {
    KEFU_TRY(const bool more, step(out));
    if (!more) return out;
  }
}

Result<> MultipartParser::finish() const {
  if (state_ == State::epilogue) return {};
  return bad_form("it ends before its last boundary");
}

/// False when it takes more bytes to go on.
Result<bool> MultipartParser::step(std::vector<Event>& out) {
  if (state_ == State::head) return take_head(out);
  if (state_ != State::epilogue) return take_content(out);
  KEFU_CHECK(skipped(buffer_.size()));
  buffer_.clear();
  return false;
}

MultipartParser::Delimiter MultipartParser::delimiter_at(std::size_t position) const {
  const std::size_t begin = position + delimiter_.size();
  const std::string_view rest = std::string_view(buffer_).substr(begin);
  if (rest.starts_with("--")) return {Line::last, delimiter_.size() + 2};
  const std::size_t padding = std::min(rest.find_first_not_of(" \t"), rest.size());
  if (padding > kMaxPadding) return {Line::none, 0};
  const std::string_view end = rest.substr(padding, 2);
  if (end == "\r\n") return {Line::next_part, delimiter_.size() + padding};
  const bool may_become_one = end.empty() || end == "\r" || (rest == "-");
  return {may_become_one ? Line::incomplete : Line::none, 0};
}

/// The preamble and the body of a part: everything up to a boundary.
Result<bool> MultipartParser::take_content(std::vector<Event>& out) {
  const std::size_t found = buffer_.find(delimiter_, searched_);
  if (found == std::string::npos) {
    // The last bytes may be the beginning of a boundary.
    const std::size_t sure = buffer_.size() - std::min(buffer_.size(), delimiter_.size() - 1);
    KEFU_CHECK(content(sure, out));
    searched_ = 0;
    return false;
  }
  const Delimiter delimiter = delimiter_at(found);
  if (delimiter.line == Line::none) {
    searched_ = found + 1;
    return true;
  }
  KEFU_CHECK(content(found, out));
  searched_ = 0;
  if (delimiter.line == Line::incomplete) return false;
  if (state_ == State::body) out.push_back({.kind = EventKind::part_end});
  // The line's end stays: a head without fields is nothing but the empty line behind it.
  buffer_.erase(0, delimiter.bytes);
  state_ = delimiter.line == Line::last ? State::epilogue : State::head;
  if (state_ == State::epilogue) out.push_back({.kind = EventKind::end});
  skipped_ = 0;
  return true;
}

Result<> MultipartParser::content(std::size_t bytes, std::vector<Event>& out) {
  if (state_ == State::preamble) {
    KEFU_CHECK(skipped(bytes));
  } else if (bytes > 0) {
    out.push_back({.kind = EventKind::data, .data = buffer_.substr(0, bytes)});
  }
  buffer_.erase(0, bytes);
  return {};
}

Result<> MultipartParser::skipped(std::size_t bytes) {
  skipped_ += bytes;
  if (skipped_ <= limits_.preamble_bytes) return {};
  return bad_form("there is too much text before the first boundary or behind the last one");
}

Result<bool> MultipartParser::take_head(std::vector<Event>& out) {
  const std::size_t end = buffer_.find("\r\n\r\n");
  // Without an end, the last three bytes may belong to it.
  const std::size_t length =
      end == std::string::npos ? buffer_.size() - std::min<std::size_t>(buffer_.size(), 3) : end;
  if (length > limits_.head_bytes) {
    return bad_form(fmt::format("the head of a part is longer than {} bytes", limits_.head_bytes));
  }
  if (end == std::string::npos) return false;
  const std::string_view head = std::string_view(buffer_).substr(0, end);
  KEFU_TRY(FormPart part, parse_part_head(head.substr(std::min<std::size_t>(2, head.size()))));
  out.push_back({.kind = EventKind::part, .part = std::move(part)});
  buffer_.erase(0, end + 4);
  state_ = State::body;
  return true;
}

}  // namespace kefu::gateway
