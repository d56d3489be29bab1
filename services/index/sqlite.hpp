#pragma once

#include <kefu/base/error.hpp>

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string_view>

struct sqlite3;
struct sqlite3_stmt;

namespace kefu::index::sqlite {

/// A prepared statement. Bindings of text and blobs refer to the caller's memory until reset().
class Statement {
 public:
  Statement() = default;
  explicit Statement(sqlite3_stmt* statement) : statement_(statement) {}

  Statement& bind(int index, std::uint64_t value);
  Statement& bind_text(int index, std::string_view value);
  Statement& bind_blob(int index, std::string_view value);
  /// True: a row is there; false: finished.
  Result<bool> step();
  /// Runs to the end and resets, for statements without rows.
  Result<> run();
  void reset();

  std::uint64_t integer(int column) const;
  /// Text or blob, valid until the next step() or reset().
  std::string_view bytes(int column) const;

 private:
  struct Finalize {
    void operator()(sqlite3_stmt* statement) const;
  };
  std::unique_ptr<sqlite3_stmt, Finalize> statement_;
};

/// One connection. Errors of all: `data_corrupt` (not a database, or a damaged one), `insufficient_storage`,
/// `unavailable` (locked by another process, or the disk fails).
class Database {
 public:
  static Result<Database> open(const std::filesystem::path& file);

  Result<> execute(const char* sql);
  Result<Statement> prepare(std::string_view sql);

 private:
  struct Close {
    void operator()(sqlite3* database) const;
  };
  std::unique_ptr<sqlite3, Close> database_;
};

/// Rolls back unless committed.
class Transaction {
 public:
  static Result<Transaction> begin(Database& database);
  Transaction(Transaction&& other) noexcept : database_(std::exchange(other.database_, nullptr)) {}
  Transaction& operator=(Transaction&&) = delete;
  ~Transaction();
  Result<> commit();

 private:
  explicit Transaction(Database& database) : database_(&database) {}
  Database* database_;
};

}  // namespace kefu::index::sqlite
