#include <kefu/testing/process.hpp>

#include <arpa/inet.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <random>
#include <stdexcept>
#include <system_error>
#include <utility>

extern "C" {  // glibc 2.36 declares it without
#include <sys/pidfd.h>
}

extern char** environ;

namespace kefu::testing {
namespace {

class FileDescriptor {
 public:
  explicit FileDescriptor(int fd) : fd_(fd) {}
  ~FileDescriptor() { reset(); }
  FileDescriptor(const FileDescriptor&) = delete;
  FileDescriptor& operator=(const FileDescriptor&) = delete;
  int get() const { return fd_; }
  void reset() {
    if (fd_ >= 0) ::close(fd_);
    fd_ = -1;
  }

 private:
  int fd_;
};

[[noreturn]] void throw_errno(const std::string& what) {
  throw std::runtime_error(fmt::format("{}: {}", what, std::generic_category().message(errno)));
}

std::pair<int, int> make_pipe() {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) throw_errno("pipe2");
  return {ends[0], ends[1]};
}

std::vector<std::string> environment_with(const std::map<std::string, std::string>& additions) {
  std::vector<std::string> entries;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string_view text = *entry;
    if (!additions.contains(std::string(text.substr(0, text.find('='))))) entries.emplace_back(text);
  }
  for (const auto& [name, value] : additions) entries.push_back(name + "=" + value);
  return entries;
}

std::vector<char*> pointers(std::vector<std::string>& strings) {
  std::vector<char*> result;
  for (std::string& text : strings) result.push_back(text.data());
  result.push_back(nullptr);
  return result;
}

/// Between fork and exec: async-signal-safe calls only. Reports a failure as errno through `report`.
[[noreturn]] void become(char* const* arguments, char* const* environment, int out, int err, int report,
                         pid_t parent) {
  // A test that crashes or is killed leaves no server behind.
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != parent) ::_exit(127);
  ::dup2(out, STDOUT_FILENO);
  ::dup2(err, STDERR_FILENO);
  ::execvpe(arguments[0], arguments, environment);
  const int error = errno;
  [[maybe_unused]] const ssize_t written = ::write(report, &error, sizeof error);
  ::_exit(127);
}

pid_t spawn(std::vector<std::string> command, const std::map<std::string, std::string>& additions, int out,
            int err) {
  if (command.empty()) throw std::runtime_error("no command to run");
  std::vector<std::string> environment = environment_with(additions);
  const std::vector<char*> arguments = pointers(command);
  const std::vector<char*> variables = pointers(environment);
  const auto [report_in, report_out] = make_pipe();
  const FileDescriptor reader(report_in);
  FileDescriptor writer(report_out);
  const pid_t parent = ::getpid();
  const pid_t child = ::fork();
  if (child < 0) throw_errno("fork");
  if (child == 0) become(arguments.data(), variables.data(), out, err, writer.get(), parent);
  writer.reset();
  int error = 0;
  if (::read(reader.get(), &error, sizeof error) == sizeof error) {
    ::waitpid(child, nullptr, 0);
    errno = error;
    throw_errno("cannot run " + command.front());
  }
  return child;
}

int exit_status(int wait_status) {
  return WIFEXITED(wait_status) ? WEXITSTATUS(wait_status) : 128 + WTERMSIG(wait_status);
}

bool port_is_free(std::uint16_t port) {
  const FileDescriptor socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(port);
  return ::bind(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
}

}  // namespace

Process::Process(const Options& options) {
  const std::filesystem::path output = options.output.empty() ? "/dev/null" : options.output;
  const FileDescriptor file(::open(output.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644));
  if (file.get() < 0) throw_errno("cannot write " + output.string());
  pid_ = spawn(options.command, options.environment, file.get(), file.get());
}

Process::~Process() { kill(); }

Process::Process(Process&& other) noexcept
    : pid_(std::exchange(other.pid_, -1)), status_(std::exchange(other.status_, std::nullopt)) {}

Process& Process::operator=(Process&& other) noexcept {
  if (this != &other) {
    kill();
    pid_ = std::exchange(other.pid_, -1);
    status_ = std::exchange(other.status_, std::nullopt);
  }
  return *this;
}

bool Process::running() { return pid_ > 0 && !wait(std::chrono::milliseconds(0)); }

void Process::signal(int number) const {
  if (pid_ <= 0 || status_) return;
  ::kill(pid_, number);
  // Threads that run on other processors go on for a while. Its end is left for wait().
  siginfo_t info{};
  if (number == SIGSTOP) ::waitid(P_PID, static_cast<id_t>(pid_), &info, WSTOPPED | WEXITED | WNOWAIT);
}

std::optional<int> Process::wait(std::chrono::milliseconds limit) {
  if (pid_ <= 0 || status_) return status_;
  const FileDescriptor handle(::pidfd_open(pid_, 0));
  pollfd ended{.fd = handle.get(), .events = POLLIN, .revents = 0};
  if (::poll(&ended, 1, static_cast<int>(limit.count())) <= 0) return std::nullopt;
  int wait_status = 0;
  if (::waitpid(pid_, &wait_status, WNOHANG) == pid_) status_ = exit_status(wait_status);
  return status_;
}

void Process::kill() {
  if (pid_ <= 0 || status_) return;
  ::kill(pid_, SIGKILL);
  int wait_status = 0;
  if (::waitpid(pid_, &wait_status, 0) == pid_) status_ = exit_status(wait_status);
}

std::string run_command(const std::vector<std::string>& command) {
  const auto [out_in, out_out] = make_pipe();
  const FileDescriptor reader(out_in);
  FileDescriptor writer(out_out);
  const pid_t child = spawn(command, {}, writer.get(), STDERR_FILENO);
  writer.reset();
  std::string output;
  char buffer[4096];
  for (ssize_t count = 0; (count = ::read(reader.get(), buffer, sizeof buffer)) > 0;) {
    output.append(buffer, static_cast<std::size_t>(count));
  }
  int wait_status = 0;
  ::waitpid(child, &wait_status, 0);
  if (const int status = exit_status(wait_status); status != 0) {
    throw std::runtime_error(fmt::format("{} ended with status {}", fmt::join(command, " "), status));
  }
  return output;
}

std::uint16_t free_port() {
  // Below the range from which the kernel takes the ports of clients: a client that reconnects in a loop to a
  // stopped server would otherwise sooner or later be given that very port and talk to itself.
  static thread_local std::mt19937 random{std::random_device{}()};
  std::uniform_int_distribution<int> candidates(15000, 32000);
  for (int attempt = 0; attempt < 100; ++attempt) {
    const auto port = static_cast<std::uint16_t>(candidates(random));
    if (port_is_free(port)) return port;
  }
  throw std::runtime_error("no free TCP port found");
}

TemporaryDirectory::TemporaryDirectory() {
  std::string name = (std::filesystem::temp_directory_path() / "kefu-test-XXXXXX").string();
  if (::mkdtemp(name.data()) == nullptr) throw_errno("mkdtemp");
  path_ = name;
}

TemporaryDirectory::~TemporaryDirectory() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

}  // namespace kefu::testing
