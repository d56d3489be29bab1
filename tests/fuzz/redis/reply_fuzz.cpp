// Replies of a server that sends anything, cut anywhere; and URLs.
#include "redis_protocol.hpp"

#include <kefu/redis/redis_cache.hpp>

#include <algorithm>
#include <cstdint>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace kefu::redis;
  if (size == 0) return 0;
  const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
  parse_redis_url("redis://" + std::string(text));
  ReplyReader reader(64 * 1024);
  const std::size_t piece = 1U + data[0] % 64U;
  for (std::size_t at = 0; at < text.size(); at += piece) {
    if (!reader.feed(text.substr(at, piece))) return 0;
    while (true) {
      const auto reply = reader.next();
      if (!reply) return 0;
      if (!*reply) break;
    }
  }
  return 0;
}
