#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace kefu::ingest {

/// Without white space at both ends, that of Chinese texts (U+3000) and U+00A0 included.
std::string_view trim(std::string_view text);

/// Line ends of all systems become "\n".
std::string with_plain_line_ends(std::string_view text);

/// Phrasings of one cell: separated by `|`, `｜` or line ends.
std::vector<std::string> split_phrasings(std::string_view cell);

}  // namespace kefu::ingest
