#include "fake_service.hpp"
#include "kefu/v1/log.pb.h"

#include <kefu/http/sse.hpp>
#include <kefu/proto/subjects.hpp>

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/write.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <mutex>

namespace kefu::gateway {
namespace {

using kefu::v1::JobState;
using nlohmann::json;
using ::testing::HasSubstr;

constexpr auto kInFlight = R"(kefu_gateway_requests_in_flight{method="GET",route="/v1/jobs/{job}"})";

/// Ingest with one job, number 42 of the knowledge base "shop".
class Jobs : public ::testing::Test {
 protected:
  Jobs() {
    state_.set_job(42);
    state_.set_state(JobState::STATE_RUNNING);
    state_.set_kb_name("shop");
    FakeService<kefu::v1::GetJobRequest, kefu::v1::GetJobResponse>::serve(
        gateway_, proto::kGetJob, [this](const kefu::v1::GetJobRequest& request) { return get(request); });
  }
  Result<kefu::v1::GetJobResponse> get(const kefu::v1::GetJobRequest& request) {
    const std::lock_guard lock(mutex_);
    ++looks_;
    if (failure_) return fail(*failure_);
    if (request.job() != 42) return fail(Errc::not_found, "there is no such job");
    kefu::v1::GetJobResponse response;
    *response.mutable_state() = state_;
    return response;
  }
  void set(JobState::State state, std::uint32_t embedded) {
    const std::lock_guard lock(mutex_);
    state_.set_state(state);
    state_.mutable_embedded()->set_done(embedded);
  }
  void set_failure(std::optional<Error> failure) {
    const std::lock_guard lock(mutex_);
    failure_ = std::move(failure);
  }
  int looks() {
    const std::lock_guard lock(mutex_);
    return looks_;
  }

  std::mutex mutex_;
  JobState state_;
  std::optional<Error> failure_;
  int looks_ = 0;
  GatewayHarness gateway_;
};

/// A client that reads the events of job 42 as they come.
class Follower {
 public:
  explicit Follower(const GatewayHarness& gateway) {
    socket_.connect({asio::ip::make_address("127.0.0.1"), gateway.port()});
    asio::write(socket_, asio::buffer(std::string("GET /v1/jobs/42 HTTP/1.1\r\nHost: localhost\r\n"
                                                  "Accept: text/event-stream\r\n\r\n")));
  }
  /// Everything up to `text`.
  std::string read_until(const std::string& text) {
    const std::size_t bytes = asio::read_until(socket_, asio::dynamic_buffer(received_), text);
    std::string taken = received_.substr(0, bytes);
    received_.erase(0, bytes);
    return taken;
  }
  void leave() { socket_.close(); }

