#include "extraction/child_extractor.hpp"

#include <kefu/testing/run_task.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <iterator>

namespace kefu::ingest {
namespace {

using ::testing::HasSubstr;
using ::testing::SizeIs;

/// A file in parts of 512 KiB, as uploads have them.
class StringSource final : public FileSource {
 public:
  explicit StringSource(std::string bytes) : bytes_(std::move(bytes)) {}
  Task<Result<std::string>> next() override {
    const std::string piece = bytes_.substr(at_, 512 << 10);
    at_ += piece.size();
    co_return piece;
  }

 private:
  std::string bytes_;
  std::size_t at_ = 0;
};

class ChildExtractorTest : public ::testing::Test {
 protected:
  Result<Extraction> extract(const std::string& program, std::string bytes, Format format = Format::csv,
                             ChildLimits limits = {}) {
    ChildExtractor extractor(pool_, program, limits);
    StringSource source(std::move(bytes));
    return testing::run_task(io_, collect(extractor, {.format = format}, source));
  }

  /// All pieces as one.
  static Task<Result<Extraction>> collect(Extractor& extractor, FileType type, FileSource& source) {
    KEFU_CO_TRY(const auto stream, co_await extractor.open(type, "faq.csv", source));
    Extraction all;
    while (true) {
      KEFU_CO_TRY(auto piece, co_await stream->next());
      if (!piece) co_return all;
      std::ranges::move(piece->entries, std::back_inserter(all.entries));
      all.rejections.add(std::move(piece->rejections));
    }
  }

  asio::io_context io_;
  CpuPool pool_{1};
};

TEST_F(ChildExtractorTest, ReadsAFileInAnotherProcess) {
  const auto found = extract(KEFU_INGEST_PROGRAM, "question,answer\nq1,a1\nq2,\n");
  ASSERT_TRUE(found) << found.error().message;
  ASSERT_THAT(found->entries, SizeIs(1));
  EXPECT_EQ(std::get<extraction::FaqRow>(found->entries[0]).answer(), "a1");
  EXPECT_EQ(found->rejections.total(), 1U);
  EXPECT_EQ(found->rejections.kept()[0].file(), "faq.csv");
  EXPECT_EQ(found->rejections.kept()[0].row(), 2U);
}

TEST_F(ChildExtractorTest, CarriesMoreThanAPipeHoldsBothWays) {
  std::string file = "question,answer\n";
  for (int i = 0; i < 20000; ++i)
    file += "question " + std::to_string(i) + "," + std::string(100, 'x') + "\n";
  const auto found = extract(KEFU_INGEST_PROGRAM, file);
  ASSERT_TRUE(found) << found.error().message;
  EXPECT_THAT(found->entries, SizeIs(20000));
}

TEST_F(ChildExtractorTest, CountsAllRejectionsAndKeepsAHundred) {
  std::string file = "question,answer\n";
  for (int i = 0; i < 150; ++i) file += "q,\n";
  const auto found = extract(KEFU_INGEST_PROGRAM, file + "q,a\n");
  ASSERT_TRUE(found);
  EXPECT_EQ(found->rejections.total(), 150U);
  EXPECT_THAT(found->rejections.kept(), SizeIs(100));
}

TEST_F(ChildExtractorTest, PassesOnWhyAFileIsRefused) {
  const auto found = extract(KEFU_INGEST_PROGRAM, "no header");
  ASSERT_FALSE(found);
  EXPECT_EQ(found.error().code, Errc::invalid_argument);
  EXPECT_THAT(found.error().message, HasSubstr("question"));
}

TEST_F(ChildExtractorTest, SaysThatADocumentCrashedItsExtractor) {
  for (const char* mode : {"abort", "half", "garbage", "exit"}) {
    const auto found = extract(KEFU_BROKEN_EXTRACTOR, mode);
    ASSERT_FALSE(found) << mode;
    EXPECT_EQ(found.error().code, Errc::data_corrupt) << mode;
  }
  EXPECT_THAT(extract(KEFU_BROKEN_EXTRACTOR, "abort").error().message,
              HasSubstr("crashed its extractor (Aborted)"));
}

TEST_F(ChildExtractorTest, KeepsOurSettingsFromTheChild) {
  ::setenv("KEFU_NATS_URL", "nats://user:password@nats", 1);
  const auto found = extract(KEFU_BROKEN_EXTRACTOR, "secret");
  ::unsetenv("KEFU_NATS_URL");
  EXPECT_THAT(found.error().message, HasSubstr("exit status 0"));  // it aborts where it sees the variable
}

TEST_F(ChildExtractorTest, SurvivesAChildThatDoesNotReadItsInput) {
  const auto found = extract(KEFU_BROKEN_EXTRACTOR, "exit" + std::string(4 << 20, ' '));
  ASSERT_FALSE(found);
  EXPECT_EQ(found.error().code, Errc::data_corrupt);
}

TEST_F(ChildExtractorTest, KillsAChildThatDoesNotEnd) {
  const auto found =
      extract(KEFU_BROKEN_EXTRACTOR, "hang", Format::csv, {.time = std::chrono::milliseconds(50)});
  ASSERT_FALSE(found);
  EXPECT_THAT(found.error().message, HasSubstr("could not be read within"));
}

TEST_F(ChildExtractorTest, MayBeTriedAgainWhenItCannotBeStartedOrWasStopped) {
  EXPECT_EQ(extract("/nonexistent/extractor", "x").error().code, Errc::unavailable);
  EXPECT_EQ(extract(KEFU_BROKEN_EXTRACTOR, "term").error().code, Errc::cancelled);
}

}  // namespace
}  // namespace kefu::ingest
