#include "part_store.hpp"

#include "sqlite.hpp"

#include <array>
#include <cstring>
#include <limits>
#include <mutex>
#include <system_error>
#include <unordered_set>
#include <utility>

namespace kefu::index {
namespace {

constexpr std::uint64_t kFormat = 2;
constexpr std::uint64_t kNeverErasedByOthers = std::numeric_limits<std::int64_t>::max();

// EXCLUSIVE keeps a second process out and needs no shared memory beside the WAL. NORMAL may lose the last
// transactions when power fails, never the file's integrity: the replay then begins a little earlier.
constexpr auto kPragmas =
    "PRAGMA locking_mode = EXCLUSIVE;"
    "PRAGMA journal_mode = WAL;"
    "PRAGMA synchronous = NORMAL;"
    "PRAGMA auto_vacuum = NONE;"
    "PRAGMA temp_store = MEMORY;";
constexpr auto kSchema =
    "CREATE TABLE IF NOT EXISTS meta(name TEXT PRIMARY KEY, value) WITHOUT ROWID;"
    "CREATE TABLE IF NOT EXISTS messages(sequence INTEGER PRIMARY KEY, subject TEXT NOT NULL, payload BLOB "
    "NOT "
    "NULL);"
    "CREATE TABLE IF NOT EXISTS superseded(sequence INTEGER PRIMARY KEY, cause INTEGER NOT NULL);"
    "CREATE TABLE IF NOT EXISTS documents(kb TEXT NOT NULL, generation INTEGER NOT NULL, document TEXT NOT "
    "NULL, filename TEXT NOT NULL, version INTEGER NOT NULL, manifest INTEGER NOT NULL, passages INTEGER NOT "
    "NULL, parts BLOB NOT NULL, PRIMARY KEY(kb, generation, document)) WITHOUT ROWID;"
    "CREATE INDEX IF NOT EXISTS documents_by_filename ON documents(kb, generation, filename);"
    "INSERT OR IGNORE INTO meta VALUES('format', 2), ('applied', 0), ('stream', '');";

// Sequence and last ordinal of each part; the file stays on the machine that wrote it.
using Places = std::vector<PartStore::PartPlace>;
constexpr std::size_t kPlaceBytes = sizeof(std::uint64_t) + sizeof(std::uint32_t);

std::string encode(const Places& places) {
  std::string bytes(places.size() * kPlaceBytes, '\0');
  char* out = bytes.data();
  for (const auto& place : places) {
    std::memcpy(out, &place.sequence, sizeof place.sequence);
    std::memcpy(out + sizeof place.sequence, &place.last_ordinal, sizeof place.last_ordinal);
    out += kPlaceBytes;
  }
  return bytes;
}

Places decode(std::string_view bytes) {
  Places places(bytes.size() / kPlaceBytes);
  const char* in = bytes.data();
  for (auto& place : places) {
    std::memcpy(&place.sequence, in, sizeof place.sequence);
    std::memcpy(&place.last_ordinal, in + sizeof place.sequence, sizeof place.last_ordinal);
    in += kPlaceBytes;
  }
  return places;
}

class SqlitePartStore final : public PartStore {
 public:
  Result<> open(const std::filesystem::path& file) {
    KEFU_TRY(database_, sqlite::Database::open(file));
    KEFU_CHECK(database_.execute(kPragmas));
    KEFU_CHECK(create_tables());
    KEFU_TRY(read_meta_, database_.prepare("SELECT value FROM meta WHERE name = ?"));
    KEFU_TRY(write_meta_, database_.prepare("UPDATE meta SET value = ?2 WHERE name = ?1"));
    KEFU_TRY(read_all_,
             database_.prepare("SELECT sequence, subject, payload FROM messages ORDER BY sequence"));
    KEFU_TRY(read_one_, database_.prepare("SELECT payload FROM messages WHERE sequence = ?"));
    KEFU_TRY(add_, database_.prepare("INSERT OR REPLACE INTO messages VALUES(?, ?, ?)"));
    KEFU_TRY(remove_, database_.prepare("DELETE FROM messages WHERE sequence = ?"));
    KEFU_TRY(supersede_, database_.prepare("INSERT OR IGNORE INTO superseded VALUES(?, ?)"));
    KEFU_TRY(read_superseded_,
             database_.prepare("SELECT sequence FROM superseded WHERE cause <= ?2 OR cause = ?3 ORDER BY "
                               "sequence LIMIT ?1"));
    KEFU_TRY(erased_, database_.prepare("DELETE FROM superseded WHERE sequence = ?"));
    KEFU_TRY(erased_up_to_, database_.prepare("DELETE FROM superseded WHERE cause <= ?"));
    KEFU_CHECK(prepare_documents());
    return check_format();
  }

  Result<Position> position() override {
    const std::scoped_lock lock(mutex_);
    Position position;
    KEFU_CHECK(read_meta("applied", [&] { position.applied = read_meta_.integer(0); }));
    KEFU_CHECK(read_meta("stream", [&] { position.stream_incarnation = read_meta_.bytes(0); }));
    return position;
  }

