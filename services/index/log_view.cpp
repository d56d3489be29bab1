#include "log_view.hpp"

#include "messages.hpp"

#include <algorithm>
#include <utility>

namespace kefu::index {
namespace {

PartStore::Document describe(const DocumentUpdate& update, const std::optional<VisibleVersion>& version) {
  PartStore::Document document{.key = update.key, .filename = update.filename};
  if (!version) return document;
  document.version = version->version;
  document.manifest = version->manifest;
  for (std::size_t i = 0; i < update.groups.size(); ++i) {
    PartStore::PartPlace place{.sequence = version->parts[i]};
    for (const IndexedPassage& passage : update.groups[i].passages) {
      place.last_ordinal = std::max(place.last_ordinal, passage.passage.ordinal());
    }
    document.passages += static_cast<std::uint32_t>(update.groups[i].passages.size());
    document.parts.push_back(place);
  }
  return document;
}

}  // namespace

LogView::LogView(std::filesystem::path file, const telemetry::Logger& log)
    : file_(std::move(file)), log_(log) {}

Result<> LogView::open() {
  Result<> opened = open_store();
  if (opened) opened = read_store();
  if (opened || opened.error().code != Errc::data_corrupt) return opened;
  log_.warning("the index on disk cannot be used and is built again from the log",
               {{"error", std::string_view(opened.error().message)},
                {"detail", std::string_view(opened.error().detail)}});
  return discard();
}

Result<> LogView::open_store() {
  clear();
  store_.reset();  // closed before it is opened again
  KEFU_TRY(store_, PartStore::open(file_));
  KEFU_TRY(position_, store_->position());
  staged_up_to_ = position_.applied;
  return {};
}

Result<> LogView::read_store() {
  KEFU_CHECK(store_->for_each([this](const PartStore::Row& row) -> Result<> {
    KEFU_TRY(const LogEntry entry, read_entry(row.subject, row.payload, row.sequence));
    (void)visibility_.apply(entry);
    return {};
  }));
  to_load_ = visibility_.visible_documents();
  return {};
}

Result<> LogView::discard() {
  store_.reset();
  KEFU_TRY(const auto moved, move_aside(file_));
  log_.warning("the unusable index was moved aside", {{"path", std::string_view(moved.native())}});
  return open_store();
}

void LogView::clear() {
  visibility_ = {};
  position_ = {};
  to_load_.clear();
  messages_.clear();
  places_.clear();
  superseded_.clear();
  changed_.clear();
  staged_up_to_ = 0;
}

Result<> LogView::begin(std::string_view stream_incarnation) {
  KEFU_CHECK(check_open());
  KEFU_CHECK(store_->begin(stream_incarnation));
  clear();
  position_.stream_incarnation = stream_incarnation;
  return {};
}

Result<std::vector<DocumentUpdate>> LogView::load_some(std::size_t passages) {
  std::vector<DocumentUpdate> updates;
  for (std::size_t loaded = 0; loaded < passages && !to_load_.empty(); to_load_.pop_back()) {
    const DocumentKey& key = to_load_.back();
    KEFU_TRY(DocumentUpdate update, document(key, visibility_.visible(key)));
    for (const PassageGroup& group : update.groups) loaded += group.passages.size();
    if (!update.groups.empty()) updates.push_back(std::move(update));
  }
  return updates;
}

void LogView::stage(std::vector<bus::StoredMessage> messages) {
  for (bus::StoredMessage& message : messages) {
    staged_up_to_ = std::max(staged_up_to_, message.sequence);
    if (auto staged = stage_one(message); !staged) {
      ++invalid_messages_;  // never visible and never erased: somebody has to look at it
      log_.error("a message of the log is invalid and is left out",
                 {{"subject", std::string_view(message.subject)},
                  {"sequence", static_cast<std::int64_t>(message.sequence)},
                  {"error", std::string_view(staged.error().message)},
                  {"detail", std::string_view(staged.error().detail)}});
    } else if (places_.try_emplace(message.sequence, messages_.size()).second) {
      messages_.push_back(std::move(message));
    }
  }
}

Result<> LogView::stage_one(const bus::StoredMessage& message) {
  KEFU_TRY(const LogEntry entry, read_entry(message.subject, message.payload, message.sequence));
  std::string filename;
  if (!entry.key.manifest) KEFU_CHECK(read_part(message.payload, filename));
  const Visibility::Effect effect = visibility_.apply(entry);
  superseded_.insert(superseded_.end(), effect.superseded.begin(), effect.superseded.end());
  if (effect.changed) changed_.insert(document_of(entry.key.version));
  return {};
}

void LogView::stage_end(std::uint64_t sequence) { staged_up_to_ = std::max(staged_up_to_, sequence); }

Result<std::vector<DocumentUpdate>> LogView::flush() {
  KEFU_CHECK(check_open());
  std::vector<DocumentUpdate> updates;
  std::vector<PartStore::Document> documents;
  for (const DocumentKey& key : changed_) {
    const auto version = visibility_.visible(key);
    KEFU_TRY(DocumentUpdate update, document(key, version));
    documents.push_back(describe(update, version));
    updates.push_back(std::move(update));
  }
  std::vector<PartStore::Row> rows;
  rows.reserve(messages_.size());
  for (const auto& message : messages_) rows.push_back({message.sequence, message.subject, message.payload});
  KEFU_CHECK(store_->write(
      {.applied = staged_up_to_, .added = rows, .documents = documents, .superseded = superseded_}));
  messages_.clear();
  places_.clear();
  superseded_.clear();
  changed_.clear();
  position_.applied = staged_up_to_;
  return updates;
}

Result<DocumentUpdate> LogView::document(const DocumentKey& key,
                                         const std::optional<VisibleVersion>& version) const {
  DocumentUpdate update{key, {}, {}};
  if (!version) return update;
  for (const std::uint64_t sequence : version->parts) {
    KEFU_TRY(PassageGroup group, part(sequence, update.filename));
    update.groups.push_back(std::move(group));
  }
  return update;
}

/// Also one that is staged and not on disk yet.
Result<PassageGroup> LogView::part(std::uint64_t sequence, std::string& filename) const {
  if (const auto staged = places_.find(sequence); staged != places_.end()) {
    return read_part(messages_[staged->second].payload, filename);
  }
  KEFU_TRY(const std::string payload, store_->payload(sequence));
  return read_part(payload, filename);
}

Result<> LogView::forget(std::string_view kb_incarnation) {
  KEFU_CHECK(check_open());
  const std::vector<std::uint64_t> sequences = visibility_.forget(kb_incarnation);
  // The log does not say when a knowledge base was deleted, so another replica may not have noticed yet.
  return store_->write({.applied = position_.applied,
                        .superseded = sequences,
                        .superseded_here_alone = true,
                        .forgotten_kb = kb_incarnation});
}

Result<std::size_t> LogView::drop(const proto::VersionKey& version, std::uint64_t sequence) {
  KEFU_CHECK(check_open());
  const std::vector<std::uint64_t> sequences = visibility_.drop(version, sequence);
  if (sequences.empty()) return 0;
  // Where this fails they stay on disk, and are dropped again after they have been loaded again.
  KEFU_CHECK(store_->write({.applied = position_.applied, .dropped = sequences}));
  return sequences.size();
}

Result<std::vector<std::uint64_t>> LogView::superseded(std::size_t limit, std::uint64_t applied) {
  KEFU_CHECK(check_open());
  return store_->superseded(limit, applied);
}

Result<> LogView::erased(std::span<const std::uint64_t> sequences) {
  KEFU_CHECK(check_open());
  return store_->erased(sequences);
}

Result<> LogView::erased_up_to(std::uint64_t applied) {
  KEFU_CHECK(check_open());
  return store_->erased_up_to(applied);
}

Result<> LogView::check_open() const {
  if (store_) return {};
  return fail(Errc::unavailable, "the index on disk is not open");
}

}  // namespace kefu::index
