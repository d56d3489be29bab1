#pragma once

#include "remote_embedder.hpp"

#include <kefu/testing/fake_endpoint.hpp>

#include <nlohmann/json.hpp>

#include <functional>
#include <string>
#include <utility>

namespace kefu::embedding::testing {

/// A provider that embeds as it should, but for what a test changes: a text of n bytes has the vector (n, 1).
class EmbeddingEndpoint : public kefu::testing::FakeEndpoint {
 public:
  using Change = std::function<void(nlohmann::json&)>;

  explicit EmbeddingEndpoint(asio::io_context& io) : FakeEndpoint(io) { then(embeds()); }

  Behaviour embeds(Change change = [](nlohmann::json&) {}) {
    return [this, change](http::Exchange& exchange) { return embed(exchange, change); };
  }
  /// Embeds, but after this time.
  Behaviour embeds_late(std::chrono::milliseconds time) {
    return [this, time](http::Exchange& exchange) { return embed_late(exchange, time); };
  }
  nlohmann::json request(std::size_t number) const { return nlohmann::json::parse(seen().at(number).body); }

 private:
  Task<void> embed(http::Exchange& exchange, Change change) {
    const auto request = nlohmann::json::parse(seen().back().body);
    nlohmann::json data = nlohmann::json::array();
    std::size_t tokens = 0;
    for (const nlohmann::json& input : request.at("input")) {
      const std::size_t size = input.get<std::string>().size();
      data.push_back({{"object", "embedding"}, {"index", data.size()}, {"embedding", {size, 1}}});
      tokens += size;
    }
    nlohmann::json response = {{"object", "list"}, {"data", data}, {"usage", {{"prompt_tokens", tokens}}}};
    change(response);
    (void)co_await exchange.respond(
        {.fields = {{"Content-Type", "application/json"}}, .body = response.dump()});
  }
  Task<void> embed_late(http::Exchange& exchange, std::chrono::milliseconds time) {
    co_await sleep_for(time);
    co_await embed(exchange, [](nlohmann::json&) {});
  }
};

}  // namespace kefu::embedding::testing
