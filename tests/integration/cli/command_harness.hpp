#pragma once

#include "gateway_harness.hpp"
#include "services.hpp"

#include <kefu/testing/process.hpp>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <map>
#include <string>
#include <vector>

namespace kefu::cli {

/// `kefu` as a process, on a gateway with the knowledge base `shop`.
class Command : public ::testing::Test {
 protected:
  Command();

  /// Runs `kefu` and returns its exit status; output_ holds what it printed.
  int kefu(std::vector<std::string> arguments, std::map<std::string, std::string> environment = {});
  /// Begins to; finish() is the rest.
  testing::Process start(std::vector<std::string> arguments,
                         std::map<std::string, std::string> environment = {});
  int finish(testing::Process process);
  /// What it printed, as JSON.
  nlohmann::json json() const { return nlohmann::json::parse(output_); }
  std::string file(const std::string& name, const std::string& content);

  testing::TemporaryDirectory folder_;
  Services services_;
  gateway::GatewayHarness gateway_;
  std::string output_;
};

}  // namespace kefu::cli
