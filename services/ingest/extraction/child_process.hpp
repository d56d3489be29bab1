#pragma once

#include <kefu/base/deadline.hpp>
#include <kefu/base/error.hpp>

#include <sys/types.h>

#include <string>
#include <vector>

namespace kefu::ingest {

/// A child process whose standard input and output are one socket. Blocking: for a thread of a pool.
class ChildProcess {
 public:
  /// Errors: `unavailable` when it cannot be started.
  static Result<ChildProcess> start(const std::vector<std::string>& command);
  ChildProcess(ChildProcess&& other) noexcept;
  ChildProcess& operator=(ChildProcess&&) = delete;
  /// Kills and reaps it.
  ~ChildProcess();

  int socket() const { return socket_; }
  /// Lets it see the end of its input.
  void close_input() const;
  /// Waits until it has ended and returns its wait status; kills it at the deadline.
  int wait(Deadline deadline);

 private:
  ChildProcess(pid_t pid, int socket) : pid_(pid), socket_(socket) {}

  pid_t pid_;
  int socket_;
};

}  // namespace kefu::ingest
