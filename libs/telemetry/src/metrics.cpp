#include <kefu/telemetry/metrics.hpp>

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

#include <mutex>
#include <unordered_map>
#include <utility>
#include <vector>

namespace kefu::telemetry {
namespace {

const prometheus::Histogram::BucketBoundaries kLatencyBuckets{
    0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60};

}  // namespace

void Counter::add(double amount) const { static_cast<prometheus::Counter*>(series_)->Increment(amount); }
void Gauge::set(double value) const { static_cast<prometheus::Gauge*>(series_)->Set(value); }
void OptionalGauge::set(double value) const {
  static_cast<prometheus::Family<prometheus::Gauge>*>(family_)->Add(labels_).Set(value);
}
void OptionalGauge::clear() const {
  auto* family = static_cast<prometheus::Family<prometheus::Gauge>*>(family_);
  if (family->Has(labels_)) family->Remove(&family->Add(labels_));
}
void Histogram::observe(double value) const { static_cast<prometheus::Histogram*>(series_)->Observe(value); }
void Histogram::observe(std::chrono::steady_clock::duration duration) const {
  observe(std::chrono::duration<double>(duration).count());
}

class Metrics::Impl {
 public:
  /// The registry may hold one family a name: asking again gives the first, whatever its help says.
  template <class Metric, class Build>
  prometheus::Family<Metric>& family(std::unordered_map<std::string, prometheus::Family<Metric>*>& known,
                                     const std::string& name, const std::string& help, Build build) {
    const std::scoped_lock lock(mutex_);
    auto& slot = known[name];
    if (slot == nullptr) slot = &build().Name(name).Help(help).Register(registry_);
    return *slot;
  }

  std::mutex mutex_;
  prometheus::Registry registry_{prometheus::Registry::InsertBehavior::Throw};
  std::unordered_map<std::string, prometheus::Family<prometheus::Counter>*> counters_;
  std::unordered_map<std::string, prometheus::Family<prometheus::Gauge>*> gauges_;
  std::unordered_map<std::string, prometheus::Family<prometheus::Histogram>*> histograms_;
  std::vector<std::function<void()>> updates_;
};

Metrics::Metrics() : impl_(std::make_unique<Impl>()) {}
Metrics::~Metrics() = default;

Counter Metrics::counter(const std::string& name, const std::string& help, const Labels& labels) {
  return Counter(&impl_->family(impl_->counters_, name, help, prometheus::BuildCounter).Add(labels));
}

Gauge Metrics::gauge(const std::string& name, const std::string& help, const Labels& labels) {
  return Gauge(&impl_->family(impl_->gauges_, name, help, prometheus::BuildGauge).Add(labels));
}

OptionalGauge Metrics::optional_gauge(const std::string& name, const std::string& help,
                                      const Labels& labels) {
  return {&impl_->family(impl_->gauges_, name, help, prometheus::BuildGauge), labels};
}

Histogram Metrics::latency(const std::string& name, const std::string& help, const Labels& labels) {
  return Histogram(&impl_->family(impl_->histograms_, name, help, prometheus::BuildHistogram)
                        .Add(labels, kLatencyBuckets));
}

void Metrics::before_collect(std::function<void()> update) { impl_->updates_.push_back(std::move(update)); }

std::string Metrics::expose() const {
  for (const auto& update : impl_->updates_) update();
  return prometheus::TextSerializer().Serialize(impl_->registry_.Collect());
}

}  // namespace kefu::telemetry
