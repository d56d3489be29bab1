#include <kefu/async/task_group.hpp>
#include <kefu/bus/memory_bus.hpp>
#include <kefu/service/stream_metrics.hpp>
#include <kefu/testing/poll.hpp>

#include <boost/asio/io_context.hpp>
#include <gtest/gtest.h>

#include <chrono>
#include <exception>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace kefu::service {
namespace {

using namespace std::chrono_literals;

Deadline soon() { return Deadline::in(5s); }

class StreamMetricsTest : public ::testing::Test {
 protected:
  StreamMetricsTest() { testing::run_task(io_, prepare()); }
  ~StreamMetricsTest() override { stop(); }

  Task<void> prepare() {
    EXPECT_TRUE(co_await store_->ensure({.name = "NOTES", .subjects = {"notes.>"}}, soon()));
  }
  Task<void> append(std::string payload) {
    EXPECT_TRUE(co_await store_->append({.subject = "notes.a", .payload = std::move(payload)}, soon()));
  }
  void watch(std::vector<WatchedStream> streams) {
    watched_ =
        std::make_unique<StreamMetrics>(io_.get_executor(), *store_, *reader_, metrics_, std::move(streams),
                                        StreamMetrics::Pace{.pause = 1ms, .round = 1s});
    tasks_.spawn(watched_->run());
  }
  void stop() {
    if (watched_) watched_->stop();
    testing::run_task(io_, tasks_.join());
  }
  bool eventually_shows(const std::string& line) {
    return testing::eventually(io_, [&] { return shows(line); });
  }
  bool shows(const std::string& line) const { return metrics_.expose().find(line) != std::string::npos; }

  asio::io_context io_;
  bus::MemoryBroker broker_{io_.get_executor()};
  std::unique_ptr<bus::StreamStore> store_ = broker_.stream_store();
  std::unique_ptr<bus::StreamReader> reader_ = broker_.stream_reader();
  telemetry::Metrics metrics_;
  TaskGroup tasks_{io_.get_executor(),
                   [](std::exception_ptr exception) { std::rethrow_exception(exception); }};
  std::unique_ptr<StreamMetrics> watched_;
};

TEST_F(StreamMetricsTest, ShowHowMuchAStreamHolds) {
  testing::run_task(io_, append("four"));
  watch({{.stream = "NOTES"}});
  EXPECT_TRUE(eventually_shows("kefu_stream_messages{stream=\"NOTES\"} 1\n"));
  EXPECT_TRUE(shows("kefu_stream_bytes{stream=\"NOTES\"} "));
  EXPECT_FALSE(shows("kefu_stream_consumer_"));
  EXPECT_TRUE(shows("kefu_stream_poll_errors_total{code=\"unavailable\",stream=\"NOTES\"} 0\n"));
}

TEST_F(StreamMetricsTest, ShowHowFarAReaderIsBehind) {
  std::uint64_t read_up_to = 0;
  for (int i = 0; i < 3; ++i) testing::run_task(io_, append("x"));
  watch({{.stream = "NOTES", .consumer = "reader", .read_up_to = [&] { return read_up_to; }}});
  const std::string series = "kefu_stream_consumer_pending{consumer=\"reader\",stream=\"NOTES\"} ";
  EXPECT_TRUE(eventually_shows(series + "3\n"));
  read_up_to = 1;
  EXPECT_TRUE(eventually_shows(series + "2\n"));
  read_up_to = 9;  // of a stream that was made again since
  EXPECT_TRUE(eventually_shows(series + "0\n"));
  EXPECT_FALSE(shows("kefu_stream_consumer_ack_pending"));
}

TEST_F(StreamMetricsTest, AreAbsentWhileThereIsNoAnswer) {
  watch({{.stream = "NOTES"}});
  EXPECT_TRUE(eventually_shows("kefu_stream_messages{stream=\"NOTES\"} 0\n"));
  broker_.set_connected(false);
  EXPECT_TRUE(testing::eventually(io_, [&] { return !shows("kefu_stream_messages{"); }));
  EXPECT_FALSE(shows("kefu_stream_bytes{"));
  EXPECT_FALSE(shows("kefu_stream_poll_errors_total{code=\"unavailable\",stream=\"NOTES\"} 0\n"));
  broker_.set_connected(true);
  EXPECT_TRUE(eventually_shows("kefu_stream_messages{stream=\"NOTES\"} 0\n"));
}

TEST_F(StreamMetricsTest, OfAStreamAreShownThoughNobodyWorksOnIt) {
  watch({{.stream = "NOTES", .consumer = "desk"}, {.stream = "MISSING"}});
  EXPECT_TRUE(eventually_shows("kefu_stream_messages{stream=\"NOTES\"} 0\n"));
  const auto counted = [&](const std::string& stream) {
    return !shows("kefu_stream_poll_errors_total{code=\"not_found\",stream=\"" + stream + "\"} 0\n");
  };
  EXPECT_TRUE(testing::eventually(io_, [&] { return counted("NOTES") && counted("MISSING"); }));
  EXPECT_FALSE(shows("kefu_stream_consumer_pending{"));
  EXPECT_FALSE(shows("kefu_stream_messages{stream=\"MISSING\"}"));
}

TEST_F(StreamMetricsTest, LeaveNothingBehindThatLooksFresh) {
  watch({{.stream = "NOTES"}});
  EXPECT_TRUE(eventually_shows("kefu_stream_messages{stream=\"NOTES\"} 0\n"));
  stop();
  EXPECT_FALSE(shows("kefu_stream_messages{"));
  EXPECT_TRUE(shows("kefu_stream_poll_errors_total{"));
}

}  // namespace
}  // namespace kefu::service
