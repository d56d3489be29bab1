#include "llama_bert_file.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <ggml.h>
#include <gguf.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <optional>
#include <set>
#include <string_view>
#include <utility>

namespace kefu::embedding {
namespace {

using bert::kBlock;
using bert::kTile;

class Mapping {
 public:
  explicit Mapping(const std::string& path) {
    const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    if (file < 0) return;
    struct stat status{};
    if (::fstat(file, &status) == 0 && status.st_size > 0) {
      void* const start =
          ::mmap(nullptr, static_cast<std::size_t>(status.st_size), PROT_READ, MAP_PRIVATE, file, 0);
      if (start != MAP_FAILED) {
        start_ = static_cast<const std::uint8_t*>(start);
        size_ = static_cast<std::size_t>(status.st_size);
      }
    }
    ::close(file);
  }
  ~Mapping() {
    if (start_ != nullptr) ::munmap(const_cast<std::uint8_t*>(start_), size_);
  }
  Mapping(const Mapping&) = delete;
  Mapping& operator=(const Mapping&) = delete;

  /// Whoever reads them again gets them from the file.
  void free_pages() const { ::madvise(const_cast<std::uint8_t*>(start_), size_, MADV_DONTNEED); }

  const std::uint8_t* start() const { return start_; }
  std::size_t size() const { return size_; }

 private:
  const std::uint8_t* start_ = nullptr;
  std::size_t size_ = 0;
};

/// A matrix of the file.
struct Tensor {
  const std::uint8_t* data = nullptr;
  ggml_type type = GGML_TYPE_F32;
  std::size_t columns = 0;
  std::size_t rows = 0;

  const std::uint8_t* row(std::size_t index) const {
    return data + index * ggml_row_size(type, static_cast<std::int64_t>(columns));
  }
  void read(std::size_t index, float* out) const {
    if (type == GGML_TYPE_F32) {
      std::memcpy(out, row(index), columns * sizeof(float));
    } else {
      ggml_get_type_traits(type)->to_float(row(index), out, static_cast<std::int64_t>(columns));
    }
  }
};

class TensorTable final : public bert::Table {
 public:
  TensorTable(std::shared_ptr<const Mapping> file, Tensor tensor) : file_(std::move(file)), tensor_(tensor) {}
  void read(std::size_t row, float* out) const override { tensor_.read(row, out); }

 private:
  std::shared_ptr<const Mapping> file_;  // what the tensor points into
  Tensor tensor_;
};

/// What is known of each key that begins with "bert.": any other may change what is computed.
constexpr std::array<std::string_view, 10> kKeys{
    "bert.context_length",       "bert.embedding_length",
    "bert.feed_forward_length",  "bert.block_count",
    "bert.attention.head_count", "bert.attention.head_count_kv",
    "bert.attention.causal",     "bert.attention.layer_norm_epsilon",
    "bert.pooling_type",         "bert.vocab_size"};

/// Reads one file. Whatever is missing or not as expected makes it fail for good.
class Reader {
 public:
  explicit Reader(const std::string& path) : file_(std::make_shared<Mapping>(path)) {
    if (file_->start() == nullptr) return;
    gguf_.reset(gguf_init_from_buffer(file_->start(), file_->size(), {.no_alloc = true, .ctx = &shapes_}));
    tensors_.reset(shapes_);
  }

  std::unique_ptr<bert::Model> read() {
    if (!gguf_ || !keys_are_known() || !read_shape()) return nullptr;
    model_->bits = all_layers_have_4_bits() ? 4 : 8;
    bert::Shape& shape = model_->shape;
    model_->words = table("token_embd.weight", shape.words);
    model_->positions = table("position_embd.weight", shape.positions);
    if (const auto type = tensor("token_types.weight")) {
      failed_ = failed_ || type->columns != shape.width;
      model_->type.resize(type->columns);
      type->read(0, model_->type.data());
    }
    model_->norm = norm("token_embd_norm");
    for (std::size_t i = 0; i < layers_; ++i) model_->layers.push_back(layer(fmt::format("blk.{}.", i)));
    const bool all_read = static_cast<std::int64_t>(used_.size()) == gguf_get_n_tensors(gguf_.get());
    file_->free_pages();
    return failed_ || !all_read ? nullptr : std::move(model_);
  }

 private:
  struct Free {
    void operator()(gguf_context* file) const { gguf_free(file); }
    void operator()(ggml_context* shapes) const { ggml_free(shapes); }
  };

  std::optional<std::int64_t> key(const char* name, gguf_type type) const {
    const std::int64_t id = gguf_find_key(gguf_.get(), name);
    return id >= 0 && gguf_get_kv_type(gguf_.get(), id) == type ? std::optional(id) : std::nullopt;
  }
  std::size_t number(const char* name) const {
    const auto id = key(name, GGUF_TYPE_UINT32);
    return id ? gguf_get_val_u32(gguf_.get(), *id) : 0;
  }