  Result<> for_each(const std::function<Result<>(const Row&)>& visit) override {
    const std::scoped_lock lock(mutex_);
    Result<> outcome;
    while (outcome) {
      const auto row = read_all_.step();
      if (!row) outcome = fail(row.error());
      if (!row || !*row) break;
      outcome = visit({read_all_.integer(0), read_all_.bytes(1), read_all_.bytes(2)});
    }
    read_all_.reset();
    return outcome;
  }

  Result<std::string> payload(std::uint64_t sequence) override {
    const std::scoped_lock lock(mutex_);
    std::string bytes;
    KEFU_CHECK(read_payload(sequence, [&](std::string_view payload) { bytes = payload; }));
    return bytes;
  }

  Result<std::vector<StoredDocument>> documents(std::string_view kb, std::uint32_t generation,
                                                std::string_view after, std::size_t limit) override {
    const std::scoped_lock lock(mutex_);
    list_documents_.bind_text(1, kb).bind(2, generation).bind_text(3, after).bind(4, limit);
    std::vector<StoredDocument> all;
    Result<bool> row = list_documents_.step();
    for (; row && *row; row = list_documents_.step()) all.push_back(stored_document(list_documents_));
    list_documents_.reset();
    if (!row) return fail(row.error());
    return all;
  }

  Result<std::optional<StoredDocument>> document(
      std::string_view kb, std::uint32_t generation, std::string_view filename, std::uint32_t first_ordinal,
      const std::function<bool(std::string_view)>& visit) override {
    const std::scoped_lock lock(mutex_);
    find_document_.bind_text(1, kb).bind(2, generation).bind_text(3, filename);
    const auto row = find_document_.step();
    std::optional<StoredDocument> found;
    Places places;
    if (row && *row) {
      found = stored_document(find_document_);
      places = decode(find_document_.bytes(4));
    }
    find_document_.reset();
    if (!row) return fail(row.error());
    bool more = true;
    for (const PartPlace& place : places) {
      if (place.last_ordinal < first_ordinal) continue;
      if (!more) break;
      KEFU_CHECK(read_payload(place.sequence, [&](std::string_view payload) { more = visit(payload); }));
    }
    return found;
  }

  Result<> write(const Batch& batch) override {
    const std::scoped_lock lock(mutex_);
    const std::uint64_t cause = batch.superseded_here_alone ? kNeverErasedByOthers : batch.applied;
    const std::unordered_set<std::uint64_t> dropped(batch.superseded.begin(), batch.superseded.end());
    KEFU_TRY(auto transaction, sqlite::Transaction::begin(database_));
    for (const Row& row : batch.added) {
      if (dropped.contains(row.sequence)) continue;
      add_.bind(1, row.sequence).bind_text(2, row.subject).bind_blob(3, row.payload);
      KEFU_CHECK(add_.run());
    }
    for (const std::uint64_t sequence : batch.superseded) {
      KEFU_CHECK(remove_.bind(1, sequence).run());
      KEFU_CHECK(supersede_.bind(1, sequence).bind(2, cause).run());
    }
    for (const std::uint64_t sequence : batch.dropped) KEFU_CHECK(remove_.bind(1, sequence).run());
    for (const Document& document : batch.documents) KEFU_CHECK(write_document(document));
    if (!batch.forgotten_kb.empty()) KEFU_CHECK(forget_kb_.bind_text(1, batch.forgotten_kb).run());
    KEFU_CHECK(write_meta_.bind_text(1, "applied").bind(2, batch.applied).run());
    return transaction.commit();
  }

  Result<std::vector<std::uint64_t>> superseded(std::size_t limit, std::uint64_t applied) override {
    const std::scoped_lock lock(mutex_);
    std::vector<std::uint64_t> all;
    read_superseded_.bind(1, limit).bind(2, applied).bind(3, kNeverErasedByOthers);
    Result<bool> row = read_superseded_.step();
    for (; row && *row; row = read_superseded_.step()) all.push_back(read_superseded_.integer(0));
    read_superseded_.reset();
    if (!row) return fail(row.error());
    return all;
  }

  Result<> erased(std::span<const std::uint64_t> sequences) override {
    const std::scoped_lock lock(mutex_);
    KEFU_TRY(auto transaction, sqlite::Transaction::begin(database_));
    for (const std::uint64_t sequence : sequences) KEFU_CHECK(erased_.bind(1, sequence).run());
    return transaction.commit();
  }

  Result<> erased_up_to(std::uint64_t applied) override {
    const std::scoped_lock lock(mutex_);
    return erased_up_to_.bind(1, applied).run();
  }

