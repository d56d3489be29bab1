#pragma once

#include "api_client.hpp"
#include "console.hpp"

#include <kefu/async/task.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

namespace kefu::cli {

struct AuditOptions {
  std::string kb;           ///< empty: of all, for which the key must manage all
  std::uint64_t after = 0;  ///< sequence of the last entry known
  std::size_t limit = 0;    ///< 0: all
  bool follow = false;
  bool json = false;
};

/// `kefu audit`: who changed what and when, the oldest first. With `follow` it goes on until Ctrl-C.
Task<int> audit(AuditOptions options, ApiClient& api, Console& console);

/// The number after `after=` in the `Link` of a page that has a next one.
std::optional<std::uint64_t> next_after(std::string_view link);

}  // namespace kefu::cli
