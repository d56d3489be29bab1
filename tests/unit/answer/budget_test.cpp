#include "flow_fixture.hpp"

#include <kefu/async/task_group.hpp>
#include <kefu/bus/memory_bus.hpp>
#include <kefu/usage/accounts.hpp>

#include <gmock/gmock.h>

#include <memory>

namespace kefu::answer {
namespace {

using ::testing::HasSubstr;

/// A flow that books what its language model costs.
class BudgetFlow : public Flow {
 protected:
  BudgetFlow() {
    EXPECT_TRUE(testing_run(accounts_.ensure_storage(Deadline::in(1min))));
    accounts_.start(tasks_);
    kefu::testing::run_task(io_, accounts_.wait_complete(Deadline::in(1min)));
    request_.set_key_id("k1");
    search_.reply = clear_passage();
  }
  ~BudgetFlow() override {
    accounts_.stop();
    kefu::testing::run_task(io_, tasks_.join());
  }

  Result<kefu::v1::Answer> ask_on_budget() {
    AnswerFlow flow({.knowledge_bases = bases_,
                     .embedding = embedding_,
                     .search = search_,
                     .llm = &llm_,
                     .memory = &memory_,
                     .metrics = metrics_,
                     .log = log_,
                     .accounts = &accounts_,
                     .llm_model = "qwen"},
                    options_);
    return testing_run(flow.answer(context_, request_, {}));
  }
  void limit_key_to(std::uint64_t tokens) {
    kefu::v1::Budget budget;
    budget.set_scope(kefu::v1::Budget::SCOPE_KEY);
    budget.set_name("k1");
    budget.set_tokens_per_day(tokens);
    usage::Budgets writer(*budgets_bucket_);
    EXPECT_TRUE(testing_run(writer.put(budget, Deadline::in(1min))));
    EXPECT_TRUE(testing_run(kefu::testing::eventually(
        [&] { return accounts_.may_spend({"", "k1"}).has_value() == (tokens > 0); })));
  }

  bus::MemoryBroker broker_{io_.get_executor()};
  std::unique_ptr<bus::KeyValueBucket> usage_bucket_ = broker_.bucket("KEFU_USAGE");
  std::unique_ptr<bus::KeyValueBucket> budgets_bucket_ = broker_.bucket("KEFU_BUDGETS");
  usage::Accounts accounts_{io_.get_executor(), *usage_bucket_, *budgets_bucket_,
                            {.replica = "r1"},  registry_,      log_};
  TaskGroup tasks_{io_.get_executor(), [](std::exception_ptr e) { std::rethrow_exception(std::move(e)); }};
};

TEST_F(BudgetFlow, BooksTheTokensOfTheModelForWhoAsked) {
  limit_key_to(205);  // 200 read and 5 written by the model of this test
  const auto first = ask_on_budget();
  ASSERT_TRUE(first);
  EXPECT_EQ(first->decision(), kefu::v1::DECISION_GENERATED);
  EXPECT_EQ(embedding_.payers.at(0), (usage::Payer{"shop", "k1"}));
  EXPECT_TRUE(testing_run(
      kefu::testing::eventually([&] { return !accounts_.may_spend({"another", "k1"}).has_value(); })));
  EXPECT_TRUE(accounts_.may_spend({"shop", "k2"}));
}

TEST_F(BudgetFlow, AnswersWithoutTheModelOnceTheBudgetIsUsedUp) {
  limit_key_to(0);
  const auto answer = ask_on_budget();
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->decision(), kefu::v1::DECISION_EXTRACTED);
  EXPECT_EQ(answer->answer(), kPassage);
  EXPECT_THAT(
      answer->degraded(),
      HasSubstr("answered without a language model: the budget of API key k1 for this day is used up"));
  EXPECT_EQ(answer->usage().prompt_tokens(), 0U);
  EXPECT_THAT(exposed(), HasSubstr("kefu_answer_degraded_total{reason=\"budget\"} 1"));
  EXPECT_THAT(exposed(), HasSubstr("kefu_answer_degraded_total{reason=\"llm_failed\"} 0"));
  EXPECT_THAT(exposed(), HasSubstr("kefu_usage_refusals_total 1"));
}

TEST_F(BudgetFlow, SearchesByWordsAloneWhereEmbeddingRefusesANewQuestion) {
  embedding_.reply = fail(Errc::budget_exhausted, "the budget of this and that is used up");
  AnswerFlow flow = make(nullptr);
  const auto answer = testing_run(flow.answer(context_, request_, {}));
  ASSERT_TRUE(answer);
  EXPECT_THAT(answer->degraded(),
              HasSubstr("searched by words alone: the budget of this and that is used up"));
  EXPECT_EQ(flow.embedding_failure(), "") << "which is no failure of the service";
  const auto found = testing_run(flow.retrieve(context_, [] {
    kefu::v1::RetrieveRequest request;
    request.set_kb("shop");
    request.set_question("退货，运费谁出？");
    return request;
  }()));
  ASSERT_TRUE(found);
  EXPECT_TRUE(found->lexical_only());
  EXPECT_THAT(found->degraded(), HasSubstr("the budget of this and that"));
}

}  // namespace
}  // namespace kefu::answer
