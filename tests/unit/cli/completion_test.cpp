#include "command_line.hpp"

#include <kefu/testing/process.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <sstream>

namespace kefu::cli {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::IsSupersetOf;
using ::testing::StartsWith;
using ::testing::UnorderedElementsAre;

std::string script_for(const char* shell) {
  std::ostringstream out;
  std::ostringstream err;
  Console console(out, err, 0, false);
  const std::vector<const char*> arguments{"kefu", "completion", shell};
  EXPECT_EQ(run(static_cast<int>(arguments.size()), arguments.data(), console), 0) << err.str();
  return out.str();
}

class BashCompletion : public ::testing::Test {
 protected:
  BashCompletion() { std::ofstream(folder_.path() / "kefu.bash") << script_for("bash"); }

  /// What bash offers for the last of the words that were typed.
  std::vector<std::string> complete(const std::vector<std::string>& words) {
    std::string command = "source " + (folder_.path() / "kefu.bash").string() + "; cd " +
                          folder_.path().string() + "; COMP_WORDS=(kefu";
    for (const std::string& word : words) command += " '" + word + "'";
    command +=
        "); COMP_CWORD=" + std::to_string(words.size()) + "; _kefu; printf '%s\\n' \"${COMPREPLY[@]}\"";
    std::istringstream printed(testing::run_command({"bash", "-u", "-c", command}));
    std::vector<std::string> offered;
    for (std::string line; std::getline(printed, line);) {
      if (!line.empty()) offered.push_back(line);
    }
    return offered;
  }

  testing::TemporaryDirectory folder_;
};

TEST_F(BashCompletion, OffersTheCommands) {
  EXPECT_THAT(complete({""}),
              IsSupersetOf({"import", "ask", "eval", "bench", "kb", "docs", "jobs", "key", "audit"}));
  EXPECT_THAT(complete({"se"}), ElementsAre("search"));
  EXPECT_THAT(complete({"kb", ""}), UnorderedElementsAre("create", "list", "show", "delete"));
}

TEST_F(BashCompletion, OffersTheOptionsOfTheCommandAndThoseOfAll) {
  EXPECT_THAT(complete({"eval", "--"}),
              IsSupersetOf({"--kb", "--search-only", "--min-recall-1", "--server", "--json", "--help"}));
  EXPECT_THAT(complete({"docs", "edit-row", "--an"}), ElementsAre("--answer"));
  EXPECT_THAT(complete({"-"}), AllOf(Contains("--server"), Contains("--version")));
}

TEST_F(BashCompletion, OffersTheValuesOfAnOption) {
  EXPECT_THAT(complete({"ask", "--mode", ""}), ElementsAre("auto", "extractive", "generative"));
  EXPECT_THAT(complete({"ask", "--mode", "=", "ex"}), ElementsAre("extractive"));
  EXPECT_THAT(complete({"key", "create", "--role", ""}), ElementsAre("ask", "manage"));
  EXPECT_THAT(complete({"completion", ""}), ElementsAre("bash", "zsh"));
  EXPECT_THAT(complete({"ask", "--session", ""}), IsEmpty());
}

TEST_F(BashCompletion, TakesNoValueForACommand) {
  EXPECT_THAT(complete({"--server", "kb", "docs", "li"}), ElementsAre("list"));
  EXPECT_THAT(complete({"--server", "=", "kb", "docs", "li"}), ElementsAre("list"));
  EXPECT_THAT(complete({"import", "--kb", "docs", "--char"}), ElementsAre("--charset"));
}

TEST_F(BashCompletion, OffersFilesWhereFilesAreWanted) {
  std::ofstream(folder_.path() / "faq.csv") << "q,a\n";
  std::ofstream(folder_.path() / "old questions.csv") << "q,a\n";
  EXPECT_THAT(complete({"import", "--kb", "shop", "fa"}), ElementsAre("faq.csv"));
  EXPECT_THAT(complete({"bench", "--questions", "fa"}), ElementsAre("faq.csv"));
  EXPECT_THAT(complete({"status", "fa"}), IsEmpty());
  EXPECT_THAT(complete({"import", "old"}), ElementsAre("old questions.csv"));
  EXPECT_THAT(complete({"bench", "--questions", "old"}), ElementsAre("old questions.csv"));
}

TEST(ZshCompletion, HasAFunctionForEveryCommandAndIsOneFile) {
  const std::string script = script_for("zsh");
  EXPECT_THAT(script, StartsWith("#compdef kefu\n"));
  EXPECT_THAT(script, HasSubstr("\n_kefu_docs_edit-row() {\n"));
  EXPECT_THAT(script,
              HasSubstr("'*--mode[auto, extractive (never a language model) or generative]:value:(auto "
                        "extractive generative)'"));
  EXPECT_THAT(script, HasSubstr("        edit-row) _kefu_docs_edit-row ;;\n"));
  // Places are numbered: zsh refuses two that take the rest.
  EXPECT_THAT(
      script,
      HasSubstr(
          "    '1:the document, by the name it was imported under: ' \\\n    '2:its number, from 1: '\n"));
  EXPECT_THAT(script, HasSubstr("    '*:FAQ as .csv or .jsonl, documents as .md, .txt or .jsonl:_files'\n"));
}

}  // namespace
}  // namespace kefu::cli
