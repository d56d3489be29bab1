#include "child_extractor.hpp"

#include "child_process.hpp"
#include "extract_mode.hpp"
#include "wire.hpp"

#include <kefu/base/deadline.hpp>

#include <poll.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <utility>

namespace kefu::ingest {
namespace {

using namespace std::chrono_literals;

// A file of the largest size, cut into many small pieces, each with its heading.
constexpr std::size_t kMaxOutputBytes = std::size_t{512} << 20;
// After its output has ended a child has nothing left to do.
constexpr auto kTimeToExit = 2s;

std::string seconds(std::chrono::milliseconds time) {
  return std::to_string(std::chrono::ceil<std::chrono::seconds>(time).count());
}

std::unexpected<Error> took_too_long(std::chrono::milliseconds time) {
  return fail(Errc::data_corrupt, "the document could not be read within " + seconds(time) + " s");
}

/// One child and one file: input goes in and items come out at once, since neither side may wait for the
/// other.
class Conversation {
 public:
  Conversation(ChildProcess& child, std::string_view input, std::string filename, Deadline deadline)
      : child_(child), input_(input), reader_(std::move(filename)), deadline_(deadline) {}

  /// Until the child closes its output. Errors: `deadline_exceeded`, `data_corrupt`.
  Result<> run() {
    if (input_.empty()) child_.close_input();
    while (true) {
      pollfd ready{.fd = child_.socket(), .events = POLLIN, .revents = 0};
      if (!input_.empty()) ready.events |= POLLOUT;
      const auto remaining = std::chrono::ceil<std::chrono::milliseconds>(deadline_.remaining()).count();
      const int count = ::poll(&ready, 1, static_cast<int>(remaining));
      if (count == 0) return fail(Errc::deadline_exceeded, "");
      if (count < 0) continue;  // a signal
      if ((ready.revents & POLLOUT) != 0 && !input_.empty()) send_some();
      if ((ready.revents & (POLLIN | POLLHUP | POLLERR)) == 0) continue;
      KEFU_TRY(const bool more, receive_some());
      if (!more) return {};
    }
  }

  ItemReader& reader() { return reader_; }

 private:
  void send_some() {
    const ssize_t sent = ::send(child_.socket(), input_.data(), input_.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent > 0) input_.remove_prefix(static_cast<std::size_t>(sent));
    // A child that reads no further has ended or is about to: its output and status tell which.
    if (sent < 0 && errno != EAGAIN && errno != EINTR) input_ = {};
    if (input_.empty()) child_.close_input();
  }

  Result<bool> receive_some() {
    const ssize_t count = ::recv(child_.socket(), buffer_.data(), buffer_.size(), MSG_DONTWAIT);
    if (count < 0 && (errno == EAGAIN || errno == EINTR)) return true;
    if (count <= 0) return false;
    received_ += static_cast<std::size_t>(count);
    if (received_ > kMaxOutputBytes) {
      return fail(Errc::data_corrupt, "the document falls into so many pieces that it cannot be taken in");
    }
    KEFU_CHECK(reader_.feed(std::string_view(buffer_.data(), static_cast<std::size_t>(count))));
    return true;
  }

  ChildProcess& child_;
  std::string_view input_;
  ItemReader reader_;
  Deadline deadline_;
  std::size_t received_ = 0;
  std::array<char, 64 << 10> buffer_{};
};

/// What a child that ended before it was finished says about the document.
std::unexpected<Error> explain(int status, ChildLimits limits) {
  if (WIFSIGNALED(status)) {
    const int signal = WTERMSIG(status);
    if (signal == SIGTERM || signal == SIGINT || signal == SIGHUP) {
      return fail(Errc::cancelled, "the extractor was stopped from outside");
    }
    if (signal == SIGXCPU) return took_too_long(limits.time);
    return fail(Errc::data_corrupt, "the document crashed its extractor (" +
                                        std::string(::strsignal(signal)) + "); nothing of it was taken in");
  }
  return fail(Errc::data_corrupt, "the document crashed its extractor (exit status " +
                                      std::to_string(WEXITSTATUS(status)) + "); nothing of it was taken in");
}

Result<Extraction> extract_in_child(const std::vector<std::string>& command, const std::string& filename,
                                    const std::string& bytes, ChildLimits limits) {
  KEFU_TRY(ChildProcess child, ChildProcess::start(command));
  Conversation conversation(child, bytes, filename, Deadline::in(limits.time));
  const auto heard = conversation.run();
  if (!heard && heard.error().code == Errc::deadline_exceeded) return took_too_long(limits.time);
  KEFU_CHECK(heard);
  const int status = child.wait(Deadline::in(kTimeToExit));
  if (!conversation.reader().finished()) return explain(status, limits);
  return conversation.reader().take();
}

}  // namespace

Task<Result<Extraction>> ChildExtractor::extract(Format format, std::string filename, std::string bytes) {
  std::vector<std::string> command{program_, std::string(kExtractFlag), std::string(name_of(format)),
                                   std::to_string(limits_.memory_bytes), seconds(limits_.time)};
  co_return co_await pool_.run(
      [command = std::move(command), filename = std::move(filename), bytes = std::move(bytes),
       limits = limits_] { return extract_in_child(command, filename, bytes, limits); });
}

}  // namespace kefu::ingest
