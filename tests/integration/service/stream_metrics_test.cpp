#include "../bus/nats_fixture.hpp"

#include <kefu/async/signal.hpp>
#include <kefu/service/stream_metrics.hpp>

#include <exception>
#include <memory>
#include <optional>
#include <sstream>

/// What dashboards show of a real server's streams.
namespace kefu::bus {
namespace {

class StreamMetricsOfNats : public NatsFixture {
 public:
  Task<void> begin() {
    NatsBus* bus = co_await connect();
    store_ = std::make_unique<JetStreamStore>(*bus);
    reader_ = std::make_unique<JetStreamReader>(io_.get_executor(), *bus);
    EXPECT_TRUE(co_await store_->ensure({.name = "NOTES", .subjects = {"notes.>"}}, soon()));
    for (int i = 0; i < 5; ++i) {
      EXPECT_TRUE(co_await store_->append({.subject = "notes.a", .payload = "x"}, soon()));
    }
    watched_ = std::make_unique<service::StreamMetrics>(
        io_.get_executor(), *store_, *reader_, metrics_,
        std::vector<service::WatchedStream>{{.stream = "NOTES", .consumer = "desk"}},
        service::StreamMetrics::Pace{.pause = 10ms, .round = 300ms});
    auto work = co_await reader_->work(
        {.stream = "NOTES", .durable = "desk", .ack_wait = 3s},
        [this](StoredMessage, unsigned deliveries) { return hold(deliveries); },
        [](StoredMessage, std::string) { return nothing(); }, soon());
    CO_ASSERT(work);
    work_ = std::move(*work);
    tasks_.spawn(watched_->run());
  }
  Task<void> end() {
    release();
    co_await work_->drain();
    watched_->stop();
    co_await tasks_.join();
  }
  void release() {
    held_ = false;
    released_.raise();
  }

  /// The value of a series of this stream, or nothing while it is absent.
  std::optional<double> value(const std::string& name) const {
    std::istringstream lines(metrics_.expose());
    for (std::string line; std::getline(lines, line);) {
      if (line.starts_with(name + "{")) return std::stod(line.substr(line.rfind(' ') + 1));
    }
    return std::nullopt;
  }
  double timeouts() const {
    const std::string text = metrics_.expose();
    const std::string series = "kefu_stream_poll_errors_total{code=\"deadline_exceeded\",stream=\"NOTES\"} ";
    return std::stod(text.substr(text.find(series) + series.size()));
  }

  telemetry::Metrics metrics_;
  std::unique_ptr<JetStreamStore> store_;
  std::unique_ptr<JetStreamReader> reader_;
  std::unique_ptr<Subscription> work_;
  std::unique_ptr<service::StreamMetrics> watched_;

 private:
  /// Each message is given back once, and then kept until release().
  Task<WorkOutcome> hold(unsigned deliveries) {
    if (deliveries == 1 && held_) co_return WorkOutcome::retry("not yet");
    while (held_) co_await released_.wait();
    co_return WorkOutcome::done();
  }
  static Task<void> nothing() { co_return; }

  bool held_ = true;
  Signal released_{io_.get_executor()};
  TaskGroup tasks_{io_.get_executor(),
                   [](std::exception_ptr exception) { std::rethrow_exception(exception); }};
};

NATS_TEST(StreamMetricsOfNats, ShowABacklogAndWhatWasDeliveredAgain) {
  co_await t.begin();
  EXPECT_TRUE(
      co_await eventually([&] { return t.value("kefu_stream_consumer_redelivered").value_or(0) > 0; }));
  const double pending = t.value("kefu_stream_consumer_pending").value_or(-1);
  const double in_work = t.value("kefu_stream_consumer_ack_pending").value_or(-1);
  EXPECT_EQ(pending + in_work, 5);
  EXPECT_GE(in_work, 1);
  EXPECT_GT(t.value("kefu_stream_consumer_lag_seconds").value_or(0), 0);
  EXPECT_EQ(t.value("kefu_stream_messages"), 5);
  EXPECT_GT(t.value("kefu_stream_bytes").value_or(0), 0);
  t.release();
  for (const std::string series : {"pending", "ack_pending", "redelivered", "lag_seconds"}) {
    EXPECT_TRUE(co_await eventually([&] { return t.value("kefu_stream_consumer_" + series) == 0; }))
        << series;
  }
  EXPECT_EQ(t.value("kefu_stream_messages"), 5);
  co_await t.end();
}

NATS_TEST(StreamMetricsOfNats, AreAbsentAndCountedWhileTheServerIsSilent) {
  co_await t.begin();
  EXPECT_TRUE(co_await eventually([&] { return t.value("kefu_stream_consumer_pending").has_value(); }));
  t.server_.pause();
  EXPECT_TRUE(co_await eventually([&] { return t.timeouts() > 0; }));
  for (const std::string series : {"messages", "bytes", "consumer_pending", "consumer_lag_seconds"}) {
    EXPECT_TRUE(co_await eventually([&] { return !t.value("kefu_stream_" + series); })) << series;
  }
  t.server_.resume();
  EXPECT_TRUE(co_await eventually([&] { return t.value("kefu_stream_consumer_pending").has_value(); }));
  co_await t.end();
}

}  // namespace
}  // namespace kefu::bus
