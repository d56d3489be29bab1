#include "ingest_metrics.hpp"

#include <string>

namespace kefu::ingest {
namespace {

telemetry::Counter jobs(telemetry::Metrics& metrics, const std::string& outcome) {
  return metrics.counter(
      "kefu_ingest_jobs_total",
      "Jobs that this replica ended as done, failed or cancelled, and how often it put one aside because a "
      "dependency was away (retried).",
      {{"outcome", outcome}});
}

}  // namespace

IngestMetrics::IngestMetrics(telemetry::Metrics& metrics)
    : jobs_done(jobs(metrics, "done")),
      jobs_failed(jobs(metrics, "failed")),
      jobs_cancelled(jobs(metrics, "cancelled")),
      jobs_retried(jobs(metrics, "retried")),
      redeliveries(metrics.counter("kefu_ingest_redeliveries_total",
                                   "Jobs that were delivered again after a worker stopped or died.")),
      edits(metrics.counter("kefu_ingest_edits_total", "Versions published that change one row.")),
      passages(metrics.counter("kefu_ingest_passages_total", "Passages published to be embedded.")),
      rejections(metrics.counter("kefu_ingest_rejections_total",
                                 "Rows and fields of files that were not taken in.")),
      extraction(
          metrics.latency("kefu_ingest_extraction_seconds", "Time to read one file in its own process.")),
      jobs_unfinished(metrics.gauge("kefu_ingest_jobs_unfinished", "Jobs that are begun and not finished.")) {
}

}  // namespace kefu::ingest
