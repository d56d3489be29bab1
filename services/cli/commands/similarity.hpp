#pragma once

#include "api_client.hpp"
#include "console.hpp"

#include <kefu/async/task.hpp>

#include <string>
#include <vector>

namespace kefu::cli {

struct SimilarityOptions {
  std::vector<std::string> texts;
  bool json = false;
};

/// `kefu similarity`: the matrix of cosines between texts, as the embedding model sees them.
Task<int> similarity(SimilarityOptions options, ApiClient& api, Console& console);

/// 0 where one of them has no direction or their lengths differ.
double cosine(const std::vector<double>& a, const std::vector<double>& b);

}  // namespace kefu::cli
