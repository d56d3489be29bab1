#include "commands/usage.hpp"

#include "display_text.hpp"
#include "table.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <nlohmann/json.hpp>

namespace kefu::cli {
namespace {

using nlohmann::json;

const char* heading_of(const std::string& group) { return group == "kb" ? "knowledge base" : group.c_str(); }

std::string cell_of(const json& row, const std::string& group) {
  const auto value = row.find(group);
  return value != row.end() && value->is_string() ? fit(one_line(value->get<std::string>()), 40) : "-";
}

void add_sums(std::vector<std::string>& cells, const json& sums) {
  for (const char* name : {"tokens_spent", "tokens_saved"})
    cells.push_back(grouped(sums.value(name, std::uint64_t{0})));
  for (const char* name : {"money_spent", "money_saved"}) cells.push_back(sums.value(name, ""));
}

void print(const json& report, Console& console) {
  const std::vector<std::string> groups = report.value("group_by", std::vector<std::string>());
  const std::string currency = one_line(report.value("currency", ""));
  std::vector<Table::Align> columns(groups.size(), Table::Align::left);
  columns.insert(columns.end(), 4, Table::Align::right);
  Table table(std::move(columns));
  std::vector<std::string> heading;
  for (const std::string& group : groups) heading.emplace_back(heading_of(group));
  for (const char* name : {"tokens spent", "tokens saved"}) heading.emplace_back(name);
  for (const char* name : {"spent", "saved"}) heading.push_back(fmt::format("{} {}", currency, name));
  table.add(std::move(heading));
  for (const json& row : report.value("rows", json::array())) {
    std::vector<std::string> cells;
    for (const std::string& group : groups) cells.push_back(cell_of(row, group));
    add_sums(cells, row);
    table.add(std::move(cells));
  }
  std::vector<std::string> total(groups.size());
  if (!total.empty()) total.front() = "total";
  add_sums(total, report.value("total", json::object()));
  table.add(std::move(total));
  console.line(fmt::format("from {} to {} (UTC)", report.value("from", ""), report.value("to", "")));
  for (const std::string& line : table.lines()) console.line(line);
}

}  // namespace

Task<int> usage(UsageOptions options, ApiClient& api, Console& console) {
  const auto report =
      co_await api.get("/v1/usage" + query_of({{"from", options.from},
                                               {"to", options.to},
                                               {"kb", options.kb},
                                               {"key", options.key},
                                               {"group_by", fmt::format("{}", fmt::join(options.by, ","))}}));
  if (!report) {
    console.error(report.error());
    co_return 1;
  }
  if (options.json) {
    console.json(*report);
  } else {
    print(*report, console);
  }
  co_return 0;
}

}  // namespace kefu::cli
