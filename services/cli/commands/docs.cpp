#include "commands/docs.hpp"

#include "commands/change_document.hpp"
#include "display_text.hpp"
#include "table.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace kefu::cli {
namespace {

using nlohmann::json;

constexpr std::size_t kPageOfDocuments = 1000;
constexpr std::size_t kPageOfPassages = 200;
constexpr std::size_t kTextWidth = 200;

std::string documents_path(const std::string& kb) { return path_of({"v1", "kbs", kb, "documents"}); }

/// The API knows neither of a version that an edit made: there is no file of it.
constexpr const char* kUnknown = "-";
constexpr std::size_t kShownHash = 12;

std::string file_size_of(const json& document) {
  const auto bytes = document.find("bytes");
  const bool known = bytes != document.end() && bytes->is_number_unsigned() && *bytes != 0;
  return known ? grouped(bytes->get<std::uint64_t>()) : kUnknown;
}

std::string hash_of(const json& document) {
  const auto field = document.find("sha256");
  const auto hash = field != document.end() && field->is_string() ? field->get<std::string>() : std::string();
  return hash.empty() ? kUnknown : one_line(hash.substr(0, kShownHash));
}

void print_documents(const json& documents, Console& console) {
  if (documents.empty()) {
    console.line("no document yet: kefu import --kb NAME FILE... brings some");
    return;
  }
  using enum Table::Align;
  Table table({left, right, right, right, right, left, left});
  table.add({"document", "version", "rows", "passages", "bytes", "sha256", "imported"});
  for (const json& document : documents) {
    const auto number = [&](const char* name) { return grouped(document.value(name, std::uint64_t{0})); };
    table.add({fit(one_line(document.value("filename", "")), 60),
               std::to_string(document.value("version", std::uint64_t{0})), number("rows"),
               number("passages"), file_size_of(document), hash_of(document),
               document.value("created_at", "")});
  }
  for (const std::string& line : table.lines()) console.line(line);
}

Task<Result<json>> all_documents(std::string kb, ApiClient& api) {
  json documents = json::array();
  std::string after;
  for (;;) {
    KEFU_CO_TRY(json page,
                co_await api.get(documents_path(kb) +
                                 query_of({{"limit", std::to_string(kPageOfDocuments)}, {"after", after}})));
    for (json& document : page["documents"]) documents.push_back(std::move(document));
    after = page.value("next", "");
    if (after.empty()) co_return documents;
  }
}

/// The document with as many rows as are wanted; a row that stands on two pages becomes one again.
Task<Result<json>> document_with_rows(DocsOptions options, ApiClient& api) {
  const std::string path = path_of({"v1", "kbs", options.kb, "documents", options.filename});
  const std::string limit = std::to_string(kPageOfPassages);
  KEFU_CO_TRY(json document, co_await api.get(path + query_of({{"limit", limit}})));
  json page = document;
  const auto is_enough = [&] { return options.limit != 0 && document["rows"].size() > options.limit; };
  while (page.contains("next") && !is_enough()) {
    const std::string first = std::to_string(page["next"].get<std::uint64_t>());
    KEFU_CO_TRY(page, co_await api.get(path + query_of({{"first", first}, {"limit", limit}})));
    for (json& row : page["rows"]) {
      json& rows = document["rows"];
      const bool goes_on = !rows.empty() && rows.back().value("row", 0) == row.value("row", 0);
      if (goes_on) {
        json& target = rows.back()["passages"];
        for (json& passage : row["passages"]) target.push_back(std::move(passage));
      } else {
        rows.push_back(std::move(row));
      }
    }
  }
  const bool has_more = is_enough() || page.contains("next");
  if (is_enough())
    document["rows"].erase(document["rows"].begin() + static_cast<std::ptrdiff_t>(options.limit),
                           document["rows"].end());
  document.erase("next");
  if (has_more) document["more"] = true;
  co_return document;
}

void print_field(const json& row, const char* name, Console& console) {
  const std::string text = row.value(name, "");
  if (!text.empty()) console.line(fmt::format("  {:<9} {}", name, fit(one_line(text), kTextWidth)));
}

void print_row(const json& row, Console& console) {
  const auto number = row.value("row", std::uint64_t{0});
  const std::string id = row.value("id", "");
  if (number != 0) console.line(fmt::format("row {}{}", number, id.empty() ? "" : ", id " + one_line(id)));
  for (const char* name : {"question", "answer", "category", "title", "url"}) print_field(row, name, console);
  for (const json& phrasing : row.value("similar", json::array()))
    console.line("  similar   " + fit(one_line(phrasing.get<std::string>()), kTextWidth));
  for (const json& passage : row.value("passages", json::array())) {
    const std::string heading = one_line(passage.value("heading", ""));
    console.line(fmt::format("  passage {}{}", passage.value("passage", std::uint64_t{0}),
                             heading.empty() ? "" : ": " + fit(heading, kTextWidth)));
    console.line("    " + fit(one_line(passage.value("text", "")), kTextWidth));
  }
}

std::string row_path(const RowOptions& options) {
  return path_of(
      {"v1", "kbs", options.kb, "documents", options.filename, "rows", std::to_string(options.row)});
}

DocumentChange row_change(const RowOptions& options, std::string method, std::string path) {
  json body = options.fields;
  if (options.version != 0) body["version"] = options.version;
  return {.method = std::move(method),
          .path = std::move(path),
          .body = std::move(body),
          .label = options.filename,
          .done = {},
          .wait = options.wait,
          .json = options.json};
}

}  // namespace

