#pragma once

#include "search_engine.hpp"
#include "visibility.hpp"

#include <kefu/base/error.hpp>

#include <cstdint>
#include <string_view>

namespace kefu::index {

/// The passages of a VectorPart, their vectors brought to length 1. Errors: `data_corrupt`.
Result<PassageGroup> read_part(std::string_view payload, std::string& filename);

/// Errors: `invalid_argument` for a filter that no passage could pass, or too long a one.
Result<> check_filter(const kefu::v1::SearchFilter& filter);

/// What visibility needs to know of a message of KEFU_VECTORS. Errors: `data_corrupt` for a subject that is
/// not of that stream, or a manifest that cannot be read.
Result<LogEntry> read_entry(std::string_view subject, std::string_view payload, std::uint64_t sequence);

}  // namespace kefu::index
