#include "command_harness.hpp"
#include "kefu/v1/log.pb.h"

#include <kefu/proto/subjects.hpp>

#include <gmock/gmock.h>

#include <csignal>
#include <filesystem>

namespace kefu::cli {
namespace {

using ::testing::HasSubstr;

TEST_F(Command, ImportsFilesAndTellsWhatBecameOfEach) {
  EXPECT_EQ(kefu({"import", "--kb", "shop", file("常见问题.csv", "q,a\n")}), 0) << output_;
  EXPECT_EQ(output_,
            "created knowledge base shop\n"
            "常见问题.csv: done, 3 passages, 1,234 tokens spent, 0 saved, 1 rejected\n"
            "  rejected: row 2, answer: the answer is missing\n");
}

TEST_F(Command, ImportEndsWithStatusOneWhenAnyFileDidNotGoIn) {
  EXPECT_EQ(kefu({"import", "--kb", "shop", file("a.txt", "text"), file("b.txt", "text"), file("c.pdf", "x"),
                  "/nowhere/d.md"}),
            1);
  EXPECT_THAT(output_, HasSubstr("a.txt: done"));
  EXPECT_THAT(output_, HasSubstr("b.txt: failed: the file is no text"));
  EXPECT_THAT(output_, HasSubstr("c.pdf: only .csv"));
  EXPECT_THAT(output_, HasSubstr("/nowhere/d.md cannot be read"));
}

TEST_F(Command, ImportMakesNoKnowledgeBaseWhenThereIsNothingToSend) {
  EXPECT_EQ(kefu({"import", "--kb", "new", file("c.pdf", "x"), "/nowhere/d.md"}), 1);
  EXPECT_THAT(output_, HasSubstr("c.pdf: only .csv"));
  EXPECT_THAT(output_, HasSubstr("/nowhere/d.md cannot be read"));
  EXPECT_EQ(kefu({"kb", "show", "new"}), 1);
}

TEST_F(Command, ImportOfTwoFilesOfOneNameSendsNothing) {
  for (const char* folder : {"a", "b"}) std::filesystem::create_directory(folder_.path() / folder);
  const std::string first = file("a/faq.csv", "q,a\n");
  const std::string second = file("b/faq.csv", "q,a\n");
  EXPECT_EQ(kefu({"import", "--kb", "shop", first, second}), 2);
  EXPECT_THAT(output_, HasSubstr(first + " and " + second + " have the same name"));
  EXPECT_THAT(output_, ::testing::Not(HasSubstr("created")));
  EXPECT_EQ(gateway_.stored_messages(proto::kJobsStream), 0U);
}

TEST_F(Command, ImportAsJsonIsOneObject) {
  EXPECT_EQ(kefu({"import", "--json", "--kb", "shop", file("a.txt", "text"), file("b.txt", "text")}), 1);
  const auto imports = json()["imports"];
  ASSERT_EQ(imports.size(), 2U);
  for (const auto& import : imports)
    EXPECT_EQ(import["result"]["state"], import["job"] == "2" ? "failed" : "done") << import;
}

TEST_F(Command, ImportHandsTheCharsetOn) {
  EXPECT_EQ(kefu({"import", "--no-wait", "--charset", "gb18030", "--kb", "shop", file("a.csv", "q,a\n")}), 0);
  kefu::v1::Job job;
  job.ParseFromString(gateway_.last(proto::kJobsStream, proto::job_subject("inc1"))->payload);
  EXPECT_EQ(job.content_type(), "text/csv; charset=gb18030");
  EXPECT_EQ(kefu({"import", "--no-wait", "--charset", "big5", "--kb", "shop", file("b.csv", "q,a\n")}), 0);
  EXPECT_EQ(kefu({"import", "--charset", "latin1", "--kb", "shop", "a.csv"}), 2);
}

TEST_F(Command, InterruptedImportSaysHowToGoOnAndLeavesTheJob) {
  services_.hold_jobs = true;
  auto process = start({"import", "--kb", "shop", file("a.txt", "text")});
  ASSERT_TRUE(gateway::eventually([&] { return services_.job_looks >= 2; }));
  process.signal(SIGINT);
  EXPECT_EQ(finish(std::move(process)), 128 + SIGINT);
  EXPECT_THAT(output_,
              HasSubstr("a.txt: job 1 goes on: kefu jobs follow 1 shows it, kefu jobs cancel 1 ends it"));
}

TEST_F(Command, ImportWithoutWaitingPrintsTheJobs) {
  EXPECT_EQ(kefu({"import", "--no-wait", "--kb", "shop", file("a.txt", "text")}), 0);
  EXPECT_THAT(output_, HasSubstr("a.txt: job 1\n"));
}

TEST_F(Command, AskPrintsTheAnswerOnceAndWhatItWasMadeOf) {
  EXPECT_EQ(kefu({"ask", "--kb", "shop", "运费谁出?"}), 0);
  EXPECT_THAT(output_, HasSubstr("买家[31m承担\ndecision    faq"));  // without what would colour the terminal
  EXPECT_THAT(output_, HasSubstr("source 1    faq.csv"));
  EXPECT_THAT(output_, HasSubstr("tokens      0 embedding"));
  EXPECT_EQ(kefu({"ask", "--json", "--kb", "shop", "运费谁出?"}), 0);
  EXPECT_EQ(json()["decision"], "faq");
}

TEST_F(Command, SaysInOneSentenceWhatTheServerRefused) {
  EXPECT_EQ(kefu({"ask", "--kb", "nothing", "q"}), 1);
  EXPECT_THAT(output_, ::testing::MatchesRegex(
                           "kefu: there is no knowledge base \"nothing\" \\(request [0-9a-f]+\\)\n"));
}

TEST_F(Command, NamesTheAddressThatCannotBeReached) {
  const std::string nowhere = "http://127.0.0.1:" + std::to_string(testing::free_port());
  EXPECT_EQ(kefu({"--server", nowhere, "status"}), 1);
  EXPECT_EQ(output_,
            "kefu: the server at " + nowhere + " cannot be reached: is it running, and is --server right?\n");
}

TEST_F(Command, AlignsItsTables) {
  EXPECT_EQ(kefu({"similarity", "奥运会", "北京"}), 0);
  EXPECT_EQ(output_,
            "        奥运会   北京\n"
            "奥运会   1.000  0.600\n"
            "北京     0.600  1.000\n");
  kefu({"status"});
  EXPECT_THAT(output_, HasSubstr("商店                    4     1,061  1970"));
  EXPECT_THAT(output_, HasSubstr("shop                    4     1,061  1970"));
}

TEST_F(Command, SearchesAndDeletes) {
  EXPECT_EQ(kefu({"search", "--kb", "shop", "运费"}), 0);
  EXPECT_THAT(output_, HasSubstr("运费谁出?"));
  EXPECT_EQ(kefu({"delete", "--kb", "shop", "faq.csv"}), 0) << output_;
  EXPECT_EQ(output_, "deleted faq.csv\n");
  EXPECT_EQ(kefu({"delete", "--kb", "shop"}), 0) << output_;
  EXPECT_EQ(output_, "deleted knowledge base shop\n");
}

TEST_F(Command, NamesACommandThatDoesNotExist) {
  EXPECT_EQ(kefu({"bogus", "--kb", "shop"}), 2);
  EXPECT_EQ(output_, "kefu: there is no command \"kefu bogus\": see kefu --help\n");
  EXPECT_EQ(kefu({"--bogus"}), 2);
  EXPECT_EQ(output_, "kefu: there is no option --bogus: see kefu --help\n");
  EXPECT_EQ(kefu({}), 2);
  EXPECT_THAT(output_, HasSubstr("kefu: \"kefu\" needs a command, one of import, ask, "));
  EXPECT_EQ(kefu({"kb"}), 2);
  EXPECT_EQ(output_,
            "kefu: \"kefu kb\" needs a command, one of create, list, show, delete: see kefu kb --help\n");
  EXPECT_EQ(kefu({"kb", "bogus"}), 2);
  EXPECT_EQ(output_, "kefu: there is no command \"kefu kb bogus\": see kefu kb --help\n");
}

TEST_F(Command, RefusesArgumentsThatMakeNoSense) {
  EXPECT_EQ(kefu({"ask", "--kb", "shop"}), 2);
  EXPECT_EQ(kefu({"search", "--kb", "shop", "--top-k", "51", "q"}), 2);
  EXPECT_EQ(kefu({"ask", "--kb", "shop", "--mode", "best", "q"}), 2);
  EXPECT_EQ(kefu({"delete", "--kb", "shop", ""}), 2);  // an unset variable, not the whole knowledge base
  EXPECT_EQ(kefu({"similarity", "one"}), 2);
  EXPECT_EQ(kefu({"--server", "ftp://x", "status"}), 2);
  EXPECT_EQ(kefu({"--help"}), 0);
}

TEST_F(Command, SaysWhatIsWrongWithAnArgumentInOneSentence) {
  const auto error = [this](std::vector<std::string> arguments) {
    EXPECT_EQ(kefu(std::move(arguments)), 2);
    return output_;
  };
  EXPECT_EQ(error({"docs", "list"}), "kefu: --kb is required: see kefu docs list --help\n");
  EXPECT_EQ(error({"docs", "list", "--kb", ""}), "kefu: --kb: it is empty: see kefu docs list --help\n");
  EXPECT_EQ(error({"audit", "--limit", "x"}),
            "kefu: --limit: \"x\" is not a whole number of 1 or more: see kefu audit --help\n");
  EXPECT_EQ(error({"audit", "--after", "-1"}),
            "kefu: --after: \"-1\" is not a whole number of 0 or more: see kefu audit --help\n");
  EXPECT_EQ(error({"eval", "--kb", "shop", "q.jsonl", "--max-refused", "nan"}),
            "kefu: --max-refused: \"nan\" is not a number of 0 or more: see kefu eval --help\n");
}

}  // namespace
}  // namespace kefu::cli
