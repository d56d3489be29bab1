#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace kefu::cli {

/// Columns aligned by what a terminal shows, two spaces apart.
class Table {
 public:
  enum class Align { left, right };
  /// One alignment for each column.
  explicit Table(std::vector<Align> columns) : columns_(std::move(columns)) {}

  /// As many cells as columns.
  void add(std::vector<std::string> cells);
  /// Lines without trailing spaces.
  std::vector<std::string> lines() const;

 private:
  std::vector<Align> columns_;
  std::vector<std::vector<std::string>> rows_;
};

}  // namespace kefu::cli
