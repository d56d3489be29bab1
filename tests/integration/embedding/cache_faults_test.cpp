#include "flow_fixture.hpp"

#include <kefu/redis/redis_cache.hpp>
#include <kefu/testing/servers.hpp>

#include <regex>

namespace kefu::embedding {
namespace {

using namespace std::chrono_literals;

/// The flow on a real Redis that fails in every way it can. The model answers always, so whoever asks must
/// get the right vector every time, and only what that costs may change.
class CacheFaults : public testing::FlowTest {
 protected:
  ~CacheFaults() override {
    stop();
    if (redis_) redis_->stop();
    kefu::testing::run_task(io, connection_.join());
  }

  void connect() {
    redis_.emplace(io.get_executor(), redis::RedisOptions{.port = std::to_string(server_.port())});
    connection_.spawn(redis_->run());
    tier = &*redis_;
    make_flow({});
  }
  bool up() {
    return eventually([this] { return redis_->available(); });
  }
  /// Until what was computed is in Redis, or will not be, so that the next one who asks joins nobody.
  bool stored() {
    return eventually([this] { return tasks.running() == embedder.info.calls_at_once; });
  }
  /// Another replica, as far as memory goes.
  void with_memory() {
    cache_options.memory_bytes = 1 << 20;
    make_flow({});
  }

  double lookups(const std::string& result) const {
    return metric("kefu_embedding_cache_lookups_total{result=\"" + result + "\",tier=\"redis\"}");
  }
  double write_errors() const { return metric("kefu_embedding_cache_write_errors_total"); }
  std::string cli(std::vector<std::string> command) {
    command.insert(command.begin(), {"redis-cli", "-p", std::to_string(server_.port())});
    return kefu::testing::run_command(command);
  }

  Vector right(const std::string& text) {
    std::vector<ModelInput> inputs{embedder.prepare(text, Role::query)};
    const auto vectors = kefu::testing::run_task(io, embedder.embed(std::move(inputs), Deadline::in(1s)));
    return as_kept(vectors.front()->vector);
  }
  /// Asks, and holds the answer against what the model says.
  void expect_right(const std::string& text) {
    const auto answer = embed({text});
    ASSERT_TRUE(answer) << text << ": " << answer.error().message;
    EXPECT_EQ(answer->vectors.front()->vector, right(text)) << text;
  }
  /// Polls with new texts until Redis is asked again and answers.
  bool asks_again() {
    const double before = lookups("miss");
    int number = 0;
    return eventually([&] {
      callers.spawn(ignore(flow->embed({"again " + std::to_string(number++)}, Role::query, Lane::question,
                                       Deadline::in(30s))));
      return lookups("miss") > before;
    });
  }

