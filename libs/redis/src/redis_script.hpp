#pragma once

#include "redis_connection.hpp"

#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace kefu::redis {

/// A Lua script, which a server runs as one step. It is sent once, and from then on only its name, until the
/// server forgets it (a restart, SCRIPT FLUSH).
class Script {
 public:
  /// `text` outlives this.
  explicit Script(std::string_view text);

  /// One round trip, or two where the server does not know the script. The script outlives the call. Errors:
  /// `bad_upstream` (the script failed, or a write was refused), and those of Connection::call().
  Task<Result<Reply>> run(std::shared_ptr<Connection> connection, std::vector<std::string> keys,
                          std::vector<std::string> arguments, Deadline deadline) const;

 private:
  std::string_view text_;
  std::string digest_;
};

}  // namespace kefu::redis
