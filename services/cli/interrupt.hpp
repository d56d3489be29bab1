#pragma once

#include <string>
#include <vector>

namespace kefu::cli {

/// What Ctrl-C does to the command that runs. At first it ends the process at once, after `farewell` has been
/// printed. A command that sets `graceful` is asked to end by itself instead; the second Ctrl-C ends it.
struct Interrupt {
  bool graceful = false;
  bool requested = false;
  std::vector<std::string> farewell = {};  ///< lines
};

}  // namespace kefu::cli
