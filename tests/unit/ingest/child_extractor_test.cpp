#include "extraction/child_extractor.hpp"

#include <kefu/testing/run_task.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>

namespace kefu::ingest {
namespace {

using ::testing::HasSubstr;
using ::testing::SizeIs;

class ChildExtractorTest : public ::testing::Test {
 protected:
  Result<Extraction> extract(const std::string& program, std::string bytes, Format format = Format::csv,
                             ChildLimits limits = {}) {
    ChildExtractor extractor(pool_, program, limits);
    return testing::run_task(io_, extractor.extract(format, "faq.csv", std::move(bytes)));
  }

  asio::io_context io_;
  CpuPool pool_{1};
};

TEST_F(ChildExtractorTest, ReadsAFileInAnotherProcess) {
  const auto found = extract(KEFU_INGEST_PROGRAM, "question,answer\nq1,a1\nq2,\n");
  ASSERT_TRUE(found) << found.error().message;
  ASSERT_THAT(found->faq, SizeIs(1));
  EXPECT_EQ(found->faq[0].answer(), "a1");
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
  EXPECT_THAT(found->faq, SizeIs(20000));
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
