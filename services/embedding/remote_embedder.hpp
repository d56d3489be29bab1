#pragma once

#include "embedder.hpp"

#include <kefu/async/cpu_pool.hpp>
#include <kefu/base/deadline.hpp>
#include <kefu/base/error.hpp>
#include <kefu/provider/client.hpp>
#include <kefu/provider/embeddings.hpp>

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace kefu::embedding {

/// So that the vectors of a part of a document fit into one message.
inline constexpr std::size_t kMaxDimensions = 8192;

struct RemoteOptions {
  std::string query_prefix = {};
  std::string passage_prefix = {};
  std::size_t dimensions = 0;    ///< asked of the provider and required; 0: the model's own, learned from it
  bool sends_dimensions = true;  ///< else they are only required: the provider does not know the field
  std::size_t max_tokens = 512;  ///< of one text
  std::size_t batch = 32;        ///< texts of one call
  std::size_t call_tokens = 65536;
  std::size_t calls = 4;  ///< open at once
  provider::VectorEncoding encoding = provider::VectorEncoding::numbers;
  std::string identity = {};  ///< what the vectors belong to; empty: the model's name
};

/// A model behind OpenAI's POST {base}/embeddings. Its tokenizer is not here: tokens of a text are estimated
/// (token_estimate.hpp), and what a text cost is its share of the `usage` that the provider reports. Its
/// vectors belong to the model and not to the host that computed them: any endpoint of `client` may.
///
/// A call that fails as a whole fails each of its texts with the provider's error. Where the provider refuses
/// a call for what is in it (400, 413, 422), its halves are sent by themselves, so that one text's fault is
/// not another's. A text refused alone is `invalid_argument` where the provider takes another one at that
/// time: some answer 400 to everything while a bill is unpaid or a model is not loaded.
class RemoteEmbedder final : public Embedder {
 public:
  /// Asks for one vector where the dimensions are not given. `client` outlives the result.
  /// Errors: those of provider::Client; `unsupported` for more than kMaxDimensions.
  static Task<Result<std::unique_ptr<RemoteEmbedder>>> connect(provider::Client& client,
                                                               RemoteOptions options, Deadline deadline);

  const ModelInfo& model() const override { return info_; }
  ModelInput prepare(std::string_view text, Role role) const override;
  std::size_t count_tokens(std::string_view text) const override;
  std::size_t tokens_added() const override { return added_; }
  Task<std::vector<Result<TextVector>>> embed(std::vector<ModelInput> inputs, Deadline deadline) override;

 private:
  using Vectors = std::vector<Result<TextVector>>;
  struct Call {
    provider::Outcome outcome;
    provider::Embeddings embeddings;  ///< of length 1
  };

  /// What one embed() may still spend and has learned. It outlives the calls that it is lent to.
  struct Search {
    std::size_t spare_calls;
    std::optional<bool> takes_texts = {};  ///< whether the provider takes any, once known
  };

  RemoteEmbedder(provider::Client& client, RemoteOptions options);

  void know(std::size_t dimensions);
  Task<Vectors> embed_together(std::vector<ModelInput> inputs, Deadline deadline, Search& search);
  Task<Vectors> embed_halves(std::vector<ModelInput> inputs, Deadline deadline, Search& search);
  Task<bool> takes_texts(Deadline deadline, Search& search);
  Task<Call> call(std::vector<std::string> texts, std::size_t tokens, Deadline deadline);
  Task<Result<>> read(std::string body, std::size_t texts, provider::Embeddings& into);

  provider::Client& client_;
  RemoteOptions options_;
  ModelInfo info_;
  std::size_t added_ = 0;
  CpuPool parser_{1};  ///< a large answer is megabytes of digits
};

}  // namespace kefu::embedding
