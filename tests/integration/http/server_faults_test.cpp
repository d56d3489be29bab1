#include "http_fixture.hpp"

#include <kefu/async/signal.hpp>

#include <stdexcept>

namespace kefu::http {
namespace {

using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::StartsWith;

using HttpServerFaults = HttpTest;

TEST_F(HttpServerFaults, AnswersAMalformedHeadWith400InTheShapeOfErrors) {
  serve(&say_hello);
  for (const std::string text :
       {"NONSENSE\r\n\r\n", "GET /\r\n\r\n", "GET / HTTP/3.0\r\n\r\n", "GET / HTTP/1.1\r\nHost x\r\n\r\n",
        "G\x01T / HTTP/1.1\r\nHost: x\r\n\r\n", "GET nowhere HTTP/1.1\r\nHost: x\r\n\r\n"}) {
    const std::string answer = raw().ask(text);
    EXPECT_THAT(answer, StartsWith("HTTP/1.1 400 Bad Request\r\n")) << text;
    EXPECT_THAT(answer, EndsWith("Connection: close\r\n\r\ninvalid_argument")) << text;
  }
}

TEST_F(HttpServerFaults, RefusesWhatCouldBeReadInTwoWays) {
  serve(&echo);
  for (const std::string fields :
       {"", "Host: a\r\nHost: b\r\n", "Host: x\r\nContent-Length: 3\r\nContent-Length: 4\r\n",
        "Host: x\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n",
        "Host: x\r\nTransfer-Encoding: gzip\r\n", "Host: x\r\nContent-Length: -1\r\n",
        "Host: x\r\nContent-Length: 99999999999999999999999\r\n"}) {
    EXPECT_THAT(raw().ask("POST / HTTP/1.1\r\n" + fields + "\r\nabc"), StartsWith("HTTP/1.1 400 ")) << fields;
  }
}

TEST_F(HttpServerFaults, AnswersATooLargeHeadWith431) {
  serve(&say_hello, {.max_header_bytes = 1024});
  EXPECT_THAT(raw().ask("GET / HTTP/1.1\r\nHost: x\r\nX-Long: " + std::string(2000, 'x') + "\r\n\r\n"),
              StartsWith("HTTP/1.1 431 "));
  EXPECT_THAT(raw().ask("GET /" + std::string(20000, 'x') + " HTTP/1.1\r\nHost: x\r\n\r\n"),
              StartsWith("HTTP/1.1 431 "));
}

TEST_F(HttpServerFaults, TakesAHeadJustUnderTheLimit) {
  serve(&say_hello, {.max_header_bytes = 1024});
  auto client = raw();
  client.send("GET / HTTP/1.1\r\nHost: x\r\nX-Long: " + std::string(900, 'x') + "\r\n\r\n");
  EXPECT_THAT(client.receive_until("hello"), StartsWith("HTTP/1.1 200 "));
}

TEST_F(HttpServerFaults, AnswersMalformedChunksWith400AndCloses) {
  serve(&echo);
  EXPECT_THAT(raw().ask("POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nabc\r\n"),
              StartsWith("HTTP/1.1 400 "));
}

TEST_F(HttpServerFaults, RefusesMoreConnectionsThanTheLimitAndTakesThemLater) {
  serve(&say_hello, {.max_connections = 1});
  auto first = raw();
  first.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
  first.receive_until("hello");
  EXPECT_THAT(raw().ask("GET / HTTP/1.1\r\nHost: x\r\n\r\n"), StartsWith("HTTP/1.1 503 "));
  first.close();
  ASSERT_TRUE(eventually([&] { return server_->connections() == 0; }));
  EXPECT_THAT(raw().ask("GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"),
              StartsWith("HTTP/1.1 200 "));
}

TEST_F(HttpServerFaults, ClosesAnIdleConnection) {
  serve(&say_hello, {.idle_timeout = 50ms});
  EXPECT_EQ(raw().receive_rest(), "");
}

TEST_F(HttpServerFaults, TellsAClientThatItsHeadStalledAndCloses) {
  serve(&say_hello, {.progress_timeout = 50ms});
  const std::string answer = raw().ask("GET / HTTP/1.1\r\nHos");
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 408 Request Timeout\r\n"));
  EXPECT_THAT(answer, EndsWith("Connection: close\r\n\r\ndeadline_exceeded"));
}

/// Gives the handler's error the shape of errors, as handlers do.
Task<void> read_whole(Exchange& exchange, std::optional<Error>& seen) {
  const auto body = co_await exchange.read_body(1 << 20);
  if (!body) {
    seen = body.error();
    EXPECT_EQ((co_await exchange.read_body(1 << 20)).error().code, Errc::deadline_exceeded);
    EXPECT_EQ(exchange.status_of(504), 408);
    co_await answer_error(exchange, body.error());
  }
}

TEST_F(HttpServerFaults, TellsHandlerAndClientThatABodyStalledAndCloses) {
  std::optional<Error> seen;
  serve([&seen](Exchange& exchange) { return read_whole(exchange, seen); }, {.progress_timeout = 50ms});
  const std::string answer = raw().ask("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nhalf");
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 408 Request Timeout\r\n"));
  EXPECT_THAT(answer, EndsWith("Connection: close\r\n\r\ndeadline_exceeded"));
  ASSERT_TRUE(seen);
  EXPECT_EQ(seen->code, Errc::deadline_exceeded);
}

/// Never lets the server wait for long, and never comes to an end.
Task<bool> send_byte_by_byte(asio::ip::tcp::socket& socket) {
  for (int sent = 0; sent < 1'000'000; ++sent) {
    const auto [error, bytes] = co_await asio::async_write(socket, asio::buffer("x", 1), kAsTuple);
    if (error) co_return true;
    co_await sleep_for(1ms);
  }
  co_return false;
}

TEST_F(HttpServerFaults, GivesUpAClientThatSendsItsBodyTooSlowly) {
  std::optional<Error> seen;
  serve([&seen](Exchange& exchange) { return read_whole(exchange, seen); }, {.body_timeout = 50ms});
  auto client = raw();
  client.send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\n");
  EXPECT_TRUE(testing::run_task(io_, send_byte_by_byte(client.socket())));
  ASSERT_TRUE(seen);
  EXPECT_EQ(seen->code, Errc::deadline_exceeded);
}

struct Outcome {
  std::optional<Error> error;
  bool done = false;
};

Task<void> send_until_it_fails(Exchange& exchange, Outcome& outcome) {
  auto sent = co_await exchange.begin_stream({200, {}, ""});
  while (sent) sent = co_await exchange.write(std::string(64 * 1024, 'x'));
  outcome.error = sent.error();
  const auto again = co_await exchange.write("more");
  outcome.done = !again && again.error().code == Errc::cancelled;
}

TEST_F(HttpServerFaults, FailsWritesToAClientThatWentAway) {
  Outcome outcome;
  serve([&outcome](Exchange& exchange) { return send_until_it_fails(exchange, outcome); });
  auto client = raw();
  client.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
  client.receive_until("\r\n\r\n");
  client.reset();
  ASSERT_TRUE(eventually([&] { return outcome.done; }));
  EXPECT_EQ(outcome.error->code, Errc::cancelled);
}

TEST_F(HttpServerFaults, DropsAClientThatDoesNotTakeItsResponse) {
  Outcome outcome;
  serve([&outcome](Exchange& exchange) { return send_until_it_fails(exchange, outcome); },
        {.progress_timeout = 100ms});
  auto client = raw();
  client.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
  ASSERT_TRUE(eventually([&] { return outcome.done; }));
  EXPECT_EQ(outcome.error->code, Errc::deadline_exceeded);
}

TEST_F(HttpServerFaults, TellsTheHandlerThatTheClientLeftWithinTheBody) {
  Outcome outcome;
  serve([&outcome](Exchange& exchange) {
    struct Handler {
      static Task<void> run(Exchange& exchange, Outcome& outcome) {
        const auto body = co_await exchange.read_body(1024);
        outcome.error = body.error();
        const auto sent = co_await exchange.respond({200, {}, "too late"});
        outcome.done = !sent && sent.error().code == Errc::cancelled;
      }
    };
    return Handler::run(exchange, outcome);
  });
  auto client = raw();
  client.send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nhalf");
  client.close();
  ASSERT_TRUE(eventually([&] { return outcome.done; }));
  EXPECT_EQ(outcome.error->code, Errc::cancelled);
}

TEST_F(HttpServerFaults, TurnsAnExceptionInto500AndKeepsRunning) {
  serve([](Exchange& exchange) -> Task<void> {
    if (exchange.head().path == "/throw") throw std::runtime_error("a bug");
    if (exchange.head().path == "/silent") co_return;
    if (exchange.head().path == "/number") throw 7;
    co_await exchange.respond({200, {}, "hello"});
  });
  auto client = raw();
  for (const std::string path : {"/throw", "/silent", "/number"}) {
    client.send("GET " + path + " HTTP/1.1\r\nHost: x\r\n\r\n");
    EXPECT_THAT(client.receive_until("\r\n\r\ninternal"), StartsWith("HTTP/1.1 500 ")) << path;
  }
  client.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_THAT(client.receive_until("hello"), StartsWith("HTTP/1.1 200 "));
}

TEST_F(HttpServerFaults, LeavesAStreamVisiblyUnfinishedWhenItsHandlerFails) {
  serve([](Exchange& exchange) -> Task<void> {
    co_await exchange.begin_stream({200, {}, "begun"});
    throw std::runtime_error("a bug");
  });
  EXPECT_THAT(raw().ask("GET / HTTP/1.1\r\nHost: x\r\n\r\n"), EndsWith("\r\n5\r\nbegun\r\n"));
}

TEST_F(HttpServerFaults, RefusesASecondAnswer) {
  bool refused = false;
  serve([&refused](Exchange& exchange) {
    struct Handler {
      static Task<void> run(Exchange& exchange, bool& refused) {
        co_await exchange.respond({200, {}, "first"});
        const auto second = co_await exchange.respond({500, {}, "second"});
        refused = !second && second.error().code == Errc::internal;
      }
    };
    return Handler::run(exchange, refused);
  });
  EXPECT_THAT(raw().ask("GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"), EndsWith("first"));
  EXPECT_TRUE(refused);
}

TEST_F(HttpServerFaults, AnswersAClientThatClosedItsSendingSide) {
  serve(&say_hello);
  auto client = raw();
  client.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
  client.shutdown_send();
  EXPECT_THAT(client.receive_rest(), EndsWith("hello"));
}

}  // namespace
}  // namespace kefu::http
