#pragma once

#include "extractor.hpp"

#include <kefu/base/error.hpp>

#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace kefu::ingest {

/// The child's side: writes items, each behind its length (4 bytes, little endian), and at last the outcome.
/// A long document is written as several items of some 64 KiB, so that the parent never holds it whole.
class ItemWriter final : public ExtractionSink {
 public:
  using Write = std::function<void(std::string_view)>;
  explicit ItemWriter(Write write) : write_(std::move(write)) {}

  void take(extraction::FaqRow row) override;
  void take(extraction::Document document) override;
  void reject(std::uint32_t row, std::string field, std::string reason) override;
  void finish(const Result<>& outcome);

 private:
  void write(const extraction::Item& item);

  Write write_;
  std::uint32_t rejected_ = 0;
};

/// The parent's side: takes the bytes as they come.
class ItemReader {
 public:
  explicit ItemReader(std::string filename) : filename_(std::move(filename)) {}

  /// Errors: `data_corrupt` for bytes that are no items.
  Result<> feed(std::string_view bytes);
  /// Bytes of what take() would return.
  std::size_t held_bytes() const { return held_bytes_; }
  /// True once the outcome has come: nothing is missing.
  bool finished() const { return outcome_.has_value(); }
  /// What has come since the last call; once finished, the error that the child reported, if any.
  Result<Extraction> take();

 private:
  Result<> consume(std::string_view bytes);

  std::string filename_;
  std::string pending_;
  Extraction extraction_;
  std::size_t held_bytes_ = 0;
  std::uint32_t rejections_ = 0;  // that came as items
  std::optional<extraction::Outcome> outcome_;
};

}  // namespace kefu::ingest
