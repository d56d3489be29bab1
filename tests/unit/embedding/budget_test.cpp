#include "flow_fixture.hpp"
#include "kefu/v1/log.pb.h"
#include "passage_worker.hpp"

#include <kefu/bus/memory_bus.hpp>
#include <kefu/usage/accounts.hpp>

#include <algorithm>

namespace kefu::embedding {
namespace {

using namespace std::chrono_literals;
using usage::Payer;

const Payer kShop{"shop", "k1"};
const Payer kOther{"other", "k1"};

/// A flow that books what it does; the fake model takes one token a byte, and two that every text gets.
class BudgetTest : public testing::FlowTest {
 protected:
  BudgetTest() {
    EXPECT_TRUE(kefu::testing::run_task(io, accounts.ensure_storage(Deadline::in(1min))));
    accounts.start(callers);
    kefu::testing::run_task(io, accounts.wait_complete(Deadline::in(1min)));
    flow->book_in(accounts);
  }
  ~BudgetTest() override {
    embedder.release();
    accounts.stop();
    stop();
  }

  Outcome embed_for(const Payer& payer, std::vector<std::string> texts) {
    return kefu::testing::run_task(
        io, flow->embed(std::move(texts), Role::query, Lane::question, Deadline::in(30s), payer));
  }
  /// Begins an embed() of a payer whose outcome comes later.
  std::shared_ptr<std::optional<Outcome>> begin_for(const Payer& payer, std::vector<std::string> texts) {
    auto outcome = std::make_shared<std::optional<Outcome>>();
    callers.spawn(keep_outcome(
        flow->embed(std::move(texts), Role::query, Lane::question, Deadline::in(30s), payer), outcome));
    settle();
    return outcome;
  }
  void limit(const std::string& kb, std::uint64_t tokens) {
    kefu::v1::Budget budget;
    budget.set_scope(kefu::v1::Budget::SCOPE_KB);
    budget.set_name(kb);
    budget.set_tokens_per_day(tokens);
    usage::Budgets writer(*budgets_bucket);
    EXPECT_TRUE(kefu::testing::run_task(io, writer.put(budget, Deadline::in(1min))));
    EXPECT_TRUE(eventually([&] { return accounts.may_spend({kb, ""}).has_value() == (tokens > 0); }));
  }
  usage::Tokens booked(const Payer& payer) {
    usage::Tokens sum;
    // Written when the accounts are written next.
    const usage::Day today = usage::day_of(std::chrono::system_clock::now());
    records.each(today, today, [&](usage::Day, const usage::Count& count) {
      if (count.payer == payer) sum += count.tokens;
    });
    return sum;
  }
  bool becomes_booked(const Payer& payer, const usage::Tokens& tokens) {
    callers.spawn(records.run());
    const bool became = eventually([&] { return booked(payer) == tokens; });
    records.stop();
    return became;
  }

  bus::MemoryBroker broker{io.get_executor()};
  std::unique_ptr<bus::KeyValueBucket> usage_bucket = broker.bucket("KEFU_USAGE");
  std::unique_ptr<bus::KeyValueBucket> budgets_bucket = broker.bucket("KEFU_BUDGETS");
  telemetry::Logger log{"test", telemetry::Level::error, [](std::string_view) {}};
  usage::Accounts accounts{io.get_executor(), *usage_bucket,
                           *budgets_bucket,   {.replica = "r1", .write_interval = 5ms},
                           metrics,           log};
  usage::Records records{*usage_bucket, [] { return usage::day_of(std::chrono::system_clock::now()); }};

