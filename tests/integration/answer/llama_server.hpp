#pragma once

#include <kefu/testing/process.hpp>
#include <kefu/testing/servers.hpp>

#include <cstdint>
#include <string>

namespace kefu::answer::testing {

/// A real llama-server with the tiny model, on a free port. The constructor returns when it listens; it may
/// load the model for a moment longer, and answers 503 until then.
class LlamaServer {
 public:
  static constexpr const char* kApiKey = "tiny-secret";
  LlamaServer();
  std::uint16_t port() const { return port_; }

 private:
  kefu::testing::TemporaryDirectory directory_;
  std::uint16_t port_;
  kefu::testing::Process process_;
};

}  // namespace kefu::answer::testing
