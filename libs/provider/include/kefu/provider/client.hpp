#pragma once

#include <kefu/async/in_flight_limit.hpp>
#include <kefu/async/signal.hpp>
#include <kefu/async/task.hpp>
#include <kefu/base/deadline.hpp>
#include <kefu/base/error.hpp>
#include <kefu/http/proxy.hpp>
#include <kefu/provider/breaker.hpp>
#include <kefu/provider/endpoint.hpp>
#include <kefu/provider/retry.hpp>
#include <kefu/provider/role.hpp>
#include <kefu/telemetry/metrics.hpp>

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <string_view>
#include <vector>

namespace kefu::http {
class ResponseStream;
}

namespace kefu::provider {

class ClientMetrics;

/// How many requests of a client there may be.
struct RequestLimits {
  std::size_t in_flight = 16;  ///< open at one endpoint; fewer after its 429s
  std::size_t waiting = 64;    ///< more than can be open at all of them
};

struct ClientOptions {
  Role role = {};
  Endpoint endpoint = {};
  std::vector<Endpoint> fallbacks = {};  ///< of the same model, in order of preference
  http::ProxyRules proxy = {};
  /// Of one attempt, from its first byte sent to the last one received; of a stream to its head.
  std::chrono::milliseconds attempt_timeout{10000};
  unsigned attempts = 3;  ///< at least one at each endpoint
  Backoff backoff = {};
  RequestLimits slots = {};
  Breaker::Options breaker = {};
  std::size_t max_response_bytes = 16UL * 1024 * 1024;
};

/// How a request ended, and the status of the last response to it: 0 where there was none.
struct Outcome {
  Result<> result;
  int status = 0;
};

/// POSTs JSON to one model at one or several endpoints. A request goes to the first of them, in their order,
/// that may be asked: one that failed several times in a row is left alone for a while, one that named a time
/// (Retry-After, x-ratelimit-*) until then, and one with as many requests open as it takes until one is over.
///
/// An attempt that failed is followed at once by one at the next endpoint, unless it was the request that was
/// refused (400, 413, 422, or by the taker). While others are left to be asked, an attempt has no more than
/// its share of the time. Where none is left, it is tried again after a pause with full jitter, within the
/// deadline, and only what cost nothing: a connection that failed before a byte of the response came, and the
/// statuses 429, 500, 502, 503 and 504. Where no endpoint may be asked before the deadline a request fails at
/// once. What a response's taker calls `bad_upstream` counts as the provider's failure; its other errors are
/// the caller's.
///
/// Errors: `unavailable` (no connection, 5xx, or left alone), `overloaded` (429, or too many wait here),
/// `bad_upstream` (refused our key or request, not its protocol, truncated), `payload_too_large` (413),
/// `deadline_exceeded`, and those of the taker. Event loop only; outlives its requests.
class Client {
 public:
  /// `metrics` outlives this object.
  Client(asio::any_io_executor executor, ClientOptions options, telemetry::Metrics& metrics);
  ~Client();

  /// Takes the whole body of a response, on the event loop; may hand it to a pool. Called again for the next
  /// endpoint's where it said `bad_upstream`.
  using TakeBody = std::function<Task<Result<>>(std::string body)>;
  /// `path` follows the base URL: "/embeddings". `tokens` is what it will probably cost, for the provider's
  /// limits; 0 where that is not known.
  Task<Outcome> post(std::string path, std::string json, TakeBody take, Deadline deadline,
                     std::size_t tokens = 0);

  /// A response of server-sent events. Nothing is tried again once its head has come.
  struct TakeEvents {
    /// The data of one event. True: it was the last one.
    std::function<Result<bool>(std::string_view data)> event;
    /// After the last one, or at the end of the response. `bad_upstream` where something is missing.
    std::function<Result<>()> end;
  };
  Task<Outcome> stream(std::string path, std::string json, TakeEvents take, Deadline deadline);

  /// The preferred one.
  const Endpoint& endpoint() const { return options_.endpoint; }
  Role role() const { return options_.role; }
  /// What the last attempt failed with, as its message says it; empty when it did not. Requests that were not
  /// sent change nothing.
  const std::string& failure() const { return failure_; }

 private:
  class Receiver;
  class BodyReceiver;
  class EventReceiver;
  class Target;
  /// A request on its way through the endpoints. It outlives the coroutines that it is lent to.
  struct Request;
  struct Chosen;
  enum class Retry {
    never,      ///< it is the request's fault, or somebody has read a part of the answer
    elsewhere,  ///< this endpoint would fail again, or be paid again
    anywhere,
  };
  struct Attempt {
    Outcome outcome;
    Retry retry = Retry::never;
    std::optional<std::chrono::milliseconds> retry_after = std::nullopt;
  };

  Task<Outcome> request(Request& request);
  Task<Outcome> through_endpoints(Request& request);
  Task<Result<Chosen>> choose(Request& request);
  std::unexpected<Error> none_left(const Request& request,
                                   std::chrono::steady_clock::time_point held_until) const;
  std::size_t others_left(const Request& request) const;
  Task<Attempt> attempt(Target& target, Request& request);
  Task<Attempt> exchange(Target& target, Request& request, Deadline attempt);
  Task<Attempt> refused(http::ResponseStream& response, Deadline deadline) const;
  void judge(Target& target, const Attempt& made, const Receiver& receiver,
             std::chrono::steady_clock::duration given);
  Error described(const Target& target, Error error) const;
  std::chrono::milliseconds pause_after(const Attempt& made, unsigned failures);
  void show_in_flight() const;

  ClientOptions options_;
  std::unique_ptr<ClientMetrics> metrics_;
  InFlightLimit admitted_;
  Signal freed_;
  std::vector<std::unique_ptr<Target>> targets_;  ///< in order of preference
  std::string failure_;
  std::mt19937_64 random_;
};

}  // namespace kefu::provider
