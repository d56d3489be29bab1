#include "system.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <map>
#include <optional>
#include <regex>
#include <set>
#include <sstream>
#include <string>

/// docs/metrics.md is what dashboards and alerts are written from, so it must say what the services expose.
namespace kefu {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

struct Family {
  std::string type;
  std::set<std::string> labels;

  bool operator==(const Family&) const = default;
};
using Families = std::map<std::string, Family>;

void PrintTo(const Family& family, std::ostream* out) {
  *out << family.type << " {" << fmt::format("{}", fmt::join(family.labels, ",")) << "}";
}

/// The family that a line such as `kefu_x_seconds_bucket{le="1"} 2` belongs to.
std::string family_of(const std::string& series, const Families& families) {
  for (const std::string suffix : {"", "_bucket", "_sum", "_count"}) {
    if (!series.ends_with(suffix)) continue;
    const std::string name = series.substr(0, series.size() - suffix.size());
    const auto found = families.find(name);
    if (found != families.end() && (suffix.empty() || found->second.type == "histogram")) return name;
  }
  return {};
}

Families parse_exposition(const std::string& text) {
  Families families;
  std::istringstream lines(text);
  const std::regex series(R"(^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? )");
  const std::regex label(R"re(([a-zA-Z_]\w*)="(?:[^"\\]|\\.)*")re");
  for (std::string line; std::getline(lines, line);) {
    std::smatch match;
    if (line.starts_with("# TYPE ")) {
      std::istringstream words(line.substr(7));
      std::string name;
      std::string type;
      words >> name >> type;
      families[name].type = type;
    } else if (!line.starts_with('#') && std::regex_search(line, match, series)) {
      const std::string name = family_of(match[1], families);
      EXPECT_NE(name, "") << line;
      const std::string labels = match[2];
      for (std::sregex_iterator each(labels.begin(), labels.end(), label), end; each != end; ++each) {
        if ((*each)[1] != "le") families[name].labels.insert((*each)[1]);
      }
    }
  }
  return families;
}

/// Rows of `| metric | type | labels | ... |` below the heading `## <service>`; those below `## every
/// service` belong to all, and those below `## streams` and `## usage` have a column more that names the
/// services.
Families documented(const std::string& service) {
  std::ifstream in(KEFU_METRICS_DOCUMENT);
  EXPECT_TRUE(in) << KEFU_METRICS_DOCUMENT;
  Families families;
  const std::regex row(R"(^\| `(\w+)` \| (counter|gauge|histogram) \|([^|]*)\|([^|]*)\|)");
  const std::regex code(R"(`(\w+)`)");
  bool ours = false;
  bool streams = false;
  for (std::string line; std::getline(in, line);) {
    std::smatch match;
    if (line.starts_with("## ")) {
      streams = line == "## streams" || line == "## usage";
      ours = streams || line == "## " + service || line == "## every service";
    }
    if (!ours || !std::regex_search(line, match, row)) continue;
    if (streams && match[4].str().find(service) == std::string::npos) continue;
    Family& family = families[match[1]];
    family.type = match[2];
    const std::string labels = match[3];
    for (std::sregex_iterator each(labels.begin(), labels.end(), code), end; each != end; ++each)
      family.labels.insert((*each)[1]);
  }
  return families;
}

bool well_named(const std::string& name, const Family& family) {
  const auto ends = [&](std::string_view suffix) { return name.ends_with(suffix); };
  if (!name.starts_with("kefu_") && !name.starts_with("process_")) return false;
  if (family.type == "counter") return ends("_total");
  if (family.type == "histogram") return ends("_seconds") || ends("_bytes") || ends("_tokens");
  return !ends("_total") && !ends("_count") && !ends("_sum");
}

class Metrics : public ::testing::Test {
 protected:
  static constexpr const char* kSecret = "不要出现在指标里";

  /// With a language model that nobody serves, so that its metrics are there.
  Metrics()
      : system_({.replicas = 1,
                 .arguments = {{"answer", {"--llm-url", "http://127.0.0.1:9/v1", "--llm-model", "m"}}}}) {
    system_.json("PUT", fmt::format("/v1/kbs/{}", http::percent_encode(kSecret)), nlohmann::json::object());
    const std::string job = system_.upload(http::percent_encode(kSecret), std::string(kSecret) + ".csv",
                                           "text/csv", fmt::format("question,answer\n{}吗,是\n", kSecret));
    EXPECT_EQ(system_.wait_for_job(job).at("state"), "done");
    EXPECT_EQ(system_.ask(kSecret, std::string(kSecret) + "吗").status, 200);
    EXPECT_EQ(system_.ask("missing", kSecret).status, 404);
  }
  /// A series of one stream, or none while it is absent.
  std::optional<double> of_stream(const std::string& service, const std::string& name,
                                  const std::string& stream) {
    const std::string text = exposed(service);
    const std::regex series(fmt::format(R"re({}\{{[^}}]*stream="{}"\}} (\S+))re", name, stream));
    std::smatch match;
    if (!std::regex_search(text, match, series)) return std::nullopt;
    return std::stod(match[1]);
  }
  std::string exposed(const std::string& service) {
    return system_.get(system_.admin_url(service) + "/metrics").body;
  }

  testing::System system_;
};

TEST_F(Metrics, AreThoseOfTheDocumentation) {
  for (const std::string& service : testing::System::service_names()) {
    SCOPED_TRACE(service);
    const Families found = parse_exposition(exposed(service));
    const Families told = documented(service);
    for (const auto& [name, family] : found) {
      const auto row = told.find(name);
      if (row == told.end()) {
        ADD_FAILURE() << name << " is not in docs/metrics.md";
      } else {
        EXPECT_EQ(row->second, family) << name;
      }
    }
    for (const auto& [name, family] : told)
      EXPECT_TRUE(found.contains(name)) << name << " is documented only";
  }
}

TEST_F(Metrics, AreNamedAsPrometheusAdvises) {
  for (const std::string& service : testing::System::service_names()) {
    for (const auto& [name, family] : parse_exposition(exposed(service)))
      EXPECT_TRUE(well_named(name, family)) << service << ": " << name;
  }
}

TEST_F(Metrics, ShowWhatWaitsInEachStreamAndNothingOnceNatsIsGone) {
  struct Consumed {
    std::string service;
    std::string stream;
  };
  const std::vector<Consumed> all{{"ingest", "KEFU_JOBS"},
                                  {"ingest", "KEFU_VECTORS"},
                                  {"embedding", "KEFU_PASSAGES"},
                                  {"index", "KEFU_VECTORS"}};
  const auto pending = [&](const Consumed& each) {
    return of_stream(each.service, "kefu_stream_consumer_pending", each.stream);
  };
  for (const Consumed& each : all) {
    EXPECT_TRUE(testing::eventually_blocking([&] { return pending(each) == 0; }))
        << each.service << " " << each.stream;
  }
  EXPECT_TRUE(testing::eventually_blocking(
      [&] { return of_stream("ingest", "kefu_stream_messages", "KEFU_JOBS").value_or(0) > 0; }));
  EXPECT_EQ(of_stream("ingest", "kefu_stream_messages", "KEFU_DEAD"), 0);
  system_.nats().kill();
  for (const Consumed& each : all) {
    EXPECT_TRUE(testing::eventually_blocking([&] { return !pending(each); }))
        << each.service << " " << each.stream;
  }
  system_.nats().start();
  system_.wait_ready();
}

TEST_F(Metrics, HoldNothingThatUsersTyped) {
  for (const std::string& service : testing::System::service_names()) {
    EXPECT_THAT(exposed(service), Not(HasSubstr(kSecret))) << service;
    EXPECT_THAT(exposed(service), Not(HasSubstr("missing"))) << service;
  }
}

}  // namespace
}  // namespace kefu
