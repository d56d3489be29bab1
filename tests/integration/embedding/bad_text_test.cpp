#include "embedding_system.hpp"
#include "tiny_embedding_model.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

namespace kefu::embedding {
namespace {

using testing::EmbeddingSystem;
using namespace std::string_literals;

/// With a model whose tokens are bytes.
class BadText : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    directory_ = std::make_unique<kefu::testing::TemporaryDirectory>();
    const std::string model = directory_->path() / "tiny.gguf";
    testing::write_tiny_embedding_model(model);
    system_ = std::make_unique<EmbeddingSystem>(EmbeddingSystem::Model{.arguments = {"--model", model}});
    ASSERT_TRUE(system_->serves()) << system_->log();
  }
  static void TearDownTestSuite() {
    system_.reset();
    directory_.reset();
  }
  static Result<kefu::v1::EmbedResponse> embed(std::vector<std::string> texts) {
    return system_->run(system_->embed(std::move(texts)));
  }

  static inline std::unique_ptr<kefu::testing::TemporaryDirectory> directory_;
  static inline std::unique_ptr<EmbeddingSystem> system_;
};

TEST_F(BadText, ThatIsEmptyOrNothingButSpaceIsRefusedWithItsPlace) {
  for (const std::string& nothing : {""s, " \n\t"s, "\u3000"s, "\x01\x07\x1b"s, "\0"s, "\u200b\ufeff"s}) {
    const auto refused = embed({"a text", nothing});
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, Errc::invalid_argument);
    EXPECT_EQ(refused.error().message, "texts[1]: the text is empty");
  }
}

TEST_F(BadText, ThatIsNotUtf8IsRefused) {
  for (const std::string& broken : {"\xff\xfe"s, "\xe9\x80"s, "\xed\xa0\x80"s, "\xc0\xaf"s}) {
    kefu::v1::EmbedRequest request;
    request.set_role(kefu::v1::TEXT_ROLE_QUERY);
    request.add_texts(std::string(broken.size(), 'x'));
    std::string payload = request.SerializeAsString();
    payload.replace(payload.find('x'), broken.size(), broken);
    const auto refused = system_->run(system_->ask(proto::kEmbed, payload));
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, Errc::invalid_argument);
  }
}

TEST_F(BadText, WithControlCharactersIsTheTextWithoutThem) {
  const auto plain = embed({"运费谁出?"});
  const auto controlled = embed({"\0运\x1b费\x7f谁出?\x02"s});
  ASSERT_TRUE(plain);
  ASSERT_TRUE(controlled) << controlled.error().message;
  EXPECT_EQ(controlled->vectors(), plain->vectors());
  EXPECT_EQ(controlled->usage().embedding_tokens(), 0U);
}

TEST_F(BadText, OverTheContextOfTheModelIsEmbeddedToItsLastWord) {
  std::string text;
  for (int i = 0; text.size() < 6 * testing::kTinyMaxTokens; ++i)
    text += "Goods of kind " + std::to_string(i) + " can be returned within seven days. ";
  const auto first = embed({text + "The buyer pays."});
  const auto second = embed({text + "The seller pays."});
  ASSERT_TRUE(first) << first.error().message;
  ASSERT_TRUE(second) << second.error().message;
  EXPECT_GE(first->usage().embedding_tokens(), text.size());
  EXPECT_NE(first->vectors(), second->vectors());
}

TEST_F(BadText, InOneRequestDoesNotSpoilTheNext) {
  ASSERT_FALSE(embed({""}));
  EXPECT_TRUE(embed({"a text after it"}));
}

}  // namespace
}  // namespace kefu::embedding
