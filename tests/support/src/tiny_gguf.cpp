#include <kefu/testing/tiny_gguf.hpp>

#include <fmt/format.h>
#include <ggml.h>
#include <gguf.h>

#include <stdexcept>
#include <utility>

namespace kefu::testing {
namespace {

enum TokenType : std::int32_t { normal = 1, unknown = 2, control = 3, byte = 6 };

}  // namespace

void TinyGguf::Free::operator()(ggml_context* memory) const { ggml_free(memory); }
void TinyGguf::Free::operator()(gguf_context* file) const { gguf_free(file); }

TinyGguf::TinyGguf(std::string architecture, std::size_t bytes)
    : architecture_(std::move(architecture)),
      memory_(ggml_init({.mem_size = bytes, .mem_buffer = nullptr, .no_alloc = false})),
      file_(gguf_init_empty()) {
  set("general.architecture", architecture_.c_str());
  set("general.name", "tiny");
}

TinyGguf::~TinyGguf() = default;

void TinyGguf::set(const std::string& key, std::uint32_t value) {
  gguf_set_val_u32(file_.get(), key.c_str(), value);
}
void TinyGguf::set(const std::string& key, float value) { gguf_set_val_f32(file_.get(), key.c_str(), value); }
void TinyGguf::set(const std::string& key, bool value) { gguf_set_val_bool(file_.get(), key.c_str(), value); }
void TinyGguf::set(const std::string& key, const char* value) {
  gguf_set_val_str(file_.get(), key.c_str(), value);
}

void TinyGguf::set_vocabulary(const std::vector<std::string>& pieces) {
  std::vector<std::string> tokens{"<unk>", "<s>", "</s>"};
  std::vector<std::int32_t> types{unknown, control, control};
  for (int value = 0; value < 256; ++value) {
    tokens.push_back(fmt::format("<0x{:02X}>", value));
    types.push_back(byte);
  }
  tokens.insert(tokens.end(), pieces.begin(), pieces.end());
  types.resize(tokens.size(), normal);
  std::vector<const char*> names;
  for (const std::string& token : tokens) names.push_back(token.c_str());
  const std::vector<float> scores(tokens.size(), 0);
  gguf_context* const file = file_.get();
  set("tokenizer.ggml.model", "llama");
  gguf_set_arr_str(file, "tokenizer.ggml.tokens", names.data(), names.size());
  gguf_set_arr_data(file, "tokenizer.ggml.scores", GGUF_TYPE_FLOAT32, scores.data(), scores.size());
  gguf_set_arr_data(file, "tokenizer.ggml.token_type", GGUF_TYPE_INT32, types.data(), types.size());
  set("tokenizer.ggml.unknown_token_id", 0);
  set("tokenizer.ggml.bos_token_id", 1);
  set("tokenizer.ggml.eos_token_id", kEnd);
  set("tokenizer.ggml.add_bos_token", true);
  set("tokenizer.ggml.add_space_prefix", false);
}

float* TinyGguf::constant(const std::string& name, int columns, float value) {
  return add(name, columns, 1, [value] { return value; });
}
float* TinyGguf::random(const std::string& name, int columns, int rows, float size) {
  return add(name, columns, rows, [this, size] { return size * next_random(); });
}
float* TinyGguf::signs(const std::string& name, int columns, int rows) {
  return add(name, columns, rows, [this] { return next_random() < 0 ? -1.0F : 1.0F; });
}

float* TinyGguf::values(const std::string& name) {
  return ggml_get_data_f32(ggml_get_tensor(memory_.get(), name.c_str()));
}

float* TinyGguf::add(const std::string& name, int columns, int rows, const std::function<float()>& next) {
  ggml_tensor* tensor = rows == 1 ? ggml_new_tensor_1d(memory_.get(), GGML_TYPE_F32, columns)
                                  : ggml_new_tensor_2d(memory_.get(), GGML_TYPE_F32, columns, rows);
  ggml_set_name(tensor, name.c_str());
  auto* values = static_cast<float*>(tensor->data);
  for (int i = 0; i < columns * rows; ++i) values[i] = next();
  gguf_add_tensor(file_.get(), tensor);
  return values;
}

/// In [-1, 1), the same every time, and quick without optimisation.
float TinyGguf::next_random() {
  state_ = state_ * 6364136223846793005U + 1442695040888963407U;
  return static_cast<float>(static_cast<std::int32_t>(state_ >> 32U)) / 2147483648.0F;
}

void TinyGguf::write(const std::filesystem::path& path) const {
  if (!gguf_write_to_file(file_.get(), path.c_str(), false))
    throw std::runtime_error("cannot write the tiny model to " + path.string());
}

}  // namespace kefu::testing
