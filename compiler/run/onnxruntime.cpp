#include "compiler/run/onnxruntime.hpp"

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <optional>
#include <utility>

#include <dlfcn.h>

#include <fmt/format.h>

#include "compiler/support/diagnostics.hpp"

namespace inferc::ort {

namespace fs = std::filesystem;

// Entries of OrtApi by slot; all are there since version 4 of the table (2020). A null status means success. Functions
// that release an object accept null.
struct Api {
  explicit Api(void* const* table) : table_(table) {}

  template <class... A>
  void call(std::size_t slot, A... arguments) const {
    void* const status = reinterpret_cast<void* (*)(A...)>(table_[slot])(arguments...);
    if (!status) return;
    const std::string text = message(status);
    release(release_status, status);
    throw UserError("onnxruntime: " + text);
  }
  void release(std::size_t slot, void* object) const { reinterpret_cast<void (*)(void*)>(table_[slot])(object); }
  [[nodiscard]] std::string message(const void* status) const { return reinterpret_cast<const char* (*)(const void*)>(table_[error_message])(status); }

  enum Slot : std::size_t {
    error_message = 2,
    create_env = 3,                  // int log level, const char* name, Env**
    create_session = 7,              // Env*, const char* path, SessionOptions*, Session**
    create_session_from_memory = 8,  // Env*, const void*, size_t, SessionOptions*, Session**
    create_session_options = 10,     // SessionOptions**
    set_execution_mode = 13,         // SessionOptions*, int (0: sequential)
    set_optimization = 23,           // SessionOptions*, int
    set_intra_threads = 24,          // SessionOptions*, int
    set_inter_threads = 25,          // SessionOptions*, int
    input_count = 30,                // Session*, size_t*
    output_count = 31,               // Session*, size_t*
    input_name = 36,                 // Session*, size_t, Allocator*, char**
    output_name = 37,                // Session*, size_t, Allocator*, char**
    wrap_tensor = 49,                // MemoryInfo*, void*, size_t, const int64_t*, size_t rank, int type, Value**
    create_cpu_memory_info = 69,     // int arena, int default, MemoryInfo**
    allocator_free = 76,             // Allocator*, void*
    default_allocator = 78,          // Allocator** (borrowed)
    release_env = 92,
    release_status = 93,
    release_memory_info = 94,
    release_session = 95,
    release_value = 96,
    release_session_options = 100,
    run_with_binding = 133,  // Session*, RunOptions*, IoBinding*
    create_binding = 134,    // Session*, IoBinding**
    release_binding = 135,
    bind_input = 136,   // IoBinding*, const char*, Value*
    bind_output = 137,  // IoBinding*, const char*, Value*
  };

 private:
  void* const* table_;
};

namespace {

constexpr std::uint32_t api_version = 4;
constexpr int errors_only = 3, device_allocator = 1, default_memory = 0;
constexpr char library_stem[] = "libonnxruntime.so";

std::optional<fs::path> library_of_wheel(const fs::path& environment) {
  std::error_code error;
  for (const auto& python : fs::directory_iterator(environment / "lib", error)) {
    const fs::path capi = python.path() / "site-packages/onnxruntime/capi";
    for (const auto& file : fs::directory_iterator(capi, error))
      if (file.path().filename().string().starts_with(library_stem)) return file.path();
  }
  return std::nullopt;
}

// .venv in `folder` or in one above it.
std::optional<fs::path> library_near(fs::path folder) {
  for (;; folder = folder.parent_path()) {
    if (auto found = library_of_wheel(folder / ".venv")) return found;
    if (!folder.has_relative_path()) return std::nullopt;
  }
}

struct Base {
  void* const* (*get_api)(std::uint32_t version);
  const char* (*version)();
};

const Base& load(const fs::path& path) {
  void* const handle = ::dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (!handle) throw UserError(fmt::format("cannot load ONNX Runtime: {}", ::dlerror()), "--onnxruntime LIB names libonnxruntime.so");
  const auto entry = reinterpret_cast<const Base* (*)()>(::dlsym(handle, "OrtGetApiBase"));
  if (!entry) throw UserError(fmt::format("'{}' is not ONNX Runtime", escape(path.string())));
  return *entry();
}

// y = -x, z = |x| with x f32[n, 2], operator set 13.
constexpr char check_model[] =
    "\x08\x07\x12\x00:_\x0a\x0b\x0a\x01x\x12\x01y\x22\x03Neg\x0a\x0b\x0a\x01x\x12\x01z\x22\x03"
    "Abs\x12\x01gZ\x14\x0a\x01x"
    "\x12\x0f\x0a\x0d\x08\x01\x12\x09\x0a\x03\x12\x01n\x0a\x02\x08\x02"
    "b\x14\x0a\x01y\x12\x0f\x0a\x0d\x08\x01\x12\x09\x0a"
    "\x03\x12\x01n\x0a\x02\x08\x02"
    "b\x14\x0a\x01z\x12\x0f\x0a\x0d\x08\x01\x12\x09\x0a\x03\x12\x01n\x0a\x02\x08\x02"
    "B\x04"
    "\x0a\x00\x10\x0d";

}  // namespace

fs::path find_library(const fs::path& given) {
  if (!given.empty()) return given;
  if (const char* const variable = std::getenv("INFERC_ONNXRUNTIME"); variable && *variable) return variable;
  std::error_code error;
  if (auto found = library_near(fs::current_path(error))) return *found;
  if (auto found = library_near(fs::read_symlink("/proc/self/exe", error).parent_path())) return *found;
  throw UserError("ONNX Runtime is not found", "pip install onnxruntime in .venv, or name libonnxruntime.so with --onnxruntime or INFERC_ONNXRUNTIME");
}

Library::Library(const fs::path& path) {
  const Base& base = load(path);
  version_ = base.version();
  void* const* const table = base.get_api(api_version);
  if (!table) throw UserError(fmt::format("ONNX Runtime {} is too old", version_));
  api_ = std::make_unique<const Api>(table);
  api_->call(Api::create_env, int{errors_only}, "inferc", &env_);
  self_check();
}

Library::~Library() { api_->release(Api::release_env, env_); }

std::string Library::version() const { return version_; }

void Library::self_check() const {
  Session session(*this, std::as_bytes(std::span(check_model, sizeof check_model - 1)));
  float x[6] = {1, -2, 3, -4, 5, -6}, y[6] = {}, z[6] = {};
  const auto buffer = [](float* data) { return Buffer{DType::float32, {3, 2}, data, sizeof x}; };
  const Buffer in[] = {buffer(x)}, out[] = {buffer(y), buffer(z)};
  session.bind(in, out);
  session.run();
  const bool names = session.input_names() == std::vector<std::string>{"x"} && session.output_names() == std::vector<std::string>{"y", "z"};
  if (!names || y[0] != -1 || y[5] != 6 || z[3] != 4) throw UserError(fmt::format("ONNX Runtime {} gives wrong answers", version_));
}

// Session options for the time of opening a session.
class Session::Owned {
 public:
  Owned(const Api& api, const Options& o) : api_(api) {
    api_.call(Api::create_session_options, &options_);
    api_.call(Api::set_intra_threads, options_, o.threads);
    api_.call(Api::set_inter_threads, options_, 1);
    api_.call(Api::set_execution_mode, options_, 0);
    api_.call(Api::set_optimization, options_, static_cast<int>(o.optimization));
  }
  ~Owned() { api_.release(Api::release_session_options, options_); }
  Owned(const Owned&) = delete;
  Owned& operator=(const Owned&) = delete;
  [[nodiscard]] void* get() const { return options_; }

