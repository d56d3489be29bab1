#pragma once

#include "console.hpp"

namespace kefu::cli {

/// Reads the arguments and runs the command that they name. Returns the exit status: 0, 1 when the command
/// failed, 2 for arguments that make no sense.
int run(int argc, const char* const* argv, Console& console);

}  // namespace kefu::cli
