#pragma once

#include "embedder.hpp"

#include <kefu/base/error.hpp>
#include <kefu/telemetry/log.hpp>

#include <cstddef>
#include <memory>
#include <string>

namespace kefu::embedding {

/// What runs a model. Both agree on its vectors: the tests hold their cosine to 0.999.
enum class LocalEngine {
  automatic,  ///< Kefu's own (bert_encoder.hpp) where it knows the model and the processor, else llama.cpp
  llama       ///< llama.cpp, to compare with
};

struct LlamaOptions {
  std::string model_path;
  std::string query_prefix = "query: ";
  std::string passage_prefix = "passage: ";
  std::size_t max_tokens = 512;  ///< less if the model takes less
  std::size_t workers = 0;       ///< texts computed at once; 0: two, or one where there is one core
  /// Of one text, where llama.cpp computes it; Kefu's own engine takes one. Two halve the time of a text on
  /// idle cores, but they wait for each other some 200 times a text without giving up their cores: beside
  /// other busy processes they measured 20 to 80 times slower than one.
  std::size_t threads = 1;
  LocalEngine engine = LocalEngine::automatic;
};

/// A GGUF model in this process: llama.cpp's tokens, and vectors by one of two engines. Pooling, dimensions
/// and special tokens come from the file. Owns the model, and a context and a thread for each of its workers.
class LlamaEmbedder final : public Embedder {
 public:
  /// Reads and checks the file; takes some 0.2 s for 74 MB. `log` receives llama.cpp's own lines at debug and
  /// must outlive the result. Errors: one sentence with the file and the reason: `not_found`, `data_corrupt`
  /// (not GGUF, cut short, weights that are no numbers), `unsupported` (an architecture that this build does
  /// not know, or a model that gives no vector for a text).
  static Result<std::unique_ptr<LlamaEmbedder>> load(LlamaOptions options, const telemetry::Logger& log);
  ~LlamaEmbedder() override;

  const ModelInfo& model() const override;
  ModelInput prepare(std::string_view text, Role role) const override;
  std::size_t count_tokens(std::string_view text) const override;
  std::size_t tokens_added() const override;
  Task<std::vector<Result<TextVector>>> embed(std::vector<ModelInput> inputs, Deadline deadline) override;

 private:
  class Engine;
  explicit LlamaEmbedder(std::unique_ptr<Engine> engine);
  std::unique_ptr<Engine> engine_;
};

}  // namespace kefu::embedding
