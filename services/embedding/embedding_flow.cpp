#include "embedding_flow.hpp"

#include "text_preparation.hpp"
#include "text_windows.hpp"

#include <kefu/text/normalize.hpp>
#include <kefu/text/utf8.hpp>

#include <fmt/format.h>

#include <chrono>
#include <utility>

namespace kefu::embedding {
namespace {

/// Less text than this costs less to work on than to hand to another thread.
constexpr std::size_t kInlineBytes = 1024;

constexpr auto kWarmUpWithin = std::chrono::seconds(60);

std::size_t total_bytes(const std::vector<std::string>& texts) {
  std::size_t bytes = 0;
  for (const std::string& text : texts) bytes += text.size();
  return bytes;
}

Result<std::vector<std::uint32_t>> count_all(const Embedder& embedder,
                                             const std::vector<std::string>& texts) {
  std::vector<std::uint32_t> counts;
  counts.reserve(texts.size());
  for (std::size_t i = 0; i < texts.size(); ++i) {
    if (auto valid = text::validate_utf8(texts[i]); !valid) {
      return fail(Errc::invalid_argument, fmt::format("{}: {}", place(i), valid.error().message));
    }
    const std::string normalized = text::normalize(texts[i]);
    counts.push_back(normalized.empty() ? 0 : static_cast<std::uint32_t>(embedder.count_tokens(normalized)));
  }
  return counts;
}

}  // namespace

EmbeddingFlow::EmbeddingFlow(asio::any_io_executor executor, Embedder& embedder, const VectorCache& cache,
                             QueueLimits limits, const EmbeddingMetrics& metrics, TaskGroup& tasks)
    : executor_(executor),
      embedder_(embedder),
      cache_(cache),
      metrics_(metrics),
      tasks_(tasks),
      queue_(executor, embedder, limits, metrics,
             [this](std::vector<JobPtr> jobs, std::vector<Result<TextVector>> vectors) {
               computed(std::move(jobs), std::move(vectors));
             }) {
  for (std::size_t i = 0; i < embedder.model().calls_at_once; ++i) tasks_.spawn(queue_.run());
}

Task<Result<>> EmbeddingFlow::warm_up() {
  std::vector<ModelInput> inputs;
  inputs.push_back(embedder_.prepare("warm-up", Role::query));
  auto vectors = co_await embedder_.embed(std::move(inputs), Deadline::in(kWarmUpWithin));
  for (Result<TextVector>& vector : vectors) KEFU_CO_CHECK(std::move(vector));
  co_return Result<>{};
}

Task<Result<EmbeddedTexts>> EmbeddingFlow::embed(std::vector<std::string> texts, Role role, Lane lane,
                                                 Deadline deadline) {
  KEFU_CO_TRY(NamedTexts named, co_await normalize(std::move(texts), role));
  const auto wait = std::make_shared<TextWait>(executor_, named.texts.size(), deadline);
  NewTexts fresh = join(std::move(named), lane, wait);
  if (!fresh.jobs.empty()) tasks_.spawn(resolve(std::move(fresh), role));
  KEFU_CO_TRY(std::vector<Delivery> deliveries, co_await wait->all());
  co_return tally(std::move(deliveries));
}

Task<Result<EmbeddingFlow::NamedTexts>> EmbeddingFlow::normalize(std::vector<std::string> texts, Role role) {
  const bool here = total_bytes(texts) <= kInlineBytes;
  auto work = [&cache = cache_, texts = std::move(texts), role]() -> Result<NamedTexts> {
    NamedTexts named;
    KEFU_TRY(named.texts, normalize_texts(texts));
    named.keys.reserve(named.texts.size());
    for (const std::string& text : named.texts) named.keys.push_back(cache.key(role, text));
    return named;
  };
  if (here) co_return work();
  co_return co_await text_pool_.run(std::move(work));
}

EmbeddingFlow::NewTexts EmbeddingFlow::join(NamedTexts named, Lane lane,
                                            const std::shared_ptr<TextWait>& wait) {
  NewTexts fresh;
  for (std::size_t i = 0; i < named.texts.size(); ++i) {
    const auto [place, is_new] = in_flight_.try_emplace(named.keys[i]);
    if (is_new) {
      place->second = std::make_shared<TextJob>(named.keys[i], lane);
      fresh.bytes += named.texts[i].size();
      fresh.jobs.push_back(place->second);
      fresh.texts.push_back(std::move(named.texts[i]));
    }
    const JobPtr job = place->second;
    job->add_waiter(wait, i);
    if (lane == Lane::question && job->lane() == Lane::import) {
      job->promote();
      queue_.promoted(job);
    }
  }
  return fresh;
}

/// Belongs to the texts and not to the caller that began them: others may have joined.
Task<void> EmbeddingFlow::resolve(NewTexts fresh, Role role) {
  std::vector<std::string> keys;
  keys.reserve(fresh.jobs.size());
  for (const JobPtr& job : fresh.jobs) keys.push_back(job->key());
  const auto cached = co_await cache_.lookup(std::move(keys));

  NewTexts missing;
  for (std::size_t i = 0; i < fresh.jobs.size(); ++i) {
    if (cached[i]) {
      forget(fresh.jobs[i]);
      fresh.jobs[i]->finish(std::make_shared<const TextVector>(*cached[i]), Source::cache);
    } else {
      missing.bytes += fresh.texts[i].size();
      missing.jobs.push_back(std::move(fresh.jobs[i]));
      missing.texts.push_back(std::move(fresh.texts[i]));
    }
  }
  if (missing.jobs.empty()) co_return;

  std::vector<ModelInput> inputs = co_await prepare(missing.texts, missing.bytes, role);
  std::vector<JobPtr> jobs;
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    if (inputs[i].tokens > model().max_tokens) {
      tasks_.spawn(embed_in_windows(std::move(missing.jobs[i]), std::move(missing.texts[i]), role));
      continue;
    }
    missing.jobs[i]->set_input(std::move(inputs[i]));
    jobs.push_back(std::move(missing.jobs[i]));
  }
  if (jobs.empty()) co_return;
  if (auto pushed = queue_.push(jobs); !pushed) {
    for (const JobPtr& job : jobs) finish(job, pushed.error());
  }
}

