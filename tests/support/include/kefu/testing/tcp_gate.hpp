#pragma once

#include <cstdint>
#include <memory>

namespace kefu::testing {

/// A TCP proxy on a port of its own (with a thread of its own) between a client and 127.0.0.1:target, which
/// can break the connection in ways that servers do not by themselves.
class TcpGate {
 public:
  explicit TcpGate(std::uint16_t target);
  ~TcpGate();
  std::uint16_t port() const;
  void cut();      ///< closes all connections and refuses new ones
  void restore();  ///< takes connections again
  void pause();    ///< keeps connections open and forwards nothing
  void resume();
  void split(std::size_t bytes);  ///< forwards at most so many bytes at a time; 0: no limit

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace kefu::testing
