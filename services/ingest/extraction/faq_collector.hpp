#pragma once

#include "extraction_sink.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

namespace kefu::ingest {

/// The rules that every FAQ row must keep, in whatever format it came.
class FaqCollector {
 public:
  explicit FaqCollector(ExtractionSink& sink) : sink_(sink) {}

  /// Passes the row on, or rejects it, naming the field.
  void add(extraction::FaqRow row);
  /// False, after a rejection, when an earlier row of the file has this id already. Also for documents.
  bool claim_id(std::uint32_t row, std::string_view id);
  /// Rows passed on.
  std::size_t accepted() const { return accepted_; }

 private:
  bool check(const extraction::FaqRow& row);
  void tidy_phrasings(extraction::FaqRow& row);

  ExtractionSink& sink_;
  std::unordered_set<std::string> ids_;
  std::size_t accepted_ = 0;
};

}  // namespace kefu::ingest
