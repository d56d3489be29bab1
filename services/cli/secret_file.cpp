#include "secret_file.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>
#include <utility>

namespace kefu::cli {

Result<SecretFile> SecretFile::create(const std::string& path) {
  const int descriptor = ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, S_IRUSR | S_IWUSR);
  if (descriptor >= 0) return SecretFile(path, descriptor);
  const int error = errno;
  if (error == EEXIST) return fail(Errc::conflict, path + " exists already");
  return fail(Errc::unavailable,
              fmt::format("{} cannot be made: {}", path, std::generic_category().message(error)));
}

SecretFile::SecretFile(SecretFile&& other) noexcept
    : path_(std::move(other.path_)),
      descriptor_(std::exchange(other.descriptor_, -1)),
      written_(other.written_) {}

SecretFile::~SecretFile() {
  if (descriptor_ < 0) return;
  ::close(descriptor_);
  if (!written_) ::unlink(path_.c_str());
}

Result<> SecretFile::write(std::string_view secret) {
  const std::string line = std::string(secret) + "\n";
  if (::write(descriptor_, line.data(), line.size()) != static_cast<ssize_t>(line.size()))
    return fail(Errc::unavailable, path_ + " could not be written");
  written_ = true;
  return {};
}

}  // namespace kefu::cli
