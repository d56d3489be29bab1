#include "log_view.hpp"

#include "log_messages.hpp"

#include <kefu/testing/process.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <map>
#include <random>
#include <string>

namespace kefu::index {
namespace {

using namespace kefu::index::testing;
using ::testing::HasSubstr;

class LogViewTest : public ::testing::Test {
 protected:
  std::unique_ptr<LogView> open() {
    auto view = std::make_unique<LogView>(file(), log_);
    const auto opened = view->open();
    EXPECT_TRUE(opened) << opened.error().message << ": " << opened.error().detail;
    return view;
  }
  std::filesystem::path file() const { return directory_.path() / "index.sqlite3"; }

  bus::StoredMessage stored(bus::Message message) {
    return {std::move(message.subject), std::move(message.payload), {}, ++sequence_};
  }
  std::vector<bus::StoredMessage> stored(const DocumentVersion& version) {
    std::vector<bus::StoredMessage> all;
    for (auto& message : version.messages()) all.push_back(stored(std::move(message)));
    return all;
  }

  // What a search engine that is told everything would hold.
  using Contents = std::map<std::string, std::vector<std::string>>;
  static void take(Contents& contents, const std::vector<DocumentUpdate>& updates) {
    for (const DocumentUpdate& update : updates) {
      contents.erase(update.key.document);
      for (const PassageGroup& group : update.groups) {
        for (const auto& passage : group.passages)
          contents[update.key.document].push_back(passage.passage.text());
      }
    }
  }
  static Contents load(LogView& view) {
    Contents contents;
    while (true) {
      const auto updates = view.load_some(2);
      EXPECT_TRUE(updates);
      if (!updates || updates->empty()) return contents;
      take(contents, *updates);
    }
  }
  static Contents apply(LogView& view, std::vector<bus::StoredMessage> messages) {
    view.stage(std::move(messages));
    const auto updates = view.flush();
    EXPECT_TRUE(updates);
    Contents contents;
    if (updates) take(contents, *updates);
    return contents;
  }

