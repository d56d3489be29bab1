#pragma once

#include "int8_matrix.hpp"
#include "postings.hpp"
#include "search_engine.hpp"

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace kefu::index {

struct DocumentName {
  std::string token;  ///< subject_token(filename)
  std::string filename;
};

/// A passage as it is kept, once, whatever segment it is in.
struct Entry {
  std::shared_ptr<const DocumentName> document;
  kefu::v1::Passage passage;
  std::vector<float> vector;              ///< of length 1, or empty
  std::vector<std::uint32_t> held_terms;  ///< sorted hashes of the terms of text, heading and answer
};
using EntryPtr = std::shared_ptr<const Entry>;

/// Some passages with the structures that find them; never changes once built, so searches need no lock.
/// Vectors of one segment have one model and one size.
class Segment {
 public:
  /// The passages of one document stand together.
  struct Span {
    std::shared_ptr<const DocumentName> document;
    std::uint32_t first = 0;
    std::uint32_t count = 0;
  };
  struct Source {
    std::shared_ptr<const Segment> segment;
    const std::vector<bool>* dead = nullptr;  ///< by row, whole documents; null: none
  };

  /// From the passages of one document.
  static std::shared_ptr<const Segment> build(std::shared_ptr<const DocumentName> document,
                                              std::string model_fingerprint,
                                              std::vector<IndexedPassage> passages);
  /// The living rows of segments with the same model and size, in order.
  static std::shared_ptr<const Segment> merge(std::span<const Source> sources);

  const std::string& model_fingerprint() const { return model_fingerprint_; }
  /// 0 for passages without vectors.
  std::size_t dimensions() const { return matrix_.dimensions(); }
  std::uint32_t rows() const { return static_cast<std::uint32_t>(entries_.size()); }
  const EntryPtr& entry(std::uint32_t row) const { return entries_[row]; }
  const std::vector<Span>& spans() const { return spans_; }
  const Int8Matrix& matrix() const { return matrix_; }
  const Postings& postings() const { return postings_; }
  /// Terms of `count` rows from `first`.
  std::uint64_t length(std::uint32_t first, std::uint32_t count) const;

 private:
  std::string model_fingerprint_;
  std::vector<EntryPtr> entries_;
  std::vector<Span> spans_;  // by first
  Int8Matrix matrix_;
  Postings postings_;
};

/// How terms are written down in Entry::held_terms.
std::uint32_t term_hash(std::string_view term);

}  // namespace kefu::index
