#include "http_fixture.hpp"

#include <kefu/http/sse.hpp>
#include <kefu/testing/process.hpp>
#include <kefu/testing/tcp_gate.hpp>

namespace kefu::http {
namespace {

using ::testing::HasSubstr;

/// Answers each connection with the texts given, one for each request, whatever it says; then closes.
class ScriptedServer {
 public:
  ScriptedServer(asio::io_context& io, std::vector<std::vector<std::string>> connections)
      : acceptor_(io, {asio::ip::make_address("127.0.0.1"), 0}), connections_(std::move(connections)) {
    asio::co_spawn(io, run(), [this](std::exception_ptr) { done_ = true; });
  }
  std::string url(const std::string& target) const {
    return "http://127.0.0.1:" + std::to_string(acceptor_.local_endpoint().port()) + target;
  }
  const std::string& heard() const { return heard_; }
  bool done() const { return done_; }

 private:
  Task<void> run() {
    for (const auto& answers : connections_) {
      auto [error, socket] = co_await acceptor_.async_accept(kAsTuple);
      if (error) co_return;
      for (const auto& answer : answers) {
        std::string buffer;
        const auto [failed, bytes] =
            co_await asio::async_read_until(socket, asio::dynamic_buffer(buffer), "\r\n\r\n", kAsTuple);
        if (failed) co_return;
        heard_ += buffer;
        co_await asio::async_write(socket, asio::buffer(answer), kAsTuple);
      }
    }
  }

