#include "extract_mode.hpp"

#include "format.hpp"
#include "wire.hpp"

#include <sys/resource.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <cstdlib>
#include <new>
#include <string>

namespace kefu::ingest {
namespace {

constexpr int kBadUsage = 2;

rlim_t number(std::string_view text) {
  rlim_t value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

/// A second between the limits of CPU time lets SIGXCPU, which says what happened, come before SIGKILL.
void limit(decltype(RLIMIT_CPU) resource, rlim_t value) {
  if (value == 0) return;
  const rlimit limits{value, value + 1};
  ::setrlimit(resource, &limits);
}

/// AddressSanitizer reserves terabytes of addresses that are never used.
bool addresses_can_be_limited() {
#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
  return false;
#endif
#endif
  return true;
}

std::string read_standard_input() {
  std::string all;
  std::array<char, 64 << 10> buffer{};
  while (true) {
    const ssize_t count = ::read(STDIN_FILENO, buffer.data(), buffer.size());
    if (count > 0) all.append(buffer.data(), static_cast<std::size_t>(count));
    if (count == 0 || (count < 0 && errno != EINTR)) return all;
  }
}

void write_standard_output(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t count = ::write(STDOUT_FILENO, bytes.data(), bytes.size());
    if (count < 0 && errno != EINTR) std::_Exit(EXIT_FAILURE);  // ingest has gone, or has heard enough
    if (count > 0) bytes.remove_prefix(static_cast<std::size_t>(count));
  }
}

}  // namespace

std::optional<int> run_extract_mode(int argc, const char* const* argv) {
  if (argc < 2 || argv[1] != kExtractFlag) return std::nullopt;
  const auto format = argc == 6 ? format_named(argv[2]) : std::nullopt;
  if (!format) return kBadUsage;
  ::setrlimit(RLIMIT_CORE, std::array<rlimit, 1>{}.data());
  if (addresses_can_be_limited()) limit(RLIMIT_AS, number(argv[4]));
  limit(RLIMIT_CPU, number(argv[5]));
  ItemWriter writer(write_standard_output);
  try {
    writer.finish(extract({*format, argv[3]}, read_standard_input(), writer));
  } catch (const std::bad_alloc&) {
    writer.finish(fail(Errc::invalid_argument, "the document needs more memory than it may take"));
  }
  return EXIT_SUCCESS;
}

}  // namespace kefu::ingest