  bool keys_are_known() const {
    const auto architecture = key("general.architecture", GGUF_TYPE_STRING);
    if (!architecture || std::string_view(gguf_get_val_str(gguf_.get(), *architecture)) != "bert")
      return false;
    for (std::int64_t id = 0; id < gguf_get_n_kv(gguf_.get()); ++id) {
      const std::string_view name = gguf_get_key(gguf_.get(), id);
      if (name.starts_with("bert.") && std::ranges::find(kKeys, name) == kKeys.end()) return false;
    }
    const auto causal = key("bert.attention.causal", GGUF_TYPE_BOOL);
    return causal && !gguf_get_val_bool(gguf_.get(), *causal);
  }

  bool read_shape() {
    bert::Shape& shape = model_->shape;
    shape.width = number("bert.embedding_length");
    shape.hidden = number("bert.feed_forward_length");
    shape.heads = number("bert.attention.head_count");
    shape.positions = number("bert.context_length");
    layers_ = number("bert.block_count");
    constexpr const char* kKeyHeads = "bert.attention.head_count_kv";
    if (gguf_find_key(gguf_.get(), kKeyHeads) >= 0 && number(kKeyHeads) != shape.heads) return false;
    const auto epsilon = key("bert.attention.layer_norm_epsilon", GGUF_TYPE_FLOAT32);
    if (!epsilon) return false;
    shape.epsilon = gguf_get_val_f32(gguf_.get(), *epsilon);
    constexpr std::size_t kMean = 1;  // as llama.cpp numbers them
    constexpr std::size_t kFirst = 2;
    const std::size_t pooling = number("bert.pooling_type");
    if (pooling != kMean && pooling != kFirst) return false;
    shape.pooling = pooling == kMean ? bert::Pooling::mean : bert::Pooling::first;
    const auto words = tensor("token_embd.weight");
    shape.words = words ? words->rows : 0;
    constexpr std::size_t kMostLayers = 1000;
    return layers_ > 0 && layers_ <= kMostLayers && bert::fits(shape);
  }

  /// Nothing where there is none. Fails where it is empty or not wholly in the file, of a type that cannot be
  /// read, or where a weight is no finite number.
  std::optional<Tensor> tensor(const std::string& name) {
    const std::int64_t id = gguf_find_tensor(gguf_.get(), name.c_str());
    const ggml_tensor* const shape = ggml_get_tensor(shapes_, name.c_str());
    if (id < 0 || shape == nullptr) return std::nullopt;
    used_.insert(name);
    const std::size_t offset = gguf_get_data_offset(gguf_.get()) + gguf_get_tensor_offset(gguf_.get(), id);
    const std::size_t size = gguf_get_tensor_size(gguf_.get(), id);
    const bool readable =
        shape->type == GGML_TYPE_F32 || ggml_get_type_traits(shape->type)->to_float != nullptr;
    if (!readable || shape->ne[2] != 1 || shape->ne[3] != 1 || size == 0 || offset > file_->size() ||
        size > file_->size() - offset ||
        !ggml_validate_row_data(shape->type, file_->start() + offset, size)) {
      failed_ = true;
      return std::nullopt;
    }
    return Tensor{file_->start() + offset, shape->type, static_cast<std::size_t>(shape->ne[0]),
                  static_cast<std::size_t>(shape->ne[1])};
  }

  std::unique_ptr<bert::Table> table(const std::string& name, std::size_t rows) {
    const auto found = tensor(name);
    if (!found || found->columns != model_->shape.width || found->rows < rows) failed_ = true;
    return failed_ ? nullptr : std::make_unique<TensorTable>(file_, *found);
  }

  /// `count` numbers; zeros where there is no such tensor and there need not be. A count that a damaged file
  /// names is not believed before there is a tensor of that size.
  const float* numbers(const std::string& name, std::size_t count, bool needed) {
    const auto found = tensor(name);
    if (found ? found->columns != count || found->rows != 1 : needed) failed_ = true;
    if (failed_) return nullptr;
    float* const values = model_->new_floats(count);
    if (found) found->read(0, values);
    return values;
  }

  bert::Norm norm(const std::string& name) {
    const std::size_t width = model_->shape.width;
    return {numbers(name + ".weight", width, true), numbers(name + ".bias", width, true),
            model_->shape.epsilon};
  }

  bool all_layers_have_4_bits() const {
    for (std::int64_t id = 0; id < gguf_get_n_tensors(gguf_.get()); ++id) {
      const std::string_view name = gguf_get_tensor_name(gguf_.get(), id);
      const bool matrix = name.starts_with("blk.") && name.ends_with(".weight") && !name.contains("_norm");
      if (matrix && gguf_get_tensor_type(gguf_.get(), id) != GGML_TYPE_Q4_0) return false;
    }
    return true;
  }

  bert::Layer layer(const std::string& name) {
    const std::size_t width = model_->shape.width;
    const std::size_t hidden = model_->shape.hidden;
    return {.query = matrix(name + "attn_q", width, width),
            .key = matrix(name + "attn_k", width, width),
            .value = matrix(name + "attn_v", width, width),
            .out = matrix(name + "attn_output", width, width),
            .attention_norm = norm(name + "attn_output_norm"),
            .up = matrix(name + "ffn_up", width, hidden),
            .down = matrix(name + "ffn_down", hidden, width),
            .norm = norm(name + "layer_output_norm")};
  }

