#pragma once

#include "embedder.hpp"

#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace kefu::embedding {

/// A text that is longer than the model takes, in pieces that it takes with the prefix of their role, and of
/// about the same length. They are cut at ends of sentences where there are any near the middle, else at
/// white space, else between characters; together they are the whole text. A CPU thread.
std::vector<std::string> windows_of(const Embedder& embedder, std::string_view text, Role role);

/// The vector of the whole: the mean of its windows' vectors, each counting as its tokens do, brought to
/// length 1. `windows` is not empty; the tokens are the sum. Errors: `internal` where they cancel each other.
Result<TextVector> mean_of(const std::vector<std::shared_ptr<const TextVector>>& windows);

}  // namespace kefu::embedding
