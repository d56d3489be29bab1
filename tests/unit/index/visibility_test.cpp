#include "visibility.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <random>
#include <set>
#include <vector>

namespace kefu::index {
namespace {

constexpr std::uint32_t kManifest = 1000;

LogEntry entry(std::uint64_t sequence, std::uint64_t version, std::uint32_t part, std::uint32_t stated = 0,
               const std::string& document = "doc", const std::string& kb = "kb") {
  LogEntry made;
  made.key.version = {kb, 1, document, version};
  made.key.manifest = part == kManifest;
  made.key.part = made.key.manifest ? 0 : part;
  made.sequence = sequence;
  made.parts = stated;
  return made;
}

const DocumentKey kDocument{"kb", 1, "doc"};

TEST(Visibility, ShowsAVersionOnceItsManifestAndAllPartsAreThere) {
  Visibility log;
  EXPECT_FALSE(log.apply(entry(1, 7, 1)).changed);
  EXPECT_FALSE(log.apply(entry(2, 7, kManifest, 2)).changed);
  EXPECT_EQ(log.visible(kDocument), std::nullopt);
  EXPECT_TRUE(log.apply(entry(3, 7, 0)).changed);
  EXPECT_EQ(log.visible(kDocument), (VisibleVersion{7, 2, {3, 1}}));
}

TEST(Visibility, SupersedesLowerVersionsWhetherTheyComeBeforeOrAfter) {
  Visibility log;
  (void)log.apply(entry(1, 7, 0));
  (void)log.apply(entry(2, 8, 0));
  EXPECT_EQ(log.apply(entry(3, 8, kManifest, 1)).superseded, std::vector<std::uint64_t>{1});
  EXPECT_EQ(log.apply(entry(4, 7, kManifest, 1)).superseded, std::vector<std::uint64_t>{4});
  EXPECT_EQ(log.visible(kDocument)->version, 8U);
}

TEST(Visibility, HidesADocumentWhoseHighestManifestHasNoParts) {
  Visibility log;
  (void)log.apply(entry(1, 7, 0));
  (void)log.apply(entry(2, 7, kManifest, 1));
  const auto effect = log.apply(entry(3, 9, kManifest, 0));
  EXPECT_TRUE(effect.changed);
  EXPECT_EQ(effect.superseded, (std::vector<std::uint64_t>{2, 1}));
  EXPECT_EQ(log.visible(kDocument), (VisibleVersion{9, 3, {}}));
  EXPECT_EQ(log.apply(entry(4, 8, 0)).superseded, std::vector<std::uint64_t>{4});
}

TEST(Visibility, TakesTheNewestMessageOfASubject) {
  Visibility log;
  (void)log.apply(entry(1, 7, 0));
  (void)log.apply(entry(2, 7, kManifest, 1));
  EXPECT_FALSE(log.apply(entry(1, 7, 0)).changed);
  const auto effect = log.apply(entry(5, 7, 0));
  EXPECT_TRUE(effect.changed);
  EXPECT_EQ(effect.superseded, std::vector<std::uint64_t>{1});
  EXPECT_EQ(log.visible(kDocument)->parts, std::vector<std::uint64_t>{5});
}

TEST(Visibility, DoesNotCountPartsBeyondThoseStated) {
  Visibility log;
  (void)log.apply(entry(1, 7, kManifest, 2));
  (void)log.apply(entry(2, 7, 0));
  (void)log.apply(entry(3, 7, 5));
  EXPECT_EQ(log.visible(kDocument), std::nullopt);
}

TEST(Visibility, GivesUpEverythingOfAForgottenKnowledgeBase) {
  Visibility log;
  (void)log.apply(entry(1, 7, 0, 0, "doc", "kb"));
  (void)log.apply(entry(2, 7, 0, 0, "doc", "other"));
  (void)log.apply(entry(3, 7, kManifest, 0, "gone", "kb"));
  EXPECT_EQ(log.knowledge_bases(), (std::vector<std::string>{"kb", "other"}));
  EXPECT_EQ(log.forget("kb"), (std::vector<std::uint64_t>{1, 3}));
  EXPECT_EQ(log.knowledge_bases(), std::vector<std::string>{"other"});
  EXPECT_EQ(log.apply(entry(4, 9, 0, 0, "doc", "kb")).superseded, std::vector<std::uint64_t>{4});
}

TEST(Visibility, DropsOnlyWhatWasReadOfAVersionThatIsNotVisible) {
  Visibility log;
  (void)log.apply(entry(1, 7, 0));
  (void)log.apply(entry(2, 7, kManifest, 1));
  (void)log.apply(entry(3, 8, 0));
  (void)log.apply(entry(4, 8, 1));
  const proto::VersionKey cancelled{"kb", 1, "doc", 8};
  EXPECT_EQ(log.incomplete(), std::vector<proto::VersionKey>{cancelled});
  EXPECT_TRUE(log.drop({"kb", 1, "doc", 7}, 100).empty());
  EXPECT_TRUE(log.drop({"kb", 1, "unknown", 8}, 100).empty());
  EXPECT_EQ(log.drop(cancelled, 3), std::vector<std::uint64_t>{3});
  EXPECT_EQ(log.incomplete(), std::vector<proto::VersionKey>{cancelled});
  EXPECT_EQ(log.drop(cancelled, 4), std::vector<std::uint64_t>{4});
  EXPECT_TRUE(log.incomplete().empty());
  EXPECT_EQ(log.visible(kDocument), (VisibleVersion{7, 2, {1}}));
}

TEST(Visibility, ForgetsADocumentOfWhichEverythingWasDropped) {
  Visibility log;
  (void)log.apply(entry(1, 7, 0));
  (void)log.apply(entry(2, 7, kManifest, 2));
  EXPECT_EQ(log.drop({"kb", 1, "doc", 7}, 2), (std::vector<std::uint64_t>{2, 1}));
  EXPECT_TRUE(log.knowledge_bases().empty());
  // The manifest alone came again, and the part that was missing.
  (void)log.apply(entry(3, 7, 1));
  EXPECT_FALSE(log.apply(entry(4, 7, kManifest, 2)).changed);
}

// A model of the whole: writers that publish the messages of versions in any order and repeat them, a server
// that keeps the newest of each subject, jobs that are cancelled, so that their messages vanish from the log,
// replicas that read at their own pace, crash and come back with or without their disks, and one of them that
// erases what is superseded. What readers see is compared to the
// plainest statement of the rule.

constexpr std::size_t kDocuments = 3;

struct Content {
  std::size_t document = 0;
  std::uint64_t version = 0;
  std::uint32_t part = 0;  // kManifest for the manifest
  std::uint32_t parts = 0;

