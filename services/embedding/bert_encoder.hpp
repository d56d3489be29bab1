#pragma once

#include "bert_kernels.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

namespace kefu::embedding::bert {

/// Rows of floats, however the file holds them. Any thread.
class Table {
 public:
  virtual ~Table() = default;
  virtual void read(std::size_t row, float* out) const = 0;
};

enum class Pooling { mean, first };

struct Shape {
  std::size_t width = 0;
  std::size_t hidden = 0;  ///< of the feed-forward network
  std::size_t heads = 0;
  std::size_t positions = 0;
  std::size_t words = 0;
  float epsilon = 0;
  Pooling pooling = Pooling::mean;
};

struct Layer {
  Matrix query, key, value, out;
  Norm attention_norm;
  Matrix up, down;
  Norm norm;
};

/// The weights, shared by all encoders. What the pointers of its parts point at, it owns.
struct Model {
  Shape shape;
  int bits = 8;
  std::unique_ptr<Table> words;
  std::unique_ptr<Table> positions;
  std::vector<float> type;  ///< added to each word; may be empty
  Norm norm;
  std::vector<Layer> layers;

  struct Free {
    void operator()(void* memory) const;
  };
  std::vector<std::unique_ptr<std::uint8_t, Free>> tiles;
  std::vector<std::unique_ptr<float[]>> floats;

  /// Lives as long as the model.
  std::uint8_t* new_tiles(std::size_t bytes);
  float* new_floats(std::size_t count);
};

/// The kernels for this processor, or null where it lacks AVX2.
const Kernels* kernels_of_this_machine();
/// Whether the kernels can compute such a model.
bool fits(const Shape& shape);

/// A text through BERT, on the caller's thread. One at a time: it owns the room for what it computes, which
/// grows to what the longest text needed.
class Encoder {
 public:
  /// `model` and `kernels` outlive it.
  Encoder(const Model& model, const Kernels& kernels);

  /// The pooled vector, `width` long, valid until the next call. 1 to `positions` tokens, each below `words`.
  const float* encode(std::span<const std::int32_t> tokens);

 private:
  struct RowsRoom {
    std::vector<std::int8_t> values;
    std::vector<float> scales;
    std::vector<std::int32_t> offsets;
    int zero = 128;

    void resize(std::size_t count);
    Rows rows();
  };

  void make_room(std::size_t tokens);
  void look_up(std::span<const std::int32_t> tokens);
  void run(const Layer& layer, std::size_t tokens);
  void pool(std::size_t tokens);

  const Model& model_;
  const Kernels& kernels_;
  std::size_t room_ = 0;  ///< tokens
  std::vector<float> state_, query_, key_, value_, mixed_, keys_turned_, scores_, pooled_;
  RowsRoom narrow_, wide_;
};

}  // namespace kefu::embedding::bert
