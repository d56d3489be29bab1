#pragma once

#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace kefu::http {

/// Header fields in order; names compare without regard to case.
class Fields {
 public:
  Fields() = default;
  Fields(std::initializer_list<std::pair<std::string, std::string>> entries) : entries_(entries) {}

  /// Replaces the first value of this name, or adds it.
  void set(std::string name, std::string value);
  void add(std::string name, std::string value);
  /// The first value of this name, empty if there is none.
  std::string_view get(std::string_view name) const;
  auto begin() const { return entries_.begin(); }
  auto end() const { return entries_.end(); }

 private:
  std::vector<std::pair<std::string, std::string>> entries_;
};

struct Response {
  int status = 200;
  Fields fields = {};
  std::string body = {};
};

/// `application/json` of `application/json; charset=utf-8`, in lower case.
std::string media_type(std::string_view content_type);
/// Undoes percent-encoding; malformed escapes stay as they are.
std::string percent_decode(std::string_view text);
/// Encodes all but unreserved characters (RFC 3986, section 2.3).
std::string percent_encode(std::string_view text);

}  // namespace kefu::http
