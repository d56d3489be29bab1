#pragma once

#include "extraction_sink.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>

namespace kefu::ingest {

/// The rules that every row must keep, in whatever format it came.
class RowCollector {
 public:
  explicit RowCollector(ExtractionSink& sink) : sink_(sink) {}

  /// Passes the row on, or rejects it, naming the field.
  void add(extraction::FaqRow row);
  void add(extraction::Document document);

 private:
  struct Rule {
    const char* field;
    const std::string& value;
    std::size_t limit;
    bool required;
  };
  bool keeps(std::uint32_t row, const Rule& rule);
  bool is_short_enough(std::uint32_t row, const char* field, std::string_view phrasing);
  bool claim_id(std::uint32_t row, const std::string& id);
  void tidy_phrasings(extraction::FaqRow& row);

  ExtractionSink& sink_;
  std::unordered_map<std::string, std::uint32_t> ids_;  // and the rows that have them
};

}  // namespace kefu::ingest
