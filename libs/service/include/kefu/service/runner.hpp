#pragma once

#include <kefu/async/task.hpp>
#include <kefu/async/task_group.hpp>
#include <kefu/base/error.hpp>
#include <kefu/bus/message_bus.hpp>
#include <kefu/http/server.hpp>
#include <kefu/service/settings.hpp>
#include <kefu/telemetry/log.hpp>
#include <kefu/telemetry/metrics.hpp>

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace kefu::service {

/// One line of /readyz.
struct Condition {
  enum class State {
    ok,
    degraded,  ///< works, but less well: still ready
    failed,    ///< cannot serve: not ready
  };
  std::string name;  ///< "nats", "redis", "replica"
  State state = State::ok;
  std::string reason = {};
};

/// What the runner calls. All on the one event loop.
class Service {
 public:
  virtual ~Service() = default;
  /// NATS is connected. Bounded in time. Errors end the process with their message, after drain().
  virtual Task<Result<>> start() = 0;
  /// Beside the condition of NATS, which the runner adds.
  virtual std::vector<Condition> conditions() const = 0;
  /// SIGTERM came; readiness is off already. Takes no new work and returns when all that was open is
  /// finished.
  virtual Task<void> drain() = 0;
};

/// /healthz, /readyz and /metrics.
class AdminEndpoints {
 public:
  virtual ~AdminEndpoints() = default;
  virtual void add_to(http::Router& router) const = 0;
  /// True from SIGTERM on.
  virtual bool draining() const = 0;
};

/// What the runner lends a service; everything outlives it.
struct Environment {
  asio::any_io_executor executor;
  const telemetry::Logger& log;
  telemetry::Metrics& metrics;
  bus::MessageBus& bus;       ///< questions: small messages, answered now
  bus::MessageBus& bulk_bus;  ///< durable streams: a connection and a publishing thread of their own
  const AdminEndpoints& admin;
};

/// Settings that every service has.
struct CommonSettings {
  std::string nats_url = "nats://127.0.0.1:4222";
  std::string admin_address = "127.0.0.1";
  std::uint16_t admin_port = 9100;  ///< 0: any free one
  std::string log_level = "info";
  std::chrono::milliseconds drain_delay{0};  ///< served on after SIGTERM before draining
  std::chrono::milliseconds drain_timeout{40000};
};

/// Runs a service: settings, NATS (waited for, as long as it takes), `make`, start(), then until SIGTERM or
/// SIGINT; then readiness off, `drain_delay`, drain(), the connections, and the event loop returns by itself.
/// Returns the process' exit status. `common` holds the service's own defaults, such as its port.
int run(Settings& settings, CommonSettings common, int argc, const char* const* argv,
        const std::function<std::unique_ptr<Service>(const Environment&)>& make);

}  // namespace kefu::service
