#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>

namespace kefu::telemetry {

using Labels = std::map<std::string, std::string>;

/// Handles to one time series. Cheap to copy, valid as long as the Metrics that made them; safe from every
/// thread.
class Counter {
 public:
  void add(double amount = 1) const;
  explicit Counter(void* series) : series_(series) {}

 private:
  void* series_;
};
class Gauge {
 public:
  void set(double value) const;
  explicit Gauge(void* series) : series_(series) {}

 private:
  void* series_;
};
/// A gauge whose series is there only while it has a value: what is not known any more must not look like
/// what was known. Its owner's thread alone may use it.
class OptionalGauge {
 public:
  void set(double value) const;
  void clear() const;
  OptionalGauge(void* family, Labels labels) : family_(family), labels_(std::move(labels)) {}

 private:
  void* family_;
  Labels labels_;
};
class Histogram {
 public:
  void observe(double value) const;
  void observe(std::chrono::steady_clock::duration duration) const;
  explicit Histogram(void* series) : series_(series) {}

 private:
  void* series_;
};

/// All metrics of one process (prometheus-cpp). Names and units follow Prometheus practice:
/// `kefu_<what>_<unit>`, counters end in `_total`, times are seconds. No label takes what a user typed.
/// Asking again for a series gives the same one.
class Metrics {
 public:
  Metrics();
  ~Metrics();
  Counter counter(const std::string& name, const std::string& help, const Labels& labels = {});
  Gauge gauge(const std::string& name, const std::string& help, const Labels& labels = {});
  OptionalGauge optional_gauge(const std::string& name, const std::string& help, const Labels& labels = {});
  /// Buckets from 100 µs to 60 s.
  Histogram latency(const std::string& name, const std::string& help, const Labels& labels = {});
  /// Called before every exposition: for gauges that are read rather than counted.
  void before_collect(std::function<void()> update);
  /// Text exposition format 0.0.4. On the event loop, since it runs the updates.
  std::string expose() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace kefu::telemetry
