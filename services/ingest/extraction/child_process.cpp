#include "child_process.hpp"

#include <poll.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstring>
#include <string_view>
#include <utility>

namespace kefu::ingest {
namespace {

std::unexpected<Error> cannot_start(int error) {
  return fail(Errc::unavailable, "the extractor cannot be started", std::strerror(error));
}

/// posix_spawn's two objects, set so that the child has the socket, standard error and nothing else of ours:
/// neither our connections nor our signal mask nor our process group, whose Ctrl-C is not meant for it.
class SpawnSetup {
 public:
  explicit SpawnSetup(int socket) {
    posix_spawn_file_actions_init(&actions_);
    posix_spawn_file_actions_adddup2(&actions_, socket, STDIN_FILENO);
    posix_spawn_file_actions_adddup2(&actions_, socket, STDOUT_FILENO);
    posix_spawn_file_actions_addclosefrom_np(&actions_, STDERR_FILENO + 1);
    posix_spawnattr_init(&attributes_);
    sigset_t none;
    sigset_t all;
    sigemptyset(&none);
    sigfillset(&all);
    posix_spawnattr_setsigmask(&attributes_, &none);
    posix_spawnattr_setsigdefault(&attributes_, &all);
    posix_spawnattr_setpgroup(&attributes_, 0);
    posix_spawnattr_setflags(&attributes_,
                             POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP);
  }
  ~SpawnSetup() {
    posix_spawn_file_actions_destroy(&actions_);
    posix_spawnattr_destroy(&attributes_);
  }
  SpawnSetup(const SpawnSetup&) = delete;
  SpawnSetup& operator=(const SpawnSetup&) = delete;

  const posix_spawn_file_actions_t* actions() const { return &actions_; }
  const posix_spawnattr_t* attributes() const { return &attributes_; }

 private:
  posix_spawn_file_actions_t actions_{};
  posix_spawnattr_t attributes_{};
};

/// Our environment without our settings, among which are the passwords of NATS: a process that reads the
/// files of strangers has no use for them.
std::vector<char*> environment_of_child() {
  std::vector<char*> kept;
  for (char** variable = environ; *variable != nullptr; ++variable) {
    if (!std::string_view(*variable).starts_with("KEFU_")) kept.push_back(*variable);
  }
  kept.push_back(nullptr);
  return kept;
}

}  // namespace

Result<ChildProcess> ChildProcess::start(const std::vector<std::string>& command) {
  std::array<int, 2> sockets{};
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sockets.data()) != 0) return cannot_start(errno);
  std::vector<char*> arguments;
  arguments.reserve(command.size() + 1);
  for (const std::string& argument : command) arguments.push_back(const_cast<char*>(argument.c_str()));
  arguments.push_back(nullptr);
  std::vector<char*> environment = environment_of_child();
  const SpawnSetup setup(sockets[1]);
  pid_t pid = -1;
  const int error = ::posix_spawn(&pid, arguments[0], setup.actions(), setup.attributes(), arguments.data(),
                                  environment.data());
  ::close(sockets[1]);
  if (error != 0) {
    ::close(sockets[0]);
    return cannot_start(error);
  }
  return ChildProcess(pid, sockets[0]);
}

ChildProcess::ChildProcess(ChildProcess&& other) noexcept
    : pid_(std::exchange(other.pid_, -1)), socket_(std::exchange(other.socket_, -1)) {}

ChildProcess::~ChildProcess() {
  if (pid_ > 0) wait(Deadline::in(std::chrono::seconds(0)));
  if (socket_ >= 0) ::close(socket_);
}

void ChildProcess::close_input() const { ::shutdown(socket_, SHUT_WR); }

int ChildProcess::wait(Deadline deadline) {
  const auto remaining = std::chrono::duration_cast<std::chrono::milliseconds>(deadline.remaining()).count();
  const int handle = static_cast<int>(::syscall(SYS_pidfd_open, pid_, 0));
  pollfd ended{.fd = handle, .events = POLLIN, .revents = 0};
  if (handle < 0 || ::poll(&ended, 1, static_cast<int>(remaining)) <= 0) ::kill(pid_, SIGKILL);
  if (handle >= 0) ::close(handle);
  int status = 0;
  while (::waitpid(pid_, &status, 0) < 0 && errno == EINTR) continue;
  pid_ = -1;
  return status;
}

}  // namespace kefu::ingest
