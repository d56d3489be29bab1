#pragma once

#include <kefu/async/task.hpp>

#include <cstddef>
#include <functional>

namespace kefu::cli {

using IndexedWork = std::function<Task<void>(std::size_t)>;

/// Does work(0) to work(count - 1), begun in this order, at most `limit` of them at a time. Returns when all
/// have ended.
Task<void> for_each_concurrently(std::size_t count, std::size_t limit, IndexedWork work);

}  // namespace kefu::cli
