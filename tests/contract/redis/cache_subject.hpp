#pragma once

#include <kefu/async/task_group.hpp>
#include <kefu/redis/memory_cache.hpp>
#include <kefu/redis/memory_claims.hpp>
#include <kefu/redis/redis_cache.hpp>
#include <kefu/redis/redis_claims.hpp>
#include <kefu/testing/run_task.hpp>
#include <kefu/testing/servers.hpp>

#include <memory>
#include <stdexcept>
#include <string>

namespace kefu::redis {

/// A cache and the claims on its keys, up while the subject lives.
class CacheSubject {
 public:
  virtual ~CacheSubject() = default;
  virtual KeyValueCache& cache() = 0;
  virtual Claims& claims() = 0;
  virtual asio::io_context& io() = 0;
};

class MemoryCacheSubject final : public CacheSubject {
 public:
  KeyValueCache& cache() override { return cache_; }
  Claims& claims() override { return claims_; }
  asio::io_context& io() override { return io_; }

 private:
  asio::io_context io_;
  MemoryCache cache_;
  MemoryClaims claims_{cache_};
};

class RedisCacheSubject final : public CacheSubject {
 public:
  RedisCacheSubject() {
    tasks_.spawn(cache_.run());
    if (!testing::run_task(io_, testing::eventually([this] { return cache_.available(); })))
      throw std::runtime_error("the cache did not connect");
  }
  ~RedisCacheSubject() override {
    cache_.stop();
    testing::run_task(io_, tasks_.join());
  }
  KeyValueCache& cache() override { return cache_; }
  Claims& claims() override { return claims_; }
  asio::io_context& io() override { return io_; }

 private:
  testing::RedisServer server_;
  asio::io_context io_;
  TaskGroup tasks_{io_.get_executor(), {}};
  RedisCache cache_{io_.get_executor(), {.port = std::to_string(server_.port())}};
  RedisClaims claims_{cache_};
};

using MakeCacheSubject = std::unique_ptr<CacheSubject> (*)();

template <class Subject>
std::unique_ptr<CacheSubject> make_cache_subject() {
  return std::make_unique<Subject>();
}

}  // namespace kefu::redis
