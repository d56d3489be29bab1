#pragma once

#include "api_client.hpp"
#include "console.hpp"
#include "interrupt.hpp"
#include "measure/latencies.hpp"

#include <kefu/async/task.hpp>

#include <chrono>
#include <cstddef>
#include <map>
#include <string>
#include <vector>

namespace kefu::cli {

/// What a load met.
struct LoadResult {
  Latencies latencies;                             ///< of requests that succeeded
  std::map<std::string, std::size_t> errors = {};  ///< by status and code: "503 overloaded"
  std::size_t sent = 0;
  std::size_t dropped = 0;  ///< due, but not sent: too many had no answer yet
  std::chrono::duration<double> elapsed{};

  std::size_t failed() const;
  /// Successes a second.
  double throughput() const;
};

/// The same request with many bodies in turn.
class Load {
 public:
  /// References outlive this object; `bodies` is not empty.
  Load(ApiClient& api, std::string path, std::vector<std::string> bodies, Console& console,
       const Interrupt& interrupt);

  /// Closed loop: each connection sends its next request when it has the answer to the last.
  Task<LoadResult> in_turn(std::size_t connections, std::chrono::milliseconds duration);

  /// Open loop: as many requests a second, whether or not earlier ones have been answered. A latency counts
  /// from the moment at which the request was due, so that a stall is paid for by all that it held up.
  Task<LoadResult> at_rate(double per_second, std::chrono::milliseconds duration);

 private:
  using Clock = std::chrono::steady_clock;
  Task<void> connection(Clock::time_point end);
  Task<void> request(Clock::time_point due);
  void begin(std::chrono::milliseconds duration);
  void finish();
  void show();

  ApiClient& api_;
  std::string path_;
  std::vector<std::string> bodies_;
  Console& console_;
  const Interrupt& interrupt_;
  LoadResult result_;
  Clock::time_point began_{};
  Clock::time_point shown_{};
  std::chrono::milliseconds duration_{};
};

}  // namespace kefu::cli
