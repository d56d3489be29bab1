#pragma once

#include "tiny_embedding_model.hpp"

#include <kefu/testing/process.hpp>
#include <kefu/testing/servers.hpp>

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

namespace kefu::embedding::testing {

/// A real llama-server with an embedding model of 1,536 dimensions, on a free port. start() returns when it
/// listens; it may load the model for a moment longer, and answers 503 until then.
class EmbeddingServer {
 public:
  static constexpr const char* kApiKey = "tiny-secret";

  EmbeddingServer() : port_(kefu::testing::free_port()) { write_tiny_embedding_model(model()); }

  void start() {
    process_.emplace(kefu::testing::Process::Options{
        .command = {KEFU_LLAMA_SERVER, "--model", model().string(), "--embedding", "--host", "127.0.0.1",
                    "--port", std::to_string(port_), "--api-key", kApiKey, "--ctx-size", "512", "--parallel",
                    "1", "--threads", "1", "--no-warmup"},
        .output = directory_.path() / "log"});
    kefu::testing::wait_for_port(port_);
  }
  void kill() { process_.reset(); }

  std::filesystem::path model() const { return directory_.path() / "tiny.gguf"; }
  std::string url() const { return "http://127.0.0.1:" + std::to_string(port_) + "/v1"; }

 private:
  kefu::testing::TemporaryDirectory directory_;
  std::uint16_t port_;
  std::optional<kefu::testing::Process> process_;
};

}  // namespace kefu::embedding::testing
