// Whatever a provider answers is refused, or gives one usable vector for each input.
#include <kefu/provider/embeddings.hpp>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <string_view>

namespace {

void require(bool condition) {
  if (!condition) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0 || size > 100'000) return 0;
  const std::size_t count = data[0] % 4U;
  const std::size_t dimensions = data[0] / 64U;
  const std::string_view body(reinterpret_cast<const char*>(data) + 1, size - 1);
  const auto parsed = kefu::provider::parse_embeddings(body, count, dimensions);
  if (!parsed) {
    require(parsed.error().code == kefu::Errc::bad_upstream);
    return 0;
  }
  require(parsed->vectors.size() == count);
  for (const auto& vector : parsed->vectors) {
    require(!vector.empty() && vector.size() == parsed->vectors.front().size());
    require(dimensions == 0 || vector.size() == dimensions);
    require(std::ranges::all_of(vector, [](float x) { return std::isfinite(x); }));
    require(std::ranges::any_of(vector, [](float x) { return x != 0; }));
  }
  return 0;
}
