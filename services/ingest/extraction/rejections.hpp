#pragma once

#include "kefu/v1/log.pb.h"

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace kefu::ingest {

/// What of a file was not taken in: all are counted, the first hundred are kept.
class Rejections {
 public:
  static constexpr std::size_t kKept = 100;

  void add(kefu::v1::Rejection rejection) {
    ++total_;
    if (kept_.size() < kKept) kept_.push_back(std::move(rejection));
  }
  void add(Rejections others) {
    const std::size_t unkept = others.total_ - others.kept_.size();
    for (kefu::v1::Rejection& rejection : others.kept_) add(std::move(rejection));
    add_unkept(static_cast<std::uint32_t>(unkept));
  }
  /// Counts rejections whose text is not known.
  void add_unkept(std::uint32_t number) { total_ += number; }
  std::uint32_t total() const { return total_; }
  const std::vector<kefu::v1::Rejection>& kept() const { return kept_; }

 private:
  std::vector<kefu::v1::Rejection> kept_;
  std::uint32_t total_ = 0;
};

}  // namespace kefu::ingest
