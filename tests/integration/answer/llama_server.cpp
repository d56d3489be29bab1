#include "llama_server.hpp"

#include "tiny_llm.hpp"

namespace kefu::answer::testing {
namespace {

kefu::testing::Process start(const std::filesystem::path& directory, std::uint16_t port) {
  const auto model = directory / "tiny.gguf";
  write_tiny_llm(model);
  return kefu::testing::Process(
      {.command = {KEFU_LLAMA_SERVER, "--model", model.string(), "--host", "127.0.0.1", "--port",
                   std::to_string(port), "--api-key", LlamaServer::kApiKey, "--ctx-size", "8192",
                   "--parallel", "1", "--threads", "1", "--no-warmup"},
       .output = directory / "log"});
}

}  // namespace

LlamaServer::LlamaServer() : port_(kefu::testing::free_port()), process_(start(directory_.path(), port_)) {
  kefu::testing::wait_for_port(port_);
}

}  // namespace kefu::answer::testing
