#include <kefu/usage/counts.hpp>

#include <algorithm>
#include <limits>
#include <utility>

namespace kefu::usage {
namespace {

/// Of numbers, tags and lengths of a line.
constexpr std::size_t kBytesOfARow = 48;

std::uint64_t sum(std::uint64_t a, std::uint64_t b) {
  const std::uint64_t total = a + b;
  return total < a ? std::numeric_limits<std::uint64_t>::max() : total;
}

std::size_t bytes_of(const Payer& payer) { return kBytesOfARow + payer.kb.size() + payer.key.size(); }

}  // namespace

std::uint64_t Tokens::spent() const { return sum(sum(embedding, prompt), completion); }

Tokens& Tokens::operator+=(const Tokens& other) {
  embedding = sum(embedding, other.embedding);
  prompt = sum(prompt, other.prompt);
  completion = sum(completion, other.completion);
  saved = sum(saved, other.saved);
  return *this;
}

Money cost(const Tokens& tokens, Price price) {
  Money money = Money::cost(tokens.embedding, price.input_micros);
  money += Money::cost(tokens.prompt, price.input_micros);
  money += Money::cost(tokens.completion, price.output_micros);
  return money;
}

Money saving(const Tokens& tokens, Price price) { return Money::cost(tokens.saved, price.input_micros); }

void DayCounts::add(const Payer& payer, const std::string& model, Price price, const Tokens& tokens) {
  row_of(payer, place_of(model, price)) += tokens;
}

std::size_t DayCounts::place_of(const std::string& model, Price price) {
  const auto found = std::ranges::find_if(
      models_, [&](const auto& known) { return known.first == model && known.second == price; });
  const auto place = static_cast<std::size_t>(found - models_.begin());
  if (place == models_.size()) models_.emplace_back(model, price);
  return place;
}

/// The last quarter of the room is for knowledge bases that come late.
Tokens& DayCounts::row_of(const Payer& payer, std::size_t model) {
  if (const auto known = rows_.find(std::tie(payer.kb, payer.key, model)); known != rows_.end())
    return known->second;
  Payer counted = payer;
  if (bytes_ + bytes_of(counted) > max_bytes_ / 4 * 3 && !counted.key.empty()) counted.key = kOther;
  if (bytes_ + bytes_of(counted) > max_bytes_) counted = {std::string(kOther), std::string(kOther)};
  const auto [place, is_new] = rows_.try_emplace(Row{counted.kb, counted.key, model});
  if (is_new) bytes_ += bytes_of(counted);
  return place->second;
}

kefu::v1::UsageRecord DayCounts::record() const {
  kefu::v1::UsageRecord record;
  record.set_replica(replica_);
  record.set_day(static_cast<std::int32_t>(day_.time_since_epoch().count()));
  for (const auto& [name, price] : models_) {
    kefu::v1::UsageRecord::Model& model = *record.add_models();
    model.set_name(name);
    model.set_input_price_micros(price.input_micros);
    model.set_output_price_micros(price.output_micros);
  }
  for (const auto& [row, tokens] : rows_) {
    kefu::v1::UsageRecord::Count& count = *record.add_counts();
    count.set_kb(std::get<0>(row));
    count.set_key_id(std::get<1>(row));
    count.set_model(static_cast<std::uint32_t>(std::get<2>(row)));
    count.mutable_usage()->set_embedding_tokens(tokens.embedding);
    count.mutable_usage()->set_prompt_tokens(tokens.prompt);
    count.mutable_usage()->set_completion_tokens(tokens.completion);
    count.mutable_usage()->set_saved_tokens(tokens.saved);
  }
  return record;
}

std::vector<Count> counts_of(const kefu::v1::UsageRecord& record) {
  std::vector<Count> counts;
  counts.reserve(static_cast<std::size_t>(record.counts_size()));
  for (const auto& count : record.counts()) {
    if (count.model() >= static_cast<std::uint32_t>(record.models_size())) continue;
    const auto& model = record.models(static_cast<int>(count.model()));
    counts.push_back({.payer = {count.kb(), count.key_id()},
                      .model = model.name(),
                      .price = {model.input_price_micros(), model.output_price_micros()},
                      .tokens = {.embedding = count.usage().embedding_tokens(),
                                 .prompt = count.usage().prompt_tokens(),
                                 .completion = count.usage().completion_tokens(),
                                 .saved = count.usage().saved_tokens()}});
  }
  return counts;
}

}  // namespace kefu::usage
