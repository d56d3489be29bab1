#include "config.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

namespace kefu::embedding {
namespace {

struct Reading {
  EmbeddingConfig config;
  std::string complaint;
};

Reading read(std::vector<const char*> arguments) {
  Reading reading;
  service::Settings settings("kefu-embedding", "test");
  add_settings(settings, reading.config);
  arguments.insert(arguments.begin(), "kefu-embedding");
  EXPECT_EQ(settings.parse(static_cast<int>(arguments.size()), arguments.data()),
            service::Settings::Outcome::run);
  const auto valid = validate(reading.config);
  if (!valid) reading.complaint = valid.error().message;
  return reading;
}

TEST(EmbeddingConfig, TakesTheModelInThisProcessWithoutAUrl) {
  const Reading reading = read({});
  EXPECT_EQ(reading.complaint, "");
  EXPECT_FALSE(reading.config.remote.given());
}

TEST(EmbeddingConfig, KnowsAModelThatTakesTextsAsTheyAre) {
  const Reading reading = read({"--query-prefix", "none", "--passage-prefix", "none"});
  EXPECT_EQ(reading.config.model.query_prefix, "");
  EXPECT_EQ(reading.config.model.passage_prefix, "");
}

TEST(EmbeddingConfig, IsToldWhetherVectorsMayBeCut) {
  EXPECT_EQ(read({}).config.fewest_dimensions, 0U);
  EXPECT_EQ(read({"--matryoshka-dimensions", "64"}).config.fewest_dimensions, 64U);
}

TEST(EmbeddingConfig, TakesTheSizeOfTheMemoryTier) {
  EXPECT_EQ(read({}).config.cache().memory_bytes, 32UL << 20);
  EXPECT_EQ(read({"--memory-cache", "0"}).config.cache().memory_bytes, 0U);
}

TEST(EmbeddingConfig, TakesARemoteModel) {
  const Reading reading = read({"--embedding-url", "https://host/v1", "--embedding-model", "bge-m3",
                                "--embedding-dimensions", "1024", "--embedding-batch", "64",
                                "--embedding-encoding", "base64", "--embedding-timeout", "3s"});
  EXPECT_EQ(reading.complaint, "");
  const provider::ClientOptions client = reading.config.remote.client();
  EXPECT_EQ(client.endpoint.model, "bge-m3");
  EXPECT_EQ(client.attempt_timeout, std::chrono::seconds(3));
  EXPECT_EQ(reading.config.remote.embedder.dimensions, 1024U);
  EXPECT_EQ(reading.config.remote.embedder.encoding, provider::VectorEncoding::base64);
  EXPECT_EQ(reading.config.remote.embedder.query_prefix, "");
}

TEST(EmbeddingConfig, NamesTheSettingThatIsWrong) {
  const auto wrong = [](std::initializer_list<const char*> more) {
    std::vector<const char*> all{"--embedding-url", "http://host/v1", "--embedding-model", "m"};
    for (std::size_t i = 0; i < more.size(); i += 2) {
      const auto place = std::ranges::find(all, std::string_view(more.begin()[i]));
      if (place != all.end()) {
        *(place + 1) = more.begin()[i + 1];
      } else {
        all.insert(all.end(), {more.begin()[i], more.begin()[i + 1]});
      }
    }
    return read(all).complaint;
  };
  EXPECT_TRUE(wrong({"--embedding-url", "ftp://host"}).starts_with("embedding-url: "));
  EXPECT_TRUE(wrong({"--embedding-model", ""}).starts_with("embedding-model"));
  EXPECT_TRUE(wrong({"--embedding-batch", "2049"}).starts_with("embedding-batch"));
  EXPECT_TRUE(wrong({"--embedding-max-tokens", "3"}).starts_with("embedding-max-tokens"));
  EXPECT_TRUE(wrong({"--embedding-timeout", "0ms"}).starts_with("embedding-timeout"));
  EXPECT_TRUE(wrong({"--embedding-encoding", "text"}).starts_with("embedding-encoding"));
  EXPECT_TRUE(wrong({"--embedding-dimensions", "70000"}).starts_with("embedding-dimensions"));
}

}  // namespace
}  // namespace kefu::embedding
