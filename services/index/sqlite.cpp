#include "sqlite.hpp"

#include <sqlite3.h>

#include <string>
#include <utility>

namespace kefu::index::sqlite {
namespace {

constexpr int kBusyTimeoutMs = 10'000;  // a predecessor that still drains

std::unexpected<Error> failure(int code, const char* detail) {
  switch (code & 0xff) {
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
    case SQLITE_FORMAT:
    case SQLITE_MISMATCH:
    case SQLITE_ERROR:  // a table or column that is missing: the schema is not ours
      return fail(Errc::data_corrupt, "the index on disk is damaged", detail);
    case SQLITE_FULL:
      return fail(Errc::insufficient_storage, "the disk of the index is full", detail);
    case SQLITE_BUSY:
      return fail(Errc::unavailable, "the data directory of the index is used by another process", detail);
    default:
      return fail(Errc::unavailable, "the disk of the index cannot be used", detail);
  }
}

std::unexpected<Error> failure(sqlite3* database) {
  return failure(sqlite3_extended_errcode(database), sqlite3_errmsg(database));
}

}  // namespace

void Statement::Finalize::operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }
void Database::Close::operator()(sqlite3* database) const { sqlite3_close_v2(database); }

Statement& Statement::bind(int index, std::uint64_t value) {
  sqlite3_bind_int64(statement_.get(), index, static_cast<sqlite3_int64>(value));
  return *this;
}
Statement& Statement::bind_text(int index, std::string_view value) {
  // A null pointer would be NULL, which nothing is equal to or greater than.
  sqlite3_bind_text64(statement_.get(), index, value.empty() ? "" : value.data(), value.size(), SQLITE_STATIC,
                      SQLITE_UTF8);
  return *this;
}
Statement& Statement::bind_blob(int index, std::string_view value) {
  // A null pointer would store NULL, so an empty payload needs an address.
  sqlite3_bind_blob64(statement_.get(), index, value.empty() ? "" : value.data(), value.size(),
                      SQLITE_STATIC);
  return *this;
}

Result<bool> Statement::step() {
  const int code = sqlite3_step(statement_.get());
  if (code == SQLITE_ROW) return true;
  if (code == SQLITE_DONE) return false;
  return failure(sqlite3_db_handle(statement_.get()));
}

Result<> Statement::run() {
  const auto stepped = step();
  reset();
  if (!stepped) return fail(stepped.error());
  return {};
}

void Statement::reset() { sqlite3_reset(statement_.get()); }

std::uint64_t Statement::integer(int column) const {
  return static_cast<std::uint64_t>(sqlite3_column_int64(statement_.get(), column));
}

std::string_view Statement::bytes(int column) const {
  const auto* data = static_cast<const char*>(sqlite3_column_blob(statement_.get(), column));
  const auto size = static_cast<std::size_t>(sqlite3_column_bytes(statement_.get(), column));
  return data == nullptr ? std::string_view{} : std::string_view(data, size);
}

Result<Database> Database::open(const std::filesystem::path& file) {
  sqlite3* raw = nullptr;
  const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX;
  const int code = sqlite3_open_v2(file.c_str(), &raw, flags, nullptr);
  Database database;
  database.database_.reset(raw);  // also after a failure there is a handle to close
  if (code != SQLITE_OK) return failure(code, raw == nullptr ? "out of memory" : sqlite3_errmsg(raw));
  sqlite3_extended_result_codes(raw, 1);
  sqlite3_busy_timeout(raw, kBusyTimeoutMs);
  return database;
}

Result<> Database::execute(const char* sql) {
  if (sqlite3_exec(database_.get(), sql, nullptr, nullptr, nullptr) != SQLITE_OK) {
    return failure(database_.get());
  }
  return {};
}

Result<Statement> Database::prepare(std::string_view sql) {
  sqlite3_stmt* statement = nullptr;
  const int code = sqlite3_prepare_v3(database_.get(), sql.data(), static_cast<int>(sql.size()),
                                      SQLITE_PREPARE_PERSISTENT, &statement, nullptr);
  if (code != SQLITE_OK) return failure(database_.get());
  return Statement(statement);
}

Result<Transaction> Transaction::begin(Database& database) {
  KEFU_CHECK(database.execute("BEGIN IMMEDIATE"));
  return Transaction(database);
}

Transaction::~Transaction() {
  if (database_ == nullptr) return;
  [[maybe_unused]] const auto ignored = database_->execute("ROLLBACK");  // without effect where SQLite did it
}

Result<> Transaction::commit() {
  KEFU_CHECK(database_->execute("COMMIT"));
  database_ = nullptr;
  return {};
}

}  // namespace kefu::index::sqlite
