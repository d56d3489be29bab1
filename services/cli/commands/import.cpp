#include "commands/import.hpp"

#include "concurrency.hpp"
#include "display_text.hpp"
#include "job_follower.hpp"
#include "patience.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <utility>

namespace kefu::cli {
namespace {

using nlohmann::json;

/// The gateway takes no more, and says so itself; this saves reading a film into memory.
constexpr std::uintmax_t kMaxFileBytes = std::uintmax_t{64} << 20;

/// Files that are sent at the same time; the gateway takes some more.
constexpr std::size_t kUploads = 4;
constexpr std::size_t kShownFarewells = 5;

std::string name_of(const std::string& file) { return std::filesystem::path(file).filename().string(); }

/// A document's name is that of its file without the folders: of two, the second would replace the first.
Result<> check_names_differ(const std::vector<std::string>& files) {
  std::map<std::string, std::string> file_of;
  for (const std::string& file : files) {
    const auto [other, is_new] = file_of.emplace(name_of(file), file);
    if (!is_new) {
      return fail(
          Errc::invalid_argument,
          fmt::format("{} and {} have the same name, so one would replace the other", other->second, file));
    }
  }
  return {};
}

/// Of what the server would refuse, or can never get, as much as is known without reading the file.
Result<> check_file(const std::string& file) {
  KEFU_CHECK(content_type_of(file));
  std::error_code error;
  if (std::filesystem::is_directory(file, error))
    return fail(Errc::invalid_argument, file + " is a folder: name its files");
  const std::uintmax_t size = std::filesystem::file_size(file, error);
  if (error) return fail(Errc::not_found, fmt::format("{} cannot be read: {}", file, error.message()));
  if (size > kMaxFileBytes) return fail(Errc::payload_too_large, file + " is larger than 64 MiB");
  return {};
}

/// True, having told why, when no file can be sent: for that no knowledge base is to be made.
bool nothing_to_send(const std::vector<std::string>& files, Console& console) {
  std::vector<Error> errors;
  for (const std::string& file : files) {
    if (const auto checked = check_file(file); !checked) errors.push_back(checked.error());
  }
  if (errors.size() < files.size()) return false;
  for (const Error& error : errors) console.error(error);
  return true;
}

Result<std::string> read_file(const std::string& file) {
  KEFU_CHECK(check_file(file));
  std::ifstream in(file, std::ios::binary);
  std::string content{std::istreambuf_iterator<char>(in), {}};
  if (!in.good() && !in.eof()) return fail(Errc::unavailable, file + " cannot be read");
  return content;
}

Task<Result<>> ensure_knowledge_base(std::string kb, bool quiet, ApiClient& api, Console& console) {
  const std::string path = path_of({"v1", "kbs", kb});
  const auto existing = co_await api.get(path);
  if (existing) co_return Result<>{};
  if (existing.error().code != Errc::not_found) co_return fail(existing.error());
  KEFU_CO_CHECK(co_await api.send("PUT", path, json::object()));
  if (!quiet) console.line(fmt::format("created knowledge base {}", kb));
  co_return Result<>{};
}

/// What became of one file.
struct Import {
  std::string name = {};
  std::string job = {};    ///< its id; empty: it was not taken
  std::string error = {};  ///< why there is no job, or no end of it
  json state = {};         ///< of a job that has ended
};

class Importer {
 public:
  Importer(const ImportOptions& options, ApiClient& api, Console& console, Interrupt& interrupt)
      : options_(options),
        api_(api),
        console_(console),
        interrupt_(interrupt),
        imports_(options.files.size()) {}

  /// All files, before the first is waited for, so that the services work while the rest comes in.
  Task<void> upload() {
    co_await for_each_concurrently(imports_.size(), kUploads, [this](std::size_t i) { return upload(i); });
    console_.clear_progress();
  }

  Task<void> follow() {
    for (std::size_t i = 0; i < imports_.size(); ++i) {
      if (!imports_[i].job.empty()) co_await follow(i);
    }
    interrupt_.farewell.clear();
  }

  /// Of one file as soon as it is known, unless JSON is wanted.
  void report(const Import& import) {
    const bool ended = !import.state.is_null();
    const bool went_in = options_.json ? ended && is_done(import.state)
                                       : ended && report_job(import.state, import.name, console_);
    if (!import.error.empty()) console_.error(import.error);
    const bool only_sent = !options_.wait && !import.job.empty();
    if (only_sent && !options_.json) console_.line(fmt::format("{}: job {}", import.name, import.job));
    if (!went_in && !only_sent) status_ = 1;
  }
  void report_unsent() {
    for (const Import& import : imports_) {
      if (import.job.empty() || !options_.wait) report(import);
    }
  }

