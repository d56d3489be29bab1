#include "llama_embedder.hpp"

#include "llama_bert_file.hpp"
#include "text_preparation.hpp"

#include <kefu/async/cpu_pool.hpp>
#include <kefu/base/ids.hpp>
#include <kefu/vector/codec.hpp>

#include <fcntl.h>
#include <fmt/format.h>
#include <ggml-cpu.h>
#include <llama.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cassert>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <mutex>
#include <thread>

namespace kefu::embedding {
namespace {

struct ModelDeleter {
  void operator()(llama_model* model) const { llama_model_free(model); }
};
struct ContextDeleter {
  void operator()(llama_context* context) const { llama_free(context); }
};
struct ThreadPoolDeleter {
  void operator()(ggml_threadpool* pool) const { ggml_threadpool_free(pool); }
};
using ModelPointer = std::unique_ptr<llama_model, ModelDeleter>;
using ContextPointer = std::unique_ptr<llama_context, ContextDeleter>;
using ThreadPoolPointer = std::unique_ptr<ggml_threadpool, ThreadPoolDeleter>;

/// Where llama.cpp's lines go: it knows one callback for the whole process. Lines come from any thread that
/// calls it.
class LogTarget {
 public:
  static LogTarget& instance() {
    static LogTarget target;
    return target;
  }

  void set(const telemetry::Logger* log) {
    const std::lock_guard lock(mutex_);
    log_ = log;
    first_error_.clear();
  }
  void clear(const telemetry::Logger* log) {
    const std::lock_guard lock(mutex_);
    if (log_ == log) log_ = nullptr;
  }
  /// The first error since set(): the later ones only say that what called it failed too.
  std::string first_error() {
    const std::lock_guard lock(mutex_);
    return first_error_;
  }

 private:
  LogTarget() {
    llama_log_set([](ggml_log_level level, const char* text,
                     void* self) noexcept { static_cast<LogTarget*>(self)->take(level, text); },
                  this);
  }

  void take(ggml_log_level level, std::string_view text) {
    while (text.ends_with('\n')) text.remove_suffix(1);
    if (text.find_first_not_of(" .") == std::string_view::npos) return;  // a progress dot
    const std::lock_guard lock(mutex_);
    if (level == GGML_LOG_LEVEL_ERROR && first_error_.empty()) first_error_ = text;
    if (log_ != nullptr) log_->debug("llama.cpp", {{"line", text}});
  }

