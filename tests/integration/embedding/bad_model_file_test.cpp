#include "tiny_embedding_model.hpp"

#include <kefu/testing/servers.hpp>
#include <kefu/testing/tiny_gguf.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <memory>
#include <sstream>
#include <string>

namespace kefu::embedding {
namespace {

using kefu::testing::TinyGguf;
using ::testing::HasSubstr;
using testing::TinyPooling;
using testing::write_tiny_embedding_model;
using namespace std::chrono_literals;

/// What a kefu-embedding that is given such a file says before it ends.
class BadModelFile : public ::testing::Test {
 protected:
  static void SetUpTestSuite() { nats_ = std::make_unique<kefu::testing::NatsServer>(); }
  static void TearDownTestSuite() { nats_.reset(); }

  std::string complaint() const {
    const auto log = directory_.path() / "log";
    kefu::testing::Process process({.command = {KEFU_EMBEDDING, "--model", file_, "--nats-url", nats_->url(),
                                                "--redis-url", "redis://127.0.0.1:1", "--admin-port", "0"},
                                    .output = log});
    EXPECT_EQ(process.wait(60s), 1);
    std::ostringstream text;
    text << std::ifstream(log).rdbuf();
    EXPECT_THAT(text.str(), HasSubstr(file_.string())) << "it does not name the file";
    return text.str();
  }

  static inline std::unique_ptr<kefu::testing::NatsServer> nats_;
  kefu::testing::TemporaryDirectory directory_;
  std::filesystem::path file_ = directory_.path() / "model.gguf";
};

TEST_F(BadModelFile, ThatIsMissing) { EXPECT_THAT(complaint(), HasSubstr("No such file or directory")); }

TEST_F(BadModelFile, ThatIsAFolder) {
  std::filesystem::create_directory(file_);
  EXPECT_THAT(complaint(), HasSubstr("is not a file"));
}

TEST_F(BadModelFile, OfAnotherFormat) {
  std::ofstream(file_) << "this is a model of another program";
  EXPECT_THAT(complaint(), HasSubstr("is not a GGUF file"));
}

TEST_F(BadModelFile, ThatIsEmpty) {
  std::ofstream(file_).flush();
  EXPECT_THAT(complaint(), HasSubstr("is cut short: 0 bytes"));
}

TEST_F(BadModelFile, ThatIsCutShortInItsWeights) {
  write_tiny_embedding_model(file_);
  std::filesystem::resize_file(file_, std::filesystem::file_size(file_) / 2);
  EXPECT_THAT(complaint(), HasSubstr("corrupted or incomplete"));
}

TEST_F(BadModelFile, ThatIsCutShortInItsHeader) {
  write_tiny_embedding_model(file_);
  std::filesystem::resize_file(file_, 100);
  EXPECT_THAT(complaint(), HasSubstr("cannot load the embedding model"));
}

TEST_F(BadModelFile, OfAnotherArchitecture) {
  TinyGguf model("zorg", std::size_t{1} << 20U);
  model.set_vocabulary();
  model.write(file_);
  EXPECT_THAT(complaint(), HasSubstr("unknown model architecture: 'zorg'"));
}

TEST_F(BadModelFile, WithoutPooling) {
  write_tiny_embedding_model(file_, TinyPooling::none);
  EXPECT_THAT(complaint(), HasSubstr("cannot embed texts: its metadata names no pooling"));
}

TEST_F(BadModelFile, OfAReranker) {
  write_tiny_embedding_model(file_, TinyPooling::rank);
  EXPECT_THAT(complaint(), HasSubstr("cannot embed texts: it is a reranker"));
}

}  // namespace
}  // namespace kefu::embedding
