#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

struct ggml_context;
struct gguf_context;

namespace kefu::testing {

/// A GGUF model with random weights, the same every time, and a tokenizer of one token a byte: what it says
/// means nothing, but llama.cpp takes it for a model like any other. Who uses it links kefu_test_models.
class TinyGguf {
 public:
  /// Tokens in this order: unknown, begin, end, the 256 bytes, and whatever pieces there are.
  static constexpr int kEnd = 2;
  static constexpr int kFirstByte = 3;
  static constexpr int kFirstPiece = kFirstByte + 256;

  /// `bytes` for all weights together.
  TinyGguf(std::string architecture, std::size_t bytes);
  ~TinyGguf();

  void set(const std::string& key, std::uint32_t value);
  void set(const std::string& key, int value) { set(key, static_cast<std::uint32_t>(value)); }
  void set(const std::string& key, float value);
  void set(const std::string& key, bool value);
  void set(const std::string& key, const char* value);
  /// The same under a key that begins with the architecture: "context_length".
  template <class Value>
  void shape(const std::string& key, Value value) {
    set(architecture_ + "." + key, value);
  }
  void set_vocabulary(const std::vector<std::string>& pieces = {});

  /// The values of a tensor, to be changed until write(); of two dimensions where there are several rows.
  float* constant(const std::string& name, int columns, float value);
  /// In [-size, size).
  float* random(const std::string& name, int columns, int rows, float size);
  /// -1 or 1.
  float* signs(const std::string& name, int columns, int rows);

  /// Those of a tensor that there is already.
  float* values(const std::string& name);

  /// Throws where the file cannot be written.
  void write(const std::filesystem::path& path) const;

 private:
  struct Free {
    void operator()(ggml_context* memory) const;
    void operator()(gguf_context* file) const;
  };

  float* add(const std::string& name, int columns, int rows, const std::function<float()>& next);
  float next_random();

  std::string architecture_;
  std::unique_ptr<ggml_context, Free> memory_;
  std::unique_ptr<gguf_context, Free> file_;
  std::uint64_t state_ = 7;
};

}  // namespace kefu::testing
