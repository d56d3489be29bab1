#pragma once

#include "system.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <csignal>
#include <string>

namespace kefu::testing {

/// An import that is under way: some of its rows are embedded, and the model is held so that it does not end.
class HeldImport : public ::testing::Test {
 protected:
  HeldImport() {
    system_.json("PUT", "/v1/kbs/shop");
    std::string csv = "question,answer\n";
    for (int row = 0; row < kRows; ++row)
      csv += fmt::format("Where is part QX{:04}?,On shelf {}.\n", row, row);
    job_ = system_.upload("shop", "faq.csv", "text/csv", csv);
    EXPECT_TRUE(eventually_blocking([&] { return state().at("stages").at("embedded").at("done") > 0; }));
    system_.signal("embedding", SIGSTOP);
    EXPECT_EQ(state().at("state"), "running") << state();
  }
  nlohmann::json state() { return system_.json("GET", "/v1/jobs/" + job_); }

  static constexpr int kRows = 3000;
  System system_;
  std::string job_;
};

}  // namespace kefu::testing