 private:
  asio::io_context io_;
  asio::ip::tcp::socket socket_{io_};
  std::string received_;
};

TEST_F(Jobs, AreReadById) {
  const json job = json_of(gateway_.get("/v1/jobs/42"));
  EXPECT_EQ(job["id"], "42");
  EXPECT_EQ(job["state"], "running");
  EXPECT_EQ(gateway_.get("/v1/jobs/43").status, 404);
}

TEST_F(Jobs, AreFollowedFromChangeToChangeToTheirEnd) {
  Follower follower(gateway_);
  EXPECT_THAT(follower.read_until("\n\n"), HasSubstr("text/event-stream"));
  set(JobState::STATE_RUNNING, 5);
  EXPECT_THAT(follower.read_until("\"embedded\":{\"done\":5"), HasSubstr("event: progress"));
  const int looks = this->looks();
  ASSERT_TRUE(eventually([&] { return this->looks() > looks + 2; }));
  set(JobState::STATE_DONE, 9);
  const std::string end = follower.read_until("\"done\":9");
  EXPECT_THAT(end, HasSubstr("event: done"));
  EXPECT_THAT(end, ::testing::Not(HasSubstr("event: progress")));  // looks without a change say nothing
  EXPECT_TRUE(gateway_.metric_becomes(kInFlight, 0));
}

TEST_F(Jobs, ThatHaveEndedAreOneEvent) {
  set(JobState::STATE_FAILED, 0);
  const auto response =
      gateway_.send({.url = gateway_.url("/v1/jobs/42"), .fields = {{"Accept", "text/event-stream"}}});
  EXPECT_EQ(response.fields.get("Content-Type"), "text/event-stream");
  http::SseParser parser;
  const auto events = parser.feed(response.body).value();
  ASSERT_EQ(events.size(), 1U);
  EXPECT_EQ(events[0].event, "done");
  EXPECT_EQ(json::parse(events[0].data)["state"], "failed");
}

TEST_F(Jobs, ThatAreUnknownHaveNoStream) {
  const auto response =
      gateway_.send({.url = gateway_.url("/v1/jobs/43"), .fields = {{"Accept", "text/event-stream"}}});
  EXPECT_EQ(response.status, 404);
  EXPECT_EQ(response.fields.get("Content-Type"), "application/json");
}

TEST_F(Jobs, AreFollowedThroughARestartOfIngestButNotBeyondAnErrorThatStays) {
  Follower follower(gateway_);
  follower.read_until("event: progress");
  set_failure(Error{Errc::unavailable, "nobody is there"});
  const int looks = this->looks();
  ASSERT_TRUE(eventually([&] { return this->looks() > looks + 1; }));
  set_failure({});
  set(JobState::STATE_RUNNING, 7);
  follower.read_until("\"done\":7");
  set_failure(Error{Errc::not_found, "the job is gone"});
  const std::string end = follower.read_until("\n\n");
  EXPECT_THAT(end + follower.read_until("the job is gone"), HasSubstr("event: error"));
  EXPECT_TRUE(gateway_.metric_becomes(kInFlight, 0));
}

TEST_F(Jobs, AreNoLongerLookedAtWhenTheClientHasLeft) {
  Follower follower(gateway_);
  follower.read_until("event: progress");
  follower.leave();
  std::uint32_t embedded = 0;
  EXPECT_TRUE(eventually([&] {
    set(JobState::STATE_RUNNING, ++embedded);  // what is written to nobody tells that nobody is there
    return gateway_.metric(kInFlight) == 0;
  }));
}

TEST_F(Jobs, LetGoOfTheirClientsBeforeADrain) {
  Follower follower(gateway_);
  follower.read_until("event: progress");
  gateway_.run([&] { gateway_.flow().close_streams(); });
  EXPECT_THAT(follower.read_until("connect again"), HasSubstr("event: error"));
}

TEST_F(Jobs, AreListedForThoseWhoMaySeeThem) {
  FakeService<kefu::v1::ListJobsRequest, kefu::v1::ListJobsResponse>::serve(
      gateway_, proto::kListJobs, [](const kefu::v1::ListJobsRequest& request) {
        kefu::v1::ListJobsResponse response;
        std::vector<std::string> kbs(300, "shop");
        kbs.push_back("bank");
        for (const std::string& kb : kbs) {
          if (!request.kb_name().empty() && request.kb_name() != kb) continue;
          response.add_states()->set_kb_name(kb);
          if (static_cast<std::uint32_t>(response.states_size()) == request.limit()) break;
        }
        return response;
      });
  EXPECT_EQ(json_of(gateway_.get("/v1/jobs"))["jobs"].size(), 50U);
  EXPECT_EQ(json_of(gateway_.get("/v1/jobs?kb=bank"))["jobs"].size(), 1U);
  EXPECT_EQ(json_of(gateway_.get("/v1/jobs?limit=2"))["jobs"].size(), 2U);
  EXPECT_EQ(gateway_.get("/v1/jobs?limit=x").status, 400);
  kefu::v1::ApiKey key;
  key.set_role(kefu::v1::ApiKey::ROLE_ASK);
  key.add_kbs("bank");
  const http::Fields fields{{"Authorization", "Bearer " + gateway_.add_key(key)}};
  const auto own = gateway_.send({.url = gateway_.url("/v1/jobs?limit=1"), .fields = fields});
  EXPECT_EQ(json_of(own)["jobs"][0]["kb"], "bank") << own.body;
  key.add_kbs("post");
  const http::Fields of_two{{"Authorization", "Bearer " + gateway_.add_key(key)}};
  const auto several = gateway_.send({.url = gateway_.url("/v1/jobs"), .fields = of_two});
  ASSERT_EQ(json_of(several)["jobs"].size(), 1U) << several.body;
  EXPECT_EQ(json_of(several)["jobs"][0]["kb"], "bank");
  EXPECT_EQ(gateway_.send({.url = gateway_.url("/v1/jobs?kb=shop"), .fields = fields}).status, 403);
  EXPECT_EQ(gateway_.send({.url = gateway_.url("/v1/jobs/42"), .fields = fields}).status, 403);
}

TEST_F(Jobs, AreCancelled) {
  FakeService<kefu::v1::CancelJobRequest, kefu::v1::CancelJobResponse>::serve(
      gateway_, proto::kCancelJob,
      [this](const kefu::v1::CancelJobRequest& request) -> Result<kefu::v1::CancelJobResponse> {
        const std::lock_guard lock(mutex_);
        if (state_.cancelled()) return fail(Errc::conflict, "the job is finished");
        state_.set_state(JobState::STATE_FAILED);
        state_.set_cancelled(true);
        kefu::v1::CancelJobResponse response;
        *response.mutable_state() = state_;
        EXPECT_EQ(request.job(), 42U);
        return response;
      });
  const auto cancel = [&](const char* path) {
    return gateway_.send({.method = "DELETE", .url = gateway_.url(path)});
  };
  const auto cancelled = cancel("/v1/jobs/42");
  EXPECT_EQ(cancelled.status, 200) << cancelled.body;
  EXPECT_EQ(json_of(cancelled)["state"], "failed");
  EXPECT_EQ(json_of(cancelled)["cancelled"], true);
  EXPECT_EQ(cancel("/v1/jobs/42").status, 409);
  EXPECT_EQ(cancel("/v1/jobs/43").status, 404);
  EXPECT_EQ(cancel("/v1/jobs/x").status, 404);
}

}  // namespace
}  // namespace kefu::gateway
