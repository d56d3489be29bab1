#pragma once

#include <cstddef>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace kefu::ingest {

/// Records of a CSV text as RFC 4180 has it, lenient where nothing is lost: any line end, any separator, and
/// a quote inside an unquoted field is an ordinary character.
class CsvReader {
 public:
  struct Record {
    std::vector<std::string> fields;  ///< a blank line has one, empty
    std::string_view raw;             ///< the record as it stands in the text
  };
  CsvReader(std::string_view text, char separator) : text_(text), separator_(separator) {}

  /// The next record, or why it cannot be read: then reading goes on in the line after the one where the
  /// broken field began, so that one forgotten quote does not swallow the file. nullopt at the end.
  std::optional<std::expected<Record, std::string>> next();

 private:
  std::optional<std::string> read_quoted(std::string& field);
  void read_plain(std::string& field);
  bool ends_field() const;
  void skip_line_end();
  std::expected<Record, std::string> recover(std::size_t field_begin, std::string reason);

  std::string_view text_;
  char separator_;
  std::size_t position_ = 0;
  std::size_t recoveries_ = 0;
};

}  // namespace kefu::ingest