  bert::Matrix matrix(const std::string& name, std::size_t inputs, std::size_t outputs) {
    const auto found = tensor(name + ".weight");
    if (!found || found->columns != inputs || found->rows != outputs) failed_ = true;
    if (failed_) return {};
    bert::Matrix result{.bias = numbers(name + ".bias", outputs, false),
                        .outputs = outputs,
                        .inputs = inputs,
                        .bits = model_->bits};
    std::uint8_t* const tiles =
        model_->new_tiles(outputs / kTile * (inputs / kBlock) * bert::block_bytes(result.bits));
    result.tiles = tiles;
    for (std::size_t first = 0; first < outputs && !failed_; first += kTile)
      failed_ = !pack(*found, first, result.bits,
                      tiles + first / kTile * (inputs / kBlock) * bert::block_bytes(result.bits));
    return result;
  }

  /// kTile rows from `first` on. False where a weight is too large for 8 bits and a scale of 16.
  static bool pack(const Tensor& from, std::size_t first, int bits, std::uint8_t* out);

  std::shared_ptr<Mapping> file_;
  std::unique_ptr<gguf_context, Free> gguf_;
  ggml_context* shapes_ = nullptr;
  std::unique_ptr<ggml_context, Free> tensors_;
  std::unique_ptr<bert::Model> model_ = std::make_unique<bert::Model>();
  std::size_t layers_ = 0;
  std::set<std::string> used_;
  bool failed_ = false;
};

/// Some weights of one output as they are stored: see bert::Matrix.
struct Block {
  std::array<std::uint8_t, kBlock> weights;
  ggml_fp16_t scale = 0;
};

/// Of Q4_0: a scale, and 16 bytes whose low halves come before all their high halves.
Block block_of_4_bits(const std::uint8_t* from) {
  Block block;
  std::memcpy(&block.scale, from, sizeof block.scale);
  for (std::size_t i = 0; i < kBlock / 2; ++i) {
    block.weights[i] = from[sizeof block.scale + i] & 0x0fU;
    block.weights[i + kBlock / 2] = static_cast<std::uint8_t>(from[sizeof block.scale + i] >> 4U);
  }
  return block;
}

std::optional<Block> block_of_8_bits(const float* values) {
  constexpr float kMost = 127;
  float largest = 0;
  for (std::size_t i = 0; i < kBlock; ++i) largest = std::max(largest, std::abs(values[i]));
  Block block;
  block.scale = ggml_fp32_to_fp16(largest / kMost);
  const float scale = ggml_fp16_to_fp32(block.scale);
  if (!std::isfinite(scale)) return std::nullopt;
  for (std::size_t i = 0; i < kBlock; ++i) {
    // A scale that is rounded down to 16 bits would give up to 127.06.
    const float weight = scale > 0 ? std::clamp(std::round(values[i] / scale), -kMost, kMost) : 0;
    block.weights[i] = static_cast<std::uint8_t>(static_cast<int>(weight) + bert::zero(8));
  }
  return block;
}

void write(const std::array<Block, kTile>& blocks, int bits, std::uint8_t* out) {
  for (std::size_t row = 0; row < kTile; ++row) std::memcpy(out + row * 2, &blocks[row].scale, 2);
  out += 2 * kTile;
  constexpr std::size_t kHalf = kTile / 2;
  for (std::size_t step = 0; step < kBlock; step += 4) {
    for (std::size_t row = 0; row < (bits == 4 ? kHalf : kTile); ++row) {
      for (std::size_t i = step; i < step + 4; ++i) {
        std::uint8_t weight = blocks[row].weights[i];
        if (bits == 4) weight |= static_cast<std::uint8_t>(blocks[row + kHalf].weights[i] << 4U);
        *out++ = weight;
      }
    }
  }
}

bool Reader::pack(const Tensor& from, std::size_t first, int bits, std::uint8_t* out) {
  constexpr std::size_t kPacked = 2 + kBlock / 2;  // bytes of a block of Q4_0
  std::vector<float> values(bits == 4 ? 0 : kTile * from.columns);
  for (std::size_t row = 0; row < kTile && bits != 4; ++row)
    from.read(first + row, values.data() + row * from.columns);
  for (std::size_t block = 0; block < from.columns / kBlock; ++block) {
    std::array<Block, kTile> blocks;
    for (std::size_t row = 0; row < kTile; ++row) {
      const std::optional<Block> packed =
          bits == 4 ? block_of_4_bits(from.row(first + row) + block * kPacked)
                    : block_of_8_bits(values.data() + row * from.columns + block * kBlock);
      if (!packed) return false;
      blocks[row] = *packed;
    }
    write(blocks, bits, out + block * bert::block_bytes(bits));
  }
  return true;
}

}  // namespace

std::unique_ptr<bert::Model> read_bert(const std::string& path) { return Reader(path).read(); }

}  // namespace kefu::embedding
