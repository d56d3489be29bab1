#include <kefu/http/sse.hpp>

#include <gtest/gtest.h>

namespace kefu::http {
namespace {

using Pairs = std::vector<std::pair<std::string, std::string>>;

/// The events of `text` fed in pieces of `size`.
Pairs parse(std::string_view text, std::size_t size) {
  SseParser parser;
  Pairs out;
  for (std::size_t i = 0; i < text.size(); i += size) {
    const auto events = parser.feed(text.substr(i, size));
    EXPECT_TRUE(events);
    for (const auto& event : *events) out.emplace_back(event.event, event.data);
  }
  return out;
}

TEST(Sse, FormatsOneLineOfDataForEachLine) {
  EXPECT_EQ(format_sse("delta", "a"), "event: delta\ndata: a\n\n");
  EXPECT_EQ(format_sse("", "a\nb\r\nc\rd"), "data: a\ndata: b\ndata: c\ndata: d\n\n");
  EXPECT_EQ(format_sse("done", ""), "event: done\ndata: \n\n");
}

TEST(Sse, LetsNobodySlipInAnEvent) {
  EXPECT_EQ(format_sse("a\n\nevent: b", "x"), "event: aevent: b\ndata: x\n\n");
  EXPECT_EQ(parse(format_sse("e", "x\n\nevent: b"), 100), (Pairs{{"e", "x\n\nevent: b"}}));
}

TEST(Sse, ParsesAStreamCutAnywhere) {
  const std::string text =
      "\xEF\xBB\xBF: a comment\r\n"
      "event: delta\r\ndata: 退\r\ndata:货\r\n\r\n"
      "data\r\rid: 7\nretry: 10\nunknown: x\ndata:  two spaces\n\n"
      "event: without data\n\n"
      "data: {\"a\":1}\n\ndata: never finished\n";
  const Pairs expected{
      {"delta", "退\n货"}, {"message", ""}, {"message", " two spaces"}, {"message", "{\"a\":1}"}};
  for (std::size_t size = 1; size <= text.size(); ++size) EXPECT_EQ(parse(text, size), expected) << size;
}

TEST(Sse, ForgetsTheNameOfAnEventWithoutData) {
  EXPECT_EQ(parse("event: lost\n\ndata: x\n\n", 100), (Pairs{{"message", "x"}}));
}

TEST(Sse, ParsesWhatItFormatted) {
  for (const std::string data : {"", "\n", "\n\n", " a", ":", "data: x", "退\n货\n"}) {
    EXPECT_EQ(parse(format_sse("e", data), 3), (Pairs{{"e", data}})) << data;
  }
}

TEST(Sse, RefusesAnEventOverTheLimitHoweverItComes) {
  for (const std::size_t size : {1, 7, 1000}) {
    for (const std::string line : {"data: 0123456789", "data: 0123456789\n"}) {
      SseParser parser(50);
      bool refused = false;
      for (int i = 0; i < 20 && !refused; ++i) {
        for (std::size_t at = 0; at < line.size() && !refused; at += size) {
          refused = !parser.feed(std::string_view(line).substr(at, size));
        }
      }
      EXPECT_TRUE(refused) << size << line;
    }
  }
}

TEST(Sse, TakesAnyNumberOfEventsUnderTheLimit) {
  SseParser parser(20);
  for (int i = 0; i < 100; ++i) EXPECT_EQ(parser.feed("data: 0123456789\n\n")->size(), 1U);
}

}  // namespace
}  // namespace kefu::http
