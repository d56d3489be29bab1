#include "api_key.hpp"

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <string_view>

namespace kefu::cli {
namespace {

constexpr std::size_t kMaxKeyBytes = 4096;

std::string_view trimmed(std::string_view text) {
  const std::size_t begin = text.find_first_not_of(" \t\r\n");
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(" \t\r\n") - begin + 1);
}

/// It becomes part of a header field.
Result<std::string> checked(std::string_view key, const std::string& place) {
  const bool fits =
      key.size() <= kMaxKeyBytes && std::ranges::all_of(key, [](char c) { return c > ' ' && c <= '~'; });
  if (!fits) return fail(Errc::invalid_argument, place + " holds what cannot be an API key");
  return std::string(key);
}

}  // namespace

Result<std::string> read_api_key(const std::string& file) {
  if (file.empty()) {
    const char* const key = std::getenv("KEFU_API_KEY");  // NOLINT(concurrency-mt-unsafe): one thread
    return checked(key == nullptr ? std::string_view() : trimmed(key), "KEFU_API_KEY");
  }
  std::ifstream in(file);
  std::string line;
  if (!in || (!std::getline(in, line) && !in.eof()))
    return fail(Errc::not_found, "the API key file " + file + " cannot be read");
  if (trimmed(line).empty()) return fail(Errc::invalid_argument, "the API key file " + file + " is empty");
  return checked(trimmed(line), "the API key file " + file);
}

}  // namespace kefu::cli
