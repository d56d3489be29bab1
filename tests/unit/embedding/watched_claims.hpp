#pragma once

#include <kefu/redis/claims.hpp>

#include <cstddef>
#include <string>
#include <utility>
#include <vector>

namespace kefu::embedding::testing {

/// Claims that the test lets fail, and whose calls it counts.
class WatchedClaims final : public redis::Claims {
 public:
  explicit WatchedClaims(redis::Claims& claims) : claims_(claims) {}
  Task<Result<std::vector<Taken>>> take(std::vector<Wanted> wanted, std::string token,
                                        std::chrono::milliseconds time, Deadline deadline) override {
    sizes.push_back(wanted.size());
    if (down) co_return fail(Errc::unavailable, "down");
    co_return co_await claims_.take(std::move(wanted), std::move(token), time, deadline);
  }
  Task<Result<>> release(std::vector<std::string> keys, std::string token, Deadline deadline) override {
    ++releases;
    if (down) co_return fail(Errc::unavailable, "down");
    co_return co_await claims_.release(std::move(keys), std::move(token), deadline);
  }

  bool down = false;
  std::vector<std::size_t> sizes;  ///< of the calls of take()
  std::size_t releases = 0;

 private:
  redis::Claims& claims_;
};

}  // namespace kefu::embedding::testing
