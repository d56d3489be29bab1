#pragma once

#include "data.hpp"
#include "decide.hpp"
#include "knowledge_base.hpp"
#include "local_embedding.hpp"

#include <kefu/async/task.hpp>
#include <kefu/base/error.hpp>

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

/// Questions of which is known whether the nearest passage answers them, made by leaving parts of a knowledge
/// base out.
namespace kefu::bench {

enum class Origin {
  phrasing_left_out,  ///< a phrasing asked while its row's other phrasings are there
  row_left_out,       ///< a phrasing asked while its whole row is gone: plausible, but not there
  passage,            ///< a question about a text that is there
  passage_left_out,   ///< the same while its text is gone
  off_topic,          ///< a question from elsewhere
};
std::string_view name(Origin origin);

/// The nearest passage of one kind to one question.
struct Sample {
  Origin origin = Origin::off_topic;
  answer::Features features;
  bool right = false;     ///< the passage answers the question
  std::size_t group = 0;  ///< questions that belong together: the phrasings of a row, those about one text
  std::string question;
  std::string nearest;  ///< id of the passage's row or document
};

struct Samples {
  std::vector<Sample> faq;   ///< those whose passage is a phrasing of an FAQ row
  std::vector<Sample> text;  ///< those whose passage is a piece of text
};

/// Passages that a decision looks at: answer's `--top-k`.
inline constexpr std::size_t kPassages = 8;

/// Each phrasing with itself and with its whole row left out. Where the nearest passage belongs to another
/// document nobody knows whether it answers, so such questions are passed over.
Task<Result<>> add_phrasings(LocalEmbedding& embedding, std::vector<IndexedDocument> documents,
                             index::FusionWeights weights, Samples& samples);

/// Each question about a text, with the text and with it left out.
Task<Result<>> add_passages(LocalEmbedding& embedding, std::vector<IndexedDocument> documents,
                            std::vector<PassageQuestions::Question> questions, index::FusionWeights weights,
                            Samples& samples);

/// Questions that no document has to do with.
Task<Result<>> add_off_topic(LocalEmbedding& embedding, std::vector<IndexedDocument> documents,
                             std::vector<std::string> questions, index::FusionWeights weights,
                             Samples& samples);

}  // namespace kefu::bench
