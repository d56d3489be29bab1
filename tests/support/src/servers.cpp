#include <kefu/testing/servers.hpp>

#include <arpa/inet.h>
#include <fmt/format.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <fstream>
#include <sstream>
#include <stdexcept>
#include <thread>

namespace kefu::testing {
namespace {

bool accepts_connections(std::uint16_t port) {
  const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (socket < 0) return false;
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(port);
  const bool connected = ::connect(socket, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
  ::close(socket);
  return connected;
}

std::string content(const std::filesystem::path& path) {
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

/// Starts a server and returns when it takes connections, or throws with what it printed.
Process start_server(std::vector<std::string> command, const std::vector<std::string>& extra_arguments,
                     const std::filesystem::path& log, std::uint16_t port) {
  command.insert(command.end(), extra_arguments.begin(), extra_arguments.end());
  Process process({.command = command, .output = log});
  const auto give_up = std::chrono::steady_clock::now() + std::chrono::seconds(10);
  while (!accepts_connections(port)) {
    if (process.wait(std::chrono::milliseconds(5)) || std::chrono::steady_clock::now() > give_up) {
      throw std::runtime_error(fmt::format("{} does not listen on {}: {}", command[0], port, content(log)));
    }
  }
  return process;
}

}  // namespace

NatsServer::NatsServer(std::vector<std::string> extra_arguments)
    : port_(free_port()), extra_arguments_(std::move(extra_arguments)) {
  start();
}

std::string NatsServer::url() const { return fmt::format("nats://127.0.0.1:{}", port_); }

void NatsServer::kill() { process_.reset(); }

void NatsServer::start() {
  const auto config = store_.path() / "nats.conf";
  // By default the server refuses streams whose limits are over three quarters of the free disk.
  std::ofstream(config) << fmt::format("jetstream {{ store_dir: \"{}\", max_file_store: 1TB }}\n",
                                       store_.path().string());
  process_.emplace(
      start_server({"nats-server", "-a", "127.0.0.1", "-p", std::to_string(port_), "-c", config.string()},
                   extra_arguments_, store_.path() / "server.log", port_));
}

void NatsServer::pause() { process_->signal(SIGSTOP); }

void NatsServer::resume() { process_->signal(SIGCONT); }

RedisServer::RedisServer(std::vector<std::string> extra_arguments)
    : port_(free_port()), extra_arguments_(std::move(extra_arguments)) {
  start();
}

std::string RedisServer::url() const { return fmt::format("redis://127.0.0.1:{}", port_); }

void RedisServer::kill() { process_.reset(); }

void RedisServer::start() {
  process_.emplace(start_server({"redis-server", "--bind", "127.0.0.1", "--port", std::to_string(port_),
                                 "--save", "", "--appendonly", "no", "--dir", store_.path().string()},
                                extra_arguments_, store_.path() / "server.log", port_));
}

void RedisServer::pause() { process_->signal(SIGSTOP); }

void RedisServer::resume() { process_->signal(SIGCONT); }

void wait_for_port(std::uint16_t port) {
  const auto give_up = std::chrono::steady_clock::now() + std::chrono::seconds(10);
  while (!accepts_connections(port)) {
    if (std::chrono::steady_clock::now() > give_up) {
      throw std::runtime_error(fmt::format("nothing listens on port {}", port));
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
}

}  // namespace kefu::testing
