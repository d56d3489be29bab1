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
  std::vector<std::uint32_t> held_terms;  ///< sorted short keys of the terms of text, heading and answer
};
using EntryPtr = std::shared_ptr<const Entry>;

/// Rows of a segment that follow each other.
struct RowRange {
  std::uint32_t first = 0;
  std::uint32_t count = 0;

  std::uint32_t end() const { return first + count; }
};

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

  /// From the passages of one document; its rows are in the order of their ordinals.
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
  /// Terms of the rows.
  std::uint64_t length(RowRange rows) const;
  /// The passages of the same FAQ row or of the same document, those of a file with many documents apart.
  RowRange unit_of(std::uint32_t row) const;
  /// How many such units begin in the rows.
  std::uint32_t count_units(RowRange rows) const;

 private:
  void reserve(std::size_t rows);

  std::string model_fingerprint_;
  std::vector<EntryPtr> entries_;
  std::vector<Span> spans_;                 // by first
  std::vector<std::uint32_t> unit_starts_;  // ascending
  Int8Matrix matrix_;
  Postings postings_;
};

/// Begins to read what a loop comes to next: passages are scattered over memory, and waiting for it takes
/// longer than the work on them.
template <class T>
void prefetch(const std::vector<T>& values) {
  constexpr std::size_t kLine = 64;
  const auto* bytes = reinterpret_cast<const char*>(values.data());
  for (std::size_t i = 0; i < values.size() * sizeof(T); i += kLine) __builtin_prefetch(bytes + i);
}

/// How terms are written down in Entry::held_terms.
inline std::uint32_t short_key(TermKey key) { return static_cast<std::uint32_t>(key >> 32U); }

}  // namespace kefu::index
