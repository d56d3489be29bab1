#pragma once

#include <kefu/http/server.hpp>

#include <string>
#include <utility>

namespace kefu::http {

/// An exchange whose response gets one more field, unless it has it; whatever is sent through it goes on to
/// `inner`, which outlives it.
class WithField final : public Exchange {
 public:
  WithField(Exchange& inner, std::string name, std::string value)
      : inner_(inner), name_(std::move(name)), value_(std::move(value)) {}

  const RequestHead& head() const override { return inner_.head(); }
  Task<Result<std::string>> read_body(std::size_t limit) override { return inner_.read_body(limit); }
  Task<Result<std::size_t>> read_some(std::span<char> into) override { return inner_.read_some(into); }
  Task<Result<>> respond(Response response) override { return inner_.respond(changed(std::move(response))); }
  int status_of(int status) const override { return inner_.status_of(status); }
  Task<Result<>> begin_stream(Response head) override {
    return inner_.begin_stream(changed(std::move(head)));
  }
  Task<Result<>> write(std::string data) override { return inner_.write(std::move(data)); }
  Task<Result<>> end_stream() override { return inner_.end_stream(); }
  bool responded() const override { return inner_.responded(); }

 private:
  Response changed(Response response) const {
    if (response.fields.get(name_).empty()) response.fields.set(name_, value_);
    return response;
  }

  Exchange& inner_;
  const std::string name_;
  const std::string value_;
};

}  // namespace kefu::http
