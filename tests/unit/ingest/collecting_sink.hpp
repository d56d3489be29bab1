#pragma once

#include "extraction/format.hpp"

#include <string>
#include <vector>

namespace kefu::ingest {

/// Keeps what a parser finds; rejections as "row field: reason".
class CollectingSink final : public ExtractionSink {
 public:
  void take(extraction::FaqRow row) override { rows.push_back(std::move(row)); }
  void take(extraction::Document document) override { documents.push_back(std::move(document)); }
  void reject(std::uint32_t row, std::string field, std::string reason) override {
    rejections.push_back(std::to_string(row) + " " + field + ": " + reason);
  }

  std::vector<extraction::FaqRow> rows;
  std::vector<extraction::Document> documents;
  std::vector<std::string> rejections;
};

inline CollectingSink extract_all(Format format, std::string_view bytes) {
  CollectingSink sink;
  (void)extract({.format = format}, bytes, sink);
  return sink;
}

/// The message with which a whole file is refused; empty when it is taken.
inline std::string refusal(Format format, std::string_view bytes) {
  CollectingSink sink;
  const auto result = extract({.format = format}, bytes, sink);
  return result ? "" : result.error().message;
}

}  // namespace kefu::ingest