  asio::ip::tcp::acceptor acceptor_;
  std::vector<std::vector<std::string>> connections_;
  std::string heard_;
  bool done_ = false;
};

class HttpClient : public HttpTest {
 protected:
  Result<Response> get(const std::string& where, Deadline::Clock::duration limit = 10s) {
    return send(client_, {.method = "GET", .url = where}, limit);
  }
  Result<Response> answer_to(std::string text) {
    ScriptedServer server(io_, {{std::move(text)}});
    auto response = get(server.url("/"));
    eventually([&] { return server.done(); });
    return response;
  }
  Client client_{io_.get_executor(), {.max_response_bytes = 10000}};
};

TEST_F(HttpClient, SendsARequestAndReadsTheResponse) {
  serve(&echo);
  const auto response =
      send(client_, {.method = "POST", .url = url("/a%20b?x=1"), .fields = {{"X-Key", "v"}}, .body = "text"});
  ASSERT_TRUE(response) << response.error().detail;
  EXPECT_EQ(response->status, 200);
  EXPECT_EQ(response->body, "POST /a b text");
  EXPECT_EQ(response->fields.get("SERVER"), "kefu");
}

TEST_F(HttpClient, KeepsItsConnection) {
  serve(&echo);
  for (int i = 0; i < 5; ++i) EXPECT_TRUE(get(url("/")));
  EXPECT_EQ(server_->connections(), 1U);
}

TEST_F(HttpClient, KeepsNoConnectionWhenToldSo) {
  serve(&echo);
  Client client(io_.get_executor(), {.max_idle_connections = 0});
  EXPECT_TRUE(send(client, {.url = url("/")}));
  EXPECT_TRUE(eventually([&] { return server_->connections() == 0; }));
}

TEST_F(HttpClient, GivesErrorStatusesAsResponses) {
  serve([](Exchange& exchange) { return answer_error(exchange, Error{Errc::rate_limited, ""}); });
  const auto response = get(url("/"));
  ASSERT_TRUE(response);
  EXPECT_EQ(response->status, 429);
  EXPECT_EQ(response->body, "rate_limited");
}

TEST_F(HttpClient, ReadsNoBodyAfterHead) {
  serve(&say_hello);
  const auto response = send(client_, {.method = "HEAD", .url = url("/")});
  ASSERT_TRUE(response);
  EXPECT_EQ(response->body, "");
  EXPECT_TRUE(get(url("/")));
  EXPECT_EQ(server_->connections(), 1U);
}

TEST_F(HttpClient, ReadsABodyThatEndsWithTheConnection) {
  const auto response = answer_to("HTTP/1.0 200 OK\r\n\r\nall of it");
  ASSERT_TRUE(response);
  EXPECT_EQ(response->body, "all of it");
}

TEST_F(HttpClient, SkipsInformationalResponses) {
  const auto response = answer_to(
      "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 200 "
      "OK\r\nContent-Length: 2\r\n\r\nok");
  ASSERT_TRUE(response);
  EXPECT_EQ(response->status, 200);
  EXPECT_EQ(response->body, "ok");
  EXPECT_EQ(response->fields.get("link"), "");
}

TEST_F(HttpClient, SaysBadUpstreamForAnAnswerThatIsNone) {
  for (const std::string text :
       {"garbage\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf", "HTTP/1.1 200 O",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nab\r\n"}) {
    const auto response = answer_to(text);
    ASSERT_FALSE(response) << text;
    EXPECT_EQ(response.error().code, Errc::bad_upstream) << text;
  }
}

TEST_F(HttpClient, SaysUnavailableWhenTheServerClosesWithoutAWord) {
  const auto response = answer_to("");
  ASSERT_FALSE(response);
  EXPECT_EQ(response.error().code, Errc::unavailable);
}

TEST_F(HttpClient, RefusesAResponseOverItsLimit) {
  const auto announced = answer_to("HTTP/1.1 200 OK\r\nContent-Length: 10001\r\n\r\n");
  ASSERT_FALSE(announced);
  EXPECT_EQ(announced.error().code, Errc::payload_too_large);
  const auto endless = answer_to("HTTP/1.1 200 OK\r\n\r\n" + std::string(20000, 'x'));
  ASSERT_FALSE(endless);
  EXPECT_EQ(endless.error().code, Errc::payload_too_large);
  const auto exact = answer_to("HTTP/1.1 200 OK\r\nContent-Length: 10000\r\n\r\n" + std::string(10000, 'x'));
  EXPECT_TRUE(exact);
}

TEST_F(HttpClient, SendsAgainWhenAKeptConnectionWasClosed) {
  const std::string answer = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
  ScriptedServer server(io_, {{answer}, {answer}});
  ASSERT_TRUE(get(server.url("/1")));
  const auto second = get(server.url("/2"));
  ASSERT_TRUE(second) << second.error().detail;
  EXPECT_THAT(server.heard(), HasSubstr("GET /2"));
}

TEST_F(HttpClient, SendsAgainWhenTheServerClosesAfterTheRequestWasSent) {
  const std::string answer = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
  ScriptedServer server(io_, {{answer, ""}, {answer}});  // the second request is heard and not answered
  ASSERT_TRUE(get(server.url("/1")));
  EXPECT_TRUE(get(server.url("/2")));
}

TEST_F(HttpClient, DoesNotSendAgainOnANewConnection) {
  ScriptedServer server(io_, {{""}, {"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"}});
  EXPECT_EQ(get(server.url("/")).error().code, Errc::unavailable);
  EXPECT_TRUE(get(server.url("/")));
}

TEST_F(HttpClient, SaysUnavailableWhenNobodyListens) {
  const auto response = get("http://127.0.0.1:" + std::to_string(testing::free_port()) + "/");
  ASSERT_FALSE(response);
  EXPECT_EQ(response.error().code, Errc::unavailable);
}

TEST_F(HttpClient, SaysUnavailableForANameThatDoesNotExist) {
  const auto response = get("http://does-not-exist.invalid/");
  ASSERT_FALSE(response);
  EXPECT_EQ(response.error().code, Errc::unavailable);
}

TEST_F(HttpClient, ResolvesNames) {
  serve(&say_hello);
  EXPECT_TRUE(get("http://localhost:" + std::to_string(server_->port()) + "/"));
}

TEST_F(HttpClient, RefusesABadUrl) { EXPECT_EQ(get("ftp://x/").error().code, Errc::invalid_argument); }

TEST_F(HttpClient, GivesUpAtTheDeadline) {
  asio::ip::tcp::acceptor silent(io_, {asio::ip::make_address("127.0.0.1"), 0});
  const auto response = get("http://127.0.0.1:" + std::to_string(silent.local_endpoint().port()) + "/", 50ms);
  ASSERT_FALSE(response);
  EXPECT_EQ(response.error().code, Errc::deadline_exceeded);
}

TEST_F(HttpClient, GivesUpAtTheDeadlineWithinABody) {
  serve([this](Exchange& exchange) { return begin_and_wait_at(gate_, exchange); });
  const auto response = get(url("/"), 100ms);
  gate_.open();
  ASSERT_FALSE(response);
  EXPECT_EQ(response.error().code, Errc::deadline_exceeded);
}

TEST_F(HttpClient, GivesUpAtTheDeadlineWhenTheServerDoesNotTakeTheBody) {
  asio::ip::tcp::acceptor silent(io_, {asio::ip::make_address("127.0.0.1"), 0});
  const auto response =
      send(client_,
           {.method = "POST",
            .url = "http://127.0.0.1:" + std::to_string(silent.local_endpoint().port()) + "/",
            .body = std::string(20'000'000, 'x')},
           100ms);
  ASSERT_FALSE(response);
  EXPECT_EQ(response.error().code, Errc::deadline_exceeded);
}

TEST_F(HttpClient, HearsTheRefusalOfABodyThatItIsStillSending) {
  serve(&echo);
  const auto response =
      send(client_, {.method = "POST", .url = url("/"), .body = std::string(3'000'000, 'x')});
  ASSERT_TRUE(response) << response.error().detail;
  EXPECT_EQ(response->status, 413);
}

Task<void> three_events(Exchange& exchange) {
  co_await exchange.begin_stream({200, {{"Content-Type", "text/event-stream"}}, format_sse("", "退货")});
  co_await exchange.write(format_sse("delta", "a\nb"));
  co_await exchange.write(format_sse("done", ""));
  co_await exchange.end_stream();
}

Task<std::vector<SseEvent>> read_events(Client& client, ClientRequest request) {
  std::vector<SseEvent> events;
  auto stream = co_await client.open(std::move(request), Deadline::in(10s));
  EXPECT_TRUE(stream);
  if (!stream) co_return events;
  EXPECT_EQ((*stream)->fields().get("content-type"), "text/event-stream");
  SseParser parser;
  while (true) {
    const auto piece = co_await (*stream)->read_some(Deadline::in(10s));
    EXPECT_TRUE(piece);
    if (!piece || piece->empty()) co_return events;
    const auto some = parser.feed(*piece);
    EXPECT_TRUE(some);
    if (some) events.insert(events.end(), some->begin(), some->end());
  }
}

TEST_F(HttpClient, StreamsEventsThroughAConnectionCutIntoSingleBytes) {
  serve(&three_events);
  testing::TcpGate gate(server_->port());
  gate.split(1);
  const std::string through_the_gate = "http://127.0.0.1:" + std::to_string(gate.port()) + "/";
  for (int round = 0; round < 2; ++round) {
    const auto events = run(read_events(client_, {.url = through_the_gate}));
    ASSERT_EQ(events.size(), 3U);
    EXPECT_EQ(events[0].event, "message");
    EXPECT_EQ(events[0].data, "退货");
    EXPECT_EQ(events[1].data, "a\nb");
    EXPECT_EQ(events[2].event, "done");
  }
  EXPECT_EQ(server_->connections(), 1U);
}

TEST_F(HttpClient, SaysTruncatedWhenTheConnectionIsCutWithinABody) {
  serve([this](Exchange& exchange) { return begin_and_wait_at(gate_, exchange); });
  testing::TcpGate gate(server_->port());
  struct Reader {
    static Task<Error> run(Client& client, std::string where, testing::TcpGate& gate) {
      const auto stream = co_await client.open({.url = where}, Deadline::in(10s));
      if (!stream) co_return stream.error();
      co_await (*stream)->read_some(Deadline::in(10s));
      gate.cut();
      const auto rest = co_await (*stream)->read_some(Deadline::in(10s));
      co_return rest ? Error{} : rest.error();
    }
  };
  const Error error =
      run(Reader::run(client_, "http://127.0.0.1:" + std::to_string(gate.port()) + "/", gate));
  gate_.open();
  EXPECT_EQ(error.code, Errc::bad_upstream);
}

TEST_F(HttpClient, MayBeDestroyedBeforeItsStream) {
  serve(&three_events);
  struct Reader {
    static Task<std::string> run(asio::any_io_executor executor, std::string where) {
      auto client = std::make_unique<Client>(executor, ClientOptions{});
      auto stream = co_await client->open({.url = where}, Deadline::in(10s));
      client.reset();
      std::string all;
      while (stream) {
        const auto piece = co_await (*stream)->read_some(Deadline::in(10s));
        if (!piece || piece->empty()) break;
        all += *piece;
      }
      co_return all;
    }
  };
  EXPECT_THAT(run(Reader::run(io_.get_executor(), url("/"))), HasSubstr("event: done"));
}

}  // namespace
}  // namespace kefu::http
