#pragma once

#include <kefu/async/task_group.hpp>
#include <kefu/redis/redis_cache.hpp>
#include <kefu/testing/run_task.hpp>
#include <kefu/testing/servers.hpp>

#include <memory>

namespace kefu::redis {

using namespace std::chrono_literals;
using Values = std::vector<std::optional<std::string>>;

/// One cache on the event loop of the test.
class RedisTest : public ::testing::Test {
 protected:
  ~RedisTest() override { stop(); }

  void connect(RedisOptions options) {
    stop();
    cache_ = std::make_unique<RedisCache>(io_.get_executor(), std::move(options));
    tasks_.spawn(cache_->run());
  }
  bool up() {
    return testing::run_task(io_, testing::eventually([this] { return cache_->available(); }));
  }
  bool down() {
    return testing::run_task(io_, testing::eventually([this] { return !cache_->available(); }));
  }
  void stop() {
    if (!cache_) return;
    cache_->stop();
    testing::run_task(io_, tasks_.join());
    cache_.reset();
  }
  Result<Values> get(std::vector<std::string> keys, Deadline::Clock::duration limit = 10s) {
    return testing::run_task(io_, cache_->get_many(std::move(keys), Deadline::in(limit)));
  }
  Result<> put(std::vector<std::pair<std::string, std::string>> entries,
               Deadline::Clock::duration limit = 10s) {
    return testing::run_task(io_, cache_->put_many(std::move(entries), 60s, Deadline::in(limit)));
  }

  asio::io_context io_;
  TaskGroup tasks_{io_.get_executor(), {}};
  std::unique_ptr<RedisCache> cache_;
};

inline RedisOptions options_for(std::uint16_t port) { return {.port = std::to_string(port)}; }

/// redis-cli, to look at the server or to spoil it.
inline std::string redis_cli(const testing::RedisServer& server, std::vector<std::string> command) {
  command.insert(command.begin(), {"redis-cli", "-p", std::to_string(server.port())});
  return testing::run_command(command);
}

}  // namespace kefu::redis
