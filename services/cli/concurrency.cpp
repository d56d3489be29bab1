#include "concurrency.hpp"

#include <kefu/async/task_group.hpp>

#include <boost/asio/this_coro.hpp>

#include <algorithm>
#include <exception>
#include <utility>

namespace kefu::cli {
namespace {

struct Queue {
  std::size_t next = 0;
  std::size_t count;
  IndexedWork work;
};

Task<void> work_off(Queue& queue) {
  while (queue.next < queue.count) co_await queue.work(queue.next++);
}

void rethrow(std::exception_ptr exception) { std::rethrow_exception(std::move(exception)); }

}  // namespace

Task<void> for_each_concurrently(std::size_t count, std::size_t limit, IndexedWork work) {
  Queue queue{.count = count, .work = std::move(work)};
  TaskGroup group(co_await asio::this_coro::executor, rethrow);
  for (std::size_t i = 0; i < std::min(count, limit); ++i) group.spawn(work_off(queue));
  co_await group.join();
}

}  // namespace kefu::cli
