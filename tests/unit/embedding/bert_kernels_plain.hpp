#pragma once

#include "bert_encoder.hpp"

#include <vector>

namespace kefu::embedding::bert {

/// For every processor: what the kernels have in common, with vectors of 4 floats and products written
/// plainly.
const Kernels* plain_kernels();

/// Those that this machine can run, the plain ones first.
inline std::vector<const Kernels*> runnable_kernels() {
  std::vector<const Kernels*> all{plain_kernels()};
  const Kernels* const best = kernels_of_this_machine();
  if (best != nullptr) all.push_back(avx2_kernels());
  if (best != nullptr && best != avx2_kernels()) all.push_back(best);
  return all;
}

}  // namespace kefu::embedding::bert
