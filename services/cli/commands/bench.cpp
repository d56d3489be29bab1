#include "commands/bench.hpp"

#include "display_text.hpp"
#include "measure/eval_questions.hpp"
#include "measure/histogram.hpp"
#include "measure/load.hpp"
#include "table.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <cmath>
#include <utility>
#include <vector>

namespace kefu::cli {
namespace {

using nlohmann::json;

constexpr std::size_t kHistogramRows = 20;
constexpr std::size_t kWidthWithoutTerminal = 80;

std::string path_for(const BenchOptions& options) {
  return options.operation == "search" ? path_of({"v1", "kbs", options.kb, "search"}) : "/v1/ask";
}

std::string body_for(const BenchOptions& options, const std::string& question) {
  json body{{"question", question}};
  if (options.operation != "search") {
    body["kb"] = options.kb;
    if (!options.mode.empty()) body["mode"] = options.mode;
  }
  return json_text(body);
}

Result<std::vector<std::string>> bodies_for(const BenchOptions& options) {
  std::vector<std::string> questions{options.question};
  if (!options.questions_file.empty()) {
    KEFU_TRY(questions, read_plain_questions(options.questions_file));
  }
  std::vector<std::string> bodies;
  for (const std::string& question : questions) bodies.push_back(body_for(options, question));
  return bodies;
}

double rounded(double value) { return std::round(value * 1000) / 1000; }

json result_json(const BenchOptions& options, const LoadResult& result) {
  json buckets = json::array();
  for (const auto& bucket : histogram_of(result.latencies, kHistogramRows).buckets) {
    buckets.push_back(
        {{"from_ms", rounded(bucket.from_ms)}, {"to_ms", rounded(bucket.to_ms)}, {"count", bucket.count}});
  }
  json out{{"kb", options.kb},
           {"operation", options.operation},
           {"seconds", rounded(result.elapsed.count())},
           {"sent", result.sent},
           {"succeeded", result.latencies.count()},
           {"failed", result.failed()},
           {"dropped", result.dropped},
           {"errors", result.errors},
           {"throughput_per_second", rounded(result.throughput())},
           {"latency_ms", latencies_json(result.latencies)},
           {"histogram", std::move(buckets)}};
  out[options.rate > 0 ? "rate" : "connections"] =
      options.rate > 0 ? json(options.rate) : json(options.connections);
  return out;
}

void add_percentiles(const Latencies& latencies, Table& table) {
  for (const auto& [name, share] :
       {std::pair{"p50", 0.5}, std::pair{"p90", 0.9}, std::pair{"p99", 0.99}, std::pair{"p99.9", 0.999}}) {
    table.add({name, format_ms(latencies.percentile_ms(share))});
  }
  table.add({"max", format_ms(latencies.max_ms())});
}

void print(const BenchOptions& options, const LoadResult& result, Console& console) {
  Table table({Table::Align::left, Table::Align::left});
  table.add({"load", options.rate > 0
                         ? fmt::format("{} at {:.6g} a second", options.operation, options.rate)
                         : fmt::format("{}, {} at a time", options.operation, grouped(options.connections))});
  table.add({"succeeded", fmt::format("{} in {:.1f} s, {:.1f} a second", grouped(result.latencies.count()),
                                      result.elapsed.count(), result.throughput())});
  for (const auto& [what, count] : result.errors)
    table.add({"failed", fmt::format("{}  {}", grouped(count), what)});
  if (result.dropped > 0)
    table.add({"not sent", fmt::format("{}  too many had no answer yet", grouped(result.dropped))});
  if (result.latencies.count() > 0) add_percentiles(result.latencies, table);
  for (const std::string& line : table.lines()) console.line(line);
  const std::size_t width = console.interactive() ? console.width() : kWidthWithoutTerminal;
  const auto lines = histogram_lines(histogram_of(result.latencies, kHistogramRows), width);
  if (!lines.empty()) console.line();
  for (const std::string& line : lines) console.line(line);
}

}  // namespace

Task<int> bench(BenchOptions options, ApiClient& api, Console& console, Interrupt& interrupt) {
  auto bodies = bodies_for(options);
  if (!bodies) {
    console.error(bodies.error());
    co_return 2;
  }
  interrupt.graceful = true;
  Load load(api, path_for(options), *std::move(bodies), console, interrupt);
  LoadResult result;
  if (options.rate > 0) {
    result = co_await load.at_rate(options.rate, options.duration);
  } else {
    result = co_await load.in_turn(options.connections, options.duration);
  }
  if (options.json) {
    console.json(result_json(options, result));
  } else {
    print(options, result, console);
  }
  co_return result.failed() == 0 && result.dropped == 0 && result.latencies.count() > 0 ? 0 : 1;
}

}  // namespace kefu::cli
