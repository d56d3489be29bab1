#pragma once

#include <optional>
#include <string_view>

namespace kefu::ingest {

/// First argument of the child process: `kefu-ingest --extract FORMAT CHARSET MEMORY-BYTES CPU-SECONDS`.
inline constexpr std::string_view kExtractFlag = "--extract";

/// When the arguments ask for it, reads a file from standard input, writes items to standard output, and
/// returns the exit status. A document that breaks its parser ends this process and nothing else.
std::optional<int> run_extract_mode(int argc, const char* const* argv);

}  // namespace kefu::ingest
