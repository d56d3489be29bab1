#include "commands/search.hpp"

#include "display_text.hpp"

#include <fmt/format.h>

namespace kefu::cli {
namespace {

using nlohmann::json;

constexpr std::size_t kTextWidth = 200;

void print_hit(std::size_t rank, const json& hit, Console& console) {
  const json scores = hit.value("scores", json::object());
  std::string place = hit.value("document", "");
  for (const char* field : {"title", "heading"}) {
    if (const std::string text = hit.value(field, ""); !text.empty() && text != place) place += " · " + text;
  }
  console.line(fmt::format("{}. {}  (fused {:.4f}, dense {:.3f}, lexical {:.2f})", rank, one_line(place),
                           scores.value("fused", 0.0), scores.value("dense", 0.0),
                           scores.value("lexical", 0.0)));
  console.line("   " + fit(one_line(hit.value("text", "")), kTextWidth));
  if (const std::string answer = hit.value("answer", ""); !answer.empty()) {
    console.line("   -> " + fit(one_line(answer), kTextWidth));
  }
}

}  // namespace

Task<int> search(SearchOptions options, ApiClient& api, Console& console) {
  const auto response = co_await api.send("POST", path_of({"v1", "kbs", options.kb, "search"}),
                                          {{"question", options.question}, {"top_k", options.top_k}});
  if (!response) {
    console.error(response.error());
    co_return 1;
  }
  if (options.json) {
    console.json(*response);
    co_return 0;
  }
  const json hits = response->value("hits", json::array());
  if (hits.empty()) console.line("nothing was found");
  std::size_t rank = 0;
  for (const json& hit : hits) print_hit(++rank, hit, console);
  if (const std::string degraded = response->value("degraded", ""); !degraded.empty())
    console.line("note: " + degraded);
  co_return 0;
}

}  // namespace kefu::cli
