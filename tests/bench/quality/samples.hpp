#pragma once

#include "data.hpp"
#include "decide.hpp"
#include "knowledge_base.hpp"
#include "local_embedding.hpp"

#include <kefu/async/task.hpp>
#include <kefu/base/error.hpp>

#include <cstddef>
#include <string>
#include <vector>

/// Questions of which is known what answers them, with all that a decision on them would look at.
namespace kefu::bench {

/// A hit.
struct Candidate {
  answer::Features features;
  bool is_faq = false;
  bool right = false;    ///< it answers the question
  std::string document;  ///< id of its row or document
};

struct AskedQuestion {
  std::string text;
  std::vector<std::string> expected;  ///< ids, each of which answers it; empty: none does
  std::size_t group = 0;              ///< questions that belong together: those about one row or document
  std::vector<Candidate> candidates;
};

struct QuestionSet {
  std::string name;
  std::vector<AskedQuestion> questions;
};

/// Passages that a decision looks at: answer's `--top-k`.
inline constexpr std::size_t kPassages = 8;

/// Each question by itself.
Task<Result<QuestionSet>> ask_all(LocalEmbedding& embedding, std::string name,
                                  std::vector<IndexedDocument> documents,
                                  std::vector<SampleQuestion> questions);

/// Each question twice: with what answers it, and while its row or document is left out, so that others near
/// it are there but no answer.
Task<Result<QuestionSet>> ask_with_and_without(LocalEmbedding& embedding, std::string name,
                                               std::vector<IndexedDocument> documents,
                                               std::vector<SampleQuestion> questions);

}  // namespace kefu::bench
