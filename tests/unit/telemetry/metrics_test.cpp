#include <kefu/telemetry/metrics.hpp>
#include <kefu/telemetry/operation_metrics.hpp>
#include <kefu/telemetry/process_metrics.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace kefu::telemetry {
namespace {

using ::testing::ContainsRegex;
using ::testing::HasSubstr;
using ::testing::Not;

TEST(Metrics, ExposeWhatWasCounted) {
  Metrics metrics;
  metrics.counter("kefu_requests_total", "Requests", {{"route", "/v1/ask"}}).add(2);
  metrics.gauge("kefu_queue_depth", "Waiting").set(4);
  metrics.latency("kefu_request_seconds", "Time").observe(std::chrono::milliseconds(3));
  const std::string text = metrics.expose();
  EXPECT_THAT(text, HasSubstr("kefu_requests_total{route=\"/v1/ask\"} 2"));
  EXPECT_THAT(text, HasSubstr("kefu_queue_depth 4"));
  EXPECT_THAT(text, HasSubstr("kefu_request_seconds_bucket{le=\"0.005\"} 1"));
  EXPECT_THAT(text, HasSubstr("kefu_request_seconds_bucket{le=\"0.0025\"} 0"));
}

TEST(Metrics, AskingAgainForASeriesGivesTheSameOne) {
  Metrics metrics;
  metrics.counter("kefu_a_total", "A", {{"code", "x"}}).add();
  metrics.counter("kefu_a_total", "A", {{"code", "x"}}).add();
  EXPECT_THAT(metrics.expose(), HasSubstr("kefu_a_total{code=\"x\"} 2"));
}

TEST(Metrics, AskTheOwnerBeforeTheyAreRead) {
  Metrics metrics;
  const Gauge gauge = metrics.gauge("kefu_depth", "Depth");
  int depth = 0;
  metrics.before_collect([&] { gauge.set(depth); });
  depth = 9;
  EXPECT_THAT(metrics.expose(), HasSubstr("kefu_depth 9"));
}

TEST(Metrics, LeaveOutWhatHasNoValue) {
  Metrics metrics;
  const OptionalGauge lag = metrics.optional_gauge("kefu_lag", "Lag", {{"stream", "A"}});
  metrics.optional_gauge("kefu_lag", "Lag", {{"stream", "B"}}).set(1);
  EXPECT_THAT(metrics.expose(), Not(HasSubstr("kefu_lag{stream=\"A\"}")));
  lag.clear();
  lag.set(2);
  lag.set(3);
  EXPECT_THAT(metrics.expose(), HasSubstr("kefu_lag{stream=\"A\"} 3"));
  lag.clear();
  const std::string text = metrics.expose();
  EXPECT_THAT(text, Not(HasSubstr("kefu_lag{stream=\"A\"}")));
  EXPECT_THAT(text, HasSubstr("kefu_lag{stream=\"B\"} 1"));
}

TEST(OperationMetrics, CountRequestsErrorsAndTimesUnderTheNameOfTheService) {
  Metrics metrics;
  const OperationMetrics search(metrics, "index", "search");
  search.succeeded(std::chrono::milliseconds(3));
  search.failed(Errc::not_ready);
  const std::string text = metrics.expose();
  EXPECT_THAT(text, HasSubstr("kefu_index_requests_total{operation=\"search\"} 2"));
  EXPECT_THAT(text, HasSubstr("kefu_index_errors_total{code=\"not_ready\",operation=\"search\"} 1"));
  EXPECT_THAT(text, HasSubstr("kefu_index_request_seconds_count{operation=\"search\"} 1"));
}

TEST(ErrorCounters, ExistForEveryCodeBeforeTheFirstError) {
  Metrics metrics;
  const ErrorCounters errors(metrics, "kefu_x_errors_total", "Errors", {{"operation", "y"}});
  errors.count(Errc::internal);
  const std::string text = metrics.expose();
  for (int code = 0; code < static_cast<int>(Errc::internal); ++code) {
    const auto name = std::string(traits(static_cast<Errc>(code)).wire_code);
    EXPECT_THAT(text, HasSubstr("kefu_x_errors_total{code=\"" + name + "\",operation=\"y\"} 0\n"));
  }
  EXPECT_THAT(text, HasSubstr("kefu_x_errors_total{code=\"internal\",operation=\"y\"} 1\n"));
}

TEST(ProcessMetrics, AreReadAtEachExposition) {
  Metrics metrics;
  add_process_metrics(metrics, "1.2.3");
  for (int i = 0; i < 2; ++i) {
    const std::string text = metrics.expose();
    EXPECT_THAT(text, HasSubstr("kefu_build_info{version=\"1.2.3\"} 1\n"));
    EXPECT_THAT(text, ContainsRegex("\nprocess_resident_memory_bytes [1-9]"));
    EXPECT_THAT(text, ContainsRegex("\nprocess_open_fds [1-9]"));
    EXPECT_THAT(text, ContainsRegex("\nprocess_start_time_seconds [1-9]"));
    EXPECT_THAT(text, ContainsRegex("\nprocess_cpu_seconds_total [0-9.]*[1-9]"));
  }
}

}  // namespace
}  // namespace kefu::telemetry