 private:
  static Task<void> keep_outcome(Task<Outcome> task, std::shared_ptr<std::optional<Outcome>> outcome) {
    *outcome = co_await std::move(task);
  }
};

TEST_F(BudgetTest, BooksWhatIsComputedAndWhatIsSaved) {
  EXPECT_TRUE(embed_for(kShop, {"abc"}));
  EXPECT_TRUE(embed_for(kShop, {"abc", "abcde"}));
  EXPECT_TRUE(becomes_booked(kShop, {.embedding = 12, .saved = 5}));
  EXPECT_EQ(booked(kOther), usage::Tokens{});
}

TEST_F(BudgetTest, BooksWhatWasComputedForACallerWhoFailed) {
  EXPECT_FALSE(embed_for(kShop, {"abc", "poison"}));
  EXPECT_TRUE(becomes_booked(kShop, {.embedding = 5}));
}

TEST_F(BudgetTest, BooksTheWindowsOfALongTextOnce) {
  const std::string text = "First sentence of it. Second sentence. And a third one here.";
  const auto first = embed_for(kShop, {text});
  ASSERT_TRUE(first);
  const auto again = embed_for(kOther, {text});
  ASSERT_TRUE(again);
  EXPECT_EQ(again->saved_tokens, first->computed_tokens);
  EXPECT_TRUE(becomes_booked(kShop, {.embedding = first->computed_tokens}));
  EXPECT_EQ(booked(kOther), (usage::Tokens{.saved = first->computed_tokens}));
}

TEST_F(BudgetTest, OneOfThoseWhoWaitForTheSameTextPaysForIt) {
  embedder.hold();
  const auto shop = begin_for(kShop, {"abc"});
  const auto other = begin_for(kOther, {"abc"});
  embedder.release();
  EXPECT_TRUE(eventually([&] { return shop->has_value() && other->has_value(); }));
  EXPECT_TRUE(becomes_booked(kShop, {.embedding = 5}));
  EXPECT_EQ(booked(kOther), (usage::Tokens{.saved = 5}));
}

TEST_F(BudgetTest, WhoeverAskedFirstPaysWhereNobodyWaitsAnyMoreWhenItIsComputed) {
  const auto wait_of = [&](Bill bill) {
    return std::make_shared<TextWait>(io.get_executor(), std::vector<Delivery>(1), Deadline::in(30s),
                                      std::move(bill));
  };
  const Error refusal{Errc::budget_exhausted, "used up"};
  TextJob job(TextKey{}, Lane::question);
  job.add_waiter(wait_of({.payer = {"poor", "k1"}, .refusal = refusal}), 0);
  job.add_waiter(wait_of({.payer = kShop}), 0);
  job.add_waiter(wait_of({.payer = kOther}), 0);
  ASSERT_TRUE(job.find_payer());
  EXPECT_EQ(job.payer(), kShop);
  const auto waits = wait_of({.payer = {"poor", "k1"}, .refusal = refusal});
  job.add_waiter(waits, 0);
  EXPECT_FALSE(job.find_payer()) << "nobody pays for those who may not";
}

TEST_F(BudgetTest, AnswersWhatIsKnownAndRefusesWhatIsNewOnceTheBudgetIsUsedUp) {
  EXPECT_TRUE(embed_for(kShop, {"known"}));
  limit("shop", 0);
  EXPECT_TRUE(embed_for(kShop, {"known"}));
  const auto refused = embed_for(kShop, {"known", "new"});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Errc::budget_exhausted);
  EXPECT_TRUE(refused.error().message.starts_with("the budget of knowledge base \"shop\" for this day is"))
      << refused.error().message;
  EXPECT_EQ(embedder.seen(), (std::vector<std::string>{"known"}));
  EXPECT_EQ(metric("kefu_usage_refusals_total"), 1);
  EXPECT_TRUE(embed_for(kOther, {"new"})) << "others go on";
  EXPECT_TRUE(embed_for(kShop, {"new"})) << "and what they paid for is known to all";
}

class PartsTest : public BudgetTest {
 protected:
  bus::WorkOutcome work(unsigned deliveries) {
    bus::StoredMessage message;
    message.subject = "kefu.v1.passages.x";
    message.payload = part().SerializeAsString();
    return kefu::testing::run_task(io, worker.work(std::move(message), deliveries));
  }
  static kefu::v1::PassagePart part() {
    kefu::v1::PassagePart part;
    part.set_kb_incarnation("inc");
    part.set_document("doc");
    part.set_version(12);
    part.set_kb_name("shop");
    part.set_key_id("k1");
    part.add_passages()->set_text("text");
    return part;
  }

  testing::FakeStreamStore streams;
  PassageWorker worker{io.get_executor(), *flow, streams,
                       counters,          log,   {.budget = 7s, .budget_of_many = 70s}};
};

TEST_F(PartsTest, ArePaidForByTheirKnowledgeBaseAndKey) {
  EXPECT_EQ(work(1).disposition, bus::Disposition::done);
  ASSERT_EQ(streams.appended.size(), 1U);
  kefu::v1::VectorPart stored;
  ASSERT_TRUE(stored.ParseFromString(streams.appended[0].payload));
  EXPECT_TRUE(stored.passages().kb_name().empty()) << "the log has no use for it";
  EXPECT_TRUE(stored.passages().key_id().empty());
  EXPECT_TRUE(becomes_booked(kShop, {.embedding = 6}));
}

TEST_F(PartsTest, WaitAsideWhileTheBudgetIsUsedUp) {
  limit("shop", 0);
  const auto outcome = work(1);
  EXPECT_EQ(outcome.disposition, bus::Disposition::later);
  EXPECT_EQ(outcome.delay, 7s);
  EXPECT_EQ(outcome.given_back, 70s) << "where there are too many to be kept, they come back seldom";
  EXPECT_TRUE(outcome.reason.contains("knowledge base \"shop\""));
  EXPECT_TRUE(streams.appended.empty());
  const std::size_t lookups = store.lookups;
  EXPECT_EQ(work(1).disposition, bus::Disposition::later);
  EXPECT_EQ(store.lookups, lookups) << "nothing but the budget is looked at again";
  limit("shop", 1000);
  EXPECT_EQ(work(1).disposition, bus::Disposition::done);
}

TEST_F(PartsTest, GoToTheEndOfTheStreamBeforeTheirDeliveriesAreUsedUp) {
  limit("shop", 0);
  EXPECT_EQ(work(2).disposition, bus::Disposition::later);
  EXPECT_EQ(work(3).disposition, bus::Disposition::done);
  ASSERT_EQ(streams.appended.size(), 1U);
  EXPECT_EQ(streams.appended[0].subject, "kefu.v1.passages.x");
  EXPECT_EQ(streams.appended[0].payload, part().SerializeAsString());
}

TEST_F(PartsTest, FailAndSayWhyWhereTheStreamHasNoRoomToWaitIn) {
  limit("shop", 0);
  streams.error = Error{Errc::unavailable, "away"};
  EXPECT_EQ(work(5).disposition, bus::Disposition::later);
  streams.error = Error{Errc::insufficient_storage, "full"};
  EXPECT_EQ(work(4).disposition, bus::Disposition::later);
  const auto outcome = work(5);
  EXPECT_EQ(outcome.disposition, bus::Disposition::give_up);
  EXPECT_TRUE(outcome.reason.contains("knowledge base \"shop\"")) << outcome.reason;
}

}  // namespace
}  // namespace kefu::embedding
