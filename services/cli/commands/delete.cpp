#include "commands/delete.hpp"

#include "job_follower.hpp"

#include <fmt/format.h>

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
  console.line(fmt::format("deleted knowledge base {}", options.kb));
  co_return 0;
}

}  // namespace

Task<int> delete_from(DeleteOptions options, ApiClient& api, Console& console) {
  if (options.filename.empty()) co_return co_await delete_knowledge_base(options, api, console);
  const auto accepted =
      co_await api.send("DELETE", path_of({"v1", "kbs", options.kb, "documents", options.filename}), nullptr);
  if (!accepted) {
    console.error(accepted.error());
    co_return 1;
  }
  const std::string job = accepted->value("job", "");
  if (!options.wait) {
    console.line(fmt::format("{}: job {}", options.filename, job));
    co_return 0;
  }
  const auto finished = co_await follow_job(job, options.filename, api, console);
  if (!finished) {
    console.error(finished.error());
    co_return 1;
  }
  if (finished->value("state", "") != "done") {
    console.error(fmt::format("{} was not deleted: {}", options.filename, finished->value("error", "")));
    co_return 1;
  }
  console.line(fmt::format("deleted {}", options.filename));
  co_return 0;
}

}  // namespace kefu::cli
