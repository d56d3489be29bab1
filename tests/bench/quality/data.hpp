#pragma once

#include <kefu/base/error.hpp>

#include <filesystem>
#include <string>
#include <vector>

/// The files that measurements of quality read.
namespace kefu::bench {

struct TextFile {
  std::string filename;
  std::string bytes;
};
/// The sample knowledge base, by name. Errors of all: `not_found`, `data_corrupt`, naming the file.
Result<std::vector<TextFile>> read_sample(const std::filesystem::path& folder);

struct SampleQuestion {
  std::string question;
  std::vector<std::string>
      expected;  ///< ids of rows and documents, each of which answers it; empty: none does
};
Result<std::vector<SampleQuestion>> read_sample_questions(const std::filesystem::path& file);

/// Questions about the rows of one file.
struct RowQuestions {
  std::vector<TextFile> documents;
  std::vector<SampleQuestion> questions;
};
/// CMRC 2018 in the shape of SQuAD: each paragraph becomes a document of one JSONL file, with the title of
/// its article.
Result<RowQuestions> read_cmrc_rows(const std::filesystem::path& file);

/// BANKING77: each intent as an FAQ row whose phrasings are its first ten training utterances (one file), and
/// all test utterances, expecting the intent.
Result<RowQuestions> read_banking(const std::filesystem::path& folder);

/// BANKING77: what its customers ask, training utterances and test utterances.
Result<std::vector<std::string>> read_banking_utterances(const std::filesystem::path& folder);

/// Questions of CLINC150 that none of its intents covers, such as "a show on broadway".
Result<std::vector<std::string>> read_out_of_scope(const std::filesystem::path& file);

}  // namespace kefu::bench
