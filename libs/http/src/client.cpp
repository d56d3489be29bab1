#include "client_connection.hpp"
#include "client_exchange.hpp"
#include "head_text.hpp"

#include <kefu/http/client.hpp>

#include <list>
#include <utility>

namespace kefu::http {
namespace {

constexpr auto kMaxIdle =
    std::chrono::seconds(60);  ///< servers and routers forget connections that are idle for long

Result<std::unique_ptr<asio::ssl::context>> make_tls_context(const std::string& ca_file) {
  auto context = std::make_unique<asio::ssl::context>(asio::ssl::context::tls_client);
  context->set_options(asio::ssl::context::default_workarounds | asio::ssl::context::no_sslv3 |
                       asio::ssl::context::no_tlsv1 | asio::ssl::context::no_tlsv1_1);
  boost::system::error_code error;
  context->set_verify_mode(asio::ssl::verify_peer, error);
  if (!error && ca_file.empty()) context->set_default_verify_paths(error);
  if (!error && !ca_file.empty()) context->load_verify_file(ca_file, error);
  if (error) {
    return fail(Errc::unavailable, "the certificates to trust cannot be read",
                ca_file + ": " + error.message());
  }
  return context;
}

}  // namespace

/// Shared with the streams that it opened, which bring their connections back.
class Client::Impl : public std::enable_shared_from_this<Client::Impl> {
 public:
  Impl(asio::any_io_executor executor, ClientOptions options)
      : executor_(std::move(executor)), options_(std::move(options)) {}

  /// Sends and reads the head of the response.
  Task<Result<std::unique_ptr<ClientExchange>>> start(ClientRequest request, Deadline deadline);
  Task<Result<Response>> send(ClientRequest request, Deadline deadline);
  Task<Result<std::unique_ptr<ResponseStream>>> open(ClientRequest request, Deadline deadline);
  void keep(std::unique_ptr<ClientConnection> connection);

 private:
  struct Kept {
    std::unique_ptr<ClientConnection> connection;
    Deadline until;
  };

  std::unique_ptr<ClientConnection> take(const std::string& key);
  Result<asio::ssl::context*> tls_for(const Url& url);

  asio::any_io_executor executor_;
  const ClientOptions options_;
  /// Made for the first https request: reading all certificates of a system takes a while. Before `kept_`,
  /// which uses it.
  std::unique_ptr<asio::ssl::context> tls_;
  std::list<Kept> kept_;  ///< the longest kept first
};

namespace {

class Stream final : public ResponseStream {
 public:
  Stream(std::function<void(std::unique_ptr<ClientConnection>)> keep,
         std::unique_ptr<ClientExchange> exchange)
      : keep_(std::move(keep)), exchange_(std::move(exchange)) {}

  int status() const override { return exchange_->status(); }
  const Fields& fields() const override { return exchange_->fields(); }
  Task<Result<std::string>> read_some(Deadline deadline) override {
    if (ended_) co_return std::string{};
    KEFU_CO_TRY(auto piece, co_await exchange_->read_some(deadline));
    if (piece.empty()) {
      ended_ = true;
      if (auto connection = exchange_->take_connection()) keep_(std::move(connection));
    }
    co_return piece;
  }

 private:
  std::function<void(std::unique_ptr<ClientConnection>)> keep_;
  std::unique_ptr<ClientExchange> exchange_;
  bool ended_ = false;
};

}  // namespace

Task<Result<std::unique_ptr<ClientExchange>>> Client::Impl::start(ClientRequest request, Deadline deadline) {
  KEFU_CO_TRY(const Url url, parse_url(request.url));
  KEFU_CO_TRY(asio::ssl::context* const tls, tls_for(url));
  const bool is_head = request.method == "HEAD";
  const std::string head = request_head(request, url);
  if (auto kept = take(connection_key(url))) {
    auto exchange = std::make_unique<ClientExchange>(std::move(kept), options_.max_response_bytes);
    const auto started = co_await exchange->start(head, request.body, is_head, deadline);
    if (started) co_return exchange;
    if (exchange->heard() || started.error().code != Errc::unavailable) co_return fail(started.error());
  }
  KEFU_CO_TRY(auto connection,
              co_await ClientConnection::open(executor_, url, tls, options_.proxy.proxy_for(url), deadline));
  auto exchange = std::make_unique<ClientExchange>(std::move(connection), options_.max_response_bytes);
  KEFU_CO_CHECK(co_await exchange->start(head, std::move(request.body), is_head, deadline));
  co_return exchange;
}

Task<Result<Response>> Client::Impl::send(ClientRequest request, Deadline deadline) {
  KEFU_CO_TRY(const auto exchange, co_await start(std::move(request), deadline));
  Response response{exchange->status(), exchange->fields(), {}};
  while (true) {
    KEFU_CO_TRY(const std::string piece, co_await exchange->read_some(deadline));
    if (piece.empty()) break;
    response.body += piece;
  }
  keep(exchange->take_connection());
  co_return response;
}

Task<Result<std::unique_ptr<ResponseStream>>> Client::Impl::open(ClientRequest request, Deadline deadline) {
  KEFU_CO_TRY(auto exchange, co_await start(std::move(request), deadline));
  auto give_back = [self = shared_from_this()](std::unique_ptr<ClientConnection> connection) {
    self->keep(std::move(connection));
  };
  co_return std::make_unique<Stream>(std::move(give_back), std::move(exchange));
}

void Client::Impl::keep(std::unique_ptr<ClientConnection> connection) {
  if (!connection || options_.max_idle_connections == 0) return;
  if (kept_.size() >= options_.max_idle_connections) kept_.pop_front();
  kept_.push_back({std::move(connection), Deadline::in(kMaxIdle)});
}

/// The one used last: the others may be closed by the server and are then dropped here.
std::unique_ptr<ClientConnection> Client::Impl::take(const std::string& key) {
  std::unique_ptr<ClientConnection> found;
  for (auto kept = kept_.end(); kept != kept_.begin() && !found;) {
    --kept;
    if (kept->connection->key() != key) continue;
    if (!kept->until.passed() && !kept->connection->stale()) found = std::move(kept->connection);
    kept = kept_.erase(kept);
  }
  return found;
}

Result<asio::ssl::context*> Client::Impl::tls_for(const Url& url) {
  if (!url.tls) return nullptr;
  if (!tls_) {
    KEFU_TRY(tls_, make_tls_context(options_.ca_file));
  }
  return tls_.get();
}

Client::Client(asio::any_io_executor executor, ClientOptions options)
    : impl_(std::make_shared<Impl>(std::move(executor), std::move(options))) {}

Client::~Client() = default;

// The coroutine takes its own share of the Impl: the client may be destroyed while a request is under way.
Task<Result<Response>> Client::send(ClientRequest request, Deadline deadline) {
  const auto impl = impl_;
  co_return co_await impl->send(std::move(request), deadline);
}

Task<Result<std::unique_ptr<ResponseStream>>> Client::open(ClientRequest request, Deadline deadline) {
  const auto impl = impl_;
  co_return co_await impl->open(std::move(request), deadline);
}

}  // namespace kefu::http
