#pragma once

#include "extraction/extractor.hpp"
#include "kefu/v1/common.pb.h"
#include "section.hpp"
#include "token_counter.hpp"

#include <kefu/async/task.hpp>
#include <kefu/base/error.hpp>

#include <cstdint>
#include <string>
#include <vector>

namespace kefu::ingest {

struct SplitSettings {
  std::uint32_t target_tokens = 200;
  std::uint32_t overlap_tokens = 30;
};

/// Makes passages that the embedding model takes whole: one for each phrasing of an FAQ row, and pieces of
/// documents by structure first, then by sentences. The same file and the same model give the same passages.
class Splitter {
 public:
  /// `counter` outlives this.
  Splitter(TokenCounter& counter, SplitSettings settings) : counter_(counter), settings_(settings) {}

  /// The passages of one piece of a file, in its order and not yet numbered. Errors: the counter's.
  Task<Result<std::vector<kefu::v1::Passage>>> split(std::vector<Extraction::Entry> entries,
                                                     std::string filename);

 private:
  /// A document that is being divided.
  struct Work {
    const extraction::Document* document = nullptr;
    std::vector<Section> sections;
  };
  Task<Result<std::uint32_t>> count_headings(std::vector<Section*> sections);
  Task<Result<>> count_units(std::vector<Section*> sections, std::uint32_t max_tokens);
  Task<Result<std::vector<kefu::v1::Passage>>> divide_document(Work& work, std::string filename,
                                                               std::uint32_t max_tokens);
  Task<Result<bool>> all_fit(std::vector<std::string> inputs, std::uint32_t max_tokens);

  TokenCounter& counter_;
  SplitSettings settings_;
};

}  // namespace kefu::ingest