 private:
  const Api& api_;
  void* options_ = nullptr;
};

Session::Session(const Library& library, const fs::path& model, const Options& options) : api_(*library.api_), env_(library.env_) {
  const Owned settings(api_, options);
  api_.call(Api::create_session, env_, model.c_str(), settings.get(), &session_);
  finish_opening();
}

Session::Session(const Library& library, std::span<const std::byte> model, const Options& options) : api_(*library.api_), env_(library.env_) {
  const Owned settings(api_, options);
  api_.call(Api::create_session_from_memory, env_, static_cast<const void*>(model.data()), model.size(), settings.get(), &session_);
  finish_opening();
}

void Session::finish_opening() {
  api_.call(Api::create_cpu_memory_info, int{device_allocator}, int{default_memory}, &memory_);
  inputs_ = names(true);
  outputs_ = names(false);
}

Session::~Session() {
  api_.release(Api::release_binding, binding_);
  for (void* v : values_) api_.release(Api::release_value, v);
  api_.release(Api::release_session, session_);
  api_.release(Api::release_memory_info, memory_);
}

std::vector<std::string> Session::names(bool of_inputs) const {
  void* allocator = nullptr;
  api_.call(Api::default_allocator, &allocator);
  std::size_t count = 0;
  api_.call(of_inputs ? Api::input_count : Api::output_count, session_, &count);
  std::vector<std::string> out;
  for (std::size_t i = 0; i < count; ++i) {
    char* text = nullptr;
    api_.call(of_inputs ? Api::input_name : Api::output_name, session_, i, allocator, &text);
    out.emplace_back(text);
    api_.call(Api::allocator_free, allocator, static_cast<void*>(text));
  }
  return out;
}

void* Session::wrap(const Buffer& b) {
  void* value = nullptr;
  api_.call(Api::wrap_tensor, memory_, b.data, b.bytes, b.shape.data(), b.shape.size(), static_cast<int>(b.dtype), &value);
  values_.push_back(value);
  return value;
}

void Session::bind(std::span<const Buffer> inputs, std::span<const Buffer> outputs) {
  if (inputs.size() != inputs_.size() || outputs.size() != outputs_.size())
    throw UserError(fmt::format("ONNX Runtime sees {} inputs and {} outputs, not {} and {}", inputs_.size(), outputs_.size(), inputs.size(), outputs.size()));
  api_.release(Api::release_binding, std::exchange(binding_, nullptr));
  api_.call(Api::create_binding, session_, &binding_);
  for (std::size_t i = 0; i < inputs.size(); ++i) api_.call(Api::bind_input, binding_, inputs_[i].c_str(), wrap(inputs[i]));
  for (std::size_t i = 0; i < outputs.size(); ++i) api_.call(Api::bind_output, binding_, outputs_[i].c_str(), wrap(outputs[i]));
}

void Session::run() { api_.call(Api::run_with_binding, session_, static_cast<const void*>(nullptr), binding_); }

}  // namespace inferc::ort
