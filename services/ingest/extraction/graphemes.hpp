#pragma once

#include <cstddef>
#include <string_view>

namespace kefu::ingest {

/// The first `max_bytes` bytes at most (but at least one character), never cutting what readers see as one
/// character: an emoji of several code points, a letter with its combining marks. One that is longer than
/// that, which only made-up ones are, is cut between code points. `text` begins with a whole character.
std::string_view grapheme_prefix(std::string_view text, std::size_t max_bytes);

/// True for a text whose first code point belongs to the character before it.
bool continues_a_grapheme(std::string_view text);

}  // namespace kefu::ingest
