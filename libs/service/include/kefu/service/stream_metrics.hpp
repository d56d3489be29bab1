#pragma once

#include <kefu/async/signal.hpp>
#include <kefu/async/task.hpp>
#include <kefu/bus/stream_store.hpp>
#include <kefu/telemetry/error_counters.hpp>
#include <kefu/telemetry/metrics.hpp>

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace kefu::service {

/// A stream whose backlog a service shows. All names are fixed ones of the code: they become labels.
struct WatchedStream {
  std::string stream;
  /// The durable of its workers or, with `read_up_to`, a name for its reader. Empty: the stream alone.
  std::string consumer = {};
  /// Of a reader that acknowledges nothing: the last sequence that it has done with. What it lacks is counted
  /// in sequences, among which there may be erased ones.
  std::function<std::uint64_t()> read_up_to = {};
};

/// The `kefu_stream_` gauges of docs/metrics.md: asks for the state of a few streams every few seconds, in a
/// handful of small requests. While there is no answer the series are absent and the error is counted; a
/// value is never older than a pause and a round. Thread: the executor.
class StreamMetrics {
 public:
  struct Pace {
    std::chrono::milliseconds pause{5000};
    std::chrono::milliseconds round{2000};  ///< the longest that all streams together are waited for
  };
  /// `store`, `reader` and `metrics` outlive this object.
  StreamMetrics(asio::any_io_executor executor, bus::StreamStore& store, bus::StreamReader& reader,
                telemetry::Metrics& metrics, std::vector<WatchedStream> streams);
  StreamMetrics(asio::any_io_executor executor, bus::StreamStore& store, bus::StreamReader& reader,
                telemetry::Metrics& metrics, std::vector<WatchedStream> streams, Pace pace);

  /// Until stop(), which leaves no series but the errors; spawn it in the owner's task group.
  Task<void> run();
  void stop();

 private:
  /// Of a durable consumer.
  struct Acknowledged {
    telemetry::OptionalGauge ack_pending;
    telemetry::OptionalGauge redelivered;
    telemetry::OptionalGauge lag_seconds;
  };
  struct Series {
    WatchedStream of;
    telemetry::OptionalGauge messages;
    telemetry::OptionalGauge bytes;
    std::optional<telemetry::OptionalGauge> pending = {};
    std::optional<Acknowledged> acknowledged = {};
    telemetry::ErrorCounters errors;
  };

  static Series make_series(telemetry::Metrics& metrics, WatchedStream of);
  static void clear_consumer(const Series& series);
  static void clear(const Series& series);
  Task<void> poll();
  Task<Result<>> read(const Series& series, Deadline deadline);
  Task<Result<>> read_consumer(const Series& series, std::uint64_t last_sequence, Deadline deadline);

  bus::StreamStore& store_;
  bus::StreamReader& reader_;
  std::vector<Series> series_;
  Pace pace_;
  Signal stopped_;
  bool stopping_ = false;
};

}  // namespace kefu::service
