#pragma once

#include "multipart.hpp"

#include <kefu/async/task.hpp>
#include <kefu/base/deadline.hpp>
#include <kefu/base/error.hpp>
#include <kefu/http/server.hpp>

#include <cstddef>
#include <span>
#include <string>

namespace kefu::gateway {

/// The bytes of an uploaded file, as they come.
class UploadSource {
 public:
  virtual ~UploadSource() = default;
  /// The next bytes of the file, 0 at its end. Errors: those of Exchange::read_some, `invalid_argument`.
  virtual Task<Result<std::size_t>> read_some(std::span<char> into) = 0;
};

/// The body is the file.
class BodySource final : public UploadSource {
 public:
  explicit BodySource(http::Exchange& exchange) : exchange_(exchange) {}
  Task<Result<std::size_t>> read_some(std::span<char> into) override { return exchange_.read_some(into); }

 private:
  http::Exchange& exchange_;
};

/// The one file of a form. open() must have returned before the first read_some(), which at the end of the
/// file reads on to the end of the form, so that a second file is noticed before the first one is taken.
class FormFileSource final : public UploadSource {
 public:
  FormFileSource(http::Exchange& exchange, std::string_view boundary, Deadline deadline)
      : exchange_(exchange), parser_(boundary), deadline_(deadline) {}

  /// The head of the file. Errors: `invalid_argument` for a form without a file, or with a field;
  /// `deadline_exceeded`.
  Task<Result<FormPart>> open();
  Task<Result<std::size_t>> read_some(std::span<char> into) override;

 private:
  Task<Result<>> read_on();
  Result<> take(MultipartParser::Event event);

  http::Exchange& exchange_;
  MultipartParser parser_;
  Deadline deadline_;  ///< of the form; one that ends without a file, or goes on behind it, has no other
  std::optional<FormPart> file_;
  std::string pending_;  ///< bytes of the file that were not asked for yet
  std::size_t taken_ = 0;
  bool ended_ = false;  ///< the body is over
};

}  // namespace kefu::gateway
