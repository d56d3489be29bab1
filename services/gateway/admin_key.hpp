#pragma once

#include <kefu/base/error.hpp>

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <string_view>

namespace kefu::gateway {

/// The key in the file of admin-key-file: it manages everything, cannot be revoked through the API, and lets
/// a gateway start that others reach before there is any other key. A file that is replaced counts from the
/// next request on; one that cannot be read any more leaves the last key in force.
class AdminKey {
 public:
  /// There is none.
  AdminKey() = default;
  /// The key is the file's content without the white space around it, of at least 20 visible characters of
  /// ASCII. Errors: `invalid_argument`, naming the file but never the key.
  static Result<AdminKey> read(const std::string& path);

  bool exists() const { return !hash_.empty(); }
  /// `hash`: secret_hash() of what a caller sent. Reads the file again if it has changed.
  bool matches(std::string_view hash);

 private:
  struct Version {
    ino_t inode = 0;
    std::int64_t size = -1;
    std::int64_t modified_seconds = 0;
    std::int64_t modified_nanoseconds = 0;
    bool operator==(const Version&) const = default;
  };
  static Version version_of(const std::string& path);
  static Result<std::string> read_hash(const std::string& path);

  std::string path_;
  Version version_;
  std::string hash_;
};

}  // namespace kefu::gateway
