#include "csv_reader.hpp"

#include <algorithm>
#include <utility>

namespace kefu::ingest {
namespace {

// Together they bound how often a text full of lone quotes is read again.
constexpr std::size_t kMaxQuotedBytes = 256 << 10;
constexpr std::size_t kMaxRecoveries = 1000;

bool is_line_end(char c) { return c == '\n' || c == '\r'; }

}  // namespace

std::optional<std::expected<CsvReader::Record, std::string>> CsvReader::next() {
  if (position_ >= text_.size()) return std::nullopt;
  Record record;
  const std::size_t begin = position_;
  while (true) {
    const std::size_t field_begin = position_;
    std::string& field = record.fields.emplace_back();
    if (position_ < text_.size() && text_[position_] == '"') {
      if (auto reason = read_quoted(field)) return recover(field_begin, std::move(*reason));
    } else {
      read_plain(field);
    }
    if (position_ >= text_.size() || is_line_end(text_[position_])) break;
    ++position_;  // the separator
  }
  record.raw = text_.substr(begin, position_ - begin);
  skip_line_end();
  return record;
}

/// Why the field cannot be read, or nullopt when it ended at a separator, a line end or the end of the text.
std::optional<std::string> CsvReader::read_quoted(std::string& field) {
  const std::size_t limit = std::min(text_.size(), position_ + kMaxQuotedBytes);
  for (++position_; position_ < limit; ++position_) {
    if (text_[position_] != '"') {
      field.push_back(text_[position_]);
      continue;
    }
    ++position_;
    if (ends_field()) return std::nullopt;
    if (text_[position_] != '"')
      return "there is text after a closing quote; a quote inside a field is written twice";
    field.push_back('"');
  }
  if (limit < text_.size()) return "a quoted field is longer than 256 KiB, or its quote is not closed";
  return "a quote is not closed";
}

void CsvReader::read_plain(std::string& field) {
  const std::size_t begin = position_;
  while (!ends_field()) ++position_;
  field = text_.substr(begin, position_ - begin);
}

bool CsvReader::ends_field() const {
  return position_ >= text_.size() || text_[position_] == separator_ || is_line_end(text_[position_]);
}

void CsvReader::skip_line_end() {
  if (position_ >= text_.size()) return;
  const bool two = text_.substr(position_).starts_with("\r\n");
  position_ += two ? 2 : 1;
}

std::expected<CsvReader::Record, std::string> CsvReader::recover(std::size_t field_begin,
                                                                 std::string reason) {
  if (++recoveries_ >= kMaxRecoveries) {
    position_ = text_.size();
    return std::unexpected(reason +
                           "; so many rows have broken quotes that the rest of the file was not read");
  }
  position_ = field_begin;
  while (position_ < text_.size() && !is_line_end(text_[position_])) ++position_;
  skip_line_end();
  return std::unexpected(std::move(reason));
}

}  // namespace kefu::ingest
