#pragma once

#include "kefu/v1/embedding.pb.h"
#include "kefu/v1/log.pb.h"

#include <kefu/bus/jetstream.hpp>
#include <kefu/bus/nats_bus.hpp>
#include <kefu/proto/subjects.hpp>
#include <kefu/testing/run_task.hpp>
#include <kefu/testing/servers.hpp>
#include <kefu/vector/codec.hpp>

#include <filesystem>
#include <fstream>
#include <map>
#include <memory>
#include <optional>
#include <sstream>
#include <string>
#include <vector>

namespace kefu::embedding::testing {

using namespace std::chrono_literals;

/// A real kefu-embedding between a real NATS and a real Redis, and a client of it.
class EmbeddingSystem {
 public:
  /// How the service is told of its model.
  struct Model {
    std::vector<std::string> arguments;
    std::map<std::string, std::string> environment = {};
  };

  /// With the default model, and serving. Without the cache in memory: what Redis does can be seen.
  EmbeddingSystem()
      : EmbeddingSystem(Model{.arguments = {"--model", KEFU_TEST_MODEL, "--memory-cache", "0"}}) {
    EXPECT_TRUE(serves());
  }
  explicit EmbeddingSystem(Model model)
      : bus(io.get_executor(), {.url = nats.url(), .client_name = "test"}, [](bool) {}),
        model_(std::move(model)) {
    start_service();
    EXPECT_TRUE(bus.start());
    EXPECT_TRUE(run(bus.wait_connected(Deadline::in(10s))));
  }
  ~EmbeddingSystem() { kefu::testing::run_task(io, bus.drain(Deadline::in(5s))); }

  void start_service() {
    std::vector<std::string> command{KEFU_EMBEDDING,
                                     "--nats-url",
                                     nats.url(),
                                     "--redis-url",
                                     redis.url(),
                                     "--admin-port",
                                     std::to_string(admin_port)};
    command.insert(command.end(), model_.arguments.begin(), model_.arguments.end());
    service.emplace(kefu::testing::Process::Options{.command = std::move(command),
                                                    .environment = model_.environment,
                                                    .output = directory.path() / "log"});
  }
  std::string log() const {
    std::ostringstream text;
    text << std::ifstream(directory.path() / "log").rdbuf();
    return text.str();
  }

  template <class T>
  T run(Task<T> task) {
    return kefu::testing::run_task(io, std::move(task));
  }
  /// Polls until the service answers.
  bool serves() { return run(until_it_answers(*this)); }

  Task<Result<kefu::v1::EmbedResponse>> embed(std::vector<std::string> texts) {
    kefu::v1::EmbedRequest request;
    request.set_role(kefu::v1::TEXT_ROLE_QUERY);
    for (std::string& text : texts) request.add_texts(std::move(text));
    KEFU_CO_TRY(const bus::Message reply, co_await ask(proto::kEmbed, request.SerializeAsString()));
    kefu::v1::EmbedResponse response;
    EXPECT_TRUE(response.ParseFromString(reply.payload));
    co_return response;
  }
  Task<Result<bus::Message>> ask(std::string_view subject, std::string payload) {
    bus::Message message{.subject = std::string(subject), .payload = std::move(payload)};
    return bus.request({"test", Deadline::in(20s)}, std::move(message));
  }

  const std::uint16_t admin_port = kefu::testing::free_port();
  kefu::testing::NatsServer nats;
  kefu::testing::RedisServer redis;
  kefu::testing::TemporaryDirectory directory;
  asio::io_context io;
  bus::NatsBus bus;
  bus::JetStreamStore streams{bus};
  std::optional<kefu::testing::Process> service;

 private:
  static Task<bool> until_it_answers(EmbeddingSystem& self) {
    const Deadline give_up = Deadline::in(40s);
    while (!give_up.passed()) {
      if (co_await self.embed({"ready?"})) co_return true;
      co_await sleep_for(20ms);
    }
    co_return false;
  }

  Model model_;
};

}  // namespace kefu::embedding::testing
