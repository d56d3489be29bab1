#include "part_store.hpp"

#include <kefu/testing/process.hpp>

#include <gtest/gtest.h>

#include <fstream>
#include <string>
#include <vector>

namespace kefu::index {
namespace {

class PartStoreTest : public ::testing::Test {
 protected:
  std::unique_ptr<PartStore> open() {
    auto store = PartStore::open(file());
    EXPECT_TRUE(store) << store.error().message << " " << store.error().detail;
    return store ? std::move(*store) : nullptr;
  }
  std::filesystem::path file() const { return directory_.path() / "data" / "index.sqlite3"; }

  static std::vector<std::uint64_t> sequences(PartStore& store) {
    std::vector<std::uint64_t> all;
    EXPECT_TRUE(store.for_each([&](const PartStore::Row& row) -> Result<> {
      all.push_back(row.sequence);
      return {};
    }));
    return all;
  }

  testing::TemporaryDirectory directory_;
};

TEST_F(PartStoreTest, IsEmptyAtFirst) {
  const auto store = open();
  EXPECT_EQ(store->position()->applied, 0U);
  EXPECT_EQ(store->position()->stream_incarnation, "");
  EXPECT_TRUE(sequences(*store).empty());
}

TEST_F(PartStoreTest, HoldsWhatWasWrittenAfterAReopen) {
  const std::string binary("\0\xff\n", 3);
  {
    const auto store = open();
    ASSERT_TRUE(store->begin("stream-1"));
    const std::vector<PartStore::Row> rows{{3, "a.b", binary}, {9, "c.d", ""}};
    ASSERT_TRUE(store->write({.applied = 9, .added = rows}));
  }
  const auto store = open();
  EXPECT_EQ(store->position()->applied, 9U);
  EXPECT_EQ(store->position()->stream_incarnation, "stream-1");
  EXPECT_EQ(sequences(*store), (std::vector<std::uint64_t>{3, 9}));
  EXPECT_EQ(*store->payload(3), binary);
  EXPECT_EQ(*store->payload(9), "");
  EXPECT_EQ(store->payload(4).error().code, Errc::data_corrupt);
}

TEST_F(PartStoreTest, RemembersSupersededSequencesUntilTheyAreErased) {
  const auto store = open();
  const std::vector<PartStore::Row> first{{1, "a", "x"}, {2, "b", "y"}};
  ASSERT_TRUE(store->write({.applied = 2, .added = first}));
  const std::vector<PartStore::Row> second{{3, "c", "z"}, {4, "d", "late"}};
  const std::vector<std::uint64_t> superseded{1, 4};
  ASSERT_TRUE(store->write({.applied = 4, .added = second, .superseded = superseded}));
  EXPECT_EQ(sequences(*store), (std::vector<std::uint64_t>{2, 3}));
  EXPECT_EQ(*store->superseded(10, 100), superseded);
  EXPECT_EQ(*store->superseded(1, 100), std::vector<std::uint64_t>{1});
  ASSERT_TRUE(store->erased(superseded));
  EXPECT_TRUE(store->superseded(10, 100)->empty());
}

TEST_F(PartStoreTest, ForgetsWhatAnotherReplicaHasErased) {
  const auto store = open();
  const std::vector<std::uint64_t> early{1, 2};
  const std::vector<std::uint64_t> late{3};
  ASSERT_TRUE(store->write({.applied = 10, .superseded = early}));
  ASSERT_TRUE(store->write({.applied = 20, .superseded = late}));
  ASSERT_TRUE(store->erased_up_to(19));
  EXPECT_EQ(*store->superseded(10, 100), late);
}

TEST_F(PartStoreTest, GivesOnlyWhatWasSupersededInTime) {
  const auto store = open();
  const std::vector<std::uint64_t> early{2};
  const std::vector<std::uint64_t> late{1};
  const std::vector<std::uint64_t> forgotten{3};
  ASSERT_TRUE(store->write({.applied = 10, .superseded = early}));
  ASSERT_TRUE(store->write({.applied = 20, .superseded = late}));
  ASSERT_TRUE(store->write({.applied = 30, .superseded = forgotten, .superseded_here_alone = true}));
  EXPECT_EQ(*store->superseded(10, 19), (std::vector<std::uint64_t>{2, 3}));
  EXPECT_EQ(*store->superseded(10, 20), (std::vector<std::uint64_t>{1, 2, 3}));
}

TEST_F(PartStoreTest, ListsDocumentsInTheOrderOfTheBytesOfTheirNames) {
  const auto store = open();
  const std::vector<PartStore::Row> rows{{1, "a", "manifest"}};
  std::vector<PartStore::Document> documents;
  for (const std::string name : {"b", "中文.md", "a", "B", "aa"}) {
    documents.push_back({.key = {"kb", 1, "token " + name},
                         .filename = name,
                         .version = 7,
                         .manifest = 1,
                         .passages = 3,
                         .parts = {{1, 0}}});
  }
  documents.push_back({.key = {"kb", 2, "x"}, .filename = "x", .manifest = 1, .parts = {{1, 0}}});
  ASSERT_TRUE(store->write({.applied = 1, .added = rows, .documents = documents}));
  const auto names = [&](std::string_view after, std::size_t limit) {
    std::vector<std::string> all;
    for (const auto& document : *store->documents("kb", 1, after, limit)) all.push_back(document.filename);
    return all;
  };
  using Names = std::vector<std::string>;
  EXPECT_EQ(names({}, 10), (Names{"B", "a", "aa", "b", "中文.md"}));
  EXPECT_EQ(names("a", 2), (Names{"aa", "b"}));
  EXPECT_EQ(names("中文.md", 2), Names{});
  EXPECT_EQ(store->documents("kb", 1, "", 1)->front().manifest, "manifest");
}

TEST_F(PartStoreTest, VisitsThePartsOfADocumentFromAnOrdinalOn) {
  const auto store = open();
  const std::vector<PartStore::Row> rows{
      {1, "m", "manifest"}, {5, "0", "five"}, {4, "1", "four"}, {9, "2", "nine"}};
  const std::vector<PartStore::Document> documents{{.key = {"kb", 1, "token"},
                                                    .filename = "a",
                                                    .version = 7,
                                                    .manifest = 1,
                                                    .passages = 30,
                                                    .parts = {{5, 9}, {4, 19}, {9, 29}}}};
  ASSERT_TRUE(store->write({.applied = 9, .added = rows, .documents = documents}));
  const auto visited = [&](std::uint32_t first, std::size_t most = 10) {
    std::vector<std::string> all;
    const auto document = store->document("kb", 1, "a", first, [&](std::string_view payload) {
      all.emplace_back(payload);
      return all.size() < most;
    });
    EXPECT_TRUE(document && *document && (*document)->passages == 30U);
    return all;
  };
  using Parts = std::vector<std::string>;
  EXPECT_EQ(visited(0), (Parts{"five", "four", "nine"}));
  EXPECT_EQ(visited(0, 2), (Parts{"five", "four"}));
  EXPECT_EQ(visited(10), (Parts{"four", "nine"}));
  EXPECT_EQ(visited(30), Parts{});
  const auto unknown = store->document("kb", 1, "b", 0, [](std::string_view) { return true; });
  ASSERT_TRUE(unknown);
  EXPECT_EQ(*unknown, std::nullopt);
}

TEST_F(PartStoreTest, BeginsAgainWithAnotherStream) {
  const auto store = open();
  ASSERT_TRUE(store->begin("one"));
  const std::vector<PartStore::Row> rows{{1, "a", "x"}};
  ASSERT_TRUE(store->write({.applied = 1, .added = rows}));
  ASSERT_TRUE(store->begin("two"));
  EXPECT_EQ(store->position()->applied, 0U);
  EXPECT_EQ(store->position()->stream_incarnation, "two");
  EXPECT_TRUE(sequences(*store).empty());
}

TEST_F(PartStoreTest, CallsAFileThatIsNoDatabaseCorrupt) {
  std::filesystem::create_directories(file().parent_path());
  std::ofstream(file()) << std::string(8192, 'x');
  EXPECT_EQ(PartStore::open(file()).error().code, Errc::data_corrupt);
  const auto moved = move_aside(file());
  ASSERT_TRUE(moved);
  EXPECT_TRUE(std::filesystem::exists(*moved));
  EXPECT_NE(open(), nullptr);
}

TEST_F(PartStoreTest, CallsAFileWithDamagedPagesCorrupt) {
  {
    const auto store = open();
    const std::string large(4000, 'p');
    std::vector<PartStore::Row> rows;
    for (std::uint64_t i = 1; i <= 200; ++i) rows.push_back({i, "subject", large});
    ASSERT_TRUE(store->write({.applied = 200, .added = rows}));
  }
  {
    std::fstream damage(file(), std::ios::in | std::ios::out | std::ios::binary);
    for (int offset = 4096 * 5; offset < 4096 * 200; offset += 4096) {
      damage.seekp(offset);
      damage << std::string(64, '\xee');
    }
  }
  auto store = PartStore::open(file());
  const auto read = store ? (*store)->for_each([](const PartStore::Row&) -> Result<> { return {}; })
                          : Result<>(fail(store.error()));
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().code, Errc::data_corrupt);
}

TEST_F(PartStoreTest, CallsAFileOfAnotherFormatCorrupt) {
  (void)open();
  testing::run_command(
      {"python3", "-c",
       "import sqlite3,sys; c=sqlite3.connect(sys.argv[1]); c.execute(\"update meta set value=99 where "
       "name='format'\"); c.commit()",
       file().string()});
  EXPECT_EQ(PartStore::open(file()).error().code, Errc::data_corrupt);
}

}  // namespace
}  // namespace kefu::index
