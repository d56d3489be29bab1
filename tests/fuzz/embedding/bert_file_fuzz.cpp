// A model file with some bytes changed is refused, or is a model that can be computed with. The input names
// the changes, since random bytes would seldom get past the magic number: one byte chooses the file, then
// come changes of five bytes, four for the place and one for the value, and a last place where it is cut.
#include "bert_kernels_plain.hpp"
#include "llama_bert_file.hpp"

#include <kefu/testing/tiny_gguf.hpp>

#include <ggml.h>
#include <gguf.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <numeric>
#include <string>
#include <vector>

namespace {

using namespace kefu::embedding;
using kefu::testing::TinyGguf;

constexpr int kWidth = 32;
constexpr int kPositions = 8;
constexpr int kWords = 16;
constexpr const char* kMatrices[] = {"attn_q", "attn_k", "attn_v", "attn_output", "ffn_up", "ffn_down"};

void require(bool condition) {
  if (!condition) std::abort();
}

/// A file in memory, which read_bert() finds under a path.
class MemoryFile {
 public:
  MemoryFile() : descriptor_(::memfd_create("model", MFD_CLOEXEC)) { require(descriptor_ >= 0); }
  ~MemoryFile() { ::close(descriptor_); }
  MemoryFile(const MemoryFile&) = delete;
  MemoryFile& operator=(const MemoryFile&) = delete;

  std::string path() const { return "/proc/self/fd/" + std::to_string(descriptor_); }
  void write(const std::string& bytes) const {
    require(::pwrite(descriptor_, bytes.data(), bytes.size(), 0) == static_cast<ssize_t>(bytes.size()));
  }
  std::string read() const {
    std::ifstream file(path(), std::ios::binary);
    return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  }

 private:
  int descriptor_;
};

std::string model_of_floats() {
  TinyGguf model("bert", 1UL << 20U);
  for (const char* key : {"embedding_length", "feed_forward_length"}) model.shape(key, kWidth);
  for (const char* key : {"block_count", "attention.head_count", "pooling_type"}) model.shape(key, 1);
  model.shape("context_length", kPositions);
  model.shape("attention.layer_norm_epsilon", 1e-5F);
  model.shape("attention.causal", false);
  model.random("token_embd.weight", kWidth, kWords, 1);
  model.random("position_embd.weight", kWidth, kPositions, 1);
  for (const char* norm : {"token_embd_norm", "blk.0.attn_output_norm", "blk.0.layer_output_norm"}) {
    model.random(std::string(norm) + ".weight", kWidth, 1, 1);
    model.random(std::string(norm) + ".bias", kWidth, 1, 1);
  }
  for (const char* name : kMatrices)
    model.random("blk.0." + std::string(name) + ".weight", kWidth, kWidth, 1);
  model.random("token_types.weight", kWidth, 2, 1);
  const MemoryFile file;
  model.write(file.path());
  return file.read();
}

std::string with_4_bits(const std::string& floats) {
  using File = std::unique_ptr<gguf_context, void (*)(gguf_context*)>;
  ggml_context* shapes = nullptr;
  const File from(gguf_init_from_buffer(floats.data(), floats.size(), {.no_alloc = true, .ctx = &shapes}),
                  gguf_free);
  const std::unique_ptr<ggml_context, void (*)(ggml_context*)> owner(shapes, ggml_free);
  require(from != nullptr);
  const File model(gguf_init_empty(), gguf_free);
  gguf_set_kv(model.get(), from.get());
  const std::vector<std::uint8_t> zeros(ggml_row_size(GGML_TYPE_Q4_0, kWidth) * kWidth);
  for (std::int64_t id = 0; id < gguf_get_n_tensors(from.get()); ++id) {
    const std::string name = gguf_get_tensor_name(from.get(), id);
    gguf_add_tensor(model.get(), ggml_get_tensor(shapes, name.c_str()));
    const bool matrix = std::ranges::any_of(
        kMatrices, [&](const char* each) { return name == "blk.0." + std::string(each) + ".weight"; });
    if (matrix) gguf_set_tensor_type(model.get(), name.c_str(), GGML_TYPE_Q4_0);
    const std::size_t at = gguf_get_data_offset(from.get()) + gguf_get_tensor_offset(from.get(), id);
    gguf_set_tensor_data(model.get(), name.c_str(),
                         matrix ? static_cast<const void*>(zeros.data()) : floats.data() + at);
  }
  const MemoryFile file;
  require(gguf_write_to_file(model.get(), file.path().c_str(), false));
  return file.read();
}

void compute_with(const bert::Model& model) {
  require(bert::fits(model.shape));
  std::vector<std::int32_t> tokens(std::min<std::size_t>(model.shape.positions, 40));
  std::iota(tokens.begin(), tokens.end(), 0);
  for (std::int32_t& token : tokens) token %= static_cast<std::int32_t>(model.shape.words);
  tokens.back() = static_cast<std::int32_t>(model.shape.words - 1);
  bert::Encoder encoder(model, *bert::plain_kernels());
  const float* const vector = encoder.encode(tokens);
  volatile float sum = std::accumulate(vector, vector + model.shape.width, 0.0F);
  (void)sum;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const std::string floats = model_of_floats();
  static const std::string small = with_4_bits(floats);
  static const bool both_read = [] {
    for (const std::string* bytes : {&floats, &small}) {
      const MemoryFile file;
      file.write(*bytes);
      const auto model = read_bert(file.path());
      require(model != nullptr && model->bits == (bytes == &floats ? 8 : 4));
      compute_with(*model);
    }
    ggml_log_set([](ggml_log_level, const char*, void*) {}, nullptr);
    return true;
  }();
  require(both_read);
  if (size == 0 || size > 1000) return 0;
  std::string bytes = data[0] % 2 == 0 ? floats : small;
  const auto place = [&](std::size_t at) {
    std::uint32_t value = 0;
    std::memcpy(&value, data + at, sizeof value);
    return value % bytes.size();
  };
  std::size_t at = 1;
  for (; at + 5 <= size; at += 5) bytes[place(at)] = static_cast<char>(data[at + 4]);
  if (at + 4 <= size) bytes.resize(place(at));
  const MemoryFile file;
  file.write(bytes);
  if (const auto model = read_bert(file.path())) compute_with(*model);
  return 0;
}
