#pragma once

#include <kefu/testing/fake_endpoint.hpp>

#include <nlohmann/json.hpp>

#include <cstddef>
#include <string>
#include <vector>

namespace kefu::embedding::testing {

/// A provider of embeddings in the test's own process, which counts texts and answers when the test lets it.
class HeldProvider {
 public:
  static constexpr std::size_t kDimensions = 8;

  explicit HeldProvider(asio::io_context& io) : released_(io.get_executor()), endpoint_(io) {
    endpoint_.always([this](http::Exchange& exchange) { return answer(exchange); });
  }
  ~HeldProvider() { release(); }

  std::string url() const { return endpoint_.url(); }
  void hold() { held_ = true; }
  void release() {
    held_ = false;
    released_.raise();
  }
  /// Leaves those that it holds without an answer, and holds nobody from now on.
  void release_later_ones() { held_ = false; }
  /// Of all calls.
  std::size_t texts() const { return texts_; }

 private:
  Task<void> answer(http::Exchange& exchange) {
    const auto request = nlohmann::json::parse(endpoint_.seen().back().body, nullptr, false);
    const std::size_t texts = request.contains("input") ? request["input"].size() : 0;
    texts_ += texts;
    if (held_) (void)co_await released_.wait(Deadline::in(std::chrono::seconds(60)));
    (void)co_await exchange.respond(
        {.status = 200, .fields = {{"Content-Type", "application/json"}}, .body = response_for(texts)});
  }
  static std::string response_for(std::size_t texts) {
    std::vector<float> vector(kDimensions, 0);
    vector.front() = 1;
    nlohmann::json data = nlohmann::json::array();
    for (std::size_t i = 0; i < texts; ++i) data.push_back({{"index", i}, {"embedding", vector}});
    const std::size_t tokens = kTokens * texts;
    return nlohmann::json{{"data", std::move(data)},
                          {"usage", {{"prompt_tokens", tokens}, {"total_tokens", tokens}}}}
        .dump();
  }

  static constexpr std::size_t kTokens = 7;

  Signal released_;
  bool held_ = false;
  std::size_t texts_ = 0;
  kefu::testing::FakeEndpoint endpoint_;  // last, so that nobody is answered when the rest is gone
};

}  // namespace kefu::embedding::testing
