#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace kefu::cli {

/// Columns that a terminal gives to the text: two for Chinese characters, none for combining marks.
std::size_t display_width(std::string_view utf8);

/// Cut to `columns` at most, with "…" at the end where something was cut.
std::string fit(std::string_view utf8, std::size_t columns);

/// Filled with spaces to `columns`; longer text stays as it is.
std::string pad_right(std::string_view utf8, std::size_t columns);
std::string pad_left(std::string_view utf8, std::size_t columns);

/// Without control characters but line feed and tab: what a document holds must not steer the reader's
/// terminal.
std::string printable(std::string_view utf8);

/// On one line: white space and line ends become single spaces.
std::string one_line(std::string_view utf8);

/// 1234567 as 1,234,567.
std::string grouped(std::uint64_t number);

}  // namespace kefu::cli
