#include "http_fixture.hpp"

#include <kefu/testing/process.hpp>

#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/stream.hpp>

namespace kefu::http {
namespace {

/// A certificate for `name`, signed by itself, and a server that answers "secure" with it.
class TlsServer {
 public:
  TlsServer(asio::io_context& io, const std::string& name)
      : context_(asio::ssl::context::tls_server), acceptor_(io, {asio::ip::make_address("127.0.0.1"), 0}) {
    testing::run_command({"openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
                          "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2", "-keyout", path("key.pem"),
                          "-out", path("cert.pem"), "-subj", "/CN=kefu test", "-addext",
                          "subjectAltName=" + name});
    context_.use_certificate_chain_file(path("cert.pem"));
    context_.use_private_key_file(path("key.pem"), asio::ssl::context::pem);
    asio::co_spawn(io, run(), [](std::exception_ptr) {});
  }
  std::string path(const std::string& file) const { return (folder_.path() / file).string(); }
  std::string url(const std::string& host) const {
    return "https://" + host + ":" + std::to_string(acceptor_.local_endpoint().port()) + "/";
  }
  int handshakes() const { return handshakes_; }
  const std::string& server_name() const { return server_name_; }

 private:
  Task<void> run() {
    while (true) {
      auto [error, socket] = co_await acceptor_.async_accept(kAsTuple);
      if (error) co_return;
      asio::ssl::stream<asio::ip::tcp::socket> stream(std::move(socket), context_);
      const auto [failed] = co_await stream.async_handshake(asio::ssl::stream_base::server, kAsTuple);
      if (failed) continue;
      ++handshakes_;
      const char* name = SSL_get_servername(stream.native_handle(), TLSEXT_NAMETYPE_host_name);
      server_name_ = name == nullptr ? "" : name;
      while (true) {
        std::string buffer;
        const auto [ended, bytes] =
            co_await asio::async_read_until(stream, asio::dynamic_buffer(buffer), "\r\n\r\n", kAsTuple);
        if (ended) break;
        co_await asio::async_write(
            stream, asio::buffer(std::string_view("HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nsecure")),
            kAsTuple);
      }
    }
  }

  testing::TemporaryDirectory folder_;
  asio::ssl::context context_;
  asio::ip::tcp::acceptor acceptor_;
  int handshakes_ = 0;
  std::string server_name_;
};

class HttpsClient : public HttpTest {
 protected:
  Error failure(Client& client, const std::string& where) {
    const auto response = send(client, {.url = where});
    return response ? Error{Errc::internal, "it was not refused"} : response.error();
  }
  TlsServer& tls_server(const std::string& name) {
    server_for_tls_ = std::make_unique<TlsServer>(io_, name);
    return *server_for_tls_;
  }
  std::unique_ptr<TlsServer> server_for_tls_;
};

TEST_F(HttpsClient, TalksToAServerWhoseCertificateItTrustsAndKeepsTheConnection) {
  auto& server = tls_server("DNS:localhost");
  Client client(io_.get_executor(), {.ca_file = server.path("cert.pem")});
  for (int i = 0; i < 3; ++i) {
    const auto response = send(client, {.url = server.url("localhost")});
    ASSERT_TRUE(response) << response.error().detail;
    EXPECT_EQ(response->body, "secure");
  }
  EXPECT_EQ(server.handshakes(), 1);
  EXPECT_EQ(server.server_name(), "localhost");
}

TEST_F(HttpsClient, VerifiesAddressesToo) {
  auto& server = tls_server("IP:127.0.0.1");
  Client client(io_.get_executor(), {.ca_file = server.path("cert.pem")});
  const auto response = send(client, {.url = server.url("127.0.0.1")});
  ASSERT_TRUE(response) << response.error().detail;
  auto& named = tls_server("IP:127.0.0.1");
  Client other(io_.get_executor(), {.ca_file = named.path("cert.pem")});
  EXPECT_EQ(failure(other, named.url("localhost")).code, Errc::unavailable);
}

TEST_F(HttpsClient, RefusesACertificateOfAnotherHost) {
  auto& server = tls_server("DNS:shop.example");
  Client client(io_.get_executor(), {.ca_file = server.path("cert.pem")});
  const Error error = failure(client, server.url("localhost"));
  EXPECT_EQ(error.code, Errc::unavailable);
  EXPECT_THAT(error.detail, ::testing::HasSubstr("certificate verify failed"));
}

TEST_F(HttpsClient, RefusesACertificateThatNobodyItTrustsHasSigned) {
  auto& server = tls_server("DNS:localhost");
  Client client(io_.get_executor(), {});
  EXPECT_EQ(failure(client, server.url("localhost")).code, Errc::unavailable);
  EXPECT_EQ(server.handshakes(), 0);
}

TEST_F(HttpsClient, SaysSoWhenItsCertificatesCannotBeRead) {
  auto& server = tls_server("DNS:localhost");
  Client client(io_.get_executor(), {.ca_file = "/does/not/exist.pem"});
  const Error error = failure(client, server.url("localhost"));
  EXPECT_EQ(error.code, Errc::unavailable);
  EXPECT_THAT(error.detail, ::testing::HasSubstr("/does/not/exist.pem"));
}

TEST_F(HttpsClient, SaysUnavailableWhenTheServerDoesNotSpeakTls) {
  serve(&say_hello);
  Client client(io_.get_executor(), {});
  EXPECT_EQ(failure(client, "https://127.0.0.1:" + std::to_string(server_->port()) + "/").code,
            Errc::unavailable);
}

TEST_F(HttpsClient, GivesUpAHandshakeAtTheDeadline) {
  asio::ip::tcp::acceptor silent(io_, {asio::ip::make_address("127.0.0.1"), 0});
  Client client(io_.get_executor(), {});
  const auto response = send(
      client, {.url = "https://127.0.0.1:" + std::to_string(silent.local_endpoint().port()) + "/"}, 50ms);
  ASSERT_FALSE(response);
  EXPECT_EQ(response.error().code, Errc::deadline_exceeded);
}

}  // namespace
}  // namespace kefu::http