  std::mutex mutex_;
  const telemetry::Logger* log_ = nullptr;
  std::string first_error_;
};

class Descriptor {
 public:
  explicit Descriptor(int value) : value_(value) {}
  ~Descriptor() {
    if (value_ >= 0) ::close(value_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int value() const { return value_; }

 private:
  int value_;
};

/// SHA-256 of a file that is there, is no folder and begins as GGUF files do.
Result<std::string> checked_file_hash(const std::string& path) {
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  struct stat status{};
  if (file.value() < 0 || ::fstat(file.value(), &status) != 0) {
    const int error = errno;
    return fail(Errc::not_found,
                fmt::format("cannot open the embedding model {}: {}", path, std::strerror(error)));
  }
  if (!S_ISREG(status.st_mode))
    return fail(Errc::not_found, fmt::format("the embedding model {} is not a file", path));
  const auto size = static_cast<std::size_t>(status.st_size);
  if (size < 4)
    return fail(Errc::data_corrupt, fmt::format("the embedding model {} is cut short: {} bytes", path, size));
  void* mapping = ::mmap(nullptr, size, PROT_READ, MAP_PRIVATE, file.value(), 0);
  if (mapping == MAP_FAILED) {
    const int error = errno;
    return fail(Errc::not_found,
                fmt::format("cannot read the embedding model {}: {}", path, std::strerror(error)));
  }
  const std::string_view content(static_cast<const char*>(mapping), size);
  const bool is_gguf = content.starts_with("GGUF");
  std::string hash = is_gguf ? sha256_hex(content) : std::string();
  ::munmap(mapping, size);
  if (!is_gguf)
    return fail(Errc::data_corrupt, fmt::format("the embedding model {} is not a GGUF file", path));
  return hash;
}

/// llama.cpp's own words for why it did not take a file, as one clause.
Error load_error(const std::string& path, std::string reason) {
  // "llama_model_load: error loading model: tensor '...' data is not within the file bounds, model is
  // corrupted or incomplete"
  if (const std::size_t end = reason.rfind("model: "); end != std::string::npos) reason.erase(0, end + 7);
  if (reason.empty()) reason = "llama.cpp gave no reason";
  const bool other =
      reason.contains("architecture") || reason.contains("tokenizer") || reason.contains("vocab");
  return Error{other ? Errc::unsupported : Errc::data_corrupt,
               fmt::format("cannot load the embedding model {}: {}", path, reason)};
}

std::size_t default_workers() { return std::clamp<std::size_t>(std::thread::hardware_concurrency(), 1, 2); }

/// What one inference needs for itself; the weights are shared.
class Worker {
 public:
  virtual ~Worker() = default;
  /// The pooled vector of one text, valid until the next call, or null. One text a call: the shorter a call,
  /// the sooner comes the next question, and packing several measured no faster.
  virtual const float* infer(std::vector<llama_token>& tokens) = 0;
};

class BertWorker final : public Worker {
 public:
  BertWorker(const bert::Model& model, const bert::Kernels& kernels)
      : encoder_(model, kernels), words_(model.shape.words) {}
  const float* infer(std::vector<llama_token>& tokens) override {
    const auto known = [this](llama_token token) {
      return token >= 0 && static_cast<std::size_t>(token) < words_;
    };
    return std::ranges::all_of(tokens, known) ? encoder_.encode(tokens) : nullptr;
  }

 private:
  bert::Encoder encoder_;
  std::size_t words_;  // a tokenizer may add tokens beyond its own vocabulary
};

class LlamaWorker final : public Worker {
 public:
  LlamaWorker(llama_model* model, std::size_t max_tokens, std::size_t threads) {
    llama_context_params params = llama_context_default_params();
    // A text goes through the model whole: attention looks both ways, so it cannot be cut into batches.
    params.n_ctx = params.n_batch = params.n_ubatch = static_cast<std::uint32_t>(max_tokens);
    params.n_seq_max = 1;
    params.n_threads = params.n_threads_batch = static_cast<std::int32_t>(threads);
    params.pooling_type = LLAMA_POOLING_TYPE_UNSPECIFIED;  // the file's own
    params.flash_attn_type = LLAMA_FLASH_ATTN_TYPE_ENABLED;
    params.embeddings = true;
    params.no_perf = true;
    context_.reset(llama_init_from_model(model, params));
    if (context_ && threads > 1) keep_threads(threads);
  }

  /// Null when llama.cpp refused; its log says why.
  llama_context* context() const { return context_.get(); }

  const float* infer(std::vector<llama_token>& tokens) override {
    const llama_batch batch = llama_batch_get_one(tokens.data(), static_cast<std::int32_t>(tokens.size()));
    llama_memory_t memory = llama_get_memory(context_.get());
    if (memory == nullptr) return llama_encode(context_.get(), batch) == 0 ? pooled() : nullptr;
    llama_memory_clear(memory, true);
    return llama_decode(context_.get(), batch) == 0 ? pooled() : nullptr;
  }

 private:
  /// llama.cpp would start new threads for every text. These sleep between texts.
  void keep_threads(std::size_t threads) {
    ggml_threadpool_params params = ggml_threadpool_params_default(static_cast<int>(threads));
    params.poll = 0;
    pool_.reset(ggml_threadpool_new(&params));
    if (pool_) llama_attach_threadpool(context_.get(), pool_.get(), pool_.get());
  }
  const float* pooled() const { return llama_get_embeddings_seq(context_.get(), 0); }

  ThreadPoolPointer pool_;  // outlives the context that it is attached to
  ContextPointer context_;
};

std::string fingerprint_of(const std::string& file_hash, enum llama_pooling_type pooling,
                           const LlamaOptions& options) {
  const std::string all =
      fmt::format("{}\n{}\n{}\n{}\n{}", file_hash, static_cast<int>(pooling), kNormalizationVersion,
                  sha256_hex(options.query_prefix), sha256_hex(options.passage_prefix));
  return sha256_hex(all).substr(0, 16);
}

}  // namespace

class LlamaEmbedder::Engine {
 public:
  Engine(LlamaOptions options, const telemetry::Logger& log) : options_(std::move(options)), log_(log) {}
  ~Engine() {
    pool_.reset();  // waits for what runs
    LogTarget::instance().clear(&log_);
  }
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;

