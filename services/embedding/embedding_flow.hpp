#pragma once

#include "embedder.hpp"
#include "embedding_metrics.hpp"
#include "model_queue.hpp"
#include "text_claims.hpp"
#include "text_job.hpp"
#include "vector_cache.hpp"

#include <kefu/async/cpu_pool.hpp>
#include <kefu/async/task_group.hpp>
#include <kefu/usage/accounts.hpp>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

namespace kefu::embedding {

struct EmbeddedTexts {
  std::vector<std::shared_ptr<const TextVector>> vectors;  ///< in the order of the texts
  std::uint64_t computed_tokens = 0;
  std::uint64_t saved_tokens = 0;
};

struct TokenCounts {
  std::vector<std::uint32_t> counts;
  std::size_t max_tokens = 0;  ///< of a text that the model takes whole
};

/// Text to vector: normalised, recalled from memory, joined with the same text in flight, looked up in Redis,
/// and only then computed. A request whose texts are all in memory is answered without waiting for anything.
/// Event loop only.
class EmbeddingFlow {
 public:
  struct NamedTexts {
    std::vector<std::string> texts;  ///< normalised
    std::vector<TextKey> keys;
  };

  /// `tasks` is joined before the flow is destroyed.
  EmbeddingFlow(asio::any_io_executor executor, Embedder& embedder, VectorCache& cache, QueueLimits limits,
                const EmbeddingMetrics& metrics, TaskGroup& tasks);

  /// From now on what is computed and saved is booked there, and budgets are kept. `accounts` outlives the
  /// flow.
  void book_in(usage::Accounts& accounts) { accounts_ = &accounts; }

  /// From now on replicas that want the same text agree there on which of them computes it. `claims` outlives
  /// the flow.
  void agree_through(redis::Claims& claims);

  /// The first call of a model is slow: run before the service is ready. Errors: those of the model.
  Task<Result<>> warm_up();

  /// A text longer than the model takes is embedded in windows, whose mean is its vector: nothing is cut off.
  /// `payer`: whose budget it is. Errors: `invalid_argument` (a text that is empty, not UTF-8 or refused by a
  /// provider: "texts[3]: ..."), `budget_exhausted` (one of the texts would have to be computed),
  /// `overloaded`, `deadline_exceeded`, and those of Embedder::embed().
  Task<Result<EmbeddedTexts>> embed(std::vector<std::string> texts, Role role, Lane lane, Deadline deadline,
                                    usage::Payer payer = {});

  /// Whether new texts are computed for this payer. Errors: `budget_exhausted`.
  Result<> may_spend(const usage::Payer& payer) const;

  /// Of each text alone, normalised; an empty one has none. Errors: `invalid_argument` for a text that is not
  /// UTF-8.
  Task<Result<TokenCounts>> count_tokens(std::vector<std::string> texts);

  /// Nothing calls embed() any more: finishes what is queued.
  void stop();

  const ModelQueue& queue() const { return queue_; }
  const ModelInfo& model() const { return embedder_.model(); }
  /// Of a text that the model takes whole.
  std::size_t max_tokens() const { return model().max_tokens - embedder_.tokens_added(); }

 private:
  using JobPtr = ModelQueue::JobPtr;
  /// Texts that nobody else had in flight.
  struct NewTexts {
    std::vector<JobPtr> jobs;
    std::vector<std::string> texts;
    std::size_t bytes = 0;
  };

  /// Of what is new; for the windows of a text it was asked already.
  enum class Budget { asked, has_agreed };

  Task<Result<EmbeddedTexts>> embed_for(usage::Payer payer, Budget budget, std::vector<std::string> texts,
                                        Role role, Lane lane, Deadline deadline);
  std::vector<Delivery> recall(const std::vector<TextKey>& keys, Lane lane);
  NewTexts join(NamedTexts named, Lane lane, const std::shared_ptr<TextWait>& wait);
  Task<void> resolve(NewTexts fresh, Role role, Lane lane);
  Task<NewTexts> look_up(NewTexts fresh, Lane lane);
  NewTexts paid_for(NewTexts missing);
  Task<NewTexts> claim(NewTexts missing, Role role);
  static NewTexts gather(std::vector<MissingText> texts);
  void compute_after_others(std::vector<MissingText> texts);
  bool found_by_another(const MissingText& text, const std::string& value);
  Task<void> give_back(std::vector<JobPtr> jobs);
  Task<void> compute(NewTexts missing, Role role);
  Task<std::vector<ModelInput>> prepare(std::vector<std::string> texts, std::size_t bytes, Role role);
  Task<void> embed_in_windows(JobPtr job, std::string text, Role role);
  Task<Result<Delivery>> join_windows(JobPtr job, std::string text, Role role);
  void computed(std::vector<JobPtr> jobs, std::vector<Result<TextVector>> vectors);
  Task<void> store(std::vector<VectorCache::Entry> entries, std::vector<JobPtr> jobs);
  void finish(const JobPtr& job, Error error);
  void forget(const JobPtr& job);
  EmbeddedTexts tally(std::vector<Delivery> deliveries) const;
  const EmbeddingMetrics::Saved* saved_by(Source source) const;

  asio::any_io_executor executor_;
  Embedder& embedder_;
  VectorCache& cache_;
  const EmbeddingMetrics& metrics_;
  usage::Accounts* accounts_ = nullptr;
  TaskGroup& tasks_;
  std::unordered_map<TextKey, JobPtr, TextKeyHash> in_flight_;
  ModelQueue queue_;
  std::optional<TextClaims> claims_;
  CpuPool text_pool_{
      2};  // apart from the model's thread, so that counting never waits for an import's inference
};

}  // namespace kefu::embedding
