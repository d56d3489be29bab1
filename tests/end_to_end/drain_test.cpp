#include "system.hpp"

#include <kefu/async/task_group.hpp>
#include <kefu/testing/run_task.hpp>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <vector>

namespace kefu::testing {
namespace {

using namespace std::chrono_literals;

/// Clients that ask without pause, each question on a connection of its own, so that the client never repeats
/// one by itself; half of them begin at each gateway.
class Load {
 public:
  explicit Load(System& system)
      : system_(system),
        client_(io_.get_executor(), {.max_idle_connections = 0}),
        tasks_(io_.get_executor(), {}) {}

  static constexpr std::size_t kClients = 8;

  /// Runs until `until` is true, then for another 100 questions so that what comes after is seen too.
  void run(const std::function<bool()>& until) {
    for (std::size_t number = 0; number < kClients; ++number) tasks_.spawn(ask_on(number));
    run_task(io_, watch(until));
  }

  std::vector<std::string> failures;
  std::size_t answered = 0;
  /// Connections that were made and then closed without an answer: the question may have been read.
  std::size_t cut = 0;

 private:
  Task<void> watch(std::function<bool()> until) {
    while (!until()) co_await sleep_for(10ms);
    const std::size_t enough = answered + 100;
    const Deadline limit = Deadline::in(30s);
    while (answered < enough && !limit.passed()) co_await sleep_for(10ms);
    stopping_ = true;
    co_await tasks_.join();
  }

  Task<void> ask_on(std::size_t number) {
    std::size_t gateway = number % 2;
    while (!stopping_) {
      const std::string body =
          nlohmann::json{{"kb", "shop"},
                         {"question", fmt::format("How do I return shoes of size {}?", number)}}
              .dump();
      auto response = co_await client_.send({.method = "POST",
                                             .url = system_.api_url(gateway) + "/v1/ask",
                                             .fields = {{"Content-Type", "application/json"}},
                                             .body = body},
                                            Deadline::in(30s));
      if (response && response->status == 200) {
        ++answered;
      } else if (!response && response.error().code == Errc::unavailable) {
        // No connection: the question was not accepted. A connection that ended is another matter.
        if (response.error().message != "no connection to the server") ++cut;
        gateway = 1 - gateway;
      } else {
        failures.push_back(response ? fmt::format("{} {}", response->status, response->body)
                                    : response.error().message);
      }
    }
  }

  System& system_;
  asio::io_context io_;
  http::Client client_;
  TaskGroup tasks_;
  bool stopping_ = false;
};

class Drain : public ::testing::TestWithParam<std::string> {
 protected:
  System system_{System::Options{.replicas = 2}};
};

TEST_P(Drain, NoAcceptedQuestionFailsWhenOneOfTwoReplicasIsTerminatedUnderLoad) {
  ASSERT_EQ(system_.request("PUT", "/v1/kbs/shop", "{}").status, 201);
  const auto job = system_.upload("shop", "faq.csv", "text/csv",
                                  "question,answer,id\nHow do I return shoes?,Within 7 days.,r1\n");
  ASSERT_EQ(system_.wait_for_job(job)["state"], "done");

  Load load(system_);
  bool signalled = false;
  load.run([&] {
    if (load.answered < 50) return false;
    if (!signalled) {
      system_.signal(GetParam(), SIGTERM, 0);
      signalled = true;
    }
    return !system_.running(GetParam(), 0);
  });
  EXPECT_EQ(load.failures, std::vector<std::string>{});
  // The kernel may complete one connection in the very moment in which the gateway closes its listening
  // socket; no gateway has read a question from it. Accepted questions that fail would be as many as were in
  // flight.
  EXPECT_LE(load.cut, GetParam() == "gateway" ? 1U : 0U);
  EXPECT_EQ(system_.terminate(GetParam(), 0), 0);  // it has ended already: this reads its exit status
}

INSTANTIATE_TEST_SUITE_P(Of, Drain, ::testing::ValuesIn(System::service_names()),
                         [](const auto& param) { return param.param; });

}  // namespace
}  // namespace kefu::testing
