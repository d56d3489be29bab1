#include "vector_memory.hpp"

#include "cached_value.hpp"
#include "uniform_hash.hpp"

#include <gtest/gtest.h>

namespace kefu::embedding {
namespace {

using namespace std::chrono_literals;
using testing::key_of;

constexpr std::chrono::sys_seconds kNow{1'800'000'000s};

TextVector vector_number(std::uint64_t number, std::size_t dimensions = 4) {
  Vector vector(dimensions, 0);
  vector[number % dimensions] = 0.6F;
  vector[(number + 1) % dimensions] = -0.8F;
  return {as_kept(vector), static_cast<std::uint32_t>(number)};
}

bool has(VectorMemory& memory, std::uint64_t number) {
  return memory.find(key_of(number), Lane::import, kNow).has_value();
}

TEST(VectorMemory, GivesBackWhatRedisWould) {
  VectorMemory memory(1 << 20, 4, 1h);
  EXPECT_FALSE(memory.find(key_of(7), Lane::question, kNow));
  memory.keep(key_of(7), vector_number(7), Lane::question, kNow, kNow);
  const auto found = memory.find(key_of(7), Lane::question, kNow);
  ASSERT_TRUE(found);
  EXPECT_EQ(found->vector, vector_number(7).vector);
  EXPECT_EQ(found->tokens, 7U);
  const DatedVector dated{vector_number(7), kNow};
  EXPECT_EQ(found->vector, decode_cached_value("key", encode_cached_value("key", dated), 4)->value.vector);
}

TEST(VectorMemory, ForgetsAVectorWhenItIsOldWhereverItWasMeanwhile) {
  VectorMemory memory(1 << 20, 4, 1h);
  memory.keep(key_of(1), vector_number(1), Lane::question, kNow - 30min, kNow);
  EXPECT_TRUE(memory.find(key_of(1), Lane::question, kNow + 29min));
  EXPECT_FALSE(memory.find(key_of(1), Lane::question, kNow + 30min));
  EXPECT_EQ(memory.entries(), 0U);
  memory.keep(key_of(2), vector_number(2), Lane::question, kNow - 1h, kNow);
  EXPECT_EQ(memory.entries(), 0U);
  memory.keep(key_of(1), vector_number(1), Lane::question, kNow + 30min, kNow + 30min);
  EXPECT_TRUE(memory.find(key_of(1), Lane::question, kNow + 31min));
}

TEST(VectorMemory, TakesTheNewerOfTwoVectorsOfATextAndTheRoomOfOne) {
  VectorMemory memory(1 << 20, 4, 1h);
  memory.keep(key_of(1), vector_number(1), Lane::question, kNow, kNow);
  memory.keep(key_of(1), vector_number(2), Lane::question, kNow, kNow);
  EXPECT_EQ(memory.entries(), 1U);
  EXPECT_EQ(memory.find(key_of(1), Lane::question, kNow)->vector, vector_number(2).vector);
}

TEST(VectorMemory, StaysWithinItsBytes) {
  for (const std::size_t dimensions : {8U, 384U, 1024U}) {
    constexpr std::size_t kBytes = 256UL * 1024;
    VectorMemory memory(kBytes, dimensions, 1h);
    EXPECT_GT(memory.most_entries(), kBytes / (dimensions * 2 + 80) / 2);
    for (std::uint64_t i = 0; i < memory.most_entries() * 3UL; ++i) {
      memory.find(key_of(i), Lane::question, kNow);
      memory.keep(key_of(i), vector_number(i, dimensions), Lane::question, kNow, kNow);
      ASSERT_LE(memory.bytes(), kBytes);
    }
    EXPECT_EQ(memory.entries(), memory.most_entries());
    EXPECT_GT(memory.bytes_an_entry(), dimensions * 2);
  }
}

TEST(VectorMemory, KeepsNothingWhereNothingFitsOrOfAnotherSize) {
  VectorMemory tiny(100, 384, 1h);
  EXPECT_EQ(tiny.most_entries(), 0U);
  tiny.keep(key_of(1), vector_number(1, 384), Lane::question, kNow, kNow);
  tiny.keep(key_of(1), vector_number(1, 384), Lane::import, kNow, kNow);
  EXPECT_FALSE(tiny.find(key_of(1), Lane::question, kNow));
  EXPECT_EQ(tiny.bytes(), 0U);
  VectorMemory memory(1 << 20, 8, 1h);
  memory.keep(key_of(1), vector_number(1, 4), Lane::question, kNow, kNow);
  EXPECT_EQ(memory.entries(), 0U);
}

TEST(VectorMemory, LosesNoQuestionToAnImportOfTenTimesItsSize) {
  VectorMemory memory(64UL * 1024, 8, 1h);
  const std::uint64_t questions = memory.most_entries() / 2;
  for (std::uint64_t i = 0; i < questions; ++i) {
    memory.find(key_of(i), Lane::question, kNow);
    memory.keep(key_of(i), vector_number(i, 8), Lane::question, kNow, kNow);
  }
  for (std::uint64_t i = 0; i < memory.most_entries() * 10UL; ++i) {
    for (int twice = 0; twice < 2; ++twice) memory.find(key_of(100'000 + i), Lane::import, kNow);
    memory.keep(key_of(100'000 + i), vector_number(i, 8), Lane::import, kNow, kNow);
  }
  EXPECT_GT(memory.entries(), questions);  // the import has what was free
  for (std::uint64_t i = 0; i < questions; ++i) EXPECT_TRUE(has(memory, i)) << i;
  // New questions take it back.
  for (std::uint64_t i = questions; i < questions + questions / 2; ++i) {
    memory.find(key_of(i), Lane::question, kNow);
    memory.keep(key_of(i), vector_number(i, 8), Lane::question, kNow, kNow);
  }
  for (std::uint64_t i = 0; i < questions + questions / 2; ++i) EXPECT_TRUE(has(memory, i)) << i;
}

}  // namespace
}  // namespace kefu::embedding
