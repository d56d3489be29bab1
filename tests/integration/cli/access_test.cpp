#include "command_harness.hpp"

#include <gmock/gmock.h>

#include <sstream>

namespace kefu::cli {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class AccessCommand : public Command {
 protected:
  /// Makes the first key and returns its secret.
  std::string chief() {
    EXPECT_EQ(kefu({"key", "create", "--json", "--name", "chief", "--role", "manage"}), 0) << output_;
    id_ = json()["id"];
    return json()["secret"];
  }
  std::string id_;
};

TEST_F(AccessCommand, CreatesKeysAndSendsThemFromTheEnvironmentOrAFile) {
  const std::string secret = chief();
  EXPECT_EQ(kefu({"kb", "list"}), 1);
  EXPECT_THAT(output_, HasSubstr("set KEFU_API_KEY or --api-key-file"));
  EXPECT_EQ(kefu({"kb", "list"}, {{"KEFU_API_KEY", secret}}), 0) << output_;
  EXPECT_EQ(kefu({"kb", "list", "--api-key-file", file("key", secret + "\n")}), 0) << output_;
  EXPECT_EQ(kefu({"kb", "list"}, {{"KEFU_API_KEY", "kefu_wrong"}}), 1);
  EXPECT_THAT(output_, Not(HasSubstr("kefu_wrong")));
  EXPECT_EQ(kefu({"kb", "list", "--api-key-file", "/nowhere/key"}), 2);
}

TEST_F(AccessCommand, ListsAndRevokesKeysWithoutTheirSecrets) {
  const std::string secret = chief();
  const std::map<std::string, std::string> as_chief{{"KEFU_API_KEY", secret}};
  const auto path = folder_.path() / "website.key";
  EXPECT_EQ(kefu({"key", "create", "--name", "网站", "--role", "ask", "--kb", "shop", "--expires-in", "90d",
                  "--requests-per-minute", "1200", "--secret-file", path.string()},
                 as_chief),
            0)
      << output_;
  EXPECT_THAT(output_, Not(HasSubstr("kefu_")));
  EXPECT_EQ(kefu({"kb", "list", "--api-key-file", path.string()}), 0) << output_;
  EXPECT_EQ(kefu({"key", "list", "--json"}, as_chief), 0);
  ASSERT_EQ(json()["keys"].size(), 2U);
  EXPECT_THAT(output_, Not(HasSubstr("secret")));
  std::string website;
  for (const auto& key : json()["keys"]) {
    if (key["name"] == "网站") website = key["id"];
  }
  EXPECT_EQ(kefu({"key", "list"}, as_chief), 0);
  EXPECT_THAT(output_, HasSubstr("网站   ask     shop                  1,200  20"));
  EXPECT_EQ(kefu({"key", "revoke", website}, as_chief), 0);
  EXPECT_EQ(output_, "revoked key " + website + "\n");
  EXPECT_EQ(kefu({"key", "revoke", id_}, as_chief), 1);  // the last one that manages everything
}

TEST_F(AccessCommand, RefusesKeysThatMakeNoSense) {
  EXPECT_EQ(kefu({"key", "create", "--name", "x", "--role", "admin"}), 2);
  EXPECT_EQ(kefu({"key", "create", "--role", "ask"}), 2);
  EXPECT_EQ(kefu({"key", "create", "--name", "x", "--role", "ask", "--expires-in", "soon"}), 2);
  EXPECT_EQ(kefu({"key", "create", "--name", "x", "--role", "manage", "--secret-file", file("there", "x")}),
            1);
  EXPECT_THAT(output_, HasSubstr("there exists already"));
}

TEST_F(AccessCommand, PrintsTheAuditPageByPage) {
  const std::map<std::string, std::string> as_chief{{"KEFU_API_KEY", chief()}};
  EXPECT_EQ(kefu({"kb", "create", "shop"}, as_chief), 0);
  EXPECT_EQ(kefu({"kb", "delete", "shop"}, as_chief), 0);
  EXPECT_EQ(kefu({"audit"}, as_chief), 0);
  EXPECT_THAT(output_, HasSubstr("key.create"));
  EXPECT_THAT(output_, HasSubstr("chief         kb.put           shop          201\n"));
  EXPECT_EQ(kefu({"audit", "--json", "--after", "1", "--limit", "1"}, as_chief), 0);
  EXPECT_EQ(json()["action"], "kb.put");  // one entry, so one line of JSON
  EXPECT_EQ(kefu({"audit", "--kb", "other"}, as_chief), 0);
  EXPECT_EQ(output_, "");
}

}  // namespace
}  // namespace kefu::cli
