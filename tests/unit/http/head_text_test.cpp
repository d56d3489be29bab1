#include "head_text.hpp"

#include <gtest/gtest.h>

namespace kefu::http {
namespace {

TEST(HeadText, WritesARequest) {
  const Url url{.tls = false, .host = "host", .port = "8080", .target = "/x?y"};
  EXPECT_EQ(request_head({.method = "POST", .fields = {{"A", "b"}}, .body = "12345"}, url),
            "POST /x?y HTTP/1.1\r\nHost: host:8080\r\nA: b\r\nUser-Agent: kefu\r\nContent-Length: 5\r\n\r\n");
}

TEST(HeadText, LeavesTheUsualPortOut) {
  EXPECT_EQ(request_head({}, {.tls = true, .host = "h", .port = "443", .target = "/"}),
            "GET / HTTP/1.1\r\nHost: h\r\nUser-Agent: kefu\r\n\r\n");
  EXPECT_EQ(request_head({}, {.tls = true, .host = "::1", .port = "80", .target = "/"}),
            "GET / HTTP/1.1\r\nHost: [::1]:80\r\nUser-Agent: kefu\r\n\r\n");
}

TEST(HeadText, KeepsTheFramingOfARequestItsOwn) {
  const ClientRequest request{.method = "PUT",
                              .fields = {{"content-length", "9"},
                                         {"Transfer-Encoding", "chunked"},
                                         {"Host", "evil"},
                                         {"User-Agent", "me"},
                                         {"X", "a\r\nY: b"}}};
  EXPECT_EQ(request_head(request, {.host = "h", .port = "80", .target = "/"}),
            "PUT / HTTP/1.1\r\nHost: h\r\nUser-Agent: me\r\nX: aY: b\r\nContent-Length: 0\r\n\r\n");
}

TEST(HeadText, WritesAResponseWithAStatusThatHasNoName) {
  EXPECT_EQ(response_head({.status = 555}, Framing::length, true, false),
            "HTTP/1.1 555 \r\nServer: kefu\r\nContent-Length: 0\r\n\r\n");
}

}  // namespace
}  // namespace kefu::http