  auto operator<=>(const Content&) const = default;
};

DocumentKey document_key(std::size_t document) { return {"kb", 1, "doc" + std::to_string(document)}; }

LogEntry log_entry(const Content& content, std::uint64_t sequence) {
  return entry(sequence, content.version, content.part, content.parts,
               document_key(content.document).document);
}

struct Server {
  std::map<std::uint64_t, Content> messages;
  std::map<Content, std::uint64_t> newest;
  std::uint64_t last = 0;

  void publish(const Content& content) {
    if (const auto old = newest.find(content); old != newest.end()) messages.erase(old->second);
    newest[content] = ++last;
    messages[last] = content;
  }
  void erase(std::uint64_t sequence) {
    const auto found = messages.find(sequence);
    if (found == messages.end()) return;
    newest.erase(found->second);
    messages.erase(found);
  }
  bool holds(std::uint64_t version) const {
    return std::ranges::any_of(messages, [&](const auto& each) { return each.second.version == version; });
  }
  void purge(std::uint64_t version) {
    std::erase_if(messages, [&](const auto& each) { return each.second.version == version; });
    std::erase_if(newest, [&](const auto& each) { return each.first.version == version; });
  }
};

// The rule in its own words: of all that was ever published.
struct Reference {
  std::map<std::size_t, std::map<std::uint64_t, std::set<std::uint32_t>>> published;
  std::map<std::uint64_t, std::uint32_t> parts_of;

  void publish(const Content& content) {
    published[content.document][content.version].insert(content.part);
    parts_of[content.version] = content.parts;
  }
  std::optional<std::uint64_t> visible(std::size_t document) const {
    const auto found = published.find(document);
    if (found == published.end()) return std::nullopt;
    std::optional<std::uint64_t> highest;
    for (const auto& [version, parts] : found->second) {
      if (parts.size() == parts_of.at(version) + 1) highest = version;
    }
    return highest;
  }
};

class Replica {
 public:
  void read_one(const Server& server) {
    const auto next = server.messages.upper_bound(applied_);
    if (next == server.messages.end()) return;
    take(next->first, next->second);
    applied_ = next->first;
  }
  void read_all(const Server& server) {
    while (!server.messages.empty() && applied_ < server.messages.rbegin()->first) read_one(server);
  }
  bool caught_up(const Server& server) const {
    return server.messages.empty() || applied_ >= server.messages.rbegin()->first;
  }

