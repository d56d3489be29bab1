#pragma once

#include <kefu/async/signal.hpp>
#include <kefu/http/server.hpp>
#include <kefu/testing/run_task.hpp>

#include <boost/asio/io_context.hpp>
#include <gtest/gtest.h>

#include <deque>
#include <functional>
#include <map>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace kefu::testing {

/// An outside model on a real port that answers as the test tells it. Who uses it links kefu::http.
class FakeEndpoint {
 public:
  using Behaviour = std::function<Task<void>(http::Exchange&)>;
  struct Seen {
    std::string path;
    std::string authorization;
    std::string body;
    http::Fields fields = {};
    std::map<std::string, std::string> query = {};
  };

  explicit FakeEndpoint(asio::io_context& io)
      : io_(io),
        over_(io.get_executor()),
        server_(
            io.get_executor(), {.port = 0}, [this](http::Exchange& exchange) { return answer(exchange); },
            // Throwing here as well makes the server close the connection without a word.
            [](http::Exchange&, Error) -> Task<void> { throw std::runtime_error("dropped"); }) {
    EXPECT_TRUE(server_.start());
  }
  ~FakeEndpoint() { close(); }
  FakeEndpoint(const FakeEndpoint&) = delete;
  FakeEndpoint& operator=(const FakeEndpoint&) = delete;

  std::string url() const { return "http://127.0.0.1:" + std::to_string(server_.port()) + "/v1"; }
  std::uint16_t port() const { return server_.port(); }
  /// How the next request is answered; the last behaviour stays.
  void then(Behaviour behaviour) { script_.push_back(std::move(behaviour)); }
  /// How every request is answered from now on.
  void always(Behaviour behaviour) {
    script_.clear();
    then(std::move(behaviour));
  }
  std::size_t connections() const { return server_.connections(); }
  const std::vector<Seen>& seen() const { return seen_; }
  /// Answers those who were left in silence, and stops.
  void close() {
    if (closed_) return;
    closed_ = true;
    over_.raise();
    run_task(io_, server_.drain());
  }

  static Behaviour responds(int status, std::string body, http::Fields fields = {}) {
    fields.set("Content-Type", "application/json");
    return [=](http::Exchange& exchange) { return respond(exchange, status, body, fields); };
  }
  /// A stream of server-sent events.
  static Behaviour streams(std::string body) {
    return [=](http::Exchange& exchange) { return stream(exchange, body, "text/event-stream", true); };
  }
  /// A response that ends before it is over.
  static Behaviour breaks_off(std::string body, std::string type = "application/json") {
    return [=](http::Exchange& exchange) { return stream(exchange, body, type, false); };
  }
  /// Closes the connection without a byte.
  static Behaviour drops() {
    return [](http::Exchange&) -> Task<void> { throw std::runtime_error("dropped"); };
  }
  /// Says nothing, or nothing after its first words, until close().
  Behaviour falls_silent(std::string first_words = {}, int status = 200) {
    return [=, this](http::Exchange& exchange) { return stay_silent(exchange, first_words, status); };
  }

 private:
  static constexpr std::size_t kMostBytes = 16UL * 1024 * 1024;

  Task<void> answer(http::Exchange& exchange) {
    auto body = co_await exchange.read_body(kMostBytes);
    seen_.push_back({exchange.head().path, std::string(exchange.head().fields.get("Authorization")),
                     std::move(body).value_or(""), exchange.head().fields, exchange.head().query});
    const Behaviour behaviour = script_.front();
    if (script_.size() > 1) script_.pop_front();
    co_await behaviour(exchange);
  }
  static Task<void> respond(http::Exchange& exchange, int status, std::string body, http::Fields fields) {
    (void)co_await exchange.respond({.status = status, .fields = std::move(fields), .body = std::move(body)});
  }
  static Task<void> stream(http::Exchange& exchange, std::string body, std::string type, bool to_its_end) {
    (void)co_await exchange.begin_stream({.fields = {{"Content-Type", type}}});
    (void)co_await exchange.write(std::move(body));
    if (to_its_end) (void)co_await exchange.end_stream();
  }
  Task<void> stay_silent(http::Exchange& exchange, std::string first_words, int status) {
    if (!first_words.empty()) {
      (void)co_await exchange.begin_stream(
          {.status = status, .fields = {{"Content-Type", "text/event-stream"}}});
      (void)co_await exchange.write(std::move(first_words));
    }
    if (!closed_) (void)co_await over_.wait(Deadline::in(std::chrono::seconds(60)));
    if (!exchange.responded()) (void)co_await exchange.respond({.status = 503});
  }

  asio::io_context& io_;
  Signal over_;
  std::deque<Behaviour> script_;
  std::vector<Seen> seen_;
  bool closed_ = false;
  http::Server server_;
};

}  // namespace kefu::testing
