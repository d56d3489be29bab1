#include "commands/similarity.hpp"

#include "display_text.hpp"
#include "table.hpp"

#include <fmt/format.h>

#include <cmath>
#include <numeric>

namespace kefu::cli {
namespace {

using nlohmann::json;
using Vectors = std::vector<std::vector<double>>;

constexpr std::size_t kLabelWidth = 24;

Result<Vectors> vectors_of(const json& response, std::size_t texts) {
  Vectors vectors;
  try {
    for (const json& entry : response.at("data"))
      vectors.push_back(entry.at("embedding").get<std::vector<double>>());
  } catch (const json::exception&) {
    vectors.clear();
  }
  if (vectors.size() != texts) return fail(Errc::bad_upstream, "the server gave vectors that cannot be read");
  return vectors;
}

Vectors cosines_of(const Vectors& vectors) {
  Vectors matrix;
  for (const auto& vector : vectors) {
    auto& row = matrix.emplace_back();
    for (const auto& other : vectors) row.push_back(cosine(vector, other));
  }
  return matrix;
}

void print_matrix(const std::vector<std::string>& texts, const Vectors& cosines, Console& console) {
  std::vector<Table::Align> columns(texts.size() + 1, Table::Align::right);
  columns.front() = Table::Align::left;
  Table table(columns);
  std::vector<std::string> header{""};
  for (const std::string& text : texts) header.push_back(fit(one_line(text), kLabelWidth));
  table.add(header);
  for (std::size_t row = 0; row < texts.size(); ++row) {
    std::vector<std::string> cells{header[row + 1]};
    for (const double value : cosines[row]) cells.push_back(fmt::format("{:.3f}", value));
    table.add(std::move(cells));
  }
  for (const std::string& line : table.lines()) console.line(line);
}

}  // namespace

double cosine(const std::vector<double>& a, const std::vector<double>& b) {
  if (a.size() != b.size()) return 0;
  const double length = std::sqrt(std::inner_product(a.begin(), a.end(), a.begin(), 0.0) *
                                  std::inner_product(b.begin(), b.end(), b.begin(), 0.0));
  return length == 0 ? 0 : std::inner_product(a.begin(), a.end(), b.begin(), 0.0) / length;
}

Task<int> similarity(SimilarityOptions options, ApiClient& api, Console& console) {
  const std::vector<std::string>& texts = options.texts;
  auto response = co_await api.send("POST", "/v1/embeddings", {{"input", texts}});
  if (!response) {
    console.error(response.error());
    co_return 1;
  }
  const auto vectors = vectors_of(*response, texts.size());
  if (!vectors) {
    console.error(vectors.error());
    co_return 1;
  }
  const Vectors cosines = cosines_of(*vectors);
  if (options.json) {
    console.json({{"texts", texts}, {"cosines", cosines}});
  } else {
    print_matrix(texts, cosines, console);
  }
  co_return 0;
}

}  // namespace kefu::cli
