#include "text_windows.hpp"

#include "doubles.hpp"

#include <gtest/gtest.h>

#include <numeric>

namespace kefu::embedding {
namespace {

class TextWindows : public ::testing::Test {
 protected:
  /// One token a byte.
  std::vector<std::string> divide(std::string_view text, std::size_t max_tokens) {
    embedder_.info.max_tokens = max_tokens + embedder_.tokens_added();
    return windows_of(embedder_, text, Role::query);
  }

  asio::io_context io_;
  testing::FakeEmbedder embedder_{io_.get_executor()};
};

TEST_F(TextWindows, AreTheWholeTextAndNoneIsTooLong) {
  std::string text;
  for (int i = 0; i < 200; ++i) text += i % 7 == 0 ? "退货。" : "鞋子 boots, ";
  const auto windows = divide(text, 50);
  EXPECT_EQ(std::accumulate(windows.begin(), windows.end(), std::string()), text);
  for (const std::string& window : windows) EXPECT_LE(window.size(), 50U);
}

TEST_F(TextWindows, EndWithASentenceWhereOneEndsNearTheMiddle) {
  EXPECT_EQ(divide("One two three. Four five six seven.", 25),
            (std::vector<std::string>{"One two three. ", "Four five six seven."}));
}

TEST_F(TextWindows, NeverDivideACharacter) {
  EXPECT_EQ(divide("退货", 3), (std::vector<std::string>{"退", "货"}));
  EXPECT_EQ(divide("退", 2), (std::vector<std::string>{"退"}));
}

TEST_F(TextWindows, AreWeighedByTheirTokens) {
  const auto mean = mean_of({std::make_shared<const TextVector>(TextVector{{1, 0}, 3}),
                             std::make_shared<const TextVector>(TextVector{{0, 1}, 4})});
  ASSERT_TRUE(mean);
  EXPECT_EQ(mean->tokens, 7U);
  EXPECT_NEAR(mean->vector[0], 0.6, 1e-6);
  EXPECT_NEAR(mean->vector[1], 0.8, 1e-6);
}

TEST_F(TextWindows, CountAlsoWhereNobodyCountedTheirTokens) {
  const auto mean = mean_of({std::make_shared<const TextVector>(TextVector{{1, 0}, 0}),
                             std::make_shared<const TextVector>(TextVector{{0, 1}, 0})});
  ASSERT_TRUE(mean);
  EXPECT_NEAR(mean->vector[0], mean->vector[1], 1e-6);
}

TEST_F(TextWindows, ThatCancelEachOtherHaveNoMean) {
  EXPECT_FALSE(mean_of({std::make_shared<const TextVector>(TextVector{{1, 0}, 1}),
                        std::make_shared<const TextVector>(TextVector{{-1, 0}, 1})}));
}

}  // namespace
}  // namespace kefu::embedding
