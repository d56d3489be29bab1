#pragma once

#include <kefu/http/client.hpp>
#include <kefu/testing/process.hpp>
#include <kefu/testing/servers.hpp>

#include <boost/asio/io_context.hpp>
#include <nlohmann/json.hpp>

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace kefu::testing {

/// All of Kefu as it runs in production: nats-server, redis-server and every service as a process of its own,
/// on free ports. Ends each service by SIGTERM and expects exit status 0, which it has only when it drained
/// and leaked nothing.
class System {
 public:
  struct Options {
    std::size_t replicas = 1;                                        ///< of every service
    std::map<std::string, std::vector<std::string>> arguments = {};  ///< extra ones, by service
  };

  explicit System(Options options);
  System() : System(Options{}) {}
  ~System();
  System(const System&) = delete;
  System& operator=(const System&) = delete;

  static const std::vector<std::string>& service_names();

  NatsServer& nats() { return nats_; }
  RedisServer& redis() { return redis_; }

  void start(const std::string& service, std::size_t replica = 0,
             const std::vector<std::string>& arguments = {});
  void kill(const std::string& service, std::size_t replica = 0);
  /// SIGTERM; returns the exit status, or -1 when it does not end within `limit`.
  int terminate(const std::string& service, std::size_t replica = 0,
                std::chrono::milliseconds limit = std::chrono::seconds(60));
  void signal(const std::string& service, int number, std::size_t replica = 0);
  bool running(const std::string& service, std::size_t replica);
  pid_t pid(const std::string& service, std::size_t replica = 0) const;
  std::filesystem::path data_directory(const std::string& service, std::size_t replica = 0) const;
  std::filesystem::path log_file(const std::string& service, std::size_t replica = 0) const;
  /// Throws std::runtime_error with the end of the log when a service is not ready within a minute.
  void wait_ready();
  void wait_ready(const std::string& service, std::size_t replica = 0);

  std::string api_url(std::size_t replica = 0) const;
  std::string admin_url(const std::string& service, std::size_t replica = 0) const;

  /// One HTTP request to a gateway. A connection that fails gives status 0.
  http::Response request(const std::string& method, const std::string& path, const std::string& body = {},
                         const std::string& content_type = "application/json", std::size_t replica = 0);
  nlohmann::json json(const std::string& method, const std::string& path, const nlohmann::json& body = {});
  http::Response ask(const std::string& kb, const std::string& question);
  nlohmann::json search(const std::string& kb, const std::string& question, unsigned top_k = 5);
  /// Returns the job's id, empty when the upload failed.
  std::string upload(const std::string& kb, const std::string& filename, const std::string& content_type,
                     const std::string& content);
  std::string remove(const std::string& kb, const std::string& filename);
  /// The job once it is done or failed; throws std::runtime_error after `limit`.
  nlohmann::json wait_for_job(const std::string& job, std::chrono::seconds limit = std::chrono::seconds(120));
  /// GET of any address, blocking.
  http::Response get(const std::string& url);
  /// The sum of the series of this name, those alone whose line contains `labels`.
  double metric(const std::string& service, const std::string& name, const std::string& labels = {});

 private:
  struct Instance {
    std::uint16_t admin_port = 0;
    std::uint16_t api_port = 0;  // gateway only
    std::unique_ptr<Process> process;
  };

  Instance& instance(const std::string& service, std::size_t replica);
  const Instance& instance(const std::string& service, std::size_t replica) const;
  std::vector<std::string> command(const std::string& service, std::size_t replica) const;

  Options options_;
  TemporaryDirectory folder_;
  NatsServer nats_;
  RedisServer redis_;
  std::map<std::string, std::vector<Instance>> instances_;
  asio::io_context io_;
  http::Client client_;
};

/// Polls `condition`, which may block, until it holds or `limit` has passed.
bool eventually_blocking(const std::function<bool()>& condition,
                         std::chrono::seconds limit = std::chrono::seconds(30));

}  // namespace kefu::testing
