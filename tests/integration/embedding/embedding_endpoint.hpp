#pragma once

#include "remote_embedder.hpp"

#include <kefu/testing/fake_endpoint.hpp>

#include <nlohmann/json.hpp>

#include <chrono>
#include <functional>
#include <string>
#include <utility>

namespace kefu::embedding::testing {

/// A provider that embeds as it should, but for what a test changes: a text of n bytes has the vector (n, 1).
class EmbeddingEndpoint : public kefu::testing::FakeEndpoint {
 public:
  using Change = std::function<void(nlohmann::json&)>;

  explicit EmbeddingEndpoint(asio::io_context& io) : FakeEndpoint(io), released_(io.get_executor()) {
    then(embeds());
  }
  ~EmbeddingEndpoint() {
    release();
    close();  // while what the behaviours need is still there
  }

  Behaviour embeds(Change change = [](nlohmann::json&) {}) {
    return [this, change](http::Exchange& exchange) { return embed(exchange, change); };
  }
  /// Embeds, but not before release().
  Behaviour embeds_when_released() {
    return [this](http::Exchange& exchange) { return embed_when_released(exchange); };
  }
  void release() { released_.raise(); }
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
  Task<void> embed_when_released(http::Exchange& exchange) {
    EXPECT_TRUE(co_await released_.wait(Deadline::in(std::chrono::seconds(60))));
    co_await embed(exchange, [](nlohmann::json&) {});
  }

  Signal released_;
};

}  // namespace kefu::embedding::testing