Task<int> list_documents(DocsOptions options, ApiClient& api, Console& console) {
  const auto documents = co_await all_documents(options.kb, api);
  if (!documents) {
    console.error(documents.error());
    co_return 1;
  }
  if (options.json) {
    console.json({{"documents", *documents}});
  } else {
    print_documents(*documents, console);
  }
  co_return 0;
}

Task<int> show_document(DocsOptions options, ApiClient& api, Console& console) {
  const auto document = co_await document_with_rows(options, api);
  if (!document) {
    console.error(document.error());
    co_return 1;
  }
  if (options.json) {
    console.json(*document);
    co_return 0;
  }
  console.line(
      fmt::format("{}: version {}, {} passages, imported {}", one_line(document->value("filename", "")),
                  document->value("version", std::uint64_t{0}),
                  grouped(document->value("passages", std::uint64_t{0})), document->value("created_at", "")));
  for (const json& row : document->value("rows", json::array())) print_row(row, console);
  if (document->value("more", false)) console.note("there is more: --limit 0 shows all");
  co_return 0;
}

Task<int> edit_row(RowOptions options, ApiClient& api, Console& console, Interrupt& interrupt) {
  if (options.fields.empty()) {
    console.error("there is nothing to change: give --question, --answer or another field");
    co_return 2;
  }
  DocumentChange change = row_change(options, "PATCH", row_path(options));
  change.done = fmt::format("changed row {} of {}", options.row, options.filename);
  co_return co_await change_document(std::move(change), api, console, interrupt);
}

Task<int> add_row(RowOptions options, ApiClient& api, Console& console, Interrupt& interrupt) {
  DocumentChange change =
      row_change(options, "POST", path_of({"v1", "kbs", options.kb, "documents", options.filename, "rows"}));
  change.done = fmt::format("added a row to {}", options.filename);
  co_return co_await change_document(std::move(change), api, console, interrupt);
}

Task<int> remove_row(RowOptions options, ApiClient& api, Console& console, Interrupt& interrupt) {
  const std::string version = options.version == 0 ? "" : std::to_string(options.version);
  DocumentChange change = row_change(options, "DELETE", row_path(options) + query_of({{"version", version}}));
  change.body = nullptr;
  change.done = fmt::format("removed row {} of {}", options.row, options.filename);
  co_return co_await change_document(std::move(change), api, console, interrupt);
}

}  // namespace kefu::cli
