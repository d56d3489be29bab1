#include "http_fixture.hpp"

#include <array>

namespace kefu::http {
namespace {

using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

using HttpServer = HttpTest;

Task<void> stream_two_pieces(Exchange& exchange) {
  co_await exchange.begin_stream({200, {{"Content-Type", "text/event-stream"}}, ""});
  co_await exchange.write("one");
  co_await exchange.write("");
  co_await exchange.write("a longer second piece");
  co_await exchange.end_stream();
}

Task<void> count_body(Exchange& exchange) {
  std::array<char, 1000> piece;
  std::size_t total = 0;
  while (true) {
    const auto got = co_await exchange.read_some(piece);
    if (!got) co_return;
    if (*got == 0) break;
    total += *got;
  }
  co_await exchange.respond({200, {}, std::to_string(total)});
}

TEST_F(HttpServer, AnswersWithLengthAndNoFieldsOfItsOwnButServer) {
  serve(&say_hello);
  auto client = raw();
  client.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_EQ(client.receive_until("hello"),
            "HTTP/1.1 200 OK\r\nServer: kefu\r\nContent-Length: 5\r\n\r\nhello");
}

TEST_F(HttpServer, KeepsTheConnectionForTheNextRequest) {
  serve(&echo);
  auto client = raw();
  client.send("POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\none");
  EXPECT_THAT(client.receive_until("POST /a one"), EndsWith("\r\n\r\nPOST /a one"));
  client.send("POST /b HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\ntwo");
  EXPECT_THAT(client.receive_until("POST /b two"), EndsWith("\r\n\r\nPOST /b two"));
  EXPECT_EQ(server_->connections(), 1U);
}

TEST_F(HttpServer, AnswersPipelinedRequestsInOrder) {
  serve(&echo);
  auto client = raw();
  client.send(
      "POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n\r\n1GET /b HTTP/1.1\r\nHost: x\r\n\r\n"
      "POST /c HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nConnection: "
      "close\r\n\r\n1\r\n3\r\n0\r\n\r\n");
  const std::string all = client.receive_rest();
  const auto a = all.find("POST /a 1");
  const auto b = all.find("GET /b ");
  const auto c = all.find("POST /c 3");
  EXPECT_LT(a, b);
  EXPECT_LT(b, c);
  EXPECT_NE(c, std::string::npos);
}

TEST_F(HttpServer, TakesARequestThatComesByteByByte) {
  serve(&echo);
  auto client = raw();
  for (const char c : std::string_view("POST /x HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
                                       "3;ext=1\r\nabc\r\n2\r\nde\r\n0\r\nTrailer: t\r\n\r\n")) {
    client.send(std::string(1, c));
  }
  EXPECT_THAT(client.receive_until("abcde"), EndsWith("\r\n\r\nPOST /x abcde"));
}

TEST_F(HttpServer, DecodesPathAndQuery) {
  serve([](Exchange& exchange) -> Task<void> {
    const auto& head = exchange.head();
    co_await exchange.respond(
        {200, {}, head.path + "|" + head.query.at("q") + "|" + head.query.at("empty") + "|" + head.peer});
  });
  auto client = raw();
  client.send("GET /%E9%9E%8B?q=a%26b+c&empty HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_THAT(client.receive_until("127.0.0.1"), EndsWith("\r\n\r\n/鞋|a&b c||127.0.0.1"));
}

TEST_F(HttpServer, SendsNoBodyForHeadButItsLength) {
  serve(&say_hello);
  EXPECT_THAT(raw().ask("HEAD / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"),
              EndsWith("Content-Length: 5\r\nConnection: close\r\n\r\n"));
}

TEST_F(HttpServer, SendsNeitherBodyNorLengthWith204) {
  serve([](Exchange& exchange) -> Task<void> { co_await exchange.respond({204, {}, ""}); });
  EXPECT_EQ(raw().ask("DELETE / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"),
            "HTTP/1.1 204 No Content\r\nServer: kefu\r\nConnection: close\r\n\r\n");
}

TEST_F(HttpServer, StreamsInChunks) {
  serve(&stream_two_pieces);
  auto client = raw();
  client.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_EQ(client.receive_until("\r\n0\r\n\r\n"),
            "HTTP/1.1 200 OK\r\nServer: kefu\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: "
            "chunked\r\n\r\n"
            "3\r\none\r\n15\r\na longer second piece\r\n0\r\n\r\n");
  client.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_THAT(client.receive_until("\r\n0\r\n\r\n"), StartsWith("HTTP/1.1 200"));
}

TEST_F(HttpServer, EndsAStreamByClosingForHttp10) {
  serve(&stream_two_pieces);
  EXPECT_EQ(raw().ask("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n"),
            "HTTP/1.1 200 OK\r\nServer: kefu\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n"
            "onea longer second piece");
}

TEST_F(HttpServer, KeepsAnHttp10ConnectionOnlyWhenAsked) {
  serve(&say_hello);
  EXPECT_THAT(raw().ask("GET / HTTP/1.0\r\n\r\n"), HasSubstr("Connection: close"));
  auto client = raw();
  client.send("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
  EXPECT_THAT(client.receive_until("hello"), HasSubstr("Connection: keep-alive"));
  client.send("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
  EXPECT_THAT(client.receive_until("hello"), HasSubstr("200 OK"));
}

TEST_F(HttpServer, SaysContinueOnlyWhenTheBodyIsAboutToBeRead) {
  serve(&echo);
  auto client = raw();
  client.send("POST /x HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\r\n");
  EXPECT_EQ(client.receive_until("\r\n\r\n"), "HTTP/1.1 100 Continue\r\n\r\n");
  client.send("body");
  EXPECT_THAT(client.receive_until("body"), EndsWith("POST /x body"));
}

TEST_F(HttpServer, DoesNotSayContinueToABodyThatIsTooLarge) {
  serve(&echo);
  const std::string answer =
      raw().ask("POST /x HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 2000\r\n\r\n");
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 413 "));
  EXPECT_THAT(answer, HasSubstr("Connection: close"));
}

TEST_F(HttpServer, ClosesWhenItCannotKnowWhetherTheBodyFollows) {
  serve(&say_hello);
  EXPECT_THAT(raw().ask("POST /x HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\r\n"),
              HasSubstr("Connection: close"));
}

TEST_F(HttpServer, RefusesATooLargeBodyBeforeItComes) {
  serve(&echo);
  auto client = raw();
  client.send("POST /x HTTP/1.1\r\nHost: x\r\nContent-Length: 1025\r\n\r\n");
  EXPECT_THAT(client.receive_until("payload_too_large"), StartsWith("HTTP/1.1 413 "));
}

TEST_F(HttpServer, TakesABodyOfExactlyTheLimit) {
  serve(&echo);
  const std::string body(1024, 'x');
  auto client = raw();
  client.send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1024\r\n\r\n" + body);
  EXPECT_THAT(client.receive_until(body), StartsWith("HTTP/1.1 200 "));
  client.send("POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n400\r\n" + body +
              "\r\n0\r\n\r\n");
  EXPECT_THAT(client.receive_until(body), StartsWith("HTTP/1.1 200 "));
}

TEST_F(HttpServer, RefusesAChunkedBodyOverTheLimit) {
  serve(&echo);
  EXPECT_THAT(
      raw().ask(
          "POST /x HTTP/1.1\r\nHost: x\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n401\r\n" +
          std::string(1025, 'x') + "\r\n0\r\n\r\n"),
      StartsWith("HTTP/1.1 413 "));
}

TEST_F(HttpServer, StreamsALargeBodyThroughASmallBuffer) {
  serve(&count_body);
  auto client = raw();
  client.send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 300000\r\n\r\n" + std::string(300000, 'x'));
  EXPECT_THAT(client.receive_until("300000"), EndsWith("\r\n\r\n300000"));
}

TEST_F(HttpServer, DropsASmallBodyThatNobodyReadAndGoesOn) {
  serve(&say_hello);
  auto client = raw();
  client.send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 20000\r\n\r\n" + std::string(20000, 'x'));
  EXPECT_THAT(client.receive_until("hello"), Not(HasSubstr("Connection: close")));
  client.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_THAT(client.receive_until("hello"), StartsWith("HTTP/1.1 200"));
}

TEST_F(HttpServer, AnswersAndClosesWhenALargeBodyWasNotRead) {
  serve(&say_hello);
  const std::string answer =
      raw().ask("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 3000000\r\n\r\n" + std::string(3000000, 'x'));
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 200"));
  EXPECT_THAT(answer, HasSubstr("Connection: close"));
}

TEST_F(HttpServer, LeavesNoLineBreakInAFieldAndNoFramingButItsOwn) {
  serve([](Exchange& exchange) -> Task<void> {
    co_await exchange.respond(
        {200,
         {{"X-Name", "a\r\nX-Evil: 1"}, {"Content-Length", "99"}, {"Transfer-Encoding", "chunked"}},
         "ok"});
  });
  const std::string answer = raw().ask("GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  EXPECT_THAT(answer, HasSubstr("\r\nX-Name: aX-Evil: 1\r\n"));
  EXPECT_THAT(answer, HasSubstr("\r\nContent-Length: 2\r\n"));
  EXPECT_THAT(answer, Not(HasSubstr("chunked")));
}

TEST_F(HttpServer, SendsALargeResponseWhole) {
  serve([](Exchange& exchange) -> Task<void> {
    co_await exchange.respond({200, {}, std::string(5'000'000, 'x')});
  });
  const std::string answer = raw().ask("GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  EXPECT_EQ(answer.size() - answer.find("\r\n\r\n") - 4, 5'000'000U);
}

TEST_F(HttpServer, SaysCloseInEveryResponseOnceTold) {
  serve(&say_hello);
  auto client = raw();
  client.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_THAT(client.receive_until("hello"), Not(HasSubstr("Connection")));
  server_->close_connections_after_response();
  EXPECT_THAT(client.ask("GET / HTTP/1.1\r\nHost: x\r\n\r\n"), HasSubstr("Connection: close"));
  EXPECT_THAT(raw().ask("GET / HTTP/1.1\r\nHost: x\r\n\r\n"), HasSubstr("Connection: close"));
}

TEST_F(HttpServer, DrainClosesIdleConnectionsAndAwaitsOpenRequests) {
  serve([this](Exchange& exchange) { return wait_at(gate_, exchange); });
  auto idle = raw();
  auto busy = raw();
  busy.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
  ASSERT_TRUE(eventually([&] { return gate_.inside == 1; }));
  bool drained = false;
  asio::co_spawn(io_, server_->drain(), [&](std::exception_ptr) { drained = true; });
  EXPECT_EQ(idle.receive_rest(), "");
  EXPECT_FALSE(drained);
  gate_.open();
  EXPECT_THAT(busy.receive_rest(), EndsWith("Connection: close\r\n\r\nlate"));
  EXPECT_TRUE(eventually([&] { return drained; }));
  EXPECT_THROW(raw(), boost::system::system_error);
  server_.reset();
}

TEST_F(HttpServer, DrainServesARequestThatHadArrived) {
  serve(&say_hello);
  auto client = raw();
  client.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
  client.receive_until("hello");
  asio::write(client.socket(),
              asio::buffer(std::string_view("GET / HTTP/1.1\r\nHost: x\r\n\r\n")));  // the loop does not run
  stop();
  EXPECT_THAT(client.receive_rest(), EndsWith("Connection: close\r\n\r\nhello"));
}

TEST_F(HttpServer, DrainServesTheFirstRequestOfAConnectionThatWasMadeBefore) {
  serve(&say_hello);
  auto accepted = raw();
  ASSERT_TRUE(eventually([&] { return server_->connections() == 1; }));
  auto in_the_backlog = raw();  // the loop does not run: only the kernel knows of it
  bool drained = false;
  asio::co_spawn(io_, server_->drain(), [&](std::exception_ptr) { drained = true; });
  accepted.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
  in_the_backlog.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_THAT(accepted.receive_rest(), EndsWith("Connection: close\r\n\r\nhello"));
  EXPECT_THAT(in_the_backlog.receive_rest(), EndsWith("Connection: close\r\n\r\nhello"));
  EXPECT_TRUE(eventually([&] { return drained; }));
  server_.reset();
}

TEST_F(HttpServer, SaysWhyItCannotListen) {
  serve(&say_hello);
  Server second(io_.get_executor(), {.port = server_->port()}, &say_hello, &answer_error);
  const auto started = second.start();
  ASSERT_FALSE(started);
  EXPECT_EQ(started.error().code, Errc::unavailable);
  Server nowhere(io_.get_executor(), {.address = "no address", .port = 0}, &say_hello, &answer_error);
  EXPECT_EQ(nowhere.start().error().code, Errc::unavailable);
}

}  // namespace
}  // namespace kefu::http
