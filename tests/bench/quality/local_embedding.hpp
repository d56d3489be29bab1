#pragma once

#include "llama_embedder.hpp"
#include "splitting/token_counter.hpp"

#include <kefu/async/task.hpp>
#include <kefu/base/error.hpp>

#include <cstddef>
#include <filesystem>
#include <functional>
#include <string>
#include <unordered_map>
#include <vector>

namespace kefu::bench {

using embedding::Role;
using embedding::Vector;

/// The model in this process, with every vector that it has computed; also counts tokens for the splitter.
/// Thread: all calls on the event loop.
class LocalEmbedding final : public ingest::TokenCounter {
 public:
  explicit LocalEmbedding(embedding::Embedder& embedder) : embedder_(embedder) {}

  /// Of texts as users write them, in order. Errors: `invalid_argument`, `internal`.
  Task<Result<std::vector<Vector>>> embed(std::vector<std::string> texts, Role role);
  Task<Result<ingest::TokenCounts>> count(std::vector<std::string> texts) override;
  const std::string& fingerprint() const { return embedder_.model().fingerprint; }

  /// Vectors of an earlier run; a file of another model, or none, is as good as empty.
  void load(const std::filesystem::path& file);
  Result<> save(const std::filesystem::path& file) const;

 private:
  struct Work {
    std::vector<std::string> keys;
    std::vector<std::string> texts;
    std::size_t next = 0;
    std::size_t failed = 0;
  };
  Task<void> compute(Work& work, Role role);

  embedding::Embedder& embedder_;
  std::unordered_map<std::string, Vector> vectors_;  // by role and text
};

/// Loads the model and the vectors of an earlier run (no file name: none are kept), runs the program's only
/// task and returns its exit status, after the error's message if there is one.
int run_with_model(const std::string& model, const std::string& vectors,
                   const std::function<Task<Result<>>(LocalEmbedding&)>& task);

}  // namespace kefu::bench