  kefu::testing::TemporaryDirectory directory_;
  std::string lines_;
  telemetry::Logger log_{"test", telemetry::Level::debug, [this](std::string_view line) { lines_ += line; }};
  std::uint64_t sequence_ = 0;
};

TEST_F(LogViewTest, GivesADocumentWhenItsLastMessageCame) {
  const auto view = open();
  auto messages = stored(document_version("a", 5, {{"one", "two"}, {"three"}}));
  const auto last = messages.back();
  messages.pop_back();
  EXPECT_TRUE(apply(*view, messages).empty());
  EXPECT_EQ(apply(*view, {last}), (Contents{{"a", {"one", "two", "three"}}}));
  EXPECT_EQ(view->position().applied, 3U);
}

TEST_F(LogViewTest, BringsVectorsToTheLengthOfOneAndKeepsTheFilename) {
  const auto view = open();
  view->stage(stored(document_version("a", 5, {{"one"}})));
  const auto updates = view->flush();
  ASSERT_TRUE(updates);
  const DocumentUpdate& update = updates->at(0);
  EXPECT_EQ(update.filename, "a.md");
  EXPECT_EQ(update.groups.at(0).model_fingerprint, "m1");
  float square = 0;
  for (const float x : update.groups[0].passages.at(0).vector) square += x * x;
  EXPECT_NEAR(square, 1.0F, 1e-5F);
}

TEST_F(LogViewTest, GoesOnAfterARestartWithoutTheLog) {
  {
    const auto view = open();
    ASSERT_TRUE(view->begin("stream-1"));
    (void)apply(*view, stored(document_version("a", 1, {{"one"}})));
    (void)apply(*view, stored(document_version("b", 2, {{"two"}, {"three"}})));
    (void)apply(*view, stored(document_version("a", 3, {{"four"}})));
    (void)apply(*view, {stored(document_version("b", 4, {{"half"}}).part(0))});
  }
  const auto view = open();
  EXPECT_EQ(view->position().applied, 8U);
  EXPECT_EQ(view->position().stream_incarnation, "stream-1");
  EXPECT_EQ(load(*view), (Contents{{"a", {"four"}}, {"b", {"two", "three"}}}));
  EXPECT_EQ(apply(*view, {stored(document_version("b", 4, {{"half"}}).manifest())}),
            (Contents{{"b", {"half"}}}));
}

TEST_F(LogViewTest, ForgetsWhatWasNotFlushedWhenItCrashes) {
  {
    const auto view = open();
    (void)apply(*view, stored(document_version("a", 1, {{"one"}})));
    view->stage(stored(document_version("a", 2, {{"two"}})));
  }
  const auto view = open();
  EXPECT_EQ(view->position().applied, 2U);
  EXPECT_EQ(load(*view), (Contents{{"a", {"one"}}}));
}

TEST_F(LogViewTest, RemovesADocumentAtItsTombstone) {
  const auto view = open();
  (void)apply(*view, stored(document_version("a", 1, {{"one"}})));
  view->stage(stored(document_version("a", 2, {})));
  const auto updates = view->flush();
  ASSERT_TRUE(updates);
  EXPECT_EQ(updates->size(), 1U);
  EXPECT_TRUE(updates->at(0).groups.empty());
  EXPECT_EQ(*view->superseded(10, view->position().applied), (std::vector<std::uint64_t>{1, 2}));
}

TEST_F(LogViewTest, LeavesInvalidMessagesOutAndSaysSo) {
  const auto view = open();
  auto cut = document_version("a", 1, {{"one"}}).part(0);
  kefu::v1::VectorPart part;
  ASSERT_TRUE(part.ParseFromString(cut.payload));
  part.mutable_vectors()->pop_back();
  cut.payload = part.SerializeAsString();
  auto huge = document_version("b", 1, {{"one"}}).part(0);
  part.set_dimensions(0xFFFFFFFF);
  huge.payload = part.SerializeAsString();
  EXPECT_TRUE(
      apply(*view, {stored(std::move(cut)), stored(std::move(huge)),
                    stored({"kefu.v1.vectors.kb.1.c.1.0", "\xff\xff not a part"}),
                    stored({"kefu.v1.vectors.kb.1.c.1.m", "\xff"}), stored({"kefu.v1.vectors.what", ""}),
                    stored(document_version("a", 1, {{"one"}}).manifest())})
          .empty());
  EXPECT_EQ(view->invalid_messages(), 5U);
  EXPECT_EQ(view->position().applied, 6U);
  EXPECT_THAT(lines_, HasSubstr("invalid"));
}

TEST_F(LogViewTest, BuildsAgainWhenTheFileIsDamaged) {
  {
    (void)apply(*open(), stored(document_version("a", 1, {{"one"}})));
  }
  {
    std::ofstream(file(), std::ios::trunc)
        << "no database, but long enough to be looked at as one .............";
  }
  const auto view = open();
  EXPECT_EQ(view->position().applied, 0U);
  EXPECT_THAT(lines_, HasSubstr("built again"));
  EXPECT_TRUE(std::filesystem::exists(file().string() + ".unusable"));
  sequence_ = 0;
  EXPECT_EQ(apply(*view, stored(document_version("a", 1, {{"one"}}))), (Contents{{"a", {"one"}}}));
}

TEST_F(LogViewTest, SupersedesAllOfAForgottenKnowledgeBaseUntilItIsErasedHere) {
  auto view = open();
  (void)apply(*view, stored(document_version("a", 1, {{"one"}}, "old")));
  (void)apply(*view, stored(document_version("b", 2, {{"two"}}, "kept")));
  ASSERT_TRUE(view->forget("old"));
  (void)apply(*view, {stored(document_version("c", 3, {{"late"}}, "old").part(0))});
  EXPECT_EQ(view->knowledge_bases(), std::vector<std::string>{"kept"});
  EXPECT_EQ(*view->superseded(10, view->position().applied), (std::vector<std::uint64_t>{1, 2, 5}));
  ASSERT_TRUE(view->erased_up_to(1000));
  EXPECT_EQ(*view->superseded(10, view->position().applied), (std::vector<std::uint64_t>{1, 2}));
  ASSERT_TRUE(view->erased(std::vector<std::uint64_t>{1, 2}));
  EXPECT_TRUE(view->superseded(10, view->position().applied)->empty());
  view.reset();
  EXPECT_EQ(load(*open()), (Contents{{"b", {"two"}}}));
}

TEST_F(LogViewTest, TellsReadersOfTheDiskWhatIsVisibleNow) {
  auto view = open();
  const auto names = [&](const std::string& kb = "kb") {
    std::vector<std::string> all;
    for (const auto& document : *view->store()->documents(kb, 1, "", 10)) {
      all.push_back(document.filename + " " + std::to_string(document.version) + " " +
                    std::to_string(document.passages));
    }
    return all;
  };
  using Names = std::vector<std::string>;
  (void)apply(*view, stored(document_version("b", 1, {{"one", "two"}, {"three"}})));
  (void)apply(*view, stored(document_version("a", 2, {{"one"}})));
  (void)apply(*view, {stored(document_version("c", 3, {{"half"}}).part(0))});
  EXPECT_EQ(names(), (Names{"a.md 2 1", "b.md 1 3"}));
  (void)apply(*view, stored(document_version("b", 4, {{"four"}})));
  (void)apply(*view, stored(document_version("a", 5, {})));
  (void)apply(*view, stored(document_version("d", 6, {{"d"}}, "other")));
  EXPECT_EQ(names(), Names{"b.md 4 1"});
  ASSERT_TRUE(view->forget("other"));
  EXPECT_EQ(names("other"), Names{});
  view.reset();
  view = open();
  EXPECT_EQ(names(), Names{"b.md 4 1"});
  ASSERT_TRUE(view->begin("another stream"));
  EXPECT_EQ(names(), Names{});
}

TEST_F(LogViewTest, DropsAVersionThatLeftTheLogForGood) {
  auto view = open();
  (void)apply(*view, stored(document_version("a", 1, {{"one"}})));
  (void)apply(*view, {stored(document_version("a", 2, {{"cancelled"}}).part(0))});
  ASSERT_EQ(view->incomplete().size(), 1U);
  const auto version = view->incomplete().front();
  EXPECT_EQ(version.version, 2U);
  EXPECT_EQ(*view->drop(version, view->position().applied), 1U);
  EXPECT_TRUE(view->incomplete().empty());
  EXPECT_EQ(*view->drop(version, view->position().applied), 0U);
  EXPECT_TRUE(view->superseded(10, 100)->empty());
  view.reset();
  view = open();
  EXPECT_TRUE(view->incomplete().empty());
  EXPECT_EQ(view->store()->payload(3).error().code, Errc::data_corrupt);
  EXPECT_EQ(load(*view), (Contents{{"a", {"one"}}}));
}

TEST_F(LogViewTest, TakesNoteOfAnEndWithoutMessages) {
  {
    const auto view = open();
    view->stage_end(40);
    EXPECT_TRUE(view->flush()->empty());
  }
  EXPECT_EQ(open()->position().applied, 40U);
}

// A replica that is killed and started at random, with its disk or without, holds in the end what one holds
// that ran through.
TEST_F(LogViewTest, HoldsTheSameAfterRandomCrashes) {
  for (std::uint32_t seed = 0; seed < 40; ++seed) {
    std::mt19937 random(seed);
    sequence_ = 0;
    std::filesystem::remove(file());
    std::vector<bus::StoredMessage> log;
    Contents expected;
    for (std::uint64_t version = 1; version <= 12; ++version) {
      const std::string name = "d" + std::to_string(random() % 4);
      std::vector<std::vector<std::string>> parts(random() % 3);
      expected.erase(name);
      for (auto& part : parts) {
        part.push_back("v" + std::to_string(version));
        expected[name].push_back(part.back());
      }
      auto messages = stored(document_version(name, version, parts));
      std::ranges::shuffle(messages, random);
      for (std::uint64_t first = sequence_ + 1 - messages.size(); auto& message : messages)
        message.sequence = first++;
      log.insert(log.end(), messages.begin(), messages.end());
    }
    auto view = open();
    Contents contents = load(*view);
    while (view->position().applied < sequence_) {
      if (random() % 5 == 0) {
        view.reset();
        if (random() % 3 == 0) std::filesystem::remove(file());
        view = open();
        contents = load(*view);
      }
      std::vector<bus::StoredMessage> batch;
      const std::size_t size = 1 + random() % 4;
      for (std::size_t i = view->position().applied; i < log.size() && batch.size() < size; ++i)
        batch.push_back(log[i]);
      view->stage(std::move(batch));
      if (random() % 6 == 0) continue;  // nothing was flushed yet: the next round stages the same again
      const auto updates = view->flush();
      ASSERT_TRUE(updates);
      take(contents, *updates);
    }
    ASSERT_EQ(contents, expected) << "seed " << seed;
    view.reset();
    ASSERT_EQ(load(*open()), expected) << "seed " << seed;
  }
}

}  // namespace
}  // namespace kefu::index
