#pragma once

#include <kefu/async/task.hpp>
#include <kefu/base/deadline.hpp>
#include <kefu/base/error.hpp>

#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace kefu::embedding {

/// The two sides of a search; models are trained with different instructions for them.
enum class Role { query, passage };

std::string_view name(Role role);

struct ModelInfo {
  /// What users call it.
  std::string name;
  /// Changes whenever the vectors of the same text would: weights, pooling, prefixes, normalisation of text.
  std::string fingerprint;
  std::size_t dimensions = 0;
  /// Of one input, prefix and special tokens included.
  std::size_t max_tokens = 0;
  /// Calls of embed() that gain from being open at once.
  std::size_t calls_at_once = 1;
  /// Of these, what imports may hold. Where a call may take long, such as while a provider asks to be left
  /// alone, questions need one that is theirs.
  std::size_t calls_of_imports = std::numeric_limits<std::size_t>::max();
  /// Tokens that gain from being in one call. An engine that computes one text after the other takes single
  /// texts: the shorter a call, the sooner comes the next question.
  std::size_t tokens_a_call = 1;
  /// Texts that one call takes at most.
  std::size_t texts_a_call = std::numeric_limits<std::size_t>::max();
};

/// One text as the embedder that prepared it wants it back, with the prefix of its role.
struct ModelInput {
  using Tokens = std::vector<std::int32_t>;
  /// A model in this process reads token ids, special ones included; one behind a network reads text.
  std::variant<Tokens, std::string> content;
  /// What the text counts towards max_tokens, queues and calls. Where the tokenizer is elsewhere this is an
  /// estimate that errs upwards.
  std::size_t tokens = 0;
};

using Vector = std::vector<float>;

/// A vector with what it cost.
struct TextVector {
  Vector vector;  ///< of length 1
  std::uint32_t tokens = 0;
};

/// Text to vector. Texts are normalised already (text_preparation.hpp).
class Embedder {
 public:
  virtual ~Embedder() = default;

  virtual const ModelInfo& model() const = 0;
  /// Never cut, so possibly over max_tokens. Any thread; 1 ms for some thousand characters.
  virtual ModelInput prepare(std::string_view text, Role role) const = 0;
  /// Of the text alone: what prepare() adds for its role is tokens_added(). Any thread.
  virtual std::size_t count_tokens(std::string_view text) const = 0;
  /// Tokens that prepare() adds to a text at most.
  virtual std::size_t tokens_added() const = 0;
  /// In the order of `inputs`, each of at most max_tokens; nobody waits for a vector after `deadline`. One
  /// text's failure is not another's. At most calls_at_once open at once, from the event loop. Errors of a
  /// text: `internal` (the model failed on it); where the model is behind a network also `invalid_argument`
  /// (it refuses the text), `unavailable`, `overloaded`, `deadline_exceeded`, `bad_upstream`.
  virtual Task<std::vector<Result<TextVector>>> embed(std::vector<ModelInput> inputs, Deadline deadline) = 0;
};

}  // namespace kefu::embedding