  json as_json() const {
    json out = json::array();
    for (const Import& import : imports_) {
      json entry{{"file", import.name}};
      if (!import.job.empty()) entry["job"] = import.job;
      if (!import.state.is_null()) entry["result"] = import.state;
      if (!import.error.empty()) entry["error"] = import.error;
      out.push_back(std::move(entry));
    }
    return {{"kb", options_.kb}, {"imports", std::move(out)}};
  }
  int status() const { return status_; }

 private:
  Task<void> upload(std::size_t i) {
    Import& import = imports_[i];
    import.name = name_of(options_.files[i]);
    console_.progress("uploading", share(i), import.name);
    auto job = co_await send(options_.files[i]);
    if (job) {
      import.job = *std::move(job);
    } else {
      import.error = job.error().message;
    }
    tell_how_to_go_on(0);
  }

  Task<Result<std::string>> send(std::string file) {
    KEFU_CO_TRY(std::string type, content_type_of(file));
    if (!options_.charset.empty()) type += "; charset=" + options_.charset;
    const std::string name = name_of(file);
    const std::string path =
        path_of({"v1", "kbs", options_.kb, "documents"}) + query_of({{"filename", name}});
    Patience patience;
    for (;;) {
      KEFU_CO_TRY(std::string content, read_file(file));
      auto accepted = co_await api_.upload(path, type, std::move(content));
      if (accepted) co_return accepted->value("job", "");
      const Error error = std::move(accepted).error();
      if (co_await patience.again_after(error.code)) continue;
      co_return fail(error.code, fmt::format("{}: {}", name, error.message));
    }
  }

  Task<void> follow(std::size_t i) {
    Import& import = imports_[i];
    tell_how_to_go_on(i);
    auto state = co_await follow_job(import.job, api_, [this, i](const json& job) { show(i, job); });
    console_.clear_progress();
    if (state) {
      import.state = *std::move(state);
    } else {
      import.error = fmt::format("{}: {}", import.name, state.error().message);
    }
    report(import);
  }

  void show(std::size_t i, const json& job) {
    std::vector<Bar> bars = stage_bars(job, imports_[i].name);
    if (imports_.size() > 1) {
      bars.insert(bars.begin(), {.label = "files",
                                 .fraction = share(i),
                                 .note = fmt::format("{}/{}", grouped(i), grouped(imports_.size()))});
    }
    console_.progress(bars);
  }

  double share(std::size_t i) const { return static_cast<double>(i) / static_cast<double>(imports_.size()); }

  /// After Ctrl-C: of the jobs that have not been followed to their end.
  void tell_how_to_go_on(std::size_t first) {
    interrupt_.farewell.clear();
    std::size_t open = 0;
    for (std::size_t i = first; i < imports_.size(); ++i) {
      if (imports_[i].job.empty()) continue;
      if (++open <= kShownFarewells)
        interrupt_.farewell.push_back(how_to_go_on(imports_[i].name, imports_[i].job));
    }
    if (open > kShownFarewells) {
      interrupt_.farewell.push_back(fmt::format("{} more jobs go on: kefu jobs list --kb {}",
                                                grouped(open - kShownFarewells), options_.kb));
    }
  }

  const ImportOptions& options_;
  ApiClient& api_;
  Console& console_;
  Interrupt& interrupt_;
  std::vector<Import> imports_;
  int status_ = 0;
};

}  // namespace

Result<std::string> content_type_of(const std::string& file) {
  static constexpr std::array<std::pair<const char*, const char*>, 6> kTypes{
      {{".csv", "text/csv"},
       {".jsonl", "application/x-ndjson"},
       {".ndjson", "application/x-ndjson"},
       {".md", "text/markdown"},
       {".markdown", "text/markdown"},
       {".txt", "text/plain"}}};
  std::string extension = std::filesystem::path(file).extension().string();
  std::ranges::transform(extension, extension.begin(),
                         [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  for (const auto& [ending, type] : kTypes) {
    if (extension == ending) return std::string(type);
  }
  return fail(Errc::unsupported_media,
              fmt::format("{}: only .csv, .jsonl, .ndjson, .md, .markdown and .txt can be imported", file));
}

Task<int> import_files(ImportOptions options, ApiClient& api, Console& console, Interrupt& interrupt) {
  if (const auto differ = check_names_differ(options.files); !differ) {
    console.error(differ.error());
    co_return 2;
  }
  if (nothing_to_send(options.files, console)) co_return 1;
  if (auto ready = co_await ensure_knowledge_base(options.kb, options.json, api, console); !ready) {
    console.error(ready.error());
    co_return 1;
  }
  Importer importer(options, api, console, interrupt);
  co_await importer.upload();
  importer.report_unsent();
  if (options.wait) co_await importer.follow();
  if (options.json) console.json(importer.as_json());
  co_return importer.status();
}

}  // namespace kefu::cli
