#pragma once

#include "index_bed.hpp"

#include <kefu/testing/poll.hpp>

#include <gtest/gtest.h>

#include <chrono>
#include <filesystem>
#include <memory>
#include <string>
#include <type_traits>

namespace kefu::index::testing {

// Everything here holds on the in-memory broker and on a real server alike.
template <class BackendType>
class IndexServiceTest : public ::testing::Test {
 protected:
  ~IndexServiceTest() override { kefu::testing::run_task(io_, backend_.close()); }

  std::unique_ptr<RunningIndex> start(const std::string& id = "one") {
    return std::make_unique<RunningIndex>(io_, backend_, disk(id), id);
  }
  std::filesystem::path disk(const std::string& id) const { return directory_.path() / id; }

  template <class Condition>
  bool soon(Condition condition) {
    return kefu::testing::eventually(io_, std::move(condition));
  }
  bool ready(RunningIndex& index) {
    return soon([&] { return index.ready(); });
  }
  // One after the other, so that a test can tell which replica answers.
  std::unique_ptr<RunningIndex> started_and_ready(const std::string& id = "one") {
    auto index = start(id);
    EXPECT_TRUE(ready(*index));
    return index;
  }

  asio::io_context io_;
  kefu::testing::TemporaryDirectory directory_;
  BackendType backend_{io_};
  Client client_{io_, backend_};
};

using Backends = ::testing::Types<MemoryBackend, NatsBackend>;
class BackendNames {
 public:
  template <class T>
  static std::string GetName(int) {  // NOLINT(readability-identifier-naming): the name that GoogleTest calls
    return std::is_same_v<T, MemoryBackend> ? "Memory" : "Nats";
  }
};

}  // namespace kefu::index::testing
