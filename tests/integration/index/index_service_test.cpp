#include "index_service_fixture.hpp"

#include <gmock/gmock.h>

#include <algorithm>
#include <set>

namespace kefu::index {
namespace {

using namespace std::chrono_literals;
using namespace kefu::index::testing;
using kefu::testing::run_task;
using ::testing::HasSubstr;
using Texts = std::set<std::string>;

TYPED_TEST_SUITE(IndexServiceTest, Backends, BackendNames);

TYPED_TEST(IndexServiceTest, DoesNotServeSearchesBeforeItHasReadTheLog) {
  for (std::uint64_t version = 1; version <= 300; ++version) {
    this->client_.publish(
        document_version("d" + std::to_string(version), version, {{"word " + std::to_string(version)}}));
  }
  const auto index = this->start();
  while (!index->ready()) {
    const auto early = this->client_.search("word", "kb", 0, 200ms);
    if (early) {
      EXPECT_EQ(early->hits_size(), 100);
    } else {
      EXPECT_EQ(early.error().code, Errc::unavailable);
    }
    ASSERT_FALSE(::testing::Test::HasFailure());
  }
  const auto response = this->client_.search("word 17");
  ASSERT_TRUE(response);
  const auto hit = std::ranges::find(response->hits(), "d17.md", &kefu::v1::Hit::filename);
  ASSERT_NE(hit, response->hits().end());
  EXPECT_EQ(hit->passage().text(), "word 17");
  EXPECT_EQ(response->background().passages(), 300U);
  EXPECT_GE(response->applied_sequence(), 600U);
  EXPECT_FALSE(response->lexical_only());
}

TYPED_TEST(IndexServiceTest, FindsADocumentAsSoonAsTheSequenceAskedForIsApplied) {
  const auto index = this->started_and_ready();
  for (std::uint64_t version = 1; version <= 5; ++version) {
    const std::string text = "word " + std::to_string(version);
    const auto sequence = this->client_.publish(document_version("d", version, {{text}}));
    const auto response = this->client_.search("word", "kb", sequence);
    ASSERT_TRUE(response) << response.error().message;
    ASSERT_EQ(response->hits_size(), 1);
    EXPECT_EQ(response->hits(0).passage().text(), text);
  }
}

TYPED_TEST(IndexServiceTest, AnswersNotReadyWhenTheSequenceDoesNotComeInTime) {
  const auto index = this->started_and_ready();
  const auto response = this->client_.search("word", "kb", 1000, 300ms);
  ASSERT_FALSE(response);
  EXPECT_EQ(response.error().code, Errc::not_ready);
}

TYPED_TEST(IndexServiceTest, RefusesBadRequests) {
  const auto index = this->started_and_ready();
  const auto code = [&](auto change) {
    kefu::v1::SearchRequest request;
    request.set_kb_incarnation("kb");
    request.set_question("word");
    request.set_top_k(5);
    change(request);
    const auto response = this->client_.template ask<kefu::v1::SearchResponse>(proto::kSearch, request);
    return response ? std::string("ok") : std::string(traits(response.error().code).wire_code);
  };
  EXPECT_EQ(code([](auto&) {}), "ok");
  EXPECT_EQ(code([](auto& r) { r.set_top_k(0); }), "invalid_argument");
  EXPECT_EQ(code([](auto& r) { r.set_top_k(101); }), "invalid_argument");
  EXPECT_EQ(code([](auto& r) { r.set_question(""); }), "invalid_argument");
  EXPECT_EQ(code([](auto& r) { r.set_question(std::string(20000, 'x')); }), "invalid_argument");
  EXPECT_EQ(code([](auto& r) { r.set_kb_incarnation(""); }), "invalid_argument");
  EXPECT_EQ(code([](auto& r) { r.set_vector("abc"); }), "invalid_argument");
  EXPECT_EQ(code([](auto& r) { r.set_vector(std::string(8, '\0')); }), "invalid_argument");
  EXPECT_EQ(code([](auto& r) { r.set_vector(std::string(8, '\xff')); }), "invalid_argument");
  EXPECT_THAT(index->metrics(),
              HasSubstr("kefu_index_errors_total{code=\"invalid_argument\",operation=\"search\"} 8"));
}

TYPED_TEST(IndexServiceTest, KeepsItsRepliesSmallEnoughForTheBus) {
  const auto index = this->started_and_ready();
  std::vector<std::vector<std::string>> parts;
  for (int part = 0; part < 4; ++part) {
    auto& texts = parts.emplace_back();
    for (int i = 0; i < 20; ++i)
      texts.push_back("word " + std::to_string(part * 20 + i) + std::string(20'000, 'x'));
  }
  const auto sequence = this->client_.publish(document_version("large", 1, parts));
  const auto response = this->client_.search("word", "kb", sequence);
  ASSERT_TRUE(response) << response.error().message;
  EXPECT_GT(response->hits_size(), 30);
  EXPECT_LT(response->ByteSizeLong(), 1'000'000U);
}

TYPED_TEST(IndexServiceTest, GoesOnWhereItWasAfterARestart) {
  auto index = this->started_and_ready();
  const auto sequence = this->client_.publish(document_version("a", 1, {{"word one"}, {"word two"}}));
  ASSERT_TRUE(this->client_.search("word", "kb", sequence));
  index.reset();
  this->client_.publish(document_version("b", 2, {{"word three"}}));
  index = this->started_and_ready();
  EXPECT_EQ(this->client_.find("word"), (Texts{"word one", "word two", "word three"}));
  EXPECT_THAT(index->metrics(), HasSubstr("kefu_index_replayed_messages_total 2"));
}

TYPED_TEST(IndexServiceTest, RebuildsItselfWhenItsDiskWasDeleted) {
  auto index = this->started_and_ready();
  const auto sequence = this->client_.publish(document_version("a", 1, {{"word one"}, {"word two"}}));
  ASSERT_TRUE(this->client_.search("word", "kb", sequence));
  index.reset();
  std::filesystem::remove_all(this->disk("one"));
  index = this->started_and_ready();
  EXPECT_EQ(this->client_.find("word"), (Texts{"word one", "word two"}));
  EXPECT_THAT(index->metrics(), HasSubstr("kefu_index_replayed_messages_total 3"));
}

TYPED_TEST(IndexServiceTest, ErasesSupersededVersionsAndStillReachesTheEnd) {
  auto index = this->started_and_ready();
  this->client_.publish(document_version("a", 3, {{"word new"}}));
  this->client_.publish(document_version("a", 2, {{"word old"}, {"word old too"}}));
  this->client_.publish(document_version("gone", 4, {{"word gone"}}));
  this->client_.publish(document_version("gone", 5, {}));
  // The last messages of the stream, and superseded at once.
  this->client_.publish(document_version("a", 1, {{"word oldest"}}));
  EXPECT_TRUE(this->soon([&] { return this->client_.state().messages == 3; }));
  EXPECT_EQ(this->client_.find("word"), Texts{"word new"});
  index.reset();

  const std::uint64_t end = this->client_.state().last_sequence;
  const auto other = this->started_and_ready("two");
  EXPECT_EQ(this->client_.find("word"), Texts{"word new"});
  EXPECT_TRUE(this->soon([&] {
    const auto lease = this->client_.lease("two");
    return lease && lease->applied_sequence() == end && lease->ready();
  }));
  // The one that came later erases as well.
  this->client_.publish(document_version("a", 2, {{"word old"}}));
  EXPECT_TRUE(this->soon([&] { return this->client_.state().messages == 3; }));
}

TYPED_TEST(IndexServiceTest, TwoReplicasSeeTheSame) {
  const auto one = this->started_and_ready("one");
  Texts expected;
  for (std::uint64_t version = 1; version <= 20; ++version) {
    const std::string text = "word " + std::to_string(version);
    this->client_.publish(
        document_version("d" + std::to_string(version % 7), version, {{text}, {text + " more"}}));
    if (version > 13) expected.merge(Texts{text, text + " more"});
  }
  const auto two = this->started_and_ready("two");
  const std::uint64_t end = this->client_.state().last_sequence;
  for (const std::string id : {"one", "two"}) {
    EXPECT_TRUE(this->soon([&] { return this->client_.applied(id) >= end; }));
  }
  for (int i = 0; i < 20; ++i) EXPECT_EQ(this->client_.find("word"), expected);
}

TYPED_TEST(IndexServiceTest, TakesItsLeaseBackWhenItStops) {
  auto index = this->started_and_ready();
  EXPECT_TRUE(this->client_.lease("one"));
  index->stop();
  EXPECT_EQ(this->client_.lease("one").error().code, Errc::not_found);
  EXPECT_EQ(this->client_.search("word").error().code, Errc::unavailable);
}

TYPED_TEST(IndexServiceTest, TellsOfItsProgressInItsLease) {
  const auto index = this->started_and_ready();
  const auto sequence = this->client_.publish(document_version("a", 1, {{"word"}}));
  EXPECT_TRUE(this->soon([&] { return this->client_.applied("one") == sequence; }));
  EXPECT_THAT(index->metrics(), HasSubstr("kefu_index_lag_messages 0"));
  EXPECT_THAT(index->metrics(), HasSubstr("kefu_index_passages 1"));
}

TYPED_TEST(IndexServiceTest, SweepsADeletedKnowledgeBase) {
  const auto index = this->started_and_ready();
  kefu::v1::PutKnowledgeBaseRequest put;
  put.set_name("商店");
  const auto made =
      this->client_.template ask<kefu::v1::PutKnowledgeBaseResponse>(proto::kPutKnowledgeBase, put);
  ASSERT_TRUE(made);
  EXPECT_TRUE(made->created());
  const std::string incarnation = made->knowledge_base().incarnation();
  this->client_.publish(document_version("unregistered", 1, {{"word kept"}}, "another"));
  const auto sequence = this->client_.publish(document_version("a", 2, {{"word"}, {"more"}}, incarnation));
  ASSERT_TRUE(this->client_.search("word", incarnation, sequence));

  kefu::v1::GetKnowledgeBaseRequest get;
  get.set_name("商店");
  const auto got =
      this->client_.template ask<kefu::v1::GetKnowledgeBaseResponse>(proto::kGetKnowledgeBase, get);
  ASSERT_TRUE(got);
  EXPECT_EQ(got->documents(), 1U);
  EXPECT_EQ(got->passages(), 2U);
  const auto all = this->client_.template ask<kefu::v1::ListKnowledgeBasesResponse>(
      proto::kListKnowledgeBases, kefu::v1::ListKnowledgeBasesRequest{});
  ASSERT_TRUE(all);
  ASSERT_EQ(all->knowledge_bases_size(), 1);
  EXPECT_EQ(all->knowledge_bases(0).passages(), 2U);

  for (const std::string& kb : {incarnation, std::string("another")}) {
    bus::Message waiting{proto::passages_subject({kb, 1, "b", 3}, 0), "to be embedded"};
    ASSERT_TRUE(
        run_task(this->io_, this->client_.storage().streams->append(std::move(waiting), Deadline::in(5s))));
  }

  kefu::v1::DeleteKnowledgeBaseRequest remove;
  remove.set_name("商店");
  ASSERT_TRUE(
      this->client_.template ask<kefu::v1::DeleteKnowledgeBaseResponse>(proto::kDeleteKnowledgeBase, remove));
  const auto again =
      this->client_.template ask<kefu::v1::PutKnowledgeBaseResponse>(proto::kPutKnowledgeBase, put);
  ASSERT_TRUE(again);
  EXPECT_TRUE(again->created());
  EXPECT_NE(again->knowledge_base().incarnation(), incarnation);
  EXPECT_TRUE(this->soon([&] { return this->client_.state().messages == 2; }));
  EXPECT_TRUE(this->client_.find("word", incarnation).empty());
  EXPECT_EQ(this->client_.find("word", "another"), Texts{"word kept"});
  EXPECT_TRUE(this->soon([&] { return this->client_.state(proto::kPassagesStream).messages == 1; }));
}

using IndexOnNats = IndexServiceTest<NatsBackend>;

TEST_F(IndexOnNats, BeginsAgainWhenTheStreamWasMadeAgain) {
  const auto index = started_and_ready();
  const auto sequence = client_.publish(document_version("a", 1, {{"word old"}}));
  ASSERT_TRUE(client_.search("word", "kb", sequence));
  const std::string remove = "$JS.API.STREAM.DELETE." + std::string(proto::kVectorsStream);
  ASSERT_TRUE(run_task(io_, backend_.bus().request({"test", Deadline::in(5s)}, {remove, ""})));
  ASSERT_TRUE(run_task(io_, proto::ensure_streams(*client_.storage().streams, {}, Deadline::in(5s))));
  client_.publish(document_version("b", 1, {{"word new"}}));
  EXPECT_TRUE(soon([&] {
    const auto found = client_.search("word");
    return found && found->hits_size() == 1 && found->hits(0).passage().text() == "word new";
  }));
  EXPECT_TRUE(ready(*index));
}

TEST_F(IndexOnNats, GoesOnWhenTheServerWasKilledAndCameBack) {
  const auto index = started_and_ready();
  const auto before = client_.publish(document_version("a", 1, {{"word one"}}));
  ASSERT_TRUE(client_.search("word", "kb", before));
  backend_.server().kill();
  EXPECT_TRUE(soon([&] { return !backend_.bus().connected(); }));
  EXPECT_EQ(client_.search("word").error().code, Errc::unavailable);
  backend_.server().start();
  EXPECT_TRUE(soon([&] { return backend_.bus().connected(); }));
  const auto after = client_.publish(document_version("b", 2, {{"word two"}}));
  EXPECT_TRUE(soon([&] { return client_.search("word", "kb", after).has_value(); }));
  EXPECT_EQ(client_.find("word"), (Texts{"word one", "word two"}));
}

}  // namespace
}  // namespace kefu::index
