#include "admin_endpoints.hpp"

#include <kefu/async/signal.hpp>
#include <kefu/bus/nats_bus.hpp>
#include <kefu/service/log_bugs.hpp>
#include <kefu/service/runner.hpp>
#include <kefu/telemetry/process_metrics.hpp>

#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <fmt/format.h>

#include <csignal>
#include <cstdlib>
#include <exception>
#include <iostream>
#include <utility>

namespace kefu::service {
namespace {

using namespace std::chrono_literals;

constexpr auto kPoll = 250ms;
constexpr unsigned kPollsPerWarning = 40;
constexpr auto kFlushWithin = 5s;
constexpr auto kCloseConnectionWithin = 5s;

void declare(Settings& settings, CommonSettings& common) {
  settings.add("nats-url", common.nats_url, "NATS server; several separated by commas");
  settings.add("admin-address", common.admin_address, "address of /healthz, /readyz and /metrics");
  settings.add("admin-port", common.admin_port, "port of /healthz, /readyz and /metrics; 0: any free one");
  settings.add("log-level", common.log_level, "debug, info, warning or error");
  settings.add("drain-delay", common.drain_delay, "after SIGTERM, serve on for so long before draining");
  settings.add("drain-timeout", common.drain_timeout, "give up draining after this and exit with status 1");
}

/// The hosts of a list of NATS URLs: what stands before an @ is a user's name and password.
std::string without_credentials(std::string_view urls) {
  std::string hosts;
  while (!urls.empty()) {
    const std::size_t end = std::min(urls.find(','), urls.size());
    const std::string_view url = urls.substr(0, end);
    if (!hosts.empty()) hosts += ',';
    hosts += url.substr(url.find('@') == std::string_view::npos ? 0 : url.rfind('@') + 1);
    urls.remove_prefix(std::min(end + 1, urls.size()));
  }
  return hosts;
}

Task<void> respond_with_error(http::Exchange& exchange, Error error) {
  (void)co_await exchange.respond({.status = traits(error.code).http_status,
                                   .fields = {{"Content-Type", "text/plain"}},
                                   .body = error.message + "\n"});
}

/// One service from its first connection to its last.
class Runner {
 public:
  Runner(asio::io_context& io, std::string program, CommonSettings common, telemetry::Level level,
         const std::function<std::unique_ptr<Service>(const Environment&)>& make)
      : io_(io),
        program_(std::move(program)),
        common_(std::move(common)),
        make_(make),
        log_(program_, level),
        endpoints_(metrics_),
        router_(respond_with_error),
        expired_requests_(metrics_.counter("kefu_bus_expired_requests_total",
                                           "Requests dropped since their time had passed before their turn")),
        bus_(io.get_executor(),
             {.url = common_.nats_url,
              .client_name = program_,
              .on_handler_exception = log_bugs(log_),
              .on_expired_request = [this] { expired_requests_.add(); }},
             [this](bool connected) { log_connection("questions", connected); }),
        bulk_bus_(io.get_executor(),
                  {.url = common_.nats_url,
                   .client_name = program_ + "-bulk",
                   .on_handler_exception = log_bugs(log_),
                   .on_expired_request = [this] { expired_requests_.add(); }},
                  [this](bool connected) { log_connection("streams", connected); }),
        signals_(io, SIGINT, SIGTERM),
        drain_watchdog_(io),
        stop_(io.get_executor()) {
    telemetry::add_process_metrics(metrics_, KEFU_VERSION);
    endpoints_.add_to(router_);
    admin_.emplace(
        io_.get_executor(),
        http::ServerOptions{
            .address = common_.admin_address, .port = common_.admin_port, .max_connections = 64},
        [this](http::Exchange& exchange) { return router_(exchange); }, respond_with_error);
  }

  Task<int> run() {
    signals_.async_wait([this](boost::system::error_code error, int) {
      if (error) return;
      signalled_ = true;
      stop_.raise();
    });
    const int status = co_await serve();
    signals_.cancel();
    drain_watchdog_.cancel();
    co_await admin_->drain();
    co_return status;
  }

 private:
  void log_connection(std::string_view connection, bool connected) const {
    if (!connected && closing_) return;  // our own doing
    log_.log(connected ? telemetry::Level::info : telemetry::Level::warning,
             connected ? "connected to NATS" : "lost the connection to NATS", {{"connection", connection}});
  }

