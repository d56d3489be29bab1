// Stands in for an extractor in every way in which one can fail; the first bytes of the file say which.
#include <unistd.h>

#include <array>
#include <csignal>
#include <cstdlib>
#include <string_view>

namespace {

void say(std::string_view bytes) { (void)!::write(STDOUT_FILENO, bytes.data(), bytes.size()); }

}  // namespace

int main() {
  std::array<char, 16> buffer{};
  (void)!::read(STDIN_FILENO, buffer.data(), buffer.size());
  const std::string_view mode(buffer.data(), buffer.size());
  if (mode.starts_with("abort")) ::raise(SIGABRT);
  if (mode.starts_with("term")) ::raise(SIGTERM);
  if (mode.starts_with("secret") && std::getenv("KEFU_NATS_URL") != nullptr) ::raise(SIGABRT);
  if (mode.starts_with("half")) say(std::string_view("\x10\0\0\0\x0a", 5));
  if (mode.starts_with("garbage")) say(std::string_view("\x02\0\0\0\xff\xff", 6));
  while (mode.starts_with("hang")) ::pause();
  return EXIT_SUCCESS;
}
