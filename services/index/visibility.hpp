#pragma once

#include <kefu/proto/subjects.hpp>

#include <compare>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace kefu::index {

/// One document of one generation of one knowledge base.
struct DocumentKey {
  std::string kb_incarnation;
  std::uint32_t generation = 1;
  std::string document;  ///< subject_token(filename)

  auto operator<=>(const DocumentKey&) const = default;
};

DocumentKey document_of(const proto::VersionKey& version);

/// A message of KEFU_VECTORS as far as visibility depends on it.
struct LogEntry {
  proto::PartKey key;
  std::uint64_t sequence = 0;
  std::uint32_t parts = 0;  ///< what a manifest states
};

/// The version that readers see, as the sequences of the messages that make it up.
struct VisibleVersion {
  std::uint64_t version = 0;
  std::uint64_t manifest = 0;
  std::vector<std::uint64_t> parts;  ///< in the order of the parts; none: the document is deleted

  bool operator==(const VisibleVersion&) const = default;
};

/// Which version of each document is visible: the highest one whose manifest and parts are all present. A
/// pure function of the newest message of each subject, so neither order nor repetition matters, and it stays
/// the same when messages that it called superseded, or those of a version without a manifest, are missing.
/// Thread: any one at a time.
class Visibility {
 public:
  struct Effect {
    bool changed = false;  ///< the document's visible version is another, or made of other messages
    /// No longer needed by anybody: of lower versions than the visible one, of knowledge bases that are
    /// forgotten, or replaced by a newer message of their subject.
    std::vector<std::uint64_t> superseded;
  };

  Effect apply(const LogEntry& entry);

  /// Nothing for a document of which no version is complete yet.
  std::optional<VisibleVersion> visible(const DocumentKey& document) const;

  /// Documents of which a version is visible, deleted ones included.
  std::vector<DocumentKey> visible_documents() const;

  /// Versions above the visible one that are not whole: on their way, or left by a job that was cancelled.
  std::vector<proto::VersionKey> incomplete() const;
  /// The log holds no message of this version up to `sequence` any more: takes those that were read before as
  /// never sent, and returns their sequences. Nothing happens to a visible version.
  std::vector<std::uint64_t> drop(const proto::VersionKey& version, std::uint64_t sequence);

  /// Knowledge bases that any message belongs to, forgotten ones aside.
  std::vector<std::string> knowledge_bases() const;
  /// The knowledge base is gone: returns the sequences of all its messages, and those that still come are
  /// superseded at once.
  std::vector<std::uint64_t> forget(std::string_view kb_incarnation);

 private:
  struct Version {
    std::uint64_t manifest = 0;                    // sequence, 0: not yet seen
    std::uint32_t stated_parts = 0;                // by the manifest
    std::map<std::uint32_t, std::uint64_t> parts;  // part -> sequence

    bool complete() const;
    bool empty() const { return manifest == 0 && parts.empty(); }
    void collect(std::vector<std::uint64_t>& sequences) const;
    void take_out(std::uint64_t up_to, std::vector<std::uint64_t>& sequences);
  };
  struct Document {
    std::map<std::uint64_t, Version> versions;
    std::uint64_t visible = 0;  // versions are sequences, so they begin at 1
  };
  // Ordered by key, so that the documents of one knowledge base stand together.
  using Documents = std::map<DocumentKey, Document>;

  static std::uint64_t highest_complete(const Document& document);
  static void drop_below_visible(Document& document, std::vector<std::uint64_t>& superseded);

  Documents documents_;
  std::set<std::string, std::less<>> forgotten_;
};

}  // namespace kefu::index
