#pragma once

#include <kefu/base/error.hpp>

#include <string>
#include <string_view>

namespace kefu::cli {

/// A new file that only its owner may read. It is removed again unless something was written to it.
class SecretFile {
 public:
  /// Errors: `conflict` when there is something at this path already, `unavailable`.
  static Result<SecretFile> create(const std::string& path);
  SecretFile(SecretFile&& other) noexcept;
  SecretFile& operator=(SecretFile&&) = delete;
  ~SecretFile();

  /// Errors: `unavailable`.
  Result<> write(std::string_view secret);

 private:
  SecretFile(std::string path, int descriptor) : path_(std::move(path)), descriptor_(descriptor) {}

  std::string path_;
  int descriptor_;
  bool written_ = false;
};

}  // namespace kefu::cli
