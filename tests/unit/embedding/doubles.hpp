#pragma once

#include "embedder.hpp"

#include <kefu/async/signal.hpp>
#include <kefu/bus/stream_store.hpp>
#include <kefu/redis/key_value_cache.hpp>
#include <kefu/telemetry/metrics.hpp>

#include <algorithm>
#include <cmath>
#include <map>
#include <optional>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

namespace kefu::embedding::testing {

/// One token a byte, and two that every text gets. The vector depends on the text alone.
class FakeEmbedder final : public Embedder {
 public:
  explicit FakeEmbedder(asio::any_io_executor executor) : released_(std::move(executor)) {}

  const ModelInfo& model() const override { return info; }
  std::size_t tokens_added() const override { return added; }
  std::size_t count_tokens(std::string_view text) const override { return text.size(); }
  ModelInput prepare(std::string_view text, Role role) const override {
    ModelInput::Tokens tokens{role == Role::query ? 1 : 2};
    for (const char c : text) tokens.push_back(static_cast<unsigned char>(c));
    tokens.push_back(0);
    const std::size_t count = tokens.size();
    return {std::move(tokens), count};
  }
  Task<std::vector<Result<TextVector>>> embed(std::vector<ModelInput> inputs, Deadline deadline) override {
    ++calls_;
    deadlines.push_back(deadline);
    for (const ModelInput& input : inputs) seen_.push_back(text_of(input));
    while (held_) co_await released_.wait();
    std::vector<Result<TextVector>> vectors;
    for (const ModelInput& input : inputs) vectors.push_back(vector_of(input));
    co_return vectors;
  }

  /// While held, calls do not return.
  void hold() { held_ = true; }
  void release() {
    held_ = false;
    released_.raise();
  }
  /// Texts in the order in which they reached the model.
  const std::vector<std::string>& seen() const { return seen_; }
  std::size_t calls() const { return calls_; }

  std::size_t added = 2;            ///< as it says: it may be wrong by what a prefix makes of a text
  std::optional<Error> failure;     ///< of every text
  std::vector<Deadline> deadlines;  ///< of the calls
  ModelInfo info{.name = "fake-model", .fingerprint = "fake", .dimensions = 8, .max_tokens = 32};

  static constexpr std::string_view kPoison = "poison";

 private:
  static std::string text_of(const ModelInput& input) {
    const auto& tokens = std::get<ModelInput::Tokens>(input.content);
    return {tokens.begin() + 1, tokens.end() - 1};
  }
  Result<TextVector> vector_of(const ModelInput& input) const {
    if (failure) return fail(*failure);
    if (text_of(input) == kPoison) return fail(Errc::internal, "the model failed");
    Vector vector(info.dimensions, 0);
    const auto hash = std::hash<std::string>{}(
        text_of(input) + std::to_string(std::get<ModelInput::Tokens>(input.content).front()));
    vector[hash % vector.size()] = 0.6F;
    vector[(hash / 7 + 1 + hash % vector.size()) % vector.size()] += 0.8F;
    float length = 0;
    for (const float x : vector) length += x * x;
    for (float& x : vector) x /= std::sqrt(length);
    return TextVector{std::move(vector), static_cast<std::uint32_t>(input.tokens)};
  }

  Signal released_;
  bool held_ = false;
  std::vector<std::string> seen_;
  std::size_t calls_ = 0;
};

class FakeCache final : public redis::KeyValueCache {
 public:
  Task<Result<std::vector<std::optional<std::string>>>> get_many(std::vector<std::string> keys,
                                                                 Deadline) override {
    ++lookups;
    if (failure) co_return fail(*failure);
    if (down) co_return fail(Errc::unavailable, "down");
    std::vector<std::optional<std::string>> found;
    for (const std::string& key : keys) {
      const auto place = values.find(key);
      found.push_back(place == values.end() ? std::nullopt : std::optional(place->second));
    }
    co_return found;
  }
  Task<Result<>> put_many(std::vector<std::pair<std::string, std::string>> entries, std::chrono::seconds,
                          Deadline) override {
    ++writes;
    if (failure) co_return fail(*failure);
    if (down) co_return fail(Errc::unavailable, "down");
    for (auto& [key, value] : entries) values[key] = value;
    co_return Result<>{};
  }
  bool available() const override { return !down; }

  std::map<std::string, std::string> values;
  bool down = false;
  std::optional<Error> failure;
  std::size_t lookups = 0;
  std::size_t writes = 0;
};

/// Remembers what was appended.
class FakeStreamStore final : public bus::StreamStore {
 public:
  Task<Result<>> ensure(bus::StreamSpec, Deadline) override { co_return Result<>{}; }
  Task<Result<bus::StreamState>> state(std::string, Deadline) override { co_return bus::StreamState{}; }
  Task<Result<std::uint64_t>> append(bus::Message message, Deadline) override {
    if (error) co_return fail(*error);
    appended.push_back(std::move(message));
    co_return std::uint64_t{appended.size()};
  }
  Task<Result<bus::StoredMessage>> last(std::string, std::string, Deadline) override {
    co_return fail(Errc::not_found, "");
  }
  Task<Result<>> erase(std::string, std::uint64_t, Deadline) override { co_return Result<>{}; }
  Task<Result<std::uint64_t>> purge(std::string, std::string, Deadline) override { co_return 0U; }

  std::vector<bus::Message> appended;
  std::optional<Error> error;
};

/// The value of a series such as `kefu_x_total{source="model"}`, 0 where there is none.
inline double metric(const telemetry::Metrics& metrics, const std::string& series) {
  std::istringstream lines(metrics.expose());
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with(series + " ")) return std::stod(line.substr(series.size() + 1));
  }
  return 0;
}

}  // namespace kefu::embedding::testing
