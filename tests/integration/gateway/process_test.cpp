#include <kefu/http/client.hpp>
#include <kefu/testing/process.hpp>
#include <kefu/testing/run_task.hpp>
#include <kefu/testing/servers.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <chrono>
#include <fstream>
#include <functional>
#include <iterator>
#include <thread>

namespace kefu::testing {
namespace {

using namespace std::chrono_literals;
using nlohmann::json;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

bool eventually_blocking(const std::function<bool()>& condition) {
  const auto end = std::chrono::steady_clock::now() + 20s;
  while (!condition()) {
    if (std::chrono::steady_clock::now() > end) return false;
    std::this_thread::sleep_for(10ms);
  }
  return true;
}

class GatewayProcess : public ::testing::Test {
 protected:
  Process start(std::vector<std::string> arguments) {
    std::vector<std::string> command{
        KEFU_BIN_DIR "/kefu-gateway", "--nats-url",    nats_.url(),          "--admin-port",
        std::to_string(admin_port_),  "--listen-port", std::to_string(port_)};
    command.insert(command.end(), arguments.begin(), arguments.end());
    return Process({.command = std::move(command), .output = log_file()});
  }
  std::filesystem::path log_file() const { return folder_.path() / "log"; }
  std::string log() const {
    std::ifstream in(log_file());
    return {std::istreambuf_iterator<char>(in), {}};
  }
  http::Response get(std::uint16_t port, const std::string& path, const std::string& secret = {}) {
    http::Fields fields;
    if (!secret.empty()) fields.set("Authorization", "Bearer " + secret);
    auto response = run_task(io_, client_.send({.url = "http://127.0.0.1:" + std::to_string(port) + path,
                                                .fields = std::move(fields)},
                                               Deadline::in(10s)));
    return response ? *std::move(response) : http::Response{.status = 0};
  }

