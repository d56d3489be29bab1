#pragma once

#include "section.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace kefu::ingest {

struct PackLimits {
  std::uint32_t target = 200;  ///< tokens of a passage, heading included
  std::uint32_t overlap = 30;  ///< tokens that a passage repeats from the one before it
  std::uint32_t hard = 512;    ///< tokens that the model takes, heading included
};

struct PackedText {
  std::string text;
  std::uint32_t tokens = 0;  ///< the sum of what its units have alone, heading included
};

/// Puts counted units together to texts near the target. Paragraphs stay whole where they fit, and so do
/// lists, tables and code up to the hard limit; where a passage ends inside a section, its last sentences are
/// repeated in the next.
std::vector<PackedText> pack(const Section& section, PackLimits limits);

}  // namespace kefu::ingest
