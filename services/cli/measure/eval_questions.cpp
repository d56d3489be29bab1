#include "measure/eval_questions.hpp"

#include <kefu/text/normalize.hpp>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>
#include <utility>

namespace kefu::cli {
namespace {

using nlohmann::json;

constexpr std::array<std::string_view, 4> kFields{"question", "documents", "answers", "answerable"};
constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

std::unexpected<Error> bad_field(std::string_view name, std::string_view what) {
  return fail(Errc::invalid_argument, fmt::format("field \"{}\" {}", name, what));
}

Result<std::vector<std::string>> read_list(const json& object, const char* name) {
  std::vector<std::string> values;
  const auto field = object.find(name);
  if (field == object.end()) return values;
  if (!field->is_array()) return bad_field(name, "must be a list of strings");
  for (const json& value : *field) {
    if (!value.is_string()) return bad_field(name, "must be a list of strings");
    values.push_back(value.get<std::string>());
    if (values.back().empty()) return bad_field(name, "holds an empty string");
  }
  return values;
}

bool is_blank(std::string_view text) { return text.find_first_not_of(" \t\r\n") == std::string_view::npos; }

/// A misspelt name would leave its question out of a measure without a word.
Result<> check_names(const json& object) {
  for (const auto& [name, value] : object.items()) {
    if (std::ranges::find(kFields, name) == kFields.end())
      return bad_field(name, "is not known: there are question, documents, answers and answerable");
  }
  return {};
}

/// Calls `take(number, line)` for each line that is not blank.
template <class Take>
Result<> for_each_line(const std::string& file, Take take) {
  std::error_code error;
  std::ifstream in(file, std::ios::binary);
  if (!in || std::filesystem::is_directory(file, error))
    return fail(Errc::not_found, file + " cannot be read");
  std::string line;
  for (std::size_t number = 1; std::getline(in, line); ++number) {
    if (number == 1 && line.starts_with(kByteOrderMark)) line.erase(0, kByteOrderMark.size());
    if (line.ends_with('\r')) line.pop_back();
    if (!is_blank(line)) take(number, std::as_const(line));
  }
  return {};
}

}  // namespace

Result<EvalQuestion> parse_eval_question(std::string_view line) {
  const json object = json::parse(line, nullptr, false);
  if (!object.is_object()) return fail(Errc::invalid_argument, "the line is not a JSON object");
  KEFU_CHECK(check_names(object));
  EvalQuestion out;
  const auto question = object.find("question");
  if (question == object.end()) return bad_field("question", "is missing");
  if (!question->is_string()) return bad_field("question", "must be a string");
  out.question = question->get<std::string>();
  if (is_blank(out.question)) return bad_field("question", "is empty");
  KEFU_TRY(out.documents, read_list(object, "documents"));
  KEFU_TRY(out.answers, read_list(object, "answers"));
  if (const auto answerable = object.find("answerable"); answerable != object.end()) {
    if (!answerable->is_boolean()) return bad_field("answerable", "must be true or false");
    out.answerable = answerable->get<bool>();
  } else if (!out.documents.empty() || !out.answers.empty()) {
    out.answerable = true;
  }
  return out;
}

Result<EvalFile> read_eval_file(const std::string& file) {
  EvalFile out;
  KEFU_CHECK(for_each_line(file, [&](std::size_t number, const std::string& line) {
    auto question = parse_eval_question(line);
    if (question) {
      question->line = number;
      out.questions.push_back(*std::move(question));
    } else {
      out.errors.push_back(fmt::format("{}, line {}: {}", file, number, question.error().message));
    }
  }));
  return out;
}

Result<std::vector<std::string>> read_plain_questions(const std::string& file) {
  std::vector<std::string> questions;
  if (file.ends_with(".jsonl") || file.ends_with(".ndjson")) {
    KEFU_TRY(const EvalFile parsed, read_eval_file(file));
    if (!parsed.errors.empty()) return fail(Errc::invalid_argument, parsed.errors.front());
    for (const EvalQuestion& question : parsed.questions) questions.push_back(question.question);
  } else {
    KEFU_CHECK(for_each_line(file, [&](std::size_t, const std::string& line) { questions.push_back(line); }));
  }
  if (questions.empty()) return fail(Errc::invalid_argument, file + " holds no question");
  return questions;
}

bool contains_any(std::string_view answer, const std::vector<std::string>& expected) {
  const std::string folded = text::fold_for_matching(answer);
  return std::ranges::any_of(expected, [&](const std::string& text) {
    const std::string wanted = text::fold_for_matching(text);
    // Of a text of punctuation alone, nothing is left to be looked for.
    if (wanted.empty()) return answer.find(text) != std::string_view::npos;
    return folded.find(wanted) != std::string::npos;
  });
}

}  // namespace kefu::cli