  void write_to_disk() {
    disk_ = held_;
    disk_applied_ = applied_;
    disk_superseded_ = superseded_;
  }
  void crash(bool with_disk, std::mt19937& random) {
    if (!with_disk) {
      disk_.clear();
      disk_applied_ = 0;
      disk_superseded_.clear();
    }
    log_ = {};
    held_.clear();
    superseded_ = disk_superseded_;
    applied_ = disk_applied_;
    std::vector<std::pair<std::uint64_t, Content>> order(disk_.begin(), disk_.end());
    std::ranges::shuffle(order, random);
    for (const auto& [sequence, content] : order) take(sequence, content);
  }

  /// Between the question and its answer more may be read.
  void drop_orphans(const Server& server, bool read_on) {
    for (const proto::VersionKey& version : log_.incomplete()) {
      const std::uint64_t applied = applied_;
      const bool left = server.holds(version.version);
      if (read_on) read_one(server);
      if (left) continue;
      for (const std::uint64_t gone : log_.drop(version, applied)) held_.erase(gone);
    }
  }

  void erase_one(Server& server, std::mt19937& random) {
    if (superseded_.empty()) return;
    const std::size_t skip = random() % superseded_.size();
    const auto chosen = std::next(superseded_.begin(), static_cast<std::ptrdiff_t>(skip));
    server.erase(*chosen);
    superseded_.erase(chosen);
  }
  void erase_all(Server& server) {
    for (const std::uint64_t sequence : superseded_) server.erase(sequence);
    superseded_.clear();
  }

  std::optional<std::uint64_t> visible(std::size_t document) const {
    const auto version = log_.visible(document_key(document));
    return version ? std::optional(version->version) : std::nullopt;
  }

  // Every document is seen whole and in one version: by content, not by what the code under test believes.
  void expect_whole() const {
    for (std::size_t document = 0; document < kDocuments; ++document) {
      const auto version = log_.visible(document_key(document));
      if (!version) continue;
      const Content& manifest = held_.at(version->manifest);
      ASSERT_EQ(manifest, (Content{document, version->version, kManifest, manifest.parts}));
      ASSERT_EQ(version->parts.size(), manifest.parts);
      for (std::uint32_t part = 0; part < manifest.parts; ++part) {
        ASSERT_EQ(held_.at(version->parts[part]),
                  (Content{document, version->version, part, manifest.parts}));
      }
    }
  }

  std::set<Content> contents() const {
    std::set<Content> all;
    for (const auto& [sequence, content] : held_) all.insert(content);
    return all;
  }

 private:
  void take(std::uint64_t sequence, const Content& content) {
    held_[sequence] = content;
    for (const std::uint64_t gone : log_.apply(log_entry(content, sequence)).superseded) {
      held_.erase(gone);
      superseded_.insert(gone);
    }
  }

  Visibility log_;
  std::map<std::uint64_t, Content> held_;
  std::set<std::uint64_t> superseded_;
  std::uint64_t applied_ = 0;
  std::map<std::uint64_t, Content> disk_;
  std::uint64_t disk_applied_ = 0;
  std::set<std::uint64_t> disk_superseded_;
};

class World {
 public:
  explicit World(std::uint32_t seed) : random_(seed) {
    std::uint64_t version = 0;
    for (std::size_t i = 2 + random_() % 8; i > 0; --i) {
      const std::size_t document = random_() % kDocuments;
      // One in three is a delete; the next upsert of that document creates it again.
      const std::uint32_t parts = random_() % 3 == 0 ? 0 : 1 + random_() % 3;
      version += 1 + random_() % 3;
      if (parts != 0 && random_() % 4 == 0) cancelled_.push_back(version);
      for (std::uint32_t part = 0; part < parts; ++part) waiting_.push_back({document, version, part, parts});
      const bool cancelled = !cancelled_.empty() && cancelled_.back() == version;
      if (!cancelled) waiting_.push_back({document, version, kManifest, parts});
    }
    std::ranges::shuffle(waiting_, random_);
    if (random_() % 2 == 0) {  // mostly in order of the versions, as jobs really run
      std::ranges::sort(waiting_,
                        [](const Content& a, const Content& b) { return a.version / 4 > b.version / 4; });
    }
  }

  void run() {
    while (!waiting_.empty() && !::testing::Test::HasFatalFailure()) step();
    if (random_() % 4 != 0) publish_repeats();
  }

