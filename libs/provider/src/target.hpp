#pragma once

#include "client_metrics.hpp"

#include <kefu/http/client.hpp>
#include <kefu/provider/breaker.hpp>
#include <kefu/provider/client.hpp>
#include <kefu/provider/endpoint.hpp>
#include <kefu/provider/rate_limit.hpp>
#include <kefu/provider/slots.hpp>

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace kefu::provider {

/// One endpoint with all that is known of it: its connections, how many requests it takes, what it asked for,
/// whether it is left alone. No failure of one endpoint touches another one. Event loop only.
class Client::Target {
 public:
  using Time = std::chrono::steady_clock::time_point;
  /// Whether a request may go out now, and if not, why.
  struct Readiness {
    enum class State {
      ready,
      full,        ///< until a place is given back
      held,        ///< until the time that it named itself
      left_alone,  ///< it failed, several times in a row
    };
    State state = State::ready;
    Time until{};  ///< while held
  };

  /// `metrics` and `freed` outlive this object.
  Target(asio::any_io_executor executor, const ClientOptions& options, Endpoint endpoint, std::size_t number,
         telemetry::Metrics& metrics, Signal& freed);

  Readiness readiness(Time now, std::size_t tokens) const;
  /// Only while ready. Exactly one of the following three says how it went.
  Slots::Place take(Time now, std::size_t tokens);
  void succeeded();
  void failed(Time now);
  void undecided();

  /// What any response says of the limits of its endpoint.
  void heard(int status, const http::Fields& fields, Time sent, Time now);
  /// It asked for this much quiet.
  void hold(std::chrono::milliseconds pause, Time now);
  /// What its last attempt failed with, empty when it did not.
  void remember(std::string failure) { failure_ = std::move(failure); }

  http::ClientRequest request(std::string_view path, std::string json) const;
  http::Client& http() { return http_; }
  const Endpoint& endpoint() const { return endpoint_; }
  std::size_t in_flight() const { return slots_.in_flight(); }
  const std::string& failure() const { return failure_; }

 private:
  void show() const;

  Endpoint endpoint_;
  http::Client http_;
  EndpointMetrics metrics_;
  Slots slots_;
  Breaker breaker_;
  RateLimits rate_limits_;
  Time held_until_{};
  std::string failure_;
};

}  // namespace kefu::provider