  TemporaryDirectory folder_;
  NatsServer nats_;
  std::uint16_t port_ = free_port();
  std::uint16_t admin_port_ = free_port();
  asio::io_context io_;
  http::Client client_{io_.get_executor(), {}};
};

TEST_F(GatewayProcess, RefusesToStartWhereOthersReachItWithoutAKeyAndSaysWhatToDo) {
  Process gateway = start({"--listen-address", "0.0.0.0"});
  EXPECT_EQ(gateway.wait(20s), 1) << log();
  EXPECT_THAT(log(), HasSubstr("listen-address 0.0.0.0 can be reached from other machines, and there is no "
                               "API key: set admin-key-file"));
  EXPECT_EQ(get(port_, "/healthz").status, 0);
}

TEST_F(GatewayProcess, RefusesAnAdminKeyFileThatHoldsNoKeyBeforeAnythingIsStarted) {
  nats_.kill();  // it does not wait for NATS to say so
  const std::string file = folder_.path() / "short";
  std::ofstream(file) << "short\n";
  Process gateway = start({"--admin-key-file", file});
  EXPECT_EQ(gateway.wait(20s), 1) << log();
  EXPECT_THAT(log(), StartsWith("kefu-gateway: admin-key-file " + file));
  EXPECT_EQ(std::ranges::count(log(), '\n'), 1);
}

TEST_F(GatewayProcess, StartsWhereOthersReachItWithAnAdminKeyAndThenWithAnyKey) {
  const std::string file = folder_.path() / "admin-key";
  std::ofstream(file) << "the-key-of-the-operator\n";
  Process gateway = start({"--listen-address", "0.0.0.0", "--admin-key-file", file, "--drain-delay", "0s"});
  ASSERT_TRUE(eventually_blocking([&] { return get(admin_port_, "/readyz").status == 200; })) << log();
  EXPECT_EQ(get(port_, "/v1/keys").status, 401);
  EXPECT_EQ(get(port_, "/healthz").status, 200);
  EXPECT_EQ(get(port_, "/v1/keys", "the-key-of-the-operator").status, 200);
  auto created = run_task(io_, client_.send({.method = "POST",
                                             .url = "http://127.0.0.1:" + std::to_string(port_) + "/v1/keys",
                                             .fields = {{"Authorization", "Bearer the-key-of-the-operator"},
                                                        {"Content-Type", "application/json"}},
                                             .body = R"({"name":"chief","role":"manage"})"},
                                            Deadline::in(10s)));
  ASSERT_TRUE(created);
  ASSERT_EQ(created->status, 201) << created->body;
  const std::string secret = json::parse(created->body)["secret"];
  gateway.signal(SIGTERM);
  EXPECT_EQ(gateway.wait(20s), 0) << log();
  EXPECT_THAT(log(), Not(HasSubstr("the-key-of-the-operator")));
  EXPECT_THAT(log(), Not(HasSubstr(secret)));

  Process again = start({"--listen-address", "0.0.0.0", "--drain-delay", "0s"});
  ASSERT_TRUE(eventually_blocking([&] { return get(admin_port_, "/readyz").status == 200; })) << log();
  EXPECT_EQ(get(port_, "/v1/keys", "the-key-of-the-operator").status, 401);
  EXPECT_EQ(get(port_, "/v1/keys", secret).status, 200);
  const auto audit = get(port_, "/v1/audit", secret);
  EXPECT_EQ(json::parse(audit.body)["action"], "key.create");
  EXPECT_EQ(json::parse(audit.body)["key_id"], "admin");
  EXPECT_THAT(get(admin_port_, "/metrics").body, HasSubstr("kefu_gateway_keys{state=\"usable\"} 1"));
  again.signal(SIGTERM);
  EXPECT_EQ(again.wait(20s), 0) << log();
}

TEST_F(GatewayProcess, AKeyRevokedOnOneReplicaIsRefusedByAnotherWithinSeconds) {
  Process first = start({"--drain-delay", "0s"});
  ASSERT_TRUE(eventually_blocking([&] { return get(port_, "/readyz").status == 200; })) << log();
  const std::uint16_t other_port = free_port();
  Process second({.command = {KEFU_BIN_DIR "/kefu-gateway", "--nats-url", nats_.url(), "--admin-port", "0",
                              "--listen-port", std::to_string(other_port), "--drain-delay", "0s"},
                  .output = log_file()});
  ASSERT_TRUE(eventually_blocking([&] { return get(other_port, "/readyz").status == 200; })) << log();
  const auto post = [&](const std::string& body, const std::string& secret) {
    http::Fields fields{{"Content-Type", "application/json"}};
    if (!secret.empty()) fields.set("Authorization", "Bearer " + secret);
    auto response =
        run_task(io_, client_.send({.method = "POST",
                                    .url = "http://127.0.0.1:" + std::to_string(port_) + "/v1/keys",
                                    .fields = std::move(fields),
                                    .body = body},
                                   Deadline::in(10s)));
    return response ? json::parse(response->body) : json{};
  };
  const std::string chief = post(R"({"name":"chief","role":"manage"})", "")["secret"];
  EXPECT_TRUE(eventually_blocking([&] { return get(other_port, "/v1/keys").status == 401; }));
  const json second_key = post(R"({"name":"b","role":"manage"})", chief);
  const std::string secret = second_key["secret"];
  EXPECT_TRUE(eventually_blocking([&] { return get(other_port, "/v1/keys", secret).status == 200; }));
  const auto revoked = run_task(io_, client_.send({.method = "DELETE",
                                                   .url = "http://127.0.0.1:" + std::to_string(port_) +
                                                          "/v1/keys/" + second_key["id"].get<std::string>(),
                                                   .fields = {{"Authorization", "Bearer " + chief}}},
                                                  Deadline::in(10s)));
  ASSERT_TRUE(revoked);
  EXPECT_EQ(revoked->status, 204);
  EXPECT_EQ(get(port_, "/v1/keys", secret).status, 401);
  EXPECT_TRUE(eventually_blocking([&] { return get(other_port, "/v1/keys", secret).status == 401; }));
}

TEST_F(GatewayProcess, IsReadyWithoutRedisAndSaysWhatSuffers) {
  const auto condition = [&](const std::string& name) {
    for (const json& line : json::parse(get(admin_port_, "/readyz").body)["conditions"]) {
      if (line["name"] == name) return line;
    }
    return json{};
  };
  Process down =
      start({"--redis-url", "redis://127.0.0.1:" + std::to_string(free_port()), "--drain-delay", "0s"});
  ASSERT_TRUE(eventually_blocking([&] { return get(admin_port_, "/readyz").status == 200; })) << log();
  EXPECT_EQ(condition("redis")["status"], "degraded");
  EXPECT_THAT(condition("redis")["reason"], HasSubstr("on its own"));
  EXPECT_EQ(condition("keys")["status"], "ok");
  down.signal(SIGTERM);
  EXPECT_EQ(down.wait(20s), 0) << log();

  Process none = start({"--redis-url", "none", "--drain-delay", "0s"});
  ASSERT_TRUE(eventually_blocking([&] { return get(admin_port_, "/readyz").status == 200; })) << log();
  EXPECT_TRUE(condition("redis").is_null());
  none.signal(SIGTERM);
  EXPECT_EQ(none.wait(20s), 0) << log();
}

TEST_F(GatewayProcess, ServesTheSameEndpointsOnBothPortsAndNamesWhatIsMissing) {
  Process gateway = start({"--drain-delay", "0s"});
  ASSERT_TRUE(eventually_blocking([&] { return get(admin_port_, "/readyz").status == 200; })) << log();
  for (const char* path : {"/healthz", "/readyz", "/metrics"})
    EXPECT_EQ(get(port_, path).status, 200) << path;
  EXPECT_THAT(get(port_, "/metrics").body, HasSubstr("kefu_gateway_requests_total"));
  const auto listed = get(port_, "/v1/kbs");
  EXPECT_EQ(listed.status, 503);  // no index runs
  EXPECT_EQ(json::parse(listed.body)["error"]["code"], "unavailable");
  nats_.kill();
  EXPECT_TRUE(eventually_blocking([&] { return get(port_, "/readyz").status == 503; }));
  EXPECT_EQ(get(port_, "/v1/kbs").status, 503);
  nats_.start();
  EXPECT_TRUE(eventually_blocking([&] { return get(port_, "/readyz").status == 200; }));
  gateway.signal(SIGTERM);
  EXPECT_EQ(gateway.wait(20s), 0) << log();
}

TEST_F(GatewayProcess, ServesOnForAWhileAfterSigtermAndTellsClientsToReconnect) {
  Process gateway = start({"--drain-delay", "1s"});
  ASSERT_TRUE(eventually_blocking([&] { return get(port_, "/readyz").status == 200; })) << log();
  EXPECT_EQ(get(port_, "/v1/kbs").fields.get("Connection"), "");
  gateway.signal(SIGTERM);
  ASSERT_TRUE(eventually_blocking([&] { return get(admin_port_, "/readyz").status == 503; }));
  const auto response = get(port_, "/v1/kbs");
  EXPECT_EQ(response.status, 503);
  EXPECT_EQ(response.fields.get("Connection"), "close");
  EXPECT_EQ(gateway.wait(20s), 0) << log();
  EXPECT_EQ(get(port_, "/v1/kbs").status, 0);
}

}  // namespace
}  // namespace kefu::testing
