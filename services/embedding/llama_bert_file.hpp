#pragma once

#include "bert_encoder.hpp"

#include <memory>
#include <string>

namespace kefu::embedding {

/// The weights of a GGUF file for Kefu's own engine. Null for whatever is not exactly the BERT that it knows:
/// another architecture, shape, pooling, or a key or tensor that might change what is computed. llama.cpp
/// then runs the model, or says what is wrong with the file. Weights of 4 bits (Q4_0, in all layers) stay as
/// they are; others get 8 bits, with a scale for each 32, as in Q8_0.
std::unique_ptr<bert::Model> read_bert(const std::string& path);

}  // namespace kefu::embedding
