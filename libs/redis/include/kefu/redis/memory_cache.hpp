#pragma once

#include <kefu/redis/key_value_cache.hpp>

#include <map>
#include <string>
#include <utility>

namespace kefu::redis {

/// KeyValueCache in this process, for tests.
class MemoryCache final : public KeyValueCache {
 public:
  Task<Result<std::vector<std::optional<std::string>>>> get_many(std::vector<std::string> keys,
                                                                 Deadline deadline) override;
  Task<Result<>> put_many(std::vector<std::pair<std::string, std::string>> entries, std::chrono::seconds ttl,
                          Deadline deadline) override;
  bool available() const override { return available_; }
  void set_available(bool available) { available_ = available; }

 private:
  std::map<std::string, std::pair<std::string, std::chrono::steady_clock::time_point>> values_;
  bool available_ = true;
};

}  // namespace kefu::redis
