#include "command_harness.hpp"
#include "kefu/v1/log.pb.h"

#include <kefu/proto/subjects.hpp>

#include <gmock/gmock.h>

#include <optional>

namespace kefu::cli {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

class ContentCommand : public Command {
 protected:
  kefu::v1::Job last_job() {
    kefu::v1::Job job;
    const auto stored = gateway_.last(proto::kJobsStream, proto::job_subject("inc1"));
    if (stored) job.ParseFromString(stored->payload);
    return job;
  }
};

TEST_F(ContentCommand, CreatesAndShowsKnowledgeBases) {
  EXPECT_EQ(kefu({"kb", "create", "shop", "--description", "客户的问题"}), 0);
  EXPECT_EQ(output_, "created knowledge base shop\n");
  EXPECT_EQ(kefu({"kb", "create", "shop"}), 0);
  EXPECT_EQ(output_, "there is already a knowledge base shop\n");
  EXPECT_EQ(kefu({"kb", "list"}), 0);
  EXPECT_THAT(output_, HasSubstr("商店                    4     1,061"));
  EXPECT_EQ(kefu({"kb", "show", "shop", "--json"}), 0);
  EXPECT_EQ(json()["name"], "shop");
  EXPECT_EQ(kefu({"kb", "show", "nothing"}), 1);
  EXPECT_THAT(output_, HasSubstr("kefu: there is no knowledge base \"nothing\""));
  EXPECT_EQ(kefu({"kb", "delete", "shop", "--json"}), 0);
  EXPECT_EQ(json()["deleted"], "shop");
}

TEST_F(ContentCommand, ListsDocumentsOfAllPages) {
  EXPECT_EQ(kefu({"docs", "list", "--kb", "shop"}), 0);
  EXPECT_THAT(output_, HasSubstr("faq.csv         7     3         3  1,234  ce29bc13fd7f  1970"));
  EXPECT_THAT(output_, HasSubstr("手册.md         7     3         3      -  -             1970"));
  EXPECT_EQ(kefu({"docs", "list", "--kb", "shop", "--json"}), 0);
  EXPECT_EQ(json()["documents"].size(), 2U);
}

TEST_F(ContentCommand, ShowsTheRowsOfADocument) {
  EXPECT_EQ(kefu({"docs", "show", "--kb", "shop", "faq.csv"}), 0);
  EXPECT_THAT(output_, HasSubstr("row 1, id R01\n  question  几点开门?\n  answer    8:00\n"));
  EXPECT_THAT(output_, HasSubstr("row 3, id R03\n"));
  EXPECT_EQ(kefu({"docs", "show", "--kb", "shop", "faq.csv", "--json"}), 0);
  EXPECT_EQ(json()["rows"].size(), 3U);
  EXPECT_FALSE(json().contains("more"));
  EXPECT_EQ(kefu({"docs", "show", "--kb", "shop", "faq.csv", "--limit", "1"}), 0);
  EXPECT_THAT(output_, Not(HasSubstr("row 2")));
  EXPECT_THAT(output_, HasSubstr("there is more: --limit 0 shows all"));
  EXPECT_EQ(kefu({"docs", "show", "--kb", "shop", "nothing.md"}), 1);
}

TEST_F(ContentCommand, ChangesOnlyTheFieldsThatAreGiven) {
  EXPECT_EQ(kefu({"docs", "edit-row", "--kb", "shop", "faq.csv", "2", "--answer", "23:00", "--category", "",
                  "--similar", "何时打烊?", "--similar", "关门时间", "--version", "7"}),
            0)
      << output_;
  EXPECT_EQ(output_, "changed row 2 of faq.csv\n");
  const kefu::v1::Job job = last_job();
  EXPECT_EQ(job.base_version(), 7U);
  EXPECT_EQ(job.edit().action(), kefu::v1::RowEdit::ACTION_CHANGE);
  EXPECT_EQ(job.edit().row(), 2U);
  EXPECT_EQ(job.edit().answer(), "23:00");
  EXPECT_TRUE(job.edit().has_category());
  EXPECT_EQ(job.edit().category(), "");
  EXPECT_FALSE(job.edit().has_question());
  EXPECT_THAT(job.edit().similar().questions(), ElementsAre("何时打烊?", "关门时间"));
}

TEST_F(ContentCommand, EmptiesTheOtherPhrasingsWithAnEmptyOne) {
  EXPECT_EQ(kefu({"docs", "edit-row", "--no-wait", "--kb", "shop", "faq.csv", "2", "--similar", ""}), 0)
      << output_;
  EXPECT_EQ(output_, "faq.csv: job 1\n");
  EXPECT_TRUE(last_job().edit().has_similar());
  EXPECT_EQ(last_job().edit().similar().questions_size(), 0);
}

TEST_F(ContentCommand, TakesAPhrasingAsItIsWhereverItStands) {
  EXPECT_EQ(kefu({"docs", "edit-row", "--no-wait", "--kb", "shop", "--similar", "[急,退]", "faq.csv", "2"}),
            0)
      << output_;
  EXPECT_THAT(last_job().edit().similar().questions(), ElementsAre("[急,退]"));
  EXPECT_EQ(kefu({"docs", "edit-row", "--kb", "shop", "faq.csv", "2", "--similar", "a", "b"}), 2);
}

TEST_F(ContentCommand, AddsAndRemovesRows) {
  EXPECT_EQ(kefu({"docs", "add-row", "--kb", "shop", "faq.csv", "--question", "q", "--answer", "a"}), 0)
      << output_;
  EXPECT_EQ(output_, "added a row to faq.csv\n");
  EXPECT_EQ(last_job().edit().action(), kefu::v1::RowEdit::ACTION_APPEND);
  EXPECT_EQ(kefu({"docs", "remove-row", "--kb", "shop", "faq.csv", "3"}), 1);  // the second job fails
  EXPECT_THAT(output_, HasSubstr("kefu: faq.csv: the file is no text\n"));
  EXPECT_EQ(last_job().edit().action(), kefu::v1::RowEdit::ACTION_REMOVE);
  EXPECT_EQ(last_job().edit().row(), 3U);
}

TEST_F(ContentCommand, RefusesEditsThatSayNothing) {
  EXPECT_EQ(kefu({"docs", "edit-row", "--kb", "shop", "faq.csv", "2"}), 2);
  EXPECT_THAT(output_, HasSubstr("there is nothing to change"));
  EXPECT_EQ(kefu({"docs", "edit-row", "--kb", "shop", "faq.csv", "0", "--answer", "a"}), 2);
  EXPECT_EQ(kefu({"docs", "add-row", "--kb", "shop", "faq.csv", "--question", "q"}), 1);
  EXPECT_THAT(output_, HasSubstr("field \"answer\" is missing"));
}

TEST_F(ContentCommand, DeletesADocument) {
  EXPECT_EQ(kefu({"docs", "delete", "--kb", "shop", "faq.csv"}), 0) << output_;
  EXPECT_EQ(output_, "deleted faq.csv\n");
  EXPECT_EQ(last_job().action(), kefu::v1::Job::ACTION_DELETE);
}

TEST_F(ContentCommand, ListsShowsFollowsAndCancelsJobs) {
  EXPECT_EQ(kefu({"jobs", "list", "--kb", "shop"}), 0);
  EXPECT_THAT(output_, HasSubstr("42  running  shop            手册.md"));
  EXPECT_THAT(output_, HasSubstr("embedded 50/1,000"));
  EXPECT_EQ(kefu({"jobs", "follow", "42"}), 0) << output_;
  EXPECT_THAT(output_, HasSubstr("job 42: done, 3 passages"));
  EXPECT_EQ(kefu({"jobs", "show", "42"}), 0);
  EXPECT_THAT(output_, HasSubstr("rejected: row 2, answer: the answer is missing"));
  EXPECT_EQ(kefu({"jobs", "follow", "2", "--json"}), 1);
  EXPECT_EQ(json()["state"], "failed");
  EXPECT_EQ(kefu({"jobs", "cancel", "42"}), 0);
  EXPECT_EQ(output_, "cancelled job 42: 手册.md\n");
  EXPECT_EQ(kefu({"jobs", "cancel", "2"}), 1);
  EXPECT_THAT(output_, HasSubstr("kefu: the job has ended"));
  EXPECT_EQ(kefu({"jobs", "show", "1.5"}), 2);
  EXPECT_EQ(output_, "kefu: job: \"1.5\" is not a whole number of 1 or more: see kefu jobs show --help\n");
}

}  // namespace
}  // namespace kefu::cli
