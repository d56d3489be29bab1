#include <kefu/vector/codec.hpp>

#include <fmt/format.h>

#include <bit>
#include <cmath>
#include <cstdint>
#include <cstring>

namespace kefu::vector {
namespace {

static_assert(std::endian::native == std::endian::little, "vectors are stored as they lie in memory");

constexpr std::size_t kHalfBytes = 2;

__attribute__((always_inline)) inline void narrow_loop(const float* in, char* out, std::size_t count) {
  for (std::size_t i = 0; i < count; ++i) {
    const auto half = static_cast<_Float16>(in[i]);
    std::memcpy(out + i * kHalfBytes, &half, kHalfBytes);
  }
}

__attribute__((always_inline)) inline void widen_loop(const char* in, float* out, std::size_t count) {
  for (std::size_t i = 0; i < count; ++i) {
    _Float16 half;
    std::memcpy(&half, in + i * kHalfBytes, kHalfBytes);
    out[i] = static_cast<float>(half);
  }
}

void narrow(const float* in, char* out, std::size_t count) { narrow_loop(in, out, count); }
void widen(const char* in, float* out, std::size_t count) { widen_loop(in, out, count); }

#if defined(__x86_64__)
// The build is for any x86-64; whoever has the instructions (every server since 2013) gets them at run time.
[[gnu::target("avx2,f16c")]] void narrow_f16c(const float* in, char* out, std::size_t count) {
  narrow_loop(in, out, count);
}
[[gnu::target("avx2,f16c")]] void widen_f16c(const char* in, float* out, std::size_t count) {
  widen_loop(in, out, count);
}
bool has_f16c() {
  static const bool answer = __builtin_cpu_supports("avx2") != 0 && __builtin_cpu_supports("f16c") != 0;
  return answer;
}
#else
constexpr auto narrow_f16c = narrow;
constexpr auto widen_f16c = widen;
bool has_f16c() { return false; }
#endif

}  // namespace

std::size_t component_bytes(kefu::v1::VectorFormat format) {
  switch (format) {
    case kefu::v1::VECTOR_FORMAT_FLOAT32:
      return sizeof(float);
    case kefu::v1::VECTOR_FORMAT_FLOAT16:
      return kHalfBytes;
    default:
      return 0;
  }
}

std::string encode(std::span<const float> components, kefu::v1::VectorFormat format) {
  std::string bytes(components.size() * component_bytes(format), '\0');
  if (bytes.empty()) return bytes;
  if (format == kefu::v1::VECTOR_FORMAT_FLOAT32) {
    std::memcpy(bytes.data(), components.data(), bytes.size());
  } else {
    (has_f16c() ? narrow_f16c : narrow)(components.data(), bytes.data(), components.size());
  }
  return bytes;
}

Result<std::vector<float>> decode(std::string_view bytes, kefu::v1::VectorFormat format, std::size_t count) {
  const std::size_t each = component_bytes(format);
  if (each == 0)
    return fail(Errc::data_corrupt, "vectors are in an unknown format",
                fmt::format("format {}", int{format}));
  if (bytes.size() % each != 0 || bytes.size() / each != count) {
    return fail(Errc::data_corrupt, "vectors have the wrong size",
                fmt::format("{} bytes for {} components of {} bytes", bytes.size(), count, each));
  }
  std::vector<float> components(count);
  if (count == 0) return components;
  if (format == kefu::v1::VECTOR_FORMAT_FLOAT32) {
    std::memcpy(components.data(), bytes.data(), bytes.size());
  } else {
    (has_f16c() ? widen_f16c : widen)(bytes.data(), components.data(), count);
  }
  for (const float component : components) {
    if (!std::isfinite(component))
      return fail(Errc::data_corrupt, "a vector holds a number that is not finite");
  }
  return components;
}

bool normalize_length(std::span<float> vector) {
  double sum = 0;
  for (const float component : vector) sum += static_cast<double>(component) * component;
  if (!(sum > 0) || !std::isfinite(sum)) return false;
  const double scale = 1 / std::sqrt(sum);
  for (float& component : vector) component = static_cast<float>(component * scale);
  return true;
}

}  // namespace kefu::vector
