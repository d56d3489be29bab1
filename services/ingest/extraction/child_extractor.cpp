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
#include <vector>

namespace kefu::ingest {
namespace {

using namespace std::chrono_literals;

// A file of the largest size, cut into many small pieces, each with its heading.
constexpr std::size_t kMaxOutputBytes = std::size_t{512} << 20;
// What is taken at once: the tokens of its texts are counted in a few requests.
constexpr std::size_t kPieceBytes = 256 << 10;
// After its output has ended a child has nothing left to do.
constexpr auto kTimeToExit = 2s;

std::string seconds(std::chrono::milliseconds time) {
  return std::to_string(std::chrono::ceil<std::chrono::seconds>(time).count());
}

std::unexpected<Error> took_too_long(std::chrono::milliseconds time) {
  return fail(Errc::data_corrupt, "the document could not be read within " + seconds(time) + " s");
}

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

/// One child and one file: the file goes in whole before the first item comes out, which is how the child
/// works. Blocking: for a thread of the pool.
class Conversation {
 public:
  Conversation(ChildProcess child, std::string filename, ChildLimits limits)
      : child_(std::move(child)), reader_(std::move(filename)), limits_(limits), time_left_(limits.time) {}

  /// An empty piece is the end of the file. Errors: `data_corrupt`.
  Result<> send(std::string_view piece) {
    if (piece.empty()) child_.close_input();
    while (!piece.empty()) {
      KEFU_CHECK(wait_for(POLLOUT));
      const ssize_t sent = ::send(child_.socket(), piece.data(), piece.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
      if (sent > 0) piece.remove_prefix(static_cast<std::size_t>(sent));
      // A child that reads no further has ended or is about to: its output and status tell which.
      if (sent < 0 && errno != EAGAIN && errno != EINTR) return {};
    }
    return {};
  }

  /// Items of some size, or what is left of them; nullopt when that is nothing.
  Result<std::optional<Extraction>> receive() {
    while (!ended_ && reader_.held_bytes() < kPieceBytes) {
      KEFU_CHECK(wait_for(POLLIN));
      KEFU_CHECK(receive_some());
    }
    if (ended_ && !reader_.finished()) return explain(child_.wait(Deadline::in(kTimeToExit)), limits_);
    const bool last = reader_.held_bytes() == 0;
    KEFU_TRY(Extraction piece, reader_.take());
    if (last) return std::nullopt;
    return piece;
  }

 private:
  /// The time in which nobody asks anything of the child is not the child's.
  Result<> wait_for(short event) {
    pollfd ready{.fd = child_.socket(), .events = event, .revents = 0};
    const auto begin = Deadline::Clock::now();
    const auto most = std::chrono::ceil<std::chrono::milliseconds>(time_left_).count();
    const int count = ::poll(&ready, 1, static_cast<int>(most));
    time_left_ = std::max(Deadline::Clock::duration::zero(), time_left_ - (Deadline::Clock::now() - begin));
    if (count == 0) return took_too_long(limits_.time);
    return {};
  }

  Result<> receive_some() {
    const ssize_t count = ::recv(child_.socket(), buffer_.data(), buffer_.size(), MSG_DONTWAIT);
    if (count < 0 && (errno == EAGAIN || errno == EINTR)) return {};
    ended_ = count <= 0;
    if (ended_) return {};
    received_ += static_cast<std::size_t>(count);
    if (received_ > kMaxOutputBytes) {
      return fail(Errc::data_corrupt, "the document falls into so many pieces that it cannot be taken in");
    }
    return reader_.feed(std::string_view(buffer_.data(), static_cast<std::size_t>(count)));
  }

  ChildProcess child_;
  ItemReader reader_;
  ChildLimits limits_;
  Deadline::Clock::duration time_left_;
  bool ended_ = false;
  std::size_t received_ = 0;
  std::array<char, 64 << 10> buffer_{};
};

/// The conversation is shared with the thread that waits, which may outlast the stream.
class ChildStream final : public ExtractionStream {
 public:
  ChildStream(CpuPool& pool, std::shared_ptr<Conversation> conversation)
      : pool_(pool), conversation_(std::move(conversation)) {}

  Task<Result<std::optional<Extraction>>> next() override {
    co_return co_await pool_.run([conversation = conversation_] { return conversation->receive(); });
  }

 private:
  CpuPool& pool_;
  std::shared_ptr<Conversation> conversation_;
};

}  // namespace

Task<Result<std::unique_ptr<ExtractionStream>>> ChildExtractor::open(FileType type, std::string filename,
                                                                     FileSource& source) {
  const std::vector<std::string> command{program_,
                                         std::string(kExtractFlag),
                                         std::string(name_of(type.format)),
                                         type.charset,
                                         std::to_string(limits_.memory_bytes),
                                         seconds(limits_.time)};
  KEFU_CO_TRY(ChildProcess child, ChildProcess::start(command));
  auto conversation = std::make_shared<Conversation>(std::move(child), std::move(filename), limits_);
  for (bool more = true; more;) {
    KEFU_CO_TRY(std::string piece, co_await source.next());
    more = !piece.empty();
    KEFU_CO_CHECK(
        co_await pool_.run([conversation, piece = std::move(piece)] { return conversation->send(piece); }));
  }
  co_return std::make_unique<ChildStream>(pool_, std::move(conversation));
}

}  // namespace kefu::ingest
