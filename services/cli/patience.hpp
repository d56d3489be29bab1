#pragma once

#include <kefu/async/task.hpp>
#include <kefu/base/error.hpp>

#include <chrono>

namespace kefu::cli {

/// How often one request is tried again after an error that may pass: too many requests, a full queue, a
/// service that starts anew. The pauses double; all together are some eight seconds.
class Patience {
 public:
  /// Waits and returns true when the request may be sent again; false when this error is the result.
  Task<bool> again_after(Errc code);

 private:
  int tries_ = 1;
  std::chrono::milliseconds pause_{250};
};

}  // namespace kefu::cli