Task<std::vector<ModelInput>> EmbeddingFlow::prepare(std::vector<std::string> texts, std::size_t bytes,
                                                     Role role) {
  auto work = [&embedder = embedder_, texts = std::move(texts), role] {
    std::vector<ModelInput> inputs;
    inputs.reserve(texts.size());
    for (const std::string& text : texts) inputs.push_back(embedder.prepare(text, role));
    return inputs;
  };
  if (bytes <= kInlineBytes) co_return work();
  co_return co_await text_pool_.run(std::move(work));
}

/// The windows are texts like any others, cached and joined each for itself.
Task<void> EmbeddingFlow::embed_in_windows(JobPtr job, std::string text, Role role) {
  auto whole = co_await join_windows(job, std::move(text), role);
  if (!whole) {
    finish(job, std::move(whole).error());
    co_return;
  }
  job->finish(whole->value, whole->source);
  std::vector<VectorCache::Entry> entries{{job->key(), whole->value}};
  std::vector<JobPtr> jobs{job};
  co_await store(std::move(entries), std::move(jobs));
}

Task<Result<Delivery>> EmbeddingFlow::join_windows(JobPtr job, std::string text, Role role) {
  auto divide = [&embedder = std::as_const(embedder_), text = std::move(text), role] {
    return windows_of(embedder, text, role);
  };
  std::vector<std::string> windows = co_await text_pool_.run(std::move(divide));
  // A single character that the model does not take: it would be divided for ever.
  if (windows.size() < 2) co_return fail(Errc::invalid_argument, "the text is longer than the model takes");
  auto parts = co_await embed(std::move(windows), role, job->lane(), job->wanted_until());
  if (!parts && parts.error().code == Errc::invalid_argument) {
    // Its message names a window, which means nothing to who sent the text.
    co_return fail(Errc::invalid_argument, "the model refuses a part of the text", parts.error().detail);
  }
  if (!parts) co_return fail(std::move(parts).error());
  KEFU_CO_TRY(TextVector mean, mean_of(parts->vectors));
  mean.vector = as_kept(mean.vector);
  co_return Delivery{std::make_shared<const TextVector>(std::move(mean)),
                     parts->computed_tokens > 0 ? Source::model : Source::cache};
}

void EmbeddingFlow::computed(std::vector<JobPtr> jobs, std::vector<Result<TextVector>> vectors) {
  std::vector<VectorCache::Entry> entries;
  std::vector<JobPtr> stored;
  for (std::size_t i = 0; i < jobs.size(); ++i) {
    if (!vectors[i]) {
      finish(jobs[i], vectors[i].error());
      continue;
    }
    const auto value =
        std::make_shared<const TextVector>(TextVector{as_kept(vectors[i]->vector), vectors[i]->tokens});
    jobs[i]->finish(value, Source::model);
    entries.push_back({jobs[i]->key(), value});
    stored.push_back(std::move(jobs[i]));
  }
  if (!entries.empty()) tasks_.spawn(store(std::move(entries), std::move(stored)));
}

/// Until Redis has them the texts stay in flight, so that no lookup falls between the two.
Task<void> EmbeddingFlow::store(std::vector<VectorCache::Entry> entries, std::vector<JobPtr> jobs) {
  co_await cache_.store(std::move(entries));
  for (const JobPtr& job : jobs) forget(job);
}

void EmbeddingFlow::finish(const JobPtr& job, Error error) {
  forget(job);
  job->finish(fail(std::move(error)), Source::model);
}

void EmbeddingFlow::forget(const JobPtr& job) { in_flight_.erase(job->key()); }

EmbeddedTexts EmbeddingFlow::tally(std::vector<Delivery> deliveries) const {
  EmbeddedTexts texts;
  for (Delivery& delivery : deliveries) {
    const std::uint32_t tokens = delivery.value->tokens;
    switch (delivery.source) {
      case Source::model:
        texts.computed_tokens += tokens;
        break;
      case Source::cache:
        texts.saved_tokens += tokens;
        metrics_.texts_cached.add();
        metrics_.tokens_saved_by_cache.add(tokens);
        break;
      case Source::joined:
        texts.saved_tokens += tokens;
        metrics_.texts_joined.add();
        metrics_.tokens_saved_by_joining.add(tokens);
        break;
    }
    texts.vectors.push_back(std::move(delivery.value));
  }
  return texts;
}

Task<Result<TokenCounts>> EmbeddingFlow::count_tokens(std::vector<std::string> texts) {
  const bool here = total_bytes(texts) <= kInlineBytes;
  auto work = [&embedder = std::as_const(embedder_), texts = std::move(texts)] {
    return count_all(embedder, texts);
  };
  auto counts = here ? work() : Result<std::vector<std::uint32_t>>{};
  if (!here) counts = co_await text_pool_.run(std::move(work));
  if (!counts) co_return fail(std::move(counts).error());
  co_return TokenCounts{*std::move(counts), max_tokens()};
}

}  // namespace kefu::embedding
