#include "admin_key.hpp"

#include "api_key.hpp"

#include <sys/stat.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <utility>

namespace kefu::gateway {
namespace {

constexpr std::size_t kLeastCharacters = 20;
/// More is no key but a mistaken file.
constexpr std::size_t kMostCharacters = 4096;
constexpr std::string_view kWhiteSpace = " \t\r\n";

std::string_view trimmed(std::string_view text) {
  const auto begin = text.find_first_not_of(kWhiteSpace);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(kWhiteSpace) - begin + 1);
}

bool is_visible(char c) { return c > ' ' && c <= '~'; }

}  // namespace

Result<AdminKey> AdminKey::read(const std::string& path) {
  AdminKey key;
  key.path_ = path;
  key.version_ = version_of(path);
  KEFU_TRY(key.hash_, read_hash(path));
  return key;
}

bool AdminKey::matches(std::string_view hash) {
  if (!exists()) return false;
  if (const Version now = version_of(path_); now != version_) {
    // Tried once for each change of the file; half of a key that is being written is followed by another one.
    version_ = now;
    if (auto fresh = read_hash(path_)) hash_ = *std::move(fresh);
  }
  return equal_hashes(hash, hash_);
}

AdminKey::Version AdminKey::version_of(const std::string& path) {
  struct stat status{};
  if (stat(path.c_str(), &status) != 0) return {};
  return {.inode = status.st_ino,
          .size = status.st_size,
          .modified_seconds = status.st_mtim.tv_sec,
          .modified_nanoseconds = status.st_mtim.tv_nsec};
}

Result<std::string> AdminKey::read_hash(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::string content(kMostCharacters + 1, '\0');
  if (file) file.read(content.data(), static_cast<std::streamsize>(content.size()));
  if (!file.is_open() || file.bad())
    return fail(Errc::invalid_argument, "admin-key-file " + path + " cannot be read");
  content.resize(static_cast<std::size_t>(file.gcount()));
  const std::string_view key = trimmed(content);
  if (key.size() < kLeastCharacters || content.size() > kMostCharacters ||
      !std::ranges::all_of(key, is_visible)) {
    return fail(Errc::invalid_argument, "admin-key-file " + path +
                                            " must hold a key of at least 20 visible characters of ASCII, "
                                            "and nothing else");
  }
  return secret_hash(key);
}

}  // namespace kefu::gateway
