#pragma once

#include <kefu/base/error.hpp>

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace kefu::cli {

/// One line of a file of questions, and what is expected of it.
struct EvalQuestion {
  std::size_t line = 0;  ///< of the file, from 1
  std::string question = {};
  std::vector<std::string> documents = {};  ///< any of them is a hit
  std::vector<std::string> answers = {};    ///< any of them must be in the answer
  /// As written, else true where documents or answers are given; nullopt: nothing is expected.
  std::optional<bool> answerable = {};
};

/// Errors: `invalid_argument`, naming the field.
Result<EvalQuestion> parse_eval_question(std::string_view line);

struct EvalFile {
  std::vector<EvalQuestion> questions = {};
  std::vector<std::string> errors = {};  ///< "FILE, line 3: field ..." for each bad line
};

/// Empty lines are skipped. Errors: `not_found` when the file cannot be read.
Result<EvalFile> read_eval_file(const std::string& file);

/// One question a line; a file named .jsonl or .ndjson in the format above. Errors: `not_found`,
/// `invalid_argument`.
Result<std::vector<std::string>> read_plain_questions(const std::string& file);

/// True when any of `expected` stands in `answer`, whatever the width and case of letters, Simplified or
/// Traditional, punctuation and spaces.
bool contains_any(std::string_view answer, const std::vector<std::string>& expected);

}  // namespace kefu::cli
