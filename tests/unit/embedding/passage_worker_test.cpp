#include "passage_worker.hpp"

#include "flow_fixture.hpp"
#include "kefu/v1/log.pb.h"

#include <kefu/proto/subjects.hpp>
#include <kefu/vector/codec.hpp>

namespace kefu::embedding {
namespace {

using namespace std::chrono_literals;

class PassageWorkerTest : public testing::FlowTest {
 protected:
  bus::WorkOutcome outcome_of(std::string payload, unsigned deliveries = 1) {
    bus::StoredMessage message;
    message.subject = "kefu.v1.passages.x";
    message.payload = std::move(payload);
    return kefu::testing::run_task(io, worker.work(std::move(message), deliveries));
  }
  bus::Disposition work(std::string payload, unsigned deliveries = 1) {
    return outcome_of(std::move(payload), deliveries).disposition;
  }

  Task<void> keep(std::string payload, std::optional<bus::WorkOutcome>& into) {
    bus::StoredMessage message;
    message.subject = "kefu.v1.passages.x";
    message.payload = std::move(payload);
    into = co_await worker.work(std::move(message), 1);
  }

  testing::FakeStreamStore streams;
  telemetry::Logger log{"test", telemetry::Level::error, [](std::string_view) {}};
  PassageWorker worker{io.get_executor(), *flow, streams, counters, log, {.first = 1ms, .longest = 4ms}};
};

std::string part_of(const std::vector<std::string>& texts) {
  kefu::v1::PassagePart part;
  part.set_kb_incarnation("inc");
  part.set_kb_generation(1);
  part.set_document("doc");
  part.set_version(12);
  part.set_part(3);
  for (const std::string& text : texts) part.add_passages()->set_text(text);
  return part.SerializeAsString();
}

TEST_F(PassageWorkerTest, AppendsThePassagesWithTheirVectors) {
  EXPECT_EQ(work(part_of({"a", "b", "a"})), bus::Disposition::done);
  ASSERT_EQ(streams.appended.size(), 1U);
  const bus::Message& message = streams.appended[0];
  EXPECT_EQ(message.subject, "kefu.v1.vectors.inc.1.doc.12.3");
  EXPECT_EQ(message.headers.get(proto::kPassagesHeader), "3");
  EXPECT_EQ(message.headers.get(proto::kTokensHeader), "6");
  EXPECT_EQ(message.headers.get(proto::kSavedTokensHeader), "3");
  kefu::v1::VectorPart vectors;
  ASSERT_TRUE(vectors.ParseFromString(message.payload));
  EXPECT_EQ(vectors.passages().SerializeAsString(), part_of({"a", "b", "a"}));
  EXPECT_EQ(vectors.format(), kefu::v1::VECTOR_FORMAT_FLOAT16);
  EXPECT_TRUE(vector::decode(vectors.vectors(), vectors.format(), std::size_t{3} * vectors.dimensions()));
  EXPECT_EQ(vectors.model_fingerprint(), "fake");
  EXPECT_EQ(metric("kefu_embedding_passages_total"), 3);
}

TEST_F(PassageWorkerTest, GivesUpAtOnceOnWhatCanNeverBeEmbedded) {
  EXPECT_EQ(work(part_of({"a", " "})), bus::Disposition::give_up);
  EXPECT_EQ(work("\xff garbage"), bus::Disposition::give_up);
  EXPECT_EQ(work(""), bus::Disposition::give_up);
  EXPECT_TRUE(streams.appended.empty());
}

TEST_F(PassageWorkerTest, SaysWhyItGivesUp) {
  EXPECT_EQ(outcome_of(part_of({"a", " "})).reason, "texts[1]: the text is empty");
  EXPECT_EQ(outcome_of("").reason, "not a part of a document");
  streams.error = Error{Errc::unavailable, "the bus is away"};
  EXPECT_EQ(outcome_of(part_of({"a"})).reason, "the bus is away");
}

TEST_F(PassageWorkerTest, TriesAgainWhileTheLogDoesNotTakeIt) {
  for (const Errc code : {Errc::unavailable, Errc::deadline_exceeded, Errc::insufficient_storage}) {
    streams.error = Error{code, "away"};
    EXPECT_EQ(work(part_of({"a"})), bus::Disposition::retry);
  }
  streams.error.reset();
  EXPECT_EQ(work(part_of({"a"}), 2), bus::Disposition::done);
  EXPECT_EQ(embedder.seen().size(), 1U);  // paid for once
  EXPECT_EQ(metric("kefu_embedding_part_redeliveries_total"), 1);
}

TEST_F(PassageWorkerTest, WaitsInItsSlotWhileTheModelIsAway) {
  for (const Errc code : {Errc::unavailable, Errc::overloaded, Errc::deadline_exceeded, Errc::bad_upstream}) {
    embedder.failure = Error{code, "away"};
    const std::size_t calls = embedder.calls();
    std::optional<bus::WorkOutcome> outcome;
    callers.spawn(keep(part_of({std::string(traits(code).wire_code)}), outcome));
    ASSERT_TRUE(eventually([&] { return embedder.calls() > calls + 2; }));
    EXPECT_FALSE(outcome);
    embedder.failure.reset();
    ASSERT_TRUE(eventually([&] { return outcome.has_value(); }));
    EXPECT_EQ(outcome->disposition, bus::Disposition::done);
  }
  EXPECT_EQ(streams.appended.size(), 4U);
}

TEST_F(PassageWorkerTest, GivesAWaitingPartBackWhenItStops) {
  embedder.failure = Error{Errc::unavailable, "the provider is away"};
  std::optional<bus::WorkOutcome> outcome;
  callers.spawn(keep(part_of({"a"}), outcome));
  ASSERT_TRUE(eventually([&] { return embedder.calls() > 1; }));
  worker.stop();
  ASSERT_TRUE(eventually([&] { return outcome.has_value(); }));
  EXPECT_EQ(outcome->disposition, bus::Disposition::retry);
  EXPECT_EQ(outcome->reason, "the provider is away");
}

TEST_F(PassageWorkerTest, AppendsAPartWithoutPassages) {
  EXPECT_EQ(work(part_of({})), bus::Disposition::done);
}

}  // namespace
}  // namespace kefu::embedding
