#include "commands/import.hpp"

#include "job_follower.hpp"

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

struct Upload {
  std::string name;
  std::string job;
};

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

Result<std::string> read_file(const std::string& file) {
  std::error_code error;
  if (std::filesystem::is_directory(file, error))
    return fail(Errc::invalid_argument, file + " is a folder: name its files");
  const std::uintmax_t size = std::filesystem::file_size(file, error);
  if (error) return fail(Errc::not_found, fmt::format("{} cannot be read: {}", file, error.message()));
  if (size > kMaxFileBytes) return fail(Errc::payload_too_large, file + " is larger than 64 MiB");
  std::ifstream in(file, std::ios::binary);
  std::string content{std::istreambuf_iterator<char>(in), {}};
  if (!in.good() && !in.eof()) return fail(Errc::unavailable, file + " cannot be read");
  return content;
}

Task<Result<>> ensure_knowledge_base(std::string kb, ApiClient& api, Console& console) {
  const std::string path = path_of({"v1", "kbs", kb});
  const auto existing = co_await api.get(path);
  if (existing) co_return Result<>{};
  if (existing.error().code != Errc::not_found) co_return fail(existing.error());
  KEFU_CO_CHECK(co_await api.send("PUT", path, json::object()));
  console.line(fmt::format("created knowledge base {}", kb));
  co_return Result<>{};
}

Task<Result<Upload>> upload_file(std::string kb, std::string file, ApiClient& api, Console& console) {
  KEFU_CO_TRY(std::string type, content_type_of(file));
  KEFU_CO_TRY(std::string content, read_file(file));
  const std::string name = name_of(file);
  console.progress(name, 0, "uploading");
  const std::string path =
      path_of({"v1", "kbs", kb, "documents"}) + "?filename=" + http::percent_encode(name);
  auto accepted = co_await api.upload(path, std::move(type), std::move(content));
  console.clear_progress();
  if (!accepted) co_return fail(accepted.error().code, fmt::format("{}: {}", name, accepted.error().message));
  co_return Upload{name, accepted->value("job", "")};
}

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

Task<int> import_files(ImportOptions options, ApiClient& api, Console& console) {
  if (const auto differ = check_names_differ(options.files); !differ) {
    console.error(differ.error());
    co_return 2;
  }
  if (auto ready = co_await ensure_knowledge_base(options.kb, api, console); !ready) {
    console.error(ready.error());
    co_return 1;
  }
  int status = 0;
  // All are uploaded before the first is waited for, so that the services work while the rest comes in.
  std::vector<Upload> uploads;
  for (const std::string& file : options.files) {
    auto upload = co_await upload_file(options.kb, file, api, console);
    if (upload) {
      uploads.push_back(*std::move(upload));
    } else {
      console.error(upload.error());
      status = 1;
    }
  }
  for (const Upload& upload : uploads) {
    if (!options.wait) {
      console.line(fmt::format("{}: job {}", upload.name, upload.job));
      continue;
    }
    const auto job = co_await follow_job(upload.job, upload.name, api, console);
    if (!job) console.error(fmt::format("{}: {}", upload.name, job.error().message));
    if (!job || !report_job(*job, upload.name, console)) status = 1;
  }
  co_return status;
}

}  // namespace kefu::cli
