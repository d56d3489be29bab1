#include "cells.hpp"

#include <array>

namespace kefu::ingest {
namespace {

constexpr std::array<std::string_view, 7> kSpaces = {" ", "\t", "\n", "\r", "\v", "\u3000", "\u00a0"};

/// Length of the white space that `text` begins (or ends) with, 0 if none.
std::size_t space_before(std::string_view text) {
  for (const std::string_view space : kSpaces) {
    if (text.starts_with(space)) return space.size();
  }
  return 0;
}
std::size_t space_after(std::string_view text) {
  for (const std::string_view space : kSpaces) {
    if (text.ends_with(space)) return space.size();
  }
  return 0;
}

}  // namespace

std::string_view trim(std::string_view text) {
  while (const std::size_t length = space_before(text)) text.remove_prefix(length);
  while (const std::size_t length = space_after(text)) text.remove_suffix(length);
  return text;
}

std::string with_plain_line_ends(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '\r') {
      out.push_back(text[i]);
    } else if (i + 1 == text.size() || text[i + 1] != '\n') {
      out.push_back('\n');
    }
  }
  return out;
}

std::vector<std::string> split_phrasings(std::string_view cell) {
  constexpr std::string_view kWideBar = "｜";
  std::vector<std::string> out;
  std::size_t begin = 0;
  for (std::size_t i = 0; i <= cell.size();) {
    std::size_t separator = 0;
    if (i == cell.size() || cell[i] == '|' || cell[i] == '\n' || cell[i] == '\r') {
      separator = 1;
    } else if (cell.substr(i).starts_with(kWideBar)) {
      separator = kWideBar.size();
    }
    if (separator == 0) {
      ++i;
      continue;
    }
    const std::string_view phrasing = trim(cell.substr(begin, i - begin));
    if (!phrasing.empty()) out.emplace_back(phrasing);
    i += separator;
    begin = i;
  }
  return out;
}

}  // namespace kefu::ingest