  kefu::testing::RedisServer server_;
  TaskGroup connection_{io.get_executor(), {}};
  std::optional<redis::RedisCache> redis_;
};

TEST_F(CacheFaults, DownAtTheStartCostsComputingUntilItIsThere) {
  server_.kill();
  connect();
  for (const char* text : {"a", "b", "a"}) expect_right(text);
  EXPECT_EQ(lookups("error"), 3);
  EXPECT_TRUE(eventually([&] { return write_errors() == 3; }));
  server_.start();
  ASSERT_TRUE(up());
  expect_right("a");
  settle();
  EXPECT_EQ(lookups("miss"), 1);
  ASSERT_TRUE(stored());
  ASSERT_EQ(cli({"dbsize"}), "1\n");
  expect_right("a");
  EXPECT_EQ(lookups("hit"), 1);
}

TEST_F(CacheFaults, GoingDownUnderLoadFailsNobody) {
  connect();
  ASSERT_TRUE(up());
  std::vector<std::shared_ptr<std::optional<Outcome>>> outcomes;
  std::vector<std::string> texts;
  const auto ask_more = [&] {
    for (int i = 0; i < 100; ++i) {
      texts.push_back("text " + std::to_string(texts.size() % 150));
      outcomes.push_back(begin({texts.back()}));
    }
  };
  ask_more();
  server_.kill();
  ask_more();
  ASSERT_TRUE(eventually([&] { return !redis_->available(); }));
  ask_more();
  server_.start();
  ask_more();
  ASSERT_TRUE(eventually([&] {
    return std::ranges::all_of(outcomes, [](const auto& outcome) { return outcome->has_value(); });
  }));
  for (std::size_t i = 0; i < outcomes.size(); ++i) {
    ASSERT_TRUE(**outcomes[i]) << (*outcomes[i])->error().message;
    EXPECT_EQ((*outcomes[i])->value().vectors.front()->vector, right(texts[i]));
  }
  EXPECT_GT(lookups("error"), 0);
  ASSERT_TRUE(up());
  EXPECT_TRUE(asks_again());
}

TEST_F(CacheFaults, BeingFullStillGivesWhatItHasAndOnlyTheWritesFail) {
  connect();
  ASSERT_TRUE(up());
  expect_right("kept");
  ASSERT_TRUE(stored());
  ASSERT_EQ(cli({"dbsize"}), "1\n");
  cli({"config", "set", "maxmemory", "1"});
  expect_right("kept");
  EXPECT_EQ(lookups("hit"), 1);
  for (const char* text : {"a", "b", "c", "d"}) expect_right(text);
  EXPECT_TRUE(eventually([&] { return write_errors() == 4; }));
  EXPECT_EQ(lookups("miss"), 5);
  EXPECT_EQ(lookups("error"), 0);
  cli({"config", "set", "maxmemory", "0"});
  expect_right("a");
  EXPECT_TRUE(stored());
  EXPECT_EQ(cli({"dbsize"}), "2\n");
}

TEST_F(CacheFaults, BeingFiveSecondsLateIsWaitedForNoMoreThanAFewTimes) {
  cache_options.timeout = 50ms;
  connect();
  ASSERT_TRUE(up());
  expect_right("before");
  constexpr int kAsked = 40;
  cli({"client", "pause", "5000", "all"});
  for (int i = 0; i < kAsked; ++i) expect_right("late " + std::to_string(i));
  EXPECT_EQ(lookups("error"), kAsked);
  EXPECT_TRUE(asks_again());  // when it is back; its late replies are nobody's
  expect_right("before");
  std::smatch calls;
  const std::string statistics = cli({"info", "commandstats"});
  ASSERT_TRUE(std::regex_search(statistics, calls, std::regex("cmdstat_mget:calls=([0-9]+)")));
  EXPECT_LT(std::stoi(calls[1]), kAsked / 2);
}

TEST_F(CacheFaults, BeingFlushedCostsComputingWhatMemoryDoesNotHave) {
  connect();
  ASSERT_TRUE(up());
  expect_right("elsewhere");
  with_memory();
  expect_right("here");
  ASSERT_TRUE(stored());
  ASSERT_EQ(cli({"dbsize"}), "2\n");
  cli({"flushall"});
  const double misses = lookups("miss");
  expect_right("here");
  EXPECT_EQ(lookups("miss"), misses);
  expect_right("elsewhere");
  EXPECT_EQ(lookups("miss"), misses + 1);
  EXPECT_TRUE(stored());
  EXPECT_EQ(cli({"dbsize"}), "1\n");
}

TEST_F(CacheFaults, HoldingGarbageIsCountedAndWrittenOver) {
  connect();
  ASSERT_TRUE(up());
  expect_right("a");
  expect_right("b");
  ASSERT_TRUE(stored());
  ASSERT_EQ(cli({"dbsize"}), "2\n");
  const std::string key = cache->redis_key(cache->key(Role::query, "a"));
  const std::string other = cache->redis_key(cache->key(Role::query, "b"));
  const std::vector<std::vector<std::string>> ways{
      {"set", key, "garbage"},
      {"set", key, ""},
      {"setrange", key, "15", "x"},
      {"append", key, "x"},
      {"eval", "redis.call('set', KEYS[1], redis.call('getrange', KEYS[1], 0, -2))", "1", key},
      {"copy", other, key, "replace"}};
  double corrupt = 0;
  for (const auto& way : ways) {
    cli(way);
    const std::string spoilt = cli({"--no-raw", "get", key});
    expect_right("a");
    EXPECT_EQ(lookups("corrupt"), ++corrupt) << way[0];
    ASSERT_TRUE(stored());
    ASSERT_NE(cli({"--no-raw", "get", key}), spoilt) << way[0];
    expect_right("a");
    EXPECT_EQ(lookups("corrupt"), corrupt) << way[0];
  }
  // What is no string at all is a miss.
  cli({"del", key});
  cli({"rpush", key, "x"});
  expect_right("a");
  EXPECT_EQ(lookups("corrupt"), corrupt);
  EXPECT_TRUE(stored());
  EXPECT_EQ(cli({"type", key}), "string\n");
}

}  // namespace
}  // namespace kefu::embedding
