#pragma once

#include "api_client.hpp"
#include "console.hpp"
#include "interrupt.hpp"

#include <kefu/async/task.hpp>

#include <string>
#include <vector>

namespace kefu::cli {

struct ImportOptions {
  std::string kb;
  std::vector<std::string> files;
  std::string charset;  ///< of all files; empty: the server finds out
  bool wait = true;
  bool json = false;
};

/// `kefu import`: creates the knowledge base if it is missing, uploads the files and follows their jobs.
/// Returns the exit status: 1 when any file did not go in, 2 when two have the same name, before anything is
/// sent. Ctrl-C ends the command, not the jobs.
Task<int> import_files(ImportOptions options, ApiClient& api, Console& console, Interrupt& interrupt);

/// The content type by the extension. Errors: `unsupported_media`.
Result<std::string> content_type_of(const std::string& file);

}  // namespace kefu::cli
