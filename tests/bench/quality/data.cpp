#include "data.hpp"

#include "extraction/csv_reader.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <map>
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

RowQuestions cmrc_rows_of(const json& file) {
  RowQuestions all;
  std::string rows;
  for (const json& article : file.at("data")) {
    for (const json& paragraph : article.at("paragraphs")) {
      const json row{
          {"id", paragraph.at("id")}, {"title", article.at("title")}, {"text", paragraph.at("context")}};
      rows += row.dump() + "\n";
      for (const json& question : paragraph.at("qas")) {
        auto text = question.at("question").get<std::string>();
        if (!text.empty())
          all.questions.push_back({std::move(text), {paragraph.at("id").get<std::string>()}});
      }
    }
  }
  all.documents.push_back({"cmrc.jsonl", std::move(rows)});
  return all;
}

std::vector<std::string> out_of_scope_of(const json& file) {
  std::vector<std::string> questions;
  for (const json& entry : file.at("oos_val")) questions.push_back(entry.at(0).get<std::string>());
  return questions;
}

constexpr std::size_t kPhrasings = 10;

/// Pairs of utterance and intent of a CSV file with a header.
Result<std::vector<std::pair<std::string, std::string>>> read_utterances(const std::filesystem::path& path) {
  KEFU_TRY(const std::string bytes, read_file(path));
  ingest::CsvReader reader(bytes, ',');
  std::vector<std::pair<std::string, std::string>> all;
  std::size_t row = 0;
  for (auto record = reader.next(); record; record = reader.next(), ++row) {
    if (!*record || (*record)->fields.size() != 2) {
      return fail(Errc::data_corrupt,
                  fmt::format("{}: row {}: {}", path.string(), row,
                              *record ? "not an utterance and its intent" : record->error()));
    }
    auto& fields = (*record)->fields;
    if (row > 0) all.emplace_back(std::move(fields[0]), std::move(fields[1]));
  }
  return all;
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
      questions.push_back(
          {entry.at("question").get<std::string>(), entry.value("documents", std::vector<std::string>())});
    }
  } catch (const json::exception& error) {
    return fail(Errc::data_corrupt, fmt::format("{}: {}", file.string(), error.what()));
  }
  return questions;
}

Result<RowQuestions> read_banking(const std::filesystem::path& folder) {
  KEFU_TRY(const auto train, read_utterances(folder / "train.csv"));
  KEFU_TRY(const auto test, read_utterances(folder / "test.csv"));
  std::map<std::string, std::vector<std::string>> phrasings;
  for (const auto& [utterance, intent] : train) {
    if (auto& own = phrasings[intent]; own.size() < kPhrasings) own.push_back(utterance);
  }
  std::string rows;
  for (const auto& [intent, own] : phrasings) {
    const json row{{"id", intent},
                   {"question", own.front()},
                   {"similar", std::vector(own.begin() + 1, own.end())},
                   {"answer", intent}};
    rows += row.dump() + "\n";
  }
  RowQuestions all{.documents = {{"banking77.jsonl", std::move(rows)}}, .questions = {}};
  for (const auto& [utterance, intent] : test) all.questions.push_back({utterance, {intent}});
  return all;
}

Result<std::vector<std::string>> read_banking_utterances(const std::filesystem::path& folder) {
  std::vector<std::string> all;
  for (const char* const file : {"train.csv", "test.csv"}) {
    KEFU_TRY(auto utterances, read_utterances(folder / file));
    for (auto& [utterance, intent] : utterances) all.push_back(std::move(utterance));
  }
  return all;
}

Result<RowQuestions> read_cmrc_rows(const std::filesystem::path& file) {
  return read_json(file, cmrc_rows_of);
}

Result<std::vector<std::string>> read_out_of_scope(const std::filesystem::path& file) {
  return read_json(file, out_of_scope_of);
}

}  // namespace kefu::bench
