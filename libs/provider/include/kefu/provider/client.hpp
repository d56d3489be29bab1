#pragma once

#include <kefu/async/task.hpp>
#include <kefu/base/deadline.hpp>
#include <kefu/base/error.hpp>
#include <kefu/http/client.hpp>
#include <kefu/provider/breaker.hpp>
#include <kefu/provider/endpoint.hpp>
#include <kefu/provider/retry.hpp>
#include <kefu/provider/role.hpp>
#include <kefu/provider/slots.hpp>
#include <kefu/telemetry/metrics.hpp>

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <string_view>

namespace kefu::provider {

class ClientMetrics;

struct ClientOptions {
  Role role = {};
  Endpoint endpoint = {};
  /// Of one attempt, from its first byte sent to the last one received; of a stream to its head.
  std::chrono::milliseconds attempt_timeout{10000};
  unsigned attempts = 3;
  Backoff backoff = {};
  Slots::Limits slots = {};
  Breaker::Options breaker = {};
  std::size_t max_response_bytes = 16UL * 1024 * 1024;
};

/// How a request ended, and the status of the last response to it: 0 where there was none.
struct Outcome {
  Result<> result;
  int status = 0;
};

/// POSTs JSON to one endpoint. Tries again, with full jitter and within the deadline, only what cost nothing:
/// a connection that failed before a byte of the response came, and the statuses 429, 500, 502, 503 and 504.
/// Where the provider names a time (Retry-After), nothing is sent before it; if that is after the deadline, a
/// request fails at once. A provider that fails several times in a row is left alone for a while. What a
/// response's taker calls `bad_upstream` counts as the provider's failure; its other errors are the caller's.
///
/// Errors: `unavailable` (no connection, 5xx, or left alone), `overloaded` (429, or too many wait here),
/// `bad_upstream` (refused our key or request, not its protocol, truncated), `payload_too_large` (413),
/// `deadline_exceeded`, and those of the taker. Event loop only; outlives its requests.
class Client {
 public:
  /// `metrics` outlives this object.
  Client(asio::any_io_executor executor, ClientOptions options, telemetry::Metrics& metrics);
  ~Client();

  /// Takes the whole body of the response, on the event loop; may hand it to a pool.
  using TakeBody = std::function<Task<Result<>>(std::string body)>;
  /// `path` follows the base URL: "/embeddings".
  Task<Outcome> post(std::string path, std::string json, TakeBody take, Deadline deadline);

  /// A response of server-sent events. Nothing is tried again once its head has come.
  struct TakeEvents {
    /// The data of one event. True: it was the last one.
    std::function<Result<bool>(std::string_view data)> event;
    /// After the last one, or at the end of the response. `bad_upstream` where something is missing.
    std::function<Result<>()> end;
  };
  Task<Outcome> stream(std::string path, std::string json, TakeEvents take, Deadline deadline);

  const Endpoint& endpoint() const { return options_.endpoint; }
  Role role() const { return options_.role; }
  /// What the last attempt failed with, as its message says it; empty when it did not. Requests that were not
  /// sent change nothing.
  const std::string& failure() const { return failure_; }

 private:
  class Receiver;
  class BodyReceiver;
  class EventReceiver;
  struct Attempt {
    Outcome outcome;
    bool retryable = false;
    std::optional<std::chrono::milliseconds> retry_after = std::nullopt;
  };

  Task<Outcome> request(std::string path, std::string json, Receiver& receiver, Deadline deadline);
  Task<Outcome> request_in_place(std::string path, std::string json, Receiver& receiver, Deadline deadline);
  Task<Attempt> attempt(http::ClientRequest request, Receiver& receiver, Deadline deadline);
  Task<Attempt> exchange(http::ClientRequest request, Receiver& receiver, Deadline deadline);
  Task<Attempt> refused(http::ResponseStream& response, Deadline deadline) const;
  http::ClientRequest request_for(std::string_view path, std::string json) const;
  Task<Result<>> until_sendable(Deadline deadline);
  void judge(const Attempt& made, const Receiver& receiver, std::chrono::steady_clock::duration allowed);
  Error described(Error error) const;
  std::chrono::milliseconds pause_after(const Attempt& made, unsigned failures);

  ClientOptions options_;
  http::Client http_;
  std::unique_ptr<ClientMetrics> metrics_;
  Slots slots_;
  Breaker breaker_;
  std::chrono::steady_clock::time_point held_until_{};  ///< the provider asked to be left alone until then
  std::string failure_;
  std::mt19937_64 random_;
};

}  // namespace kefu::provider
