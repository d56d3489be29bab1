#pragma once

#include <kefu/async/loop_hold.hpp>
#include <kefu/async/task.hpp>

#include <boost/asio/async_result.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/thread_pool.hpp>

#include <cstddef>
#include <optional>
#include <type_traits>
#include <utility>

namespace kefu {

/// Threads for work that would hold up the event loop: inference, scans, parsing of large files. May be
/// destroyed before or after the event loops of its callers: whichever goes first waits for what runs.
class CpuPool {
 public:
  explicit CpuPool(std::size_t threads) : pool_(threads) {}
  /// Waits for what is running.
  ~CpuPool() { pool_.join(); }

  /// Runs `function` on a thread of the pool and resumes on the caller's executor with what it returned.
  /// It must not throw: an exception there is a bug and ends the process.
  template <class Function>
  Task<std::invoke_result_t<Function&>> run(Function function) {
    using Value = std::invoke_result_t<Function&>;
    // The initiation owns the function: the coroutine frame may be destroyed before a thread is free.
    auto initiate = [this](auto handler, Function work) {
      // A thread lets go of the executor only after the caller has resumed, and perhaps ended its loop.
      LoopHold hold(asio::get_associated_executor(handler));
      asio::post(pool_, [handler = std::move(handler), work = std::move(work),
                         hold = std::move(hold)]() mutable noexcept {
        if constexpr (std::is_void_v<Value>) {
          work();
          asio::post(hold.executor(), [handler = std::move(handler)]() mutable { std::move(handler)(); });
        } else {
          asio::post(hold.executor(), [handler = std::move(handler), value = work()]() mutable {
            std::move(handler)(std::move(value));
          });
        }
      });
    };
    if constexpr (std::is_void_v<Value>) {
      co_await asio::async_initiate<decltype(asio::use_awaitable), void()>(initiate, asio::use_awaitable,
                                                                           std::move(function));
    } else {
      co_return co_await asio::async_initiate<decltype(asio::use_awaitable), void(Value)>(
          initiate, asio::use_awaitable, std::move(function));
    }
  }

 private:
  asio::thread_pool pool_;
};

}  // namespace kefu
