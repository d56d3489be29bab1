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
  http::Response get(std::uint16_t port, const std::string& path) {
    auto response = run_task(
        io_, client_.send({.url = "http://127.0.0.1:" + std::to_string(port) + path}, Deadline::in(10s)));
    return response ? *std::move(response) : http::Response{.status = 0};
  }

  TemporaryDirectory folder_;
  NatsServer nats_;
  std::uint16_t port_ = free_port();
  std::uint16_t admin_port_ = free_port();
  asio::io_context io_;
  http::Client client_{io_.get_executor(), {}};
};

TEST_F(GatewayProcess, RefusesInOneSentenceToStartWhereOthersReachItWithoutAKey) {
  nats_.kill();  // it does not wait for NATS to say so
  Process gateway = start({"--listen-address", "0.0.0.0"});
  EXPECT_EQ(gateway.wait(20s), 1) << log();
  EXPECT_THAT(log(), StartsWith("kefu-gateway: listen-address 0.0.0.0 can be reached from other machines"));
  EXPECT_THAT(log(), HasSubstr("allow-unauthenticated"));
  EXPECT_EQ(std::ranges::count(log(), '\n'), 1);
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
