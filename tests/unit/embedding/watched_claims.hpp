#pragma once

#include <kefu/redis/claims.hpp>

#include <algorithm>
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
    longest_wait = std::max(longest_wait, deadline.remaining());
    if (down) co_return fail(Errc::unavailable, "down");
    co_return co_await claims_.take(std::move(wanted), std::move(token), time, deadline);
  }
  Task<Result<>> release(std::vector<std::string> keys, std::string token, Deadline deadline) override {
    ++releases;
    longest_wait = std::max(longest_wait, deadline.remaining());
    if (down) co_return fail(Errc::unavailable, "down");
    co_return co_await claims_.release(std::move(keys), std::move(token), deadline);
  }

  bool down = false;
  std::vector<std::size_t> sizes;  ///< of the calls of take()
  std::size_t releases = 0;
  Deadline::Clock::duration longest_wait{};  ///< that any call was given

 private:
  redis::Claims& claims_;
};

}  // namespace kefu::embedding::testing
