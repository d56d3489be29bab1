// Stands in for an extractor that a document brings down: reads a little of it and dies by a signal.
#include <unistd.h>

#include <array>
#include <csignal>

int main() {
  std::array<char, 16> buffer{};
  (void)!::read(STDIN_FILENO, buffer.data(), buffer.size());
  return ::raise(SIGSEGV);
}