  void settle_and_compare() {
    // Parts that were on their way when the job was cancelled may have come after the first purge.
    for (const std::uint64_t version : cancelled_) server_.purge(version);
    for (Replica& replica : replicas_) {
      replica.read_all(server_);
      replica.drop_orphans(server_, false);
    }
    // Erasing makes nothing new superseded, so one round empties the log of all that any replica knows of.
    for (Replica& replica : replicas_) replica.erase_all(server_);
    Replica rebuilt;
    rebuilt.read_all(server_);
    rebuilt.erase_all(server_);
    for (std::size_t document = 0; document < kDocuments; ++document) {
      ASSERT_EQ(rebuilt.visible(document), reference_.visible(document));
      for (const Replica& replica : replicas_)
        ASSERT_EQ(replica.visible(document), rebuilt.visible(document));
    }
    // Nothing stays in the log, nor with any replica, but visible versions: here every version is complete or
    // cancelled at the end.
    std::set<Content> left;
    for (const auto& [sequence, content] : server_.messages) left.insert(content);
    ASSERT_EQ(left, rebuilt.contents());
    for (const Replica& replica : replicas_) ASSERT_EQ(left, replica.contents());
    for (const Content& content : left) ASSERT_EQ(content.version, reference_.visible(content.document));
  }

 private:
  void step() {
    Replica& replica = replicas_[random_() % replicas_.size()];
    switch (random_() % 14) {
      case 0:
      case 1:
      case 2:
        publish(waiting_.back());
        done_.push_back(waiting_.back());
        waiting_.pop_back();
        break;
      case 3:
        if (!done_.empty()) publish(done_[random_() % done_.size()]);
        break;
      case 4:
        replica.write_to_disk();
        break;
      case 5:
        if (random_() % 3 == 0) replica.crash(random_() % 2 == 0, random_);
        break;
      case 6:
      case 7:
        replicas_[0].erase_one(server_, random_);
        break;
      case 8:
        if (!cancelled_.empty()) server_.purge(cancelled_[random_() % cancelled_.size()]);
        break;
      case 9:
        replica.drop_orphans(server_, random_() % 2 == 0);
        break;
      default:
        replica.read_one(server_);
    }
    for (const Replica& each : replicas_) {
      each.expect_whole();
      if (each.caught_up(server_)) expect_up_to_date(each);
    }
  }

  void publish(const Content& content) {
    server_.publish(content);
    reference_.publish(content);
  }
  void publish_repeats() {
    for (std::size_t i = 0; i < 5 && !done_.empty(); ++i) publish(done_[random_() % done_.size()]);
  }
  void expect_up_to_date(const Replica& replica) const {
    for (std::size_t document = 0; document < kDocuments; ++document) {
      ASSERT_EQ(replica.visible(document), reference_.visible(document));
    }
  }

  std::mt19937 random_;
  std::vector<Content> waiting_;
  std::vector<Content> done_;
  std::vector<std::uint64_t> cancelled_;  // versions whose manifest never comes
  Server server_;
  Reference reference_;
  std::array<Replica, 3> replicas_;
};

TEST(VisibilityModel, EveryReplicaSeesEachDocumentWholeWhateverHappens) {
  for (std::uint32_t seed = 0; seed < 5000; ++seed) {
    World world(seed);
    world.run();
    if (!HasFatalFailure()) world.settle_and_compare();
    ASSERT_FALSE(HasFatalFailure()) << "seed " << seed;
  }
}

TEST(VisibilityModel, TheOutcomeDoesNotDependOnTheOrder) {
  std::mt19937 random(1);
  for (int run = 0; run < 2000; ++run) {
    std::vector<LogEntry> entries;
    for (std::uint64_t sequence = 1; sequence <= 12; ++sequence) {
      const std::uint64_t version = 1 + random() % 4;
      const bool manifest = random() % 2 == 0;
      const auto part = manifest ? kManifest : static_cast<std::uint32_t>(random() % 2);
      entries.push_back(entry(sequence, version, part, static_cast<std::uint32_t>(version % 3)));
    }
    std::optional<VisibleVersion> expected;
    for (int order = 0; order < 4; ++order) {
      Visibility log;
      for (const LogEntry& each : entries) (void)log.apply(each);
      if (order == 0) expected = log.visible(kDocument);
      ASSERT_EQ(log.visible(kDocument), expected) << "run " << run;
      std::ranges::shuffle(entries, random);
      entries.push_back(entries[random() % entries.size()]);
    }
  }
}

}  // namespace
}  // namespace kefu::index
