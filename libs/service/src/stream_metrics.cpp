#include <kefu/service/stream_metrics.hpp>

#include <algorithm>
#include <utility>

namespace kefu::service {
namespace {

/// Clocks of hosts differ: what the server's clock stored in our future is new.
double age(std::optional<std::chrono::system_clock::time_point> oldest) {
  if (!oldest) return 0;
  const auto passed = std::chrono::duration<double>(std::chrono::system_clock::now() - *oldest);
  return std::max(passed.count(), 0.0);
}

}  // namespace

StreamMetrics::StreamMetrics(asio::any_io_executor executor, bus::StreamStore& store,
                             bus::StreamReader& reader, telemetry::Metrics& metrics,
                             std::vector<WatchedStream> streams)
    : StreamMetrics(std::move(executor), store, reader, metrics, std::move(streams), Pace{}) {}

StreamMetrics::StreamMetrics(asio::any_io_executor executor, bus::StreamStore& store,
                             bus::StreamReader& reader, telemetry::Metrics& metrics,
                             std::vector<WatchedStream> streams, Pace pace)
    : store_(store), reader_(reader), pace_(pace), stopped_(std::move(executor)) {
  for (WatchedStream& stream : streams) series_.push_back(make_series(metrics, std::move(stream)));
}

StreamMetrics::Series StreamMetrics::make_series(telemetry::Metrics& metrics, WatchedStream of) {
  const telemetry::Labels stream{{"stream", of.stream}};
  const telemetry::Labels consumer{{"stream", of.stream}, {"consumer", of.consumer}};
  Series series{
      .of = std::move(of),
      .messages = metrics.optional_gauge("kefu_stream_messages", "Messages stored in a stream", stream),
      .bytes = metrics.optional_gauge("kefu_stream_bytes", "Bytes stored in a stream", stream),
      .errors = telemetry::ErrorCounters(metrics, "kefu_stream_poll_errors_total",
                                         "How often the state of a stream could not be read", stream)};
  if (series.of.consumer.empty()) return series;
  series.pending = metrics.optional_gauge("kefu_stream_consumer_pending",
                                          "Messages that a consumer was not given yet", consumer);
  if (series.of.read_up_to) return series;
  series.acknowledged = Acknowledged{
      .ack_pending = metrics.optional_gauge("kefu_stream_consumer_ack_pending", "Messages in work", consumer),
      .redelivered = metrics.optional_gauge("kefu_stream_consumer_redelivered",
                                            "Messages in work that were delivered more than once", consumer),
      .lag_seconds = metrics.optional_gauge("kefu_stream_consumer_lag_seconds",
                                            "Age of the oldest message that is not finished", consumer)};
  return series;
}

Task<void> StreamMetrics::run() {
  while (!stopping_) {
    co_await poll();
    if (!stopping_) co_await stopped_.wait(Deadline::in(pace_.pause));
  }
  for (const Series& series : series_) clear(series);
}

void StreamMetrics::stop() {
  stopping_ = true;
  stopped_.raise();
}

/// One deadline for all: a server that is silent costs one wait, not one for each stream.
Task<void> StreamMetrics::poll() {
  const Deadline deadline = Deadline::in(pace_.round);
  for (const Series& series : series_) {
    if (stopping_) co_return;
    const auto done = co_await read(series, deadline);
    if (!done) series.errors.count(done.error().code);
  }
}

Task<Result<>> StreamMetrics::read(const Series& series, Deadline deadline) {
  const auto state = co_await store_.state(series.of.stream, deadline);
  if (!state) {
    clear(series);
    co_return fail(state.error());
  }
  series.messages.set(static_cast<double>(state->messages));
  series.bytes.set(static_cast<double>(state->bytes));
  if (!series.pending) co_return Result<>{};
  auto consumer = co_await read_consumer(series, state->last_sequence, deadline);
  if (!consumer) clear_consumer(series);
  co_return consumer;
}

Task<Result<>> StreamMetrics::read_consumer(const Series& series, std::uint64_t last_sequence,
                                            Deadline deadline) {
  if (!series.acknowledged) {
    const std::uint64_t done = std::min(series.of.read_up_to(), last_sequence);
    series.pending->set(static_cast<double>(last_sequence - done));
    co_return Result<>{};
  }
  KEFU_CO_TRY(const bus::ConsumerState state,
              co_await reader_.consumer_state(series.of.stream, series.of.consumer, deadline));
  series.pending->set(static_cast<double>(state.pending));
  series.acknowledged->ack_pending.set(static_cast<double>(state.ack_pending));
  series.acknowledged->redelivered.set(static_cast<double>(state.redelivered));
  series.acknowledged->lag_seconds.set(age(state.oldest));
  co_return Result<>{};
}

void StreamMetrics::clear_consumer(const Series& series) {
  if (series.pending) series.pending->clear();
  if (!series.acknowledged) return;
  series.acknowledged->ack_pending.clear();
  series.acknowledged->redelivered.clear();
  series.acknowledged->lag_seconds.clear();
}

void StreamMetrics::clear(const Series& series) {
  series.messages.clear();
  series.bytes.clear();
  clear_consumer(series);
}

}  // namespace kefu::service