  Result<> begin(std::string_view stream_incarnation) override {
    const std::scoped_lock lock(mutex_);
    KEFU_TRY(auto transaction, sqlite::Transaction::begin(database_));
    KEFU_CHECK(database_.execute("DELETE FROM messages; DELETE FROM superseded; DELETE FROM documents;"));
    KEFU_CHECK(write_meta_.bind_text(1, "applied").bind(2, std::uint64_t{0}).run());
    KEFU_CHECK(write_meta_.bind_text(1, "stream").bind_text(2, stream_incarnation).run());
    return transaction.commit();
  }

 private:
  Result<> create_tables() {
    KEFU_TRY(auto transaction, sqlite::Transaction::begin(database_));
    KEFU_CHECK(database_.execute(kSchema));
    return transaction.commit();
  }

  Result<> prepare_documents() {
    KEFU_TRY(replace_document_,
             database_.prepare("INSERT OR REPLACE INTO documents VALUES(?, ?, ?, ?, ?, ?, ?, ?)"));
    KEFU_TRY(remove_document_,
             database_.prepare("DELETE FROM documents WHERE kb = ? AND generation = ? AND document = ?"));
    KEFU_TRY(forget_kb_, database_.prepare("DELETE FROM documents WHERE kb = ?"));
    const std::string select =
        "SELECT filename, version, passages, payload, parts FROM documents JOIN messages ON sequence = "
        "manifest WHERE kb = ? AND generation = ? AND filename ";
    KEFU_TRY(list_documents_, database_.prepare(select + "> ? ORDER BY filename LIMIT ?"));
    KEFU_TRY(find_document_, database_.prepare(select + "= ? LIMIT 1"));
    return {};
  }

  static StoredDocument stored_document(const sqlite::Statement& row) {
    return {std::string(row.bytes(0)), row.integer(1), static_cast<std::uint32_t>(row.integer(2)),
            std::string(row.bytes(3))};
  }

  Result<> write_document(const Document& document) {
    const DocumentKey& key = document.key;
    if (document.parts.empty()) {
      remove_document_.bind_text(1, key.kb_incarnation).bind(2, key.generation).bind_text(3, key.document);
      return remove_document_.run();
    }
    const std::string places = encode(document.parts);
    replace_document_.bind_text(1, key.kb_incarnation)
        .bind(2, key.generation)
        .bind_text(3, key.document)
        .bind_text(4, document.filename)
        .bind(5, document.version)
        .bind(6, document.manifest)
        .bind(7, document.passages)
        .bind_blob(8, places);
    return replace_document_.run();
  }

  template <class Take>
  Result<> read_payload(std::uint64_t sequence, Take take) {
    const auto row = read_one_.bind(1, sequence).step();
    if (row && *row) take(read_one_.bytes(0));
    read_one_.reset();
    if (!row) return fail(row.error());
    if (!*row) return fail(Errc::data_corrupt, "the index on disk is damaged", "a message is missing");
    return {};
  }

  template <class Take>
  Result<> read_meta(std::string_view name, Take take) {
    const auto row = read_meta_.bind_text(1, name).step();
    if (row && *row) take();
    read_meta_.reset();
    if (!row) return fail(row.error());
    if (!*row) return fail(Errc::data_corrupt, "the index on disk is damaged", "meta data is missing");
    return {};
  }

  Result<> check_format() {
    std::uint64_t format = 0;
    KEFU_CHECK(read_meta("format", [&] { format = read_meta_.integer(0); }));
    if (format == kFormat) return {};
    return fail(Errc::data_corrupt, "the index on disk has the format of another version of this program",
                "format " + std::to_string(format));
  }

  std::mutex mutex_;           // of everything below
  sqlite::Database database_;  // destroyed after its statements
  sqlite::Statement read_meta_, write_meta_, read_all_, read_one_, add_, remove_, supersede_,
      read_superseded_, erased_, erased_up_to_, replace_document_, remove_document_, forget_kb_,
      list_documents_, find_document_;
};

}  // namespace

Result<std::unique_ptr<PartStore>> PartStore::open(const std::filesystem::path& file) {
  std::error_code error;
  if (file.has_parent_path()) std::filesystem::create_directories(file.parent_path(), error);
  if (error) {
    return fail(Errc::unavailable, "the data directory of the index cannot be made",
                file.parent_path().string() + ": " + error.message());
  }
  auto store = std::make_unique<SqlitePartStore>();
  KEFU_CHECK(store->open(file));
  return store;
}

Result<std::filesystem::path> move_aside(const std::filesystem::path& file) {
  constexpr std::array<const char*, 3> kCompanions{"", "-wal", "-shm"};
  std::filesystem::path target = file.string() + ".unusable";
  for (const char* companion : kCompanions) {
    const std::filesystem::path from = file.string() + companion;
    const std::filesystem::path to = target.string() + companion;
    std::error_code error;
    std::filesystem::remove(to, error);
    if (!std::filesystem::exists(from, error)) continue;
    std::filesystem::rename(from, to, error);
    if (error) {
      return fail(Errc::unavailable, "the index on disk cannot be moved out of the way",
                  from.string() + ": " + error.message());
    }
  }
  return target;
}

}  // namespace kefu::index
