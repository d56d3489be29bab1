#include "commands/delete.hpp"

#include "commands/change_document.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace kefu::cli {
namespace {

Task<int> delete_knowledge_base(DeleteOptions options, ApiClient& api, Console& console) {
  const bool ask = console.can_ask() && !options.yes;
  if (ask && !console.confirm(fmt::format("Delete knowledge base {} with all its documents?", options.kb))) {
    console.error("nothing was deleted");
    co_return 1;
  }
  const auto deleted = co_await api.send("DELETE", path_of({"v1", "kbs", options.kb}), nullptr);
  if (!deleted) {
    console.error(deleted.error());
    co_return 1;
  }
  if (options.json) {
    console.json({{"deleted", options.kb}});
  } else {
    console.line(fmt::format("deleted knowledge base {}", options.kb));
  }
  co_return 0;
}

}  // namespace

Task<int> delete_from(DeleteOptions options, ApiClient& api, Console& console, Interrupt& interrupt) {
  if (options.filename.empty()) co_return co_await delete_knowledge_base(options, api, console);
  co_return co_await change_document(
      {.method = "DELETE",
       .path = path_of({"v1", "kbs", options.kb, "documents", options.filename}),
       .body = nullptr,
       .label = options.filename,
       .done = "deleted " + options.filename,
       .wait = options.wait,
       .json = options.json},
      api, console, interrupt);
}

}  // namespace kefu::cli
