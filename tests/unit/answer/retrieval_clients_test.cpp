#include "retrieval_clients.hpp"

#include <kefu/bus/memory_bus.hpp>
#include <kefu/proto/subjects.hpp>
#include <kefu/testing/run_task.hpp>

#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <utility>
#include <vector>

namespace kefu::answer {
namespace {

using namespace std::chrono_literals;

/// An index whose replicas answer in turn what the test says, an error or an empty result.
class SearchClientTest : public ::testing::Test {
 protected:
  SearchClientTest() {
    auto served = bus_->serve({.subject = std::string(proto::kSearch), .queue_group = "index"},
                              [this](RequestContext, bus::Message, bus::ReplySink&) { return reply(); });
    EXPECT_TRUE(served);
    served_ = std::move(*served);
  }
  ~SearchClientTest() override { testing::run_task(io_, served_->drain()); }

  Task<Result<std::string>> reply() {
    const Errc code = replies_.at(asked_++);
    if (code != kAnswers) co_return fail(code, "not this replica");
    co_return kefu::v1::SearchResponse{}.SerializeAsString();
  }
  Result<kefu::v1::SearchResponse> search() {
    BusSearchClient client(*bus_);
    return testing::run_task(io_, client.search({.request_id = "r", .deadline = Deadline::in(1min)}, {}));
  }

  static constexpr Errc kAnswers = Errc::cancelled;  // stands for a reply

  asio::io_context io_;
  bus::MemoryBroker broker_{io_.get_executor()};
  std::unique_ptr<bus::MessageBus> bus_ = broker_.connect();
  std::unique_ptr<bus::Subscription> served_;
  std::vector<Errc> replies_;
  std::size_t asked_ = 0;
};

TEST_F(SearchClientTest, AsksAnotherReplicaWhenTheFirstIsNotReady) {
  replies_ = {Errc::not_ready, kAnswers};
  EXPECT_TRUE(search());
  EXPECT_EQ(asked_, 2U);
}

TEST_F(SearchClientTest, AsksNoThirdReplica) {
  replies_ = {Errc::unavailable, Errc::unavailable, kAnswers};
  EXPECT_EQ(search().error().code, Errc::unavailable);
  EXPECT_EQ(asked_, 2U);
}

TEST_F(SearchClientTest, AnErrorOfTheRequestIsNotAskedAgain) {
  replies_ = {Errc::invalid_argument, kAnswers};
  EXPECT_EQ(search().error().code, Errc::invalid_argument);
  EXPECT_EQ(asked_, 1U);
}

}  // namespace
}  // namespace kefu::answer