  Task<int> serve() {
    if (auto started = start_connections(); !started) co_return complain(started.error());
    log_.info("started", {{"admin_port", std::int64_t{admin_->port()}}});
    if (!co_await wait_for_nats()) co_return 0;
    service_ = make_(environment_);
    auto started = co_await service_->start();
    if (started) started = co_await make_known();
    if (started) {
      endpoints_.set_conditions([this] { return conditions(); });
      log_.info("serving");
      while (!signalled_) co_await stop_.wait();
      log_.info("draining");
    }
    watch_over_drain();
    endpoints_.set_draining();
    if (started) co_await sleep_for(common_.drain_delay);
    co_await service_->drain();
    endpoints_.set_conditions([] { return std::vector<Condition>{}; });
    closing_ = true;
    co_await bus_.drain(Deadline::in(kCloseConnectionWithin));
    co_await bulk_bus_.drain(Deadline::in(kCloseConnectionWithin));
    if (!started) co_return complain(started.error());
    log_.info("stopped");
    co_return 0;
  }

  /// Ready means that a question sent now is answered: the server must know of the subjects that are served.
  Task<Result<>> make_known() {
    KEFU_CO_CHECK(co_await bus_.flush(Deadline::in(kFlushWithin)));
    co_return co_await bulk_bus_.flush(Deadline::in(kFlushWithin));
  }

  /// A drain that hangs must not keep the old process alive until the platform kills it without a word.
  void watch_over_drain() {
    drain_watchdog_.expires_after(common_.drain_delay + common_.drain_timeout);
    drain_watchdog_.async_wait([this](boost::system::error_code error) {
      if (error) return;
      log_.error("draining took longer than drain-timeout: what was open is lost");
      std::_Exit(1);
    });
  }

  Result<> start_connections() {
    KEFU_CHECK(admin_->start());
    KEFU_CHECK(bus_.start());
    return bulk_bus_.start();
  }

  /// False when a signal came first.
  Task<bool> wait_for_nats() {
    for (unsigned polls = 0; !signalled_; ++polls) {
      auto connected = co_await bus_.wait_connected(Deadline::in(kPoll));
      if (connected) connected = co_await bulk_bus_.wait_connected(Deadline::in(kPoll));
      if (connected) co_return true;
      if (polls % kPollsPerWarning == 0) warn_about_nats();
    }
    co_return false;
  }

  void warn_about_nats() const {
    const std::string hosts = without_credentials(common_.nats_url);
    log_.warning("waiting for NATS", {{"url", std::string_view(hosts)}});
  }

  std::vector<Condition> conditions() const {
    std::vector<Condition> all = service_->conditions();
    const bool connected = bus_.connected() && bulk_bus_.connected();
    all.push_back({.name = "nats",
                   .state = connected ? Condition::State::ok : Condition::State::failed,
                   .reason = connected ? "" : "not connected"});
    return all;
  }

  int complain(const Error& error) const {
    log_.error("cannot start",
               {{"error", std::string_view(error.message)}, {"detail", std::string_view(error.detail)}});
    return 1;
  }

  asio::io_context& io_;
  std::string program_;
  CommonSettings common_;
  const std::function<std::unique_ptr<Service>(const Environment&)>& make_;
  telemetry::Logger log_;
  telemetry::Metrics metrics_;
  RunnerEndpoints endpoints_;
  http::Router router_;
  telemetry::Counter expired_requests_;
  bus::NatsBus bus_;
  bus::NatsBus bulk_bus_;
  std::optional<http::Server> admin_;
  const Environment environment_{io_.get_executor(), log_, metrics_, bus_, bulk_bus_, endpoints_};
  std::unique_ptr<Service> service_;  // metrics may ask it until admin_ is drained
  asio::signal_set signals_;
  asio::steady_timer drain_watchdog_;
  Signal stop_;
  bool signalled_ = false;
  bool closing_ = false;  // the connections
};

}  // namespace

int run(Settings& settings, CommonSettings common, int argc, const char* const* argv,
        const std::function<std::unique_ptr<Service>(const Environment&)>& make) {
  declare(settings, common);
  switch (settings.parse(argc, argv)) {
    case Settings::Outcome::exit_success:
      return EXIT_SUCCESS;
    case Settings::Outcome::exit_failure:
      return EXIT_FAILURE;
    case Settings::Outcome::run:
      break;
  }
  const auto level = telemetry::parse_level(common.log_level);
  if (!level) {
    std::cerr << fmt::format("{}: {}\n", settings.program(), level.error().message);
    return EXIT_FAILURE;
  }
  std::signal(SIGPIPE, SIG_IGN);  // a peer that closed is an error of the write, not of the process
  asio::io_context io(1);
  int status = EXIT_FAILURE;
  Runner runner(io, settings.program(), std::move(common), *level, make);
  asio::co_spawn(io, runner.run(), [&](std::exception_ptr exception, int result) {
    if (exception) std::rethrow_exception(exception);
    status = result;
  });
  io.run();
  return status;
}

}  // namespace kefu::service