  Result<> open() {
    KEFU_TRY(const std::string file_hash, checked_file_hash(options_.model_path));
    LogTarget::instance().set(&log_);
    if (options_.engine == LocalEngine::automatic) open_bert();
    LogTarget::instance().set(&log_);  // what open_bert() could not read is not the reason
    llama_model_params params = llama_model_default_params();
    params.n_gpu_layers = 0;
    params.vocab_only = bert_ != nullptr;
    params.check_tensors = true;  // weights that are no numbers
    model_.reset(llama_model_load_from_file(options_.model_path.c_str(), params));
    if (!model_) return fail(load_error(options_.model_path, LogTarget::instance().first_error()));
    vocabulary_ = llama_model_get_vocab(model_.get());
    KEFU_TRY(const enum llama_pooling_type pooling, bert_ ? start_bert() : start_llama());

    info_.name = std::filesystem::path(options_.model_path).stem().string();
    info_.fingerprint = fingerprint_of(file_hash, pooling, options_);
    for (const std::string& prefix : {options_.query_prefix, options_.passage_prefix}) {
      added_ = std::max(added_, tokenize(prefix + "a", true).size() - tokenize("a", false).size());
    }
    if (added_ >= info_.max_tokens) return no_vectors("its longest text is shorter than the prefix");
    // What else is wrong with the numbers or tokens of the file shows in a vector.
    auto trial = tokenize(options_.query_prefix + "a", true);
    if (const auto vector = compute(*workers_.front(), trial); !vector)
      return no_vectors(vector.error().message);
    for (const auto& worker : workers_) free_.push_back(worker.get());
    pool_.emplace(info_.calls_at_once);
    return {};
  }

  const ModelInfo& info() const { return info_; }
  std::size_t tokens_added() const { return added_; }
  const std::string& prefix(Role role) const {
    return role == Role::query ? options_.query_prefix : options_.passage_prefix;
  }
  std::vector<std::int32_t> tokenize(const std::string& text, bool special) const {
    static_assert(std::is_same_v<llama_token, std::int32_t>);
    std::vector<std::int32_t> tokens(text.size() + 8);
    const auto call = [&] {
      return llama_tokenize(vocabulary_, text.data(), static_cast<std::int32_t>(text.size()), tokens.data(),
                            static_cast<std::int32_t>(tokens.size()), special, /*parse_special=*/false);
    };
    std::int32_t count = call();
    if (count < 0 && count != INT32_MIN) {
      tokens.resize(static_cast<std::size_t>(-count));
      count = call();
    }
    tokens.resize(static_cast<std::size_t>(std::max(count, 0)));
    return tokens;
  }

  Task<std::vector<Result<TextVector>>> embed(std::vector<ModelInput> inputs) {
    assert(!free_.empty() && "more than calls_at_once");
    Worker* const worker = free_.back();
    free_.pop_back();
    auto work = [this, worker, inputs = std::move(inputs)]() mutable {
      std::vector<Result<TextVector>> vectors;
      vectors.reserve(inputs.size());
      for (ModelInput& input : inputs)
        vectors.push_back(compute(*worker, std::get<ModelInput::Tokens>(input.content)));
      return vectors;
    };
    auto vectors = co_await pool_->run(std::move(work));
    free_.push_back(worker);
    co_return vectors;
  }

 private:
  void open_bert() {
    kernels_ = bert::kernels_of_this_machine();
    if (kernels_ != nullptr) bert_ = read_bert(options_.model_path);
  }

  std::size_t set_workers(std::size_t trained_tokens) {
    info_.max_tokens = std::min(options_.max_tokens, trained_tokens);
    info_.calls_at_once = options_.workers == 0 ? default_workers() : options_.workers;
    return info_.calls_at_once;
  }

  Result<enum llama_pooling_type> start_bert() {
    const bert::Shape& shape = bert_->shape;
    const auto vocabulary = static_cast<std::size_t>(std::max(llama_vocab_n_tokens(vocabulary_), 0));
    if (vocabulary > shape.words)
      return no_vectors(fmt::format("it has {} tokens and vectors for {}", vocabulary, shape.words));
    info_.dimensions = shape.width;
    for (std::size_t i = set_workers(shape.positions); i > 0; --i)
      workers_.push_back(std::make_unique<BertWorker>(*bert_, *kernels_));
    log_.debug("Kefu's own engine runs the embedding model",
               {{"instructions", std::string_view(kernels_->name)}, {"weight_bits", bert_->bits}});
    return shape.pooling == bert::Pooling::mean ? LLAMA_POOLING_TYPE_MEAN : LLAMA_POOLING_TYPE_CLS;
  }

