#pragma once

#include "extraction/extraction.pb.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace kefu::ingest {

/// The smallest piece that a passage is put together from.
struct Unit {
  enum class Kind {
    sentence,  ///< divided between characters when it is too long
    lines,     ///< a list or code: divided into its lines, those into sentences
    table,     ///< divided between its rows, the header repeated
  };
  Kind kind = Kind::sentence;
  std::string text = {};
  std::string_view glue = {};   ///< between the unit before it and this one, in one passage; a constant
  std::uint32_t paragraph = 0;  ///< units of one paragraph belong together
  std::uint32_t tokens = 0;     ///< as counted; 0: not yet
};

/// What stands under one heading.
struct Section {
  std::string heading;
  std::vector<Unit> units;
  std::uint32_t heading_tokens = 0;
};

/// The sections of a document in order; neighbouring blocks of one heading are one section.
std::vector<Section> sections_of(const extraction::Document& document);

/// A unit that is longer than `limit` tokens, as several shorter ones (or, of a single character, as it is).
std::vector<Unit> divide(const Unit& unit, std::uint32_t limit);

/// True for texts that are divided before they are counted: too long to be counted in one request.
bool too_long_to_count(const Unit& unit);

}  // namespace kefu::ingest
