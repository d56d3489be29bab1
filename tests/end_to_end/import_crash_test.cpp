#include "system.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <set>
#include <string>
#include <vector>

namespace kefu::testing {
namespace {

constexpr int kDocuments = 1000;
constexpr int kCrashAfter = 300;  // uploads: by then all the stages are busy

std::string filename(int number) { return fmt::format("product-{:04}.txt", number); }
std::string content(int number) { return fmt::format("QX{:04} weighs {} grams.", number, 100 + number); }

class ImportCrash : public ::testing::TestWithParam<std::string> {
 protected:
  /// Like any careful client: an upload that got no answer is sent again.
  void upload(int number) {
    std::string job;
    ASSERT_TRUE(eventually_blocking([&] {
      job = system_.upload("catalog", filename(number), "text/plain", content(number));
      return !job.empty();
    })) << filename(number);
    jobs_.push_back(job);
  }

  System system_;
  std::vector<std::string> jobs_;
};

TEST_P(ImportCrash, EveryPassageIsFoundExactlyOnce) {
  ASSERT_EQ(system_.request("PUT", "/v1/kbs/catalog", "{}").status, 201);
  for (int number = 0; number < kDocuments; ++number) {
    if (number == kCrashAfter) system_.kill(GetParam());
    if (number == kCrashAfter + (GetParam() == "gateway" ? 0 : 50)) system_.start(GetParam());
    upload(number);
  }
  system_.wait_ready();
  for (const std::string& job : jobs_) EXPECT_EQ(system_.wait_for_job(job)["state"], "done") << job;

  const auto kb = system_.json("GET", "/v1/kbs/catalog");
  EXPECT_EQ(kb["documents"], kDocuments);
  EXPECT_EQ(kb["passages"], kDocuments);
  for (int number = 0; number < kDocuments; ++number) {
    int found = 0;
    for (const auto& hit : system_.search("catalog", fmt::format("QX{:04}", number), 10)) {
      if (hit["document"] != filename(number)) continue;
      ++found;
      EXPECT_EQ(hit["text"], content(number));
    }
    EXPECT_EQ(found, 1) << filename(number);
  }
}

INSTANTIATE_TEST_SUITE_P(KillOf, ImportCrash, ::testing::ValuesIn(System::service_names()),
                         [](const auto& param) { return param.param; });

}  // namespace
}  // namespace kefu::testing
