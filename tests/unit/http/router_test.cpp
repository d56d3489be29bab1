#include "request_target.hpp"

#include <kefu/http/server.hpp>
#include <kefu/testing/run_task.hpp>

#include <gtest/gtest.h>

namespace kefu::http {
namespace {

/// Keeps the response.
class FakeExchange final : public Exchange {
 public:
  FakeExchange(std::string method, std::string_view target) {
    head_.method = std::move(method);
    EXPECT_TRUE(take_request_target(target, head_));
  }
  const RequestHead& head() const override { return head_; }
  Task<Result<std::string>> read_body(std::size_t) override { co_return std::string{}; }
  Task<Result<std::size_t>> read_some(std::span<char>) override { co_return std::size_t{0}; }
  Task<Result<>> respond(Response response) override {
    response_ = std::move(response);
    co_return Result<>{};
  }
  Task<Result<>> begin_stream(Response head) override { return respond(std::move(head)); }
  Task<Result<>> write(std::string) override { co_return Result<>{}; }
  Task<Result<>> end_stream() override { co_return Result<>{}; }
  bool responded() const override { return response_.has_value(); }
  const Response& response() const { return *response_; }

 private:
  RequestHead head_;
  std::optional<Response> response_;
};

/// Answers with its own name and the parameters.
RequestHandler named(std::string name) {
  struct Handler {
    static Task<void> run(Exchange& exchange, std::string name) {
      for (const auto& [key, value] : exchange.head().path_parameters) name += " " + key + "=" + value;
      co_await exchange.respond({200, {}, std::move(name)});
    }
  };
  return [name](Exchange& exchange) { return Handler::run(exchange, name); };
}

Task<void> answer_error(Exchange& exchange, Error error) {
  co_await exchange.respond({traits(error.code).http_status, {}, error.message});
}

class HttpRouter : public ::testing::Test {
 protected:
  Response ask(std::string method, std::string_view target) {
    FakeExchange exchange(std::move(method), target);
    asio::io_context io;
    testing::run_task(io, router_(exchange));
    return exchange.response();
  }
  Router router_{&answer_error};
};

TEST_F(HttpRouter, ChoosesByMethodAndPath) {
  router_.add("GET", "/v1/kbs/{kb}", named("get"));
  router_.add("PUT", "/v1/kbs/{kb}", named("put"));
  router_.add("POST", "/v1/kbs/{kb}/documents", named("upload"));
  EXPECT_EQ(ask("GET", "/v1/kbs/shop").body, "get kb=shop");
  EXPECT_EQ(ask("PUT", "/v1/kbs/shop?x=1").body, "put kb=shop");
  EXPECT_EQ(ask("POST", "/v1/kbs/shop/documents").body, "upload kb=shop");
}

TEST_F(HttpRouter, DecodesParametersSegmentBySegment) {
  router_.add("GET", "/a/{x}/{y}", named("two"));
  EXPECT_EQ(ask("GET", "/a/1%2F2/%E9%9E%8B").body, "two x=1/2 y=鞋");
}

TEST_F(HttpRouter, PrefersWhatIsWrittenOut) {
  router_.add("GET", "/a/{x}", named("any"));
  router_.add("GET", "/a/b", named("b"));
  router_.add("GET", "/{x}/b", named("last"));
  EXPECT_EQ(ask("GET", "/a/b").body, "b");
  EXPECT_EQ(ask("GET", "/a/c").body, "any x=c");
  EXPECT_EQ(ask("GET", "/c/b").body, "last x=c");
}

TEST_F(HttpRouter, Answers404WhereThereIsNothing) {
  router_.add("GET", "/a/{x}", named("any"));
  router_.add("GET", "/", named("root"));
  for (const std::string target : {"/a", "/a/", "/a/b/", "/a/b/c", "//a/b", "/A/b", "/b"}) {
    EXPECT_EQ(ask("GET", target).status, 404) << target;
  }
  EXPECT_EQ(ask("GET", "/").body, "root");
}

TEST_F(HttpRouter, Answers405WithWhatIsAllowed) {
  router_.add("GET", "/a", named("get"));
  router_.add("DELETE", "/a", named("delete"));
  const auto response = ask("POST", "/a");
  EXPECT_EQ(response.status, 405);
  EXPECT_EQ(response.fields.get("Allow"), "GET, HEAD, DELETE");
}

TEST_F(HttpRouter, GivesHeadToTheHandlerOfGet) {
  router_.add("GET", "/a", named("get"));
  EXPECT_EQ(ask("HEAD", "/a").body, "get");
  EXPECT_EQ(ask("HEAD", "/b").status, 404);
}

}  // namespace
}  // namespace kefu::http
