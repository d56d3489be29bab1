#include "redis_fixture.hpp"

#include <kefu/testing/tcp_gate.hpp>

#include <boost/asio/buffer.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <gmock/gmock.h>

namespace kefu::redis {
namespace {

class RedisFaults : public RedisTest {
 protected:
  /// Starts as many lookups of `key` as a caller who does not wait for one before the next; counts how they
  /// end.
  struct Counts {
    int started = 0;
    int ended = 0;
    int right = 0;
    std::map<Errc, int> errors = {};
  };
  void look_up(Counts& counts, const std::string& key, const std::string& expected,
               Deadline::Clock::duration limit) {
    ++counts.started;
    asio::co_spawn(io_, cache_->get_many({key}, Deadline::in(limit)),
                   [&counts, expected](std::exception_ptr, const Result<Values>& values) {
                     ++counts.ended;
                     if (!values) ++counts.errors[values.error().code];
                     if (values && values->front() == expected) ++counts.right;
                   });
  }
  bool all_ended(const Counts& counts) {
    return testing::run_task(io_, testing::eventually([&] { return counts.ended == counts.started; }));
  }

  testing::RedisServer server_;
};

TEST_F(RedisFaults, FailsAtOnceWhileTheServerIsDownAndComesBackWithIt) {
  connect(options_for(server_.port()));
  ASSERT_TRUE(up());
  ASSERT_TRUE(put({{"a", "1"}}));
  server_.kill();
  ASSERT_TRUE(down());
  EXPECT_EQ(get({"a"}).error().code, Errc::unavailable);
  server_.start();
  ASSERT_TRUE(up());
  EXPECT_EQ(get({"a"}), (Values{std::nullopt}));
  EXPECT_TRUE(put({{"a", "2"}}));
  EXPECT_EQ(get({"a"}), (Values{"2"}));
}

TEST_F(RedisFaults, FailsOpenCallsWhenTheServerDies) {
  connect(options_for(server_.port()));
  ASSERT_TRUE(up());
  server_.pause();
  Counts counts;
  for (int i = 0; i < 10; ++i) look_up(counts, "a", "1", 30s);
  server_.kill();
  ASSERT_TRUE(all_ended(counts));
  EXPECT_EQ(counts.errors[Errc::unavailable], 10);
}

TEST_F(RedisFaults, KeepsTheDeadlineOfASilentServerAndDropsItsLateReplies) {
  connect(options_for(server_.port()));
  ASSERT_TRUE(up());
  ASSERT_TRUE(put({{"early", "late reply"}, {"next", "right reply"}}));
  server_.pause();
  Counts late;
  for (int i = 0; i < 5; ++i) look_up(late, "early", "late reply", 50ms);
  ASSERT_TRUE(all_ended(late));
  EXPECT_EQ(late.errors[Errc::deadline_exceeded], 5);
  Counts next;
  for (int i = 0; i < 5; ++i) look_up(next, "next", "right reply", 10s);
  server_.resume();
  ASSERT_TRUE(all_ended(next));
  EXPECT_EQ(next.right, 5);
  EXPECT_EQ(get({"early"}), (Values{"late reply"}));
}

TEST_F(RedisFaults, RefusesMoreCallsThanTheLimitWhileTheServerIsSilent) {
  auto options = options_for(server_.port());
  options.max_in_flight = 8;
  connect(options);
  ASSERT_TRUE(up());
  ASSERT_TRUE(put({{"a", "1"}}));
  server_.pause();
  Counts counts;
  for (int i = 0; i < 20; ++i) look_up(counts, "a", "1", 50ms);
  ASSERT_TRUE(all_ended(counts));
  EXPECT_EQ(counts.errors[Errc::overloaded], 12);
  EXPECT_EQ(counts.errors[Errc::deadline_exceeded], 8);
  EXPECT_EQ(get({"a"}).error().code, Errc::overloaded);  // the replies are still to come
  server_.resume();
  struct Poll {
    static Task<bool> run(RedisCache& cache) {
      const Deadline limit = Deadline::in(10s);
      while (!limit.passed()) {
        const auto values = co_await cache.get_many({"a"}, limit);
        if (values) co_return values->front() == "1";
        co_await sleep_for(5ms);
      }
      co_return false;
    }
  };
  EXPECT_TRUE(testing::run_task(io_, Poll::run(*cache_)));
}

TEST_F(RedisFaults, DoesNotHoldMoreUnsentBytesThanTheLimit) {
  connect(options_for(server_.port()));
  ASSERT_TRUE(up());
  server_.pause();
  std::vector<Errc> errors;
  int ended = 0;
  for (int i = 0; i < 60; ++i) {
    asio::co_spawn(io_, cache_->put_many({{"k", std::string(1'000'000, 'x')}}, 60s, Deadline::in(50s)),
                   [&](std::exception_ptr, const Result<>& put) {
                     ++ended;
                     if (!put) errors.push_back(put.error().code);
                   });
  }
  const auto refused = [&] { return std::ranges::count(errors, Errc::overloaded); };
  EXPECT_TRUE(testing::run_task(io_, testing::eventually([&] { return refused() > 0; })));
  server_.kill();
  EXPECT_TRUE(testing::run_task(io_, testing::eventually([&] { return ended == 60; })));
  EXPECT_EQ(refused() + std::ranges::count(errors, Errc::unavailable), 60);
}

TEST_F(RedisFaults, GivesUpAServerThatStaysSilent) {
  connect(options_for(server_.port()));
  ASSERT_TRUE(up());
  server_.pause();
  struct Poll {
    static Task<bool> run(RedisCache& cache) {
      const Deadline limit = Deadline::in(20s);
      while (!limit.passed()) {
        const auto values = co_await cache.get_many({"a"}, Deadline::in(100ms));
        if (!values && values.error().code == Errc::unavailable) co_return true;
      }
      co_return false;
    }
  };
  EXPECT_TRUE(testing::run_task(io_, Poll::run(*cache_)));
  server_.resume();
  ASSERT_TRUE(up());
  EXPECT_TRUE(put({{"a", "1"}}));
}

TEST_F(RedisFaults, ReadsRepliesCutAnywhere) {
  testing::TcpGate gate(server_.port());
  connect(options_for(gate.port()));
  ASSERT_TRUE(up());
  for (const std::size_t bytes : {1, 2, 3}) {
    gate.split(bytes);
    ASSERT_TRUE(put({{"a", "one\r\n$3\r\ntwo"}, {"b", ""}, {"c", std::string(500, 'c')}}));
    EXPECT_EQ(get({"a", "none", "b", "c"}),
              (Values{"one\r\n$3\r\ntwo", std::nullopt, "", std::string(500, 'c')}));
  }
}

TEST_F(RedisFaults, ConnectsAgainAfterTheConnectionWasCut) {
  testing::TcpGate gate(server_.port());
  connect(options_for(gate.port()));
  ASSERT_TRUE(up());
  ASSERT_TRUE(put({{"a", "1"}}));
  for (int round = 0; round < 3; ++round) {
    gate.pause();
    Counts counts;
    for (int i = 0; i < 5; ++i) look_up(counts, "a", "1", 30s);
    gate.cut();
    gate.resume();
    ASSERT_TRUE(all_ended(counts));
    EXPECT_EQ(counts.errors[Errc::unavailable], 5);
    gate.restore();
    ASSERT_TRUE(up());
    EXPECT_EQ(get({"a"}), (Values{"1"}));
  }
}

TEST_F(RedisFaults, DropsAServerThatDoesNotSpeakRedis) {
  asio::ip::tcp::acceptor acceptor(io_, {asio::ip::make_address("127.0.0.1"), 0});
  int accepted = 0;
  struct Impostor {
    static Task<void> run(asio::ip::tcp::acceptor& acceptor, int& accepted) {
      while (true) {
        auto [error, socket] = co_await acceptor.async_accept(kAsTuple);
        if (error) co_return;
        ++accepted;
        co_await socket.async_write_some(asio::buffer(std::string_view("HTTP/1.1 400 Bad Request\r\n\r\n")),
                                         kAsTuple);
      }
    }
  };
  asio::co_spawn(io_, Impostor::run(acceptor, accepted), [](std::exception_ptr) {});
  connect(options_for(acceptor.local_endpoint().port()));
  EXPECT_TRUE(testing::run_task(io_, testing::eventually([&] { return accepted >= 2; })));
  EXPECT_FALSE(cache_->available());
  stop();
  acceptor.close();
}

}  // namespace
}  // namespace kefu::redis
