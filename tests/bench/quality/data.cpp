#include "data.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <sstream>
#include <utility>

namespace kefu::bench {
namespace {

using nlohmann::json;

Result<std::string> read_file(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  if (!in) return fail(Errc::not_found, fmt::format("cannot read {}", path.string()));
  return std::string{std::istreambuf_iterator<char>(in), {}};
}

/// What `read` makes of the file as JSON.
template <class Read>
auto read_json(const std::filesystem::path& path, Read read) -> Result<decltype(read(json{}))> {
  KEFU_TRY(const std::string bytes, read_file(path));
  try {
    return read(json::parse(bytes));
  } catch (const json::exception& error) {
    return fail(Errc::data_corrupt, fmt::format("{}: {}", path.string(), error.what()));
  }
}

PassageQuestions cmrc_of(const json& file) {
  PassageQuestions all;
  for (const json& article : file.at("data")) {
    for (const json& paragraph : article.at("paragraphs")) {
      const std::string filename = paragraph.at("id").get<std::string>() + ".txt";
      all.documents.push_back({filename, paragraph.at("context").get<std::string>()});
      for (const json& question : paragraph.at("qas")) {
        auto text = question.at("question").get<std::string>();
        if (!text.empty()) all.questions.push_back({std::move(text), filename});  // two of them are
      }
    }
  }
  return all;
}

std::vector<std::string> out_of_scope_of(const json& file) {
  std::vector<std::string> questions;
  for (const json& entry : file.at("oos_val")) questions.push_back(entry.at(0).get<std::string>());
  return questions;
}

}  // namespace

Result<std::vector<TextFile>> read_sample(const std::filesystem::path& folder) {
  std::vector<TextFile> files;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(folder, error)) {
    KEFU_TRY(std::string bytes, read_file(entry.path()));
    files.push_back({entry.path().filename().string(), std::move(bytes)});
  }
  if (error)
    return fail(Errc::not_found, fmt::format("cannot read {}: {}", folder.string(), error.message()));
  std::ranges::sort(files, {}, &TextFile::filename);
  return files;
}

Result<std::vector<SampleQuestion>> read_sample_questions(const std::filesystem::path& file) {
  KEFU_TRY(const std::string bytes, read_file(file));
  std::vector<SampleQuestion> questions;
  std::istringstream in(bytes);
  try {
    for (std::string line; std::getline(in, line);) {
      const json entry = json::parse(line);
      const auto documents = entry.value("documents", std::vector<std::string>());
      questions.push_back(
          {entry.at("question").get<std::string>(), documents.empty() ? std::string() : documents.front()});
    }
  } catch (const json::exception& error) {
    return fail(Errc::data_corrupt, fmt::format("{}: {}", file.string(), error.what()));
  }
  return questions;
}

Result<PassageQuestions> read_cmrc(const std::filesystem::path& file) { return read_json(file, cmrc_of); }

Result<std::vector<std::string>> read_out_of_scope(const std::filesystem::path& file) {
  return read_json(file, out_of_scope_of);
}

}  // namespace kefu::bench