  Result<enum llama_pooling_type> start_llama() {
    if (llama_model_has_encoder(model_.get()) && llama_model_has_decoder(model_.get()))
      return no_vectors("it translates text to text");
    enum llama_pooling_type pooling = LLAMA_POOLING_TYPE_UNSPECIFIED;
    for (std::size_t i =
             set_workers(static_cast<std::size_t>(std::max(llama_model_n_ctx_train(model_.get()), 1)));
         i > 0; --i) {
      auto worker = std::make_unique<LlamaWorker>(model_.get(), info_.max_tokens, options_.threads);
      if (worker->context() == nullptr)
        return fail(load_error(options_.model_path, LogTarget::instance().first_error()));
      pooling = llama_pooling_type(worker->context());
      workers_.push_back(std::move(worker));
    }
    if (pooling == LLAMA_POOLING_TYPE_NONE || pooling == LLAMA_POOLING_TYPE_UNSPECIFIED)
      return no_vectors("its metadata names no pooling");
    if (pooling == LLAMA_POOLING_TYPE_RANK) return no_vectors("it is a reranker");
    info_.dimensions = static_cast<std::size_t>(llama_model_n_embd_out(model_.get()));
    return pooling;
  }

  std::unexpected<Error> no_vectors(std::string_view reason) const {
    return fail(Errc::unsupported,
                fmt::format("the model {} cannot embed texts: {}", options_.model_path, reason));
  }

  /// On a thread of the pool.
  Result<TextVector> compute(Worker& worker, ModelInput::Tokens& tokens) const {
    if (tokens.empty() || tokens.size() > info_.max_tokens) {
      return fail(Errc::internal, "the model cannot take this text", fmt::format("{} tokens", tokens.size()));
    }
    const float* pooled = worker.infer(tokens);
    if (pooled == nullptr) return fail(Errc::internal, "the model failed");
    Vector vector(pooled, pooled + info_.dimensions);
    if (!vector::normalize_length(vector))
      return fail(Errc::internal, "the model gave a vector without direction");
    return TextVector{std::move(vector), static_cast<std::uint32_t>(tokens.size())};
  }

  LlamaOptions options_;
  const telemetry::Logger& log_;
  ModelInfo info_;
  std::size_t added_ = 0;
  const bert::Kernels* kernels_ = nullptr;
  std::unique_ptr<bert::Model> bert_;  // null where llama.cpp runs the model
  ModelPointer model_;                 // beside bert_ its vocabulary alone
  const llama_vocab* vocabulary_ = nullptr;
  std::vector<std::unique_ptr<Worker>> workers_;
  std::vector<Worker*> free_;  // event loop only
  std::optional<CpuPool> pool_;
};

Result<std::unique_ptr<LlamaEmbedder>> LlamaEmbedder::load(LlamaOptions options,
                                                           const telemetry::Logger& log) {
  auto engine = std::make_unique<Engine>(std::move(options), log);
  KEFU_CHECK(engine->open());
  return std::unique_ptr<LlamaEmbedder>(new LlamaEmbedder(std::move(engine)));
}

LlamaEmbedder::LlamaEmbedder(std::unique_ptr<Engine> engine) : engine_(std::move(engine)) {}
LlamaEmbedder::~LlamaEmbedder() = default;

const ModelInfo& LlamaEmbedder::model() const { return engine_->info(); }
std::size_t LlamaEmbedder::tokens_added() const { return engine_->tokens_added(); }

ModelInput LlamaEmbedder::prepare(std::string_view text, Role role) const {
  ModelInput::Tokens tokens = engine_->tokenize(engine_->prefix(role) + std::string(text), true);
  const std::size_t count = tokens.size();
  return {std::move(tokens), count};
}

std::size_t LlamaEmbedder::count_tokens(std::string_view text) const {
  return engine_->tokenize(std::string(text), false).size();
}

/// What has begun is finished: the queue drops what is late before that.
Task<std::vector<Result<TextVector>>> LlamaEmbedder::embed(std::vector<ModelInput> inputs, Deadline) {
  co_return co_await engine_->embed(std::move(inputs));
}

}  // namespace kefu::embedding
