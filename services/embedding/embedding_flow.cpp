#include "embedding_flow.hpp"

#include "text_preparation.hpp"
#include "text_windows.hpp"

#include <kefu/text/normalize.hpp>
#include <kefu/text/utf8.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <iterator>
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

/// On whichever thread has the time.
Result<EmbeddingFlow::NamedTexts> name_texts(const VectorCache& cache, const std::vector<std::string>& texts,
                                             Role role) {
  EmbeddingFlow::NamedTexts named;
  KEFU_TRY(named.texts, normalize_texts(texts));
  named.keys.reserve(named.texts.size());
  for (const std::string& text : named.texts) named.keys.push_back(cache.key(role, text));
  return named;
}

}  // namespace

EmbeddingFlow::EmbeddingFlow(asio::any_io_executor executor, Embedder& embedder, VectorCache& cache,
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

void EmbeddingFlow::agree_through(redis::Claims& claims) {
  claims_.emplace(
      executor_, claims, metrics_.claims, ClaimOptions{.timeout = cache_.timeout()},
      TextClaims::Events{
          .compute = [this](std::vector<MissingText> texts) { compute_after_others(std::move(texts)); },
          .found = [this](const MissingText& text,
                          const std::string& value) { return found_by_another(text, value); },
          .given_up =
              [this](const MissingText& text) {
                metrics_.dropped.add();
                finish(text.job, Error{Errc::deadline_exceeded, "the text was not embedded in time"});
              }});
  tasks_.spawn(claims_->watch());
  tasks_.spawn(claims_->renew());
}

void EmbeddingFlow::stop() {
  if (claims_) claims_->stop();
  queue_.stop();
}

Task<Result<>> EmbeddingFlow::warm_up() {
  std::vector<ModelInput> inputs;
  inputs.push_back(embedder_.prepare("warm-up", Role::query));
  auto vectors = co_await embedder_.embed(std::move(inputs), Deadline::in(kWarmUpWithin));
  for (Result<TextVector>& vector : vectors) KEFU_CO_CHECK(std::move(vector));
  co_return Result<>{};
}

Task<Result<EmbeddedTexts>> EmbeddingFlow::embed(std::vector<std::string> texts, Role role, Lane lane,
                                                 Deadline deadline, usage::Payer payer) {
  auto embedded = co_await embed_for(payer, Budget::asked, std::move(texts), role, lane, deadline);
  if (embedded && accounts_ != nullptr)
    accounts_->book(payer, model().name, {.saved = embedded->saved_tokens});
  co_return embedded;
}

Result<> EmbeddingFlow::may_spend(const usage::Payer& payer) const {
  return accounts_ == nullptr ? Result<>{} : accounts_->may_spend(payer);
}

Task<Result<EmbeddedTexts>> EmbeddingFlow::embed_for(usage::Payer payer, Budget budget,
                                                     std::vector<std::string> texts, Role role, Lane lane,
                                                     Deadline deadline) {
  Result<NamedTexts> named;
  if (total_bytes(texts) <= kInlineBytes) {
    named = name_texts(cache_, texts, role);
  } else {
    auto work = [&cache = std::as_const(cache_), texts = std::move(texts), role] {
      return name_texts(cache, texts, role);
    };
    named = co_await text_pool_.run(std::move(work));
  }
  if (!named) co_return fail(std::move(named).error());

  std::vector<Delivery> deliveries = recall(named->keys, lane);
  if (std::ranges::find(deliveries, nullptr, &Delivery::value) == deliveries.end())
    co_return tally(std::move(deliveries));
  Bill bill{.payer = std::move(payer)};
  if (budget == Budget::asked) {
    if (auto allowed = may_spend(bill.payer); !allowed) bill.refusal = std::move(allowed).error();
  }
  const auto wait = std::make_shared<TextWait>(executor_, std::move(deliveries), deadline, std::move(bill));
  NewTexts fresh = join(*std::move(named), lane, wait);
  if (!fresh.jobs.empty()) tasks_.spawn(resolve(std::move(fresh), role, lane));
  KEFU_CO_TRY(deliveries, co_await wait->all());
  co_return tally(std::move(deliveries));
}

std::vector<Delivery> EmbeddingFlow::recall(const std::vector<TextKey>& keys, Lane lane) {
  std::vector<Delivery> deliveries;
  deliveries.reserve(keys.size());
  for (const TextKey& key : keys) deliveries.push_back({cache_.recall(key, lane), Source::memory});
  return deliveries;
}

EmbeddingFlow::NewTexts EmbeddingFlow::join(NamedTexts named, Lane lane,
                                            const std::shared_ptr<TextWait>& wait) {
  NewTexts fresh;
  for (std::size_t i = 0; i < named.texts.size(); ++i) {
    if (!wait->lacks(i)) continue;
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
Task<void> EmbeddingFlow::resolve(NewTexts fresh, Role role, Lane lane) {
  NewTexts missing = paid_for(co_await look_up(std::move(fresh), lane));
  if (!missing.jobs.empty() && claims_) missing = co_await claim(std::move(missing), role);
  if (!missing.jobs.empty()) co_await compute(std::move(missing), role);
}

/// Those for which somebody pays; of the others it is told why nobody may.
EmbeddingFlow::NewTexts EmbeddingFlow::paid_for(NewTexts missing) {
  NewTexts paid;
  for (std::size_t i = 0; i < missing.jobs.size(); ++i) {
    const JobPtr& job = missing.jobs[i];
    if (job->find_payer()) {
      paid.bytes += missing.texts[i].size();
      paid.jobs.push_back(job);
      paid.texts.push_back(std::move(missing.texts[i]));
    } else {
      accounts_->refused();
      forget(job);
      job->refuse();
    }
  }
  return paid;
}

/// Returns those that this replica computes. The others are found by another one, or become this one's later.
Task<EmbeddingFlow::NewTexts> EmbeddingFlow::claim(NewTexts missing, Role role) {
  if (!cache_.redis_helps()) {
    metrics_.claims.failed.add(static_cast<double>(missing.jobs.size()));
    co_return missing;
  }
  std::vector<MissingText> texts;
  texts.reserve(missing.jobs.size());
  for (std::size_t i = 0; i < missing.jobs.size(); ++i) {
    std::string name = cache_.redis_key(missing.jobs[i]->key());
    texts.push_back({std::move(missing.jobs[i]), std::move(name), std::move(missing.texts[i]), role});
  }
  co_return gather(co_await claims_->take(std::move(texts)));
}

EmbeddingFlow::NewTexts EmbeddingFlow::gather(std::vector<MissingText> texts) {
  NewTexts gathered;
  for (MissingText& text : texts) {
    gathered.bytes += text.text.size();
    gathered.jobs.push_back(std::move(text.job));
    gathered.texts.push_back(std::move(text.text));
  }
  return gathered;
}

void EmbeddingFlow::compute_after_others(std::vector<MissingText> texts) {
  const auto passages =
      std::ranges::partition(texts, [](const MissingText& each) { return each.role == Role::query; });
  std::vector<MissingText> others(std::make_move_iterator(passages.begin()),
                                  std::make_move_iterator(passages.end()));
  texts.erase(passages.begin(), passages.end());
  if (!texts.empty()) tasks_.spawn(compute(gather(std::move(texts)), Role::query));
  if (!others.empty()) tasks_.spawn(compute(gather(std::move(others)), Role::passage));
}

bool EmbeddingFlow::found_by_another(const MissingText& text, const std::string& value) {
  const auto vector = cache_.read(text.job->key(), text.name, value, text.job->lane());
  if (!vector) return false;
  forget(text.job);
  text.job->finish(Delivery{vector, Source::replica});
  return true;
}

/// Of those whose vectors are stored, or that will have none.
Task<void> EmbeddingFlow::give_back(std::vector<JobPtr> jobs) {
  if (!claims_) co_return;
  std::vector<std::string> names;
  names.reserve(jobs.size());
  for (const JobPtr& job : jobs) names.push_back(cache_.redis_key(job->key()));
  co_await claims_->release(std::move(names));
}

/// Finishes what Redis has, and returns the rest.
Task<EmbeddingFlow::NewTexts> EmbeddingFlow::look_up(NewTexts fresh, Lane lane) {
  std::vector<TextKey> keys;
  keys.reserve(fresh.jobs.size());
  for (const JobPtr& job : fresh.jobs) keys.push_back(job->key());
  const auto cached = co_await cache_.lookup(std::move(keys), lane);

  NewTexts missing;
  for (std::size_t i = 0; i < fresh.jobs.size(); ++i) {
    if (cached[i]) {
      forget(fresh.jobs[i]);
      fresh.jobs[i]->finish(Delivery{cached[i], Source::redis});
    } else {
      missing.bytes += fresh.texts[i].size();
      missing.jobs.push_back(std::move(fresh.jobs[i]));
      missing.texts.push_back(std::move(fresh.texts[i]));
    }
  }
  co_return missing;
}

/// Puts them on their way through the model; computed() ends it.
Task<void> EmbeddingFlow::compute(NewTexts missing, Role role) {
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
    co_await give_back(std::move(jobs));
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
  auto whole = co_await join_windows(job, text, role);
  // Who joined meanwhile may have more time than those for whom the windows were asked.
  if (!whole && whole.error().code == Errc::deadline_exceeded && job->wanted())
    whole = co_await join_windows(job, std::move(text), role);
  if (!whole) {
    finish(job, std::move(whole).error());
    std::vector<JobPtr> failed{job};
    co_await give_back(std::move(failed));
    co_return;
  }
  std::vector<VectorCache::Entry> entries{{job->key(), whole->value}};
  cache_.remember(entries.front(), job->lane());
  job->finish(*std::move(whole));
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
  auto parts = co_await embed_for(job->payer(), Budget::has_agreed, std::move(windows), role, job->lane(),
                                  job->wanted_until());
  if (!parts && parts.error().code == Errc::invalid_argument) {
    // Its message names a window, which means nothing to who sent the text.
    co_return fail(Errc::invalid_argument, "the model refuses a part of the text", parts.error().detail);
  }
  if (!parts) co_return fail(std::move(parts).error());
  KEFU_CO_TRY(TextVector mean, mean_of(parts->vectors));
  mean.vector = as_kept(mean.vector);
  co_return Delivery{std::make_shared<const TextVector>(std::move(mean)), Source::model,
                     static_cast<std::uint32_t>(parts->computed_tokens)};
}

void EmbeddingFlow::computed(std::vector<JobPtr> jobs, std::vector<Result<TextVector>> vectors) {
  std::vector<VectorCache::Entry> entries;
  std::vector<JobPtr> stored;
  std::vector<JobPtr> failed;
  for (std::size_t i = 0; i < jobs.size(); ++i) {
    if (!vectors[i]) {
      finish(jobs[i], vectors[i].error());
      failed.push_back(std::move(jobs[i]));
      continue;
    }
    const auto value =
        std::make_shared<const TextVector>(TextVector{as_kept(vectors[i]->vector), vectors[i]->tokens});
    if (accounts_ != nullptr) accounts_->book(jobs[i]->payer(), model().name, {.embedding = value->tokens});
    entries.push_back({jobs[i]->key(), value});
    cache_.remember(entries.back(), jobs[i]->lane());
    jobs[i]->finish(Delivery{value, Source::model, value->tokens});
    stored.push_back(std::move(jobs[i]));
  }
  if (!entries.empty()) tasks_.spawn(store(std::move(entries), std::move(stored)));
  if (!failed.empty() && claims_) tasks_.spawn(give_back(std::move(failed)));
}

/// Until Redis has them the texts stay in flight, so that no lookup falls between the two.
Task<void> EmbeddingFlow::store(std::vector<VectorCache::Entry> entries, std::vector<JobPtr> jobs) {
  co_await cache_.store(std::move(entries));
  co_await give_back(jobs);
  for (const JobPtr& job : jobs) forget(job);
}

void EmbeddingFlow::finish(const JobPtr& job, Error error) {
  forget(job);
  job->finish(fail(std::move(error)));
}

void EmbeddingFlow::forget(const JobPtr& job) { in_flight_.erase(job->key()); }

EmbeddedTexts EmbeddingFlow::tally(std::vector<Delivery> deliveries) const {
  EmbeddedTexts texts;
  texts.vectors.reserve(deliveries.size());
  for (Delivery& delivery : deliveries) {
    const std::uint32_t saved = delivery.value->tokens - delivery.computed_tokens;
    texts.computed_tokens += delivery.computed_tokens;
    texts.saved_tokens += saved;
    // The windows of a text that was computed have been counted each for itself.
    if (const EmbeddingMetrics::Saved* by = saved_by(delivery.source)) {
      by->texts.add();
      by->tokens.add(saved);
    }
    texts.vectors.push_back(std::move(delivery.value));
  }
  return texts;
}

const EmbeddingMetrics::Saved* EmbeddingFlow::saved_by(Source source) const {
  switch (source) {
    case Source::model:
      return nullptr;
    case Source::memory:
      return &metrics_.by_memory;
    case Source::redis:
      return &metrics_.by_redis;
    case Source::joined:
      return &metrics_.by_joining;
    case Source::replica:
      return &metrics_.by_replica;
  }
  return nullptr;
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
