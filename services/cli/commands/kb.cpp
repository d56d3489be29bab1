#include "commands/kb.hpp"

#include "display_text.hpp"
#include "table.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace kefu::cli {
namespace {

using nlohmann::json;

constexpr int kCreated = 201;

struct Made {
  const char* what;
  json kb;
};

/// One that exists keeps its description unless another is given.
Task<Result<Made>> make_kb(KbOptions options, ApiClient& api) {
  const std::string path = path_of({"v1", "kbs", options.name});
  json body = json::object();
  if (options.description.empty()) {
    auto existing = co_await api.get(path);
    if (existing) co_return Made{"there is already a knowledge base", *std::move(existing)};
    if (existing.error().code != Errc::not_found) co_return fail(existing.error());
  } else {
    body["description"] = options.description;
  }
  KEFU_CO_TRY(const http::Response response, co_await api.respond("PUT", path, std::move(body)));
  co_return Made{response.status == kCreated ? "created knowledge base" : "described knowledge base",
                 json::parse(response.body, nullptr, false)};
}

}  // namespace

void print_kbs(const json& list, Console& console) {
  if (list.empty()) {
    console.line("no knowledge base yet: kefu import --kb NAME FILE... makes one");
    return;
  }
  using enum Table::Align;
  Table table({left, right, right, left, left});
  table.add({"knowledge base", "documents", "passages", "created", "description"});
  for (const json& kb : list) {
    table.add({fit(one_line(kb.value("name", "")), 40), grouped(kb.value("documents", std::uint64_t{0})),
               grouped(kb.value("passages", std::uint64_t{0})), kb.value("created_at", ""),
               fit(one_line(kb.value("description", "")), 60)});
  }
  for (const std::string& line : table.lines()) console.line(line);
}

Task<int> create_kb(KbOptions options, ApiClient& api, Console& console) {
  const auto made = co_await make_kb(options, api);
  if (!made) {
    console.error(made.error());
    co_return 1;
  }
  if (options.json) {
    console.json(made->kb);
  } else {
    console.line(fmt::format("{} {}", made->what, options.name));
  }
  co_return 0;
}

Task<int> list_kbs(KbOptions options, ApiClient& api, Console& console) {
  const auto all = co_await api.get("/v1/kbs");
  if (!all) {
    console.error(all.error());
    co_return 1;
  }
  if (options.json) {
    console.json(*all);
  } else {
    print_kbs(all->value("knowledge_bases", json::array()), console);
  }
  co_return 0;
}

Task<int> show_kb(KbOptions options, ApiClient& api, Console& console) {
  const auto kb = co_await api.get(path_of({"v1", "kbs", options.name}));
  if (!kb) {
    console.error(kb.error());
    co_return 1;
  }
  if (options.json) {
    console.json(*kb);
  } else {
    print_kbs(json::array({*kb}), console);
  }
  co_return 0;
}

}  // namespace kefu::cli
