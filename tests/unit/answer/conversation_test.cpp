#include "conversation.hpp"

#include "conversation_memory.hpp"

#include <kefu/redis/memory_cache.hpp>
#include <kefu/testing/run_task.hpp>

#include <gtest/gtest.h>

#include <chrono>

namespace kefu::answer {
namespace {

using namespace std::chrono_literals;
using kefu::v1::Turn;

Deadline soon() { return Deadline::in(1min); }

TEST(Conversation, KnowsAQuestionThatLeansOnTheOneBefore) {
  for (const char* question : {"那要多少钱?", "电饭煲呢?", "它有红色的吗?", "这个能退吗", "还有别的颜色吗?",
                               "What about the blue one?", "does it come in red?", "And in winter?",
                               "這款能退嗎?", "剛才說的運費呢。", "然後怎麼辦?", "Does IT fit?"}) {
    EXPECT_TRUE(refers_back(question)) << question;
  }
}

TEST(Conversation, KnowsAQuestionThatStandsAlone) {
  for (const char* question : {"运费谁出?", "怎么退货?", "扫地机器人保修几年?", "How do I return shoes?",
                               "Who pays for items sent back?", "Orders from abroad"}) {
    EXPECT_FALSE(refers_back(question)) << question;
  }
}

TEST(Conversation, KnowsAQuestionThatMayLeaveWordsOut) {
  for (const char* question : {"几天?", "鞋子也行吗?", "how long?", "And for shoes?"})
    EXPECT_TRUE(leaves_words_out(question)) << question;
  for (const char* question :
       {"明天杭州会下雨吗?", "你们老板叫什么名字?", "What is the capital of Mongolia?"})
    EXPECT_FALSE(leaves_words_out(question)) << question;
}

TEST(Conversation, KeepsTheNewestTurnsAndCutsLongOnes) {
  const Turns turns{turn(Turn::ROLE_CUSTOMER, "一"), turn(Turn::ROLE_ASSISTANT, "  "),
                    turn(Turn::ROLE_CUSTOMER, "二二二"), turn(Turn::ROLE_ASSISTANT, "\xff"),
                    turn(Turn::ROLE_CUSTOMER, "三")};
  const Turns kept = recent(turns, 2, 2);
  ASSERT_EQ(kept.size(), 2U);
  EXPECT_EQ(kept[0].text(), "二二");
  EXPECT_EQ(kept[1].text(), "三");
}

TEST(Conversation, IsJoinedWithTheLastQuestionAndNoAnswer) {
  const Turns turns{turn(Turn::ROLE_CUSTOMER, "一"), turn(Turn::ROLE_CUSTOMER, "二"),
                    turn(Turn::ROLE_ASSISTANT, "答")};
  EXPECT_EQ(joined_with_last(turns, "三"), "二 三");
  EXPECT_EQ(joined_with_last({}, "三"), "三");
}

TEST(CachedConversations, AreFoundUnderTheirSessionAndKnowledgeBaseOnly) {
  asio::io_context io;
  redis::MemoryCache store;
  CachedConversations memory(store, {});
  testing::run_task(io, memory.keep("inc-1", "s", {turn(Turn::ROLE_CUSTOMER, "一")}, soon()));
  const auto found = testing::run_task(io, memory.recall("inc-1", "s", soon()));
  ASSERT_TRUE(found);
  ASSERT_EQ(found->size(), 1U);
  EXPECT_EQ(found->front().text(), "一");
  EXPECT_TRUE(testing::run_task(io, memory.recall("inc-2", "s", soon()))->empty());
  EXPECT_TRUE(testing::run_task(io, memory.recall("inc-1", "other", soon()))->empty());
}

TEST(CachedConversations, SayThatTheStoreIsDown) {
  asio::io_context io;
  redis::MemoryCache store;
  store.set_available(false);
  CachedConversations memory(store, {});
  EXPECT_FALSE(testing::run_task(io, memory.recall("inc-1", "s", soon())));
}

TEST(CachedConversations, DoNotOutlastTheRequest) {
  asio::io_context io;
  redis::MemoryCache store;
  CachedConversations memory(store, {});
  const auto late = testing::run_task(io, memory.recall("inc-1", "s", Deadline::in(-1s)));
  ASSERT_FALSE(late);
  EXPECT_EQ(late.error().code, Errc::deadline_exceeded);
}

}  // namespace
}  // namespace kefu::answer
