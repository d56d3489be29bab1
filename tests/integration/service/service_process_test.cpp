// What every service does in the same way, shown on one of them as a process.
#include <kefu/http/client.hpp>
#include <kefu/testing/process.hpp>
#include <kefu/testing/run_task.hpp>
#include <kefu/testing/servers.hpp>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>
#include <fstream>
#include <iterator>
#include <string>

namespace kefu::testing {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;
using ::testing::Not;

class ServiceProcess : public ::testing::Test {
 protected:
  Process start(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), KEFU_SERVICE_PROGRAM);
    return Process({.command = std::move(arguments), .output = output_});
  }
  Process start_on(const std::string& nats_url) {
    return start({"--nats-url", nats_url, "--admin-port", std::to_string(admin_port_)});
  }
  http::Response get(const std::string& path) {
    auto response = run_task(
        io_,
        client_.send({.url = fmt::format("http://127.0.0.1:{}{}", admin_port_, path)}, Deadline::in(5s)));
    return response ? std::move(*response) : http::Response{.status = 0, .fields = {}, .body = {}};
  }
  bool becomes(int status) { return run_task(io_, status_becomes(status)); }
  Task<bool> status_becomes(int status) {
    const Deadline limit = Deadline::in(30s);
    while (!limit.passed()) {
      auto response = co_await client_.send({.url = fmt::format("http://127.0.0.1:{}/readyz", admin_port_)},
                                            Deadline::in(5s));
      if (response && response->status == status) co_return true;
      co_await sleep_for(10ms);
    }
    co_return false;
  }
  std::string log() const {
    std::ifstream in(output_);
    return {std::istreambuf_iterator<char>(in), {}};
  }

  TemporaryDirectory folder_;
  std::filesystem::path output_ = folder_.path() / "log";
  std::uint16_t admin_port_ = free_port();
  asio::io_context io_;
  http::Client client_{io_.get_executor(), {}};
};

TEST_F(ServiceProcess, WaitsForNatsAndSaysThatItIsNotReady) {
  NatsServer nats;
  nats.kill();
  Process service = start_on(nats.url());
  EXPECT_TRUE(becomes(503));
  EXPECT_THAT(get("/readyz").body, HasSubstr("starting"));
  EXPECT_EQ(get("/healthz").status, 200);
  EXPECT_TRUE(service.running());
  nats.start();
  EXPECT_TRUE(becomes(200));
  service.signal(SIGTERM);
  EXPECT_EQ(service.wait(30s), 0);
  EXPECT_THAT(log(), HasSubstr("stopped"));
  EXPECT_THAT(log(), Not(HasSubstr("lost the connection")));
}

TEST_F(ServiceProcess, WarnsWhenItLosesNats) {
  NatsServer nats;
  Process service = start_on(nats.url());
  ASSERT_TRUE(becomes(200));
  nats.kill();
  EXPECT_TRUE(becomes(503));
  service.signal(SIGTERM);
  EXPECT_EQ(service.wait(30s), 0);
  EXPECT_THAT(log(), HasSubstr("lost the connection"));
}

TEST_F(ServiceProcess, EndsWellWhenItIsTerminatedWhileItWaits) {
  NatsServer nats;
  nats.kill();
  Process service = start_on(nats.url());
  ASSERT_TRUE(becomes(503));
  service.signal(SIGTERM);
  EXPECT_EQ(service.wait(30s), 0);
}

TEST_F(ServiceProcess, LogsTheHostOfNatsButNotThePassword) {
  NatsServer nats;
  nats.kill();
  Process service = start_on(fmt::format("nats://kefu:s3cret@127.0.0.1:{}", nats.port()));
  ASSERT_TRUE(becomes(503));
  service.signal(SIGTERM);
  EXPECT_EQ(service.wait(30s), 0);
  EXPECT_THAT(log(), HasSubstr("waiting for NATS"));
  EXPECT_THAT(log(), Not(HasSubstr("s3cret")));
}

TEST_F(ServiceProcess, APortThatIsTakenIsOneClearSentence) {
  NatsServer nats;
  Process first = start_on(nats.url());
  ASSERT_TRUE(becomes(200));
  Process second = start_on(nats.url());
  EXPECT_EQ(second.wait(30s), 1);
  EXPECT_THAT(log(), HasSubstr("cannot start"));
  EXPECT_THAT(log(), HasSubstr(std::to_string(admin_port_)));
  first.signal(SIGTERM);
  EXPECT_EQ(first.wait(30s), 0);
}

TEST_F(ServiceProcess, ServesItsMetricsInTheTextFormat) {
  NatsServer nats;
  Process service = start_on(nats.url());
  ASSERT_TRUE(becomes(200));
  const auto metrics = get("/metrics");
  EXPECT_EQ(metrics.status, 200);
  EXPECT_THAT(metrics.body, HasSubstr("# TYPE kefu_answer_questions_total counter"));
  EXPECT_EQ(get("/nowhere").status, 404);
  service.signal(SIGTERM);
  EXPECT_EQ(service.wait(30s), 0);
}

}  // namespace
}  // namespace kefu::testing
