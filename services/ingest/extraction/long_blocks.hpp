#pragma once

#include "extraction/extraction.pb.h"

#include <cstddef>
#include <vector>

namespace kefu::ingest {

/// A block of more than `max_bytes` as several ones of its kind, the block itself otherwise: divided between
/// lines (a table's header is repeated), else after sentences, else between characters.
std::vector<extraction::Block> divide_long_block(extraction::Block block, std::size_t max_bytes);

}  // namespace kefu::ingest
