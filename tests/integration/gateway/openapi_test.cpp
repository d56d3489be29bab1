#include "openapi.hpp"

#include "gateway_harness.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cctype>
#include <functional>
#include <set>

namespace kefu::gateway {
namespace {

using nlohmann::json;

json document() { return json::parse(openapi_document()); }

std::set<std::string> operations_of(const json& openapi) {
  std::set<std::string> names;
  for (const auto& [path, item] : openapi["paths"].items()) {
    for (const auto& [method, operation] : item.items()) {
      if (method == "parameters") continue;
      std::string upper = method;
      std::ranges::transform(upper, upper.begin(), [](unsigned char c) { return std::toupper(c); });
      names.insert(upper + " " + path);
    }
  }
  return names;
}

/// Calls `visit` with every value of the document that has this key.
void for_each_value(const json& node, const std::string& key, const std::function<void(const json&)>& visit) {
  if (node.is_object() && node.contains(key)) visit(node[key]);
  if (node.is_structured())
    for (const json& child : node) for_each_value(child, key, visit);
}

TEST(OpenApi, HasEveryRouteAndNoOther) {
  GatewayHarness gateway;
  std::vector<std::string> names;
  gateway.run([&] { names = gateway.flow().routes(); });
  std::set<std::string> routes(names.begin(), names.end());
  routes.insert({"GET /healthz", "GET /readyz", "GET /metrics"});  // of every service
  EXPECT_THAT(operations_of(document()), ::testing::ContainerEq(routes));
}

TEST(OpenApi, IsServedToEverybodyButForeignPages) {
  GatewayHarness gateway;
  kefu::v1::ApiKey key;
  key.set_role(kefu::v1::ApiKey::ROLE_MANAGE);
  gateway.add_key(key);
  const auto response = gateway.get("/openapi.json");
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(response.fields.get("Content-Type"), "application/json");
  EXPECT_EQ(response.body, openapi_document());
  EXPECT_EQ(json_of(response)["openapi"], "3.1.0");
  EXPECT_EQ(
      gateway.send({.url = gateway.url("/openapi.json"), .fields = {{"Origin", "https://evil.example"}}})
          .status,
      403);
}

TEST(OpenApi, RefersOnlyToWhatItHas) {
  const json openapi = document();
  for_each_value(openapi, "$ref", [&](const json& reference) {
    ASSERT_TRUE(reference.is_string());
    const auto text = reference.get<std::string>();
    ASSERT_TRUE(text.starts_with("#/")) << text;
    EXPECT_TRUE(openapi.contains(json::json_pointer(text.substr(1)))) << text;
  });
}

TEST(OpenApi, NamesEveryOperationOnceAndDescribesItsParameters) {
  const json openapi = document();
  std::set<std::string> ids;
  for (const auto& [path, item] : openapi["paths"].items()) {
    const auto parameters = static_cast<std::ptrdiff_t>(item.value("parameters", json::array()).size());
    EXPECT_EQ(std::ranges::count(path, '{'), parameters) << path;
    for (const auto& [method, operation] : item.items()) {
      if (method == "parameters") continue;
      EXPECT_TRUE(ids.insert(operation["operationId"]).second) << operation["operationId"];
      for (const char* field : {"summary", "description", "tags", "responses"})
        EXPECT_FALSE(operation[field].empty()) << method << " " << path << " lacks " << field;
    }
  }
}

}  // namespace
}  // namespace kefu::gateway
