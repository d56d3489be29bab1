#include "commands/audit.hpp"

#include "display_text.hpp"
#include "patience.hpp"

#include <kefu/async/signal.hpp>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <utility>

namespace kefu::cli {
namespace {

using namespace std::chrono_literals;
using nlohmann::json;

constexpr std::size_t kPage = 500;
constexpr auto kPoll = 1s;

/// One entry on one line; columns are of fixed width, since later entries are not known yet.
std::string line_of(const json& entry) {
  const std::string code = entry.value("code", "");
  const std::string object = one_line(entry.value("object", ""));
  const std::string name = one_line(entry.value("key_name", ""));
  return fmt::format(
      "{:>6}  {}  {}  {}  {}{}{}  {}{}", entry.value("sequence", std::uint64_t{0}), entry.value("time", ""),
      pad_right(fit(name.empty() ? entry.value("key_id", "") : name, 20), 12),
      pad_right(entry.value("action", ""), 15), pad_right(one_line(entry.value("kb", "")), 12),
      object.empty() ? "" : "  ", fit(object, 60), entry.value("status", 0), code.empty() ? "" : " " + code);
}

class Trail {
 public:
  Trail(const AuditOptions& options, ApiClient& api, Console& console)
      : options_(options), api_(api), console_(console), after_(options.after) {}

  /// Prints everything that there is. Errors: those of ApiClient.
  Task<Result<>> print_all() {
    for (bool more = true; more && !is_enough();) {
      KEFU_CO_TRY(const http::Response page, co_await next_page());
      print(page.body);
      const auto next = next_after(page.fields.get("Link"));
      more = next.has_value();
      if (next) after_ = std::max(after_, *next);
    }
    co_return Result<>{};
  }
  bool is_enough() const { return options_.limit != 0 && printed_ >= options_.limit; }

 private:
  Task<Result<http::Response>> next_page() {
    const std::size_t limit = options_.limit == 0 ? kPage : std::min(kPage, options_.limit - printed_);
    const std::string path =
        "/v1/audit" +
        query_of({{"after", std::to_string(after_)}, {"limit", std::to_string(limit)}, {"kb", options_.kb}});
    Patience patience;
    for (;;) {
      auto page = co_await api_.respond("GET", path);
      if (page) co_return page;
      const Error error = std::move(page).error();
      if (!co_await patience.again_after(error.code)) co_return fail(error);
    }
  }

  void print(std::string_view lines) {
    while (!lines.empty()) {
      const std::size_t end = std::min(lines.find('\n'), lines.size());
      const std::string_view line = lines.substr(0, end);
      lines.remove_prefix(std::min(end + 1, lines.size()));
      const json entry = json::parse(line, nullptr, false);
      if (!entry.is_object()) continue;
      after_ = std::max(after_, entry.value("sequence", std::uint64_t{0}));
      console_.line(options_.json ? std::string(line) : line_of(entry));
      ++printed_;
    }
  }

  const AuditOptions& options_;
  ApiClient& api_;
  Console& console_;
  std::uint64_t after_;
  std::size_t printed_ = 0;
};

}  // namespace

Task<int> audit(AuditOptions options, ApiClient& api, Console& console) {
  Trail trail(options, api, console);
  for (;;) {
    if (const auto printed = co_await trail.print_all(); !printed) {
      console.error(printed.error());
      co_return 1;
    }
    if (!options.follow || trail.is_enough()) co_return 0;
    co_await sleep_for(kPoll);
  }
}

std::optional<std::uint64_t> next_after(std::string_view link) {
  constexpr std::string_view kName = "after=";
  const std::size_t place = link.find(kName);
  if (place == std::string_view::npos || link.find("rel=\"next\"") == std::string_view::npos)
    return std::nullopt;
  const char* const begin = link.data() + place + kName.size();
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(begin, link.data() + link.size(), number);
  if (error != std::errc{} || end == begin) return std::nullopt;
  return number;
}

}  // namespace kefu::cli
