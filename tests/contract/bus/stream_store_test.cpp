#include "world.hpp"

namespace kefu::bus {
namespace {

BUS_CONTRACT(StreamStoreContract);

StreamSpec notes() { return {.name = "NOTES", .subjects = {"notes.>"}}; }

BUS_TEST(StreamStoreContract, AppendsInOrder) {
  EXPECT_TRUE(co_await world.store().ensure(notes(), soon()));
  EXPECT_EQ(co_await world.store().append({.subject = "notes.a", .payload = "1"}, soon()), 1U);
  EXPECT_EQ(co_await world.store().append({.subject = "notes.b", .payload = "2"}, soon()), 2U);
  const auto state = co_await world.store().state("NOTES", soon());
  CO_ASSERT(state);
  EXPECT_EQ(state->first_sequence, 1U);
  EXPECT_EQ(state->last_sequence, 2U);
  EXPECT_EQ(state->messages, 2U);
  EXPECT_GT(state->bytes, 0U);
  EXPECT_FALSE(state->incarnation.empty());
}

BUS_TEST(StreamStoreContract, IsUnavailableWhereNoStreamTakesTheSubject) {
  const auto appended = co_await world.store().append({.subject = "nowhere", .payload = "1"}, soon());
  CO_ASSERT(!appended);
  EXPECT_EQ(appended.error().code, Errc::unavailable);
}

BUS_TEST(StreamStoreContract, DoesNotKnowTheStateOfAStreamThatIsNotThere) {
  const auto state = co_await world.store().state("NOTES", soon());
  CO_ASSERT(!state);
  EXPECT_EQ(state.error().code, Errc::not_found);
}

BUS_TEST(StreamStoreContract, EnsuresWithoutHarmWhatExists) {
  EXPECT_TRUE(co_await world.store().ensure(notes(), soon()));
  EXPECT_TRUE(co_await world.store().append({.subject = "notes.a", .payload = "1"}, soon()));
  const auto before = co_await world.store().state("NOTES", soon());
  EXPECT_TRUE(co_await world.store().ensure(notes(), soon()));
  StreamSpec wider = notes();
  wider.subjects.emplace_back("more.>");
  EXPECT_TRUE(co_await world.store().ensure(wider, soon()));
  EXPECT_EQ(co_await world.store().append({.subject = "more.a", .payload = "2"}, soon()), 2U);
  const auto after = co_await world.store().state("NOTES", soon());
  CO_ASSERT(before && after);
  EXPECT_EQ(before->incarnation, after->incarnation);
}

BUS_TEST(StreamStoreContract, ReadsTheLastMessageOfASubject) {
  EXPECT_TRUE(co_await world.store().ensure(notes(), soon()));
  const std::string binary(
      "\0\xff"
      "data",
      6);
  EXPECT_TRUE(co_await world.store().append({.subject = "notes.a", .payload = "old"}, soon()));
  EXPECT_TRUE(co_await world.store().append(
      {.subject = "notes.a", .payload = binary, .headers = {{"Colour", "dark: red"}, {"Empty", ""}}},
      soon()));
  EXPECT_TRUE(co_await world.store().append({.subject = "notes.b", .payload = ""}, soon()));
  const auto last = co_await world.store().last("NOTES", "notes.a", soon());
  CO_ASSERT(last);
  EXPECT_EQ(last->payload, binary);
  EXPECT_EQ(last->sequence, 2U);
  EXPECT_EQ(last->headers.get("Colour"), "dark: red");
  EXPECT_TRUE(last->headers.get(header::kRemainingMicroseconds).empty());
  EXPECT_LT(std::chrono::abs(std::chrono::system_clock::now() - last->time), 1min);
  const auto any = co_await world.store().last("NOTES", "notes.*", soon());
  CO_ASSERT(any);
  EXPECT_EQ(any->subject, "notes.b");
  const auto none = co_await world.store().last("NOTES", "notes.c", soon());
  CO_ASSERT(!none);
  EXPECT_EQ(none.error().code, Errc::not_found);
}

BUS_TEST(StreamStoreContract, ErasesOneMessageAndForgivesWhatIsGone) {
  EXPECT_TRUE(co_await world.store().ensure(notes(), soon()));
  for (int i = 0; i < 3; ++i)
    EXPECT_TRUE(co_await world.store().append({.subject = "notes.a", .payload = "x"}, soon()));
  EXPECT_TRUE(co_await world.store().erase("NOTES", 2, soon()));
  EXPECT_TRUE(co_await world.store().erase("NOTES", 2, soon()));
  EXPECT_TRUE(co_await world.store().erase("NOTES", 99, soon()));
  const auto state = co_await world.store().state("NOTES", soon());
  CO_ASSERT(state);
  EXPECT_EQ(state->messages, 2U);
  EXPECT_EQ(state->last_sequence, 3U);
  const auto nowhere = co_await world.store().erase("NOWHERE", 1, soon());
  CO_ASSERT(!nowhere);
  EXPECT_EQ(nowhere.error().code, Errc::not_found);
}

BUS_TEST(StreamStoreContract, KeepsItsNumbersWhenItRunsEmpty) {
  EXPECT_TRUE(co_await world.store().ensure(notes(), soon()));
  EXPECT_TRUE(co_await world.store().append({.subject = "notes.a", .payload = "x"}, soon()));
  EXPECT_TRUE(co_await world.store().erase("NOTES", 1, soon()));
  const auto state = co_await world.store().state("NOTES", soon());
  CO_ASSERT(state);
  EXPECT_EQ(state->messages, 0U);
  EXPECT_EQ(state->last_sequence, 1U);
  EXPECT_EQ(co_await world.store().append({.subject = "notes.a", .payload = "x"}, soon()), 2U);
}

BUS_TEST(StreamStoreContract, RefusesWhenItIsFull) {
  StreamSpec small = notes();
  small.max_bytes = 10000;
  EXPECT_TRUE(co_await world.store().ensure(small, soon()));
  const std::string payload(4000, 'x');
  EXPECT_TRUE(co_await world.store().append({.subject = "notes.a", .payload = payload}, soon()));
  EXPECT_TRUE(co_await world.store().append({.subject = "notes.b", .payload = payload}, soon()));
  const auto refused = co_await world.store().append({.subject = "notes.c", .payload = payload}, soon());
  CO_ASSERT(!refused);
  EXPECT_EQ(refused.error().code, Errc::insufficient_storage);
  EXPECT_TRUE(co_await world.store().erase("NOTES", 1, soon()));
  EXPECT_TRUE(co_await world.store().append({.subject = "notes.c", .payload = payload}, soon()));
}

BUS_TEST(StreamStoreContract, PurgesWhatASubjectWithWildcardsMatches) {
  EXPECT_TRUE(co_await world.store().ensure(notes(), soon()));
  for (const char* subject : {"notes.a", "notes.b.1", "notes.b.2"}) {
    EXPECT_TRUE(co_await world.store().append({.subject = subject, .payload = "x"}, soon()));
  }
  const auto purged = co_await world.store().purge("NOTES", "notes.b.*", soon());
  CO_ASSERT(purged);
  EXPECT_EQ(*purged, 2U);
  const auto left = co_await world.store().last("NOTES", "notes.>", soon());
  CO_ASSERT(left);
  EXPECT_EQ(left->subject, "notes.a");
  const auto nothing = co_await world.store().purge("NOTES", "notes.b.*", soon());
  CO_ASSERT(nothing);
  EXPECT_EQ(*nothing, 0U);
}

BUS_TEST(StreamStoreContract, KeepsTheLastOfEachSubjectWhereAsked) {
  StreamSpec spec = notes();
  spec.max_messages_per_subject = 1;
  spec.replace_oldest_of_subject = true;
  EXPECT_TRUE(co_await world.store().ensure(spec, soon()));
  for (const char* payload : {"1", "2", "3"}) {
    EXPECT_TRUE(co_await world.store().append({.subject = "notes.a", .payload = payload}, soon()));
  }
  const auto state = co_await world.store().state("NOTES", soon());
  const auto last = co_await world.store().last("NOTES", "notes.a", soon());
  CO_ASSERT(state && last);
  EXPECT_EQ(state->messages, 1U);
  EXPECT_EQ(last->payload, "3");
}

BUS_TEST(StreamStoreContract, RefusesMoreOfASubjectWhereItDoesNotReplace) {
  StreamSpec spec = notes();
  spec.max_messages_per_subject = 1;
  EXPECT_TRUE(co_await world.store().ensure(spec, soon()));
  EXPECT_TRUE(co_await world.store().append({.subject = "notes.a", .payload = "1"}, soon()));
  const auto refused = co_await world.store().append({.subject = "notes.a", .payload = "2"}, soon());
  CO_ASSERT(!refused);
  EXPECT_EQ(refused.error().code, Errc::insufficient_storage);
}

BUS_TEST(StreamStoreContract, RefusesAMessageThatIsTooLarge) {
  EXPECT_TRUE(co_await world.store().ensure(notes(), soon()));
  const auto refused = co_await world.store().append(
      {.subject = "notes.a", .payload = std::string((1 << 20) + 1, 'x')}, soon());
  CO_ASSERT(!refused);
  EXPECT_EQ(refused.error().code, Errc::payload_too_large);
}

}  // namespace
}  // namespace kefu::bus
