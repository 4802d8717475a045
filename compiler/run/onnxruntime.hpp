#pragma once
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "compiler/ir/dtype.hpp"

// ONNX Runtime as a peer for comparisons and measurements, loaded at run time through its C interface. No header of it
// is needed: the functions sit at fixed slots of a table to which new ones are only appended.
namespace inferc::ort {

struct Api;  // the table

// libonnxruntime.so: `given` if not empty, else INFERC_ONNXRUNTIME, else the wheel in .venv of the current folder, of a
// folder above it, or beside the checkout that the running program was built in. Throws UserError.
[[nodiscard]] std::filesystem::path find_library(const std::filesystem::path& given = {});

// The loaded library; its slots are checked by calls with known answers. Stays loaded until the process ends.
class Library {
 public:
  explicit Library(const std::filesystem::path& path);  // throws UserError
  ~Library();
  Library(const Library&) = delete;
  Library& operator=(const Library&) = delete;
  [[nodiscard]] std::string version() const;

 private:
  friend class Session;
  void self_check() const;
  std::unique_ptr<const Api> api_;
  std::string version_;
  void* env_ = nullptr;
};

enum class Optimization : int { none = 0, basic = 1, extended = 2, all = 99 };

struct Options {
  Optimization optimization = Optimization::all;
  int threads = 1;
};

// A tensor in the caller's memory.
struct Buffer {
  DType dtype;
  std::vector<std::int64_t> shape;
  void* data;
  std::size_t bytes;
};

// A model with bound inputs and outputs. The library must outlive it.
class Session {
 public:
  Session(const Library& library, const std::filesystem::path& model, const Options& options = {});
  Session(const Library& library, std::span<const std::byte> model, const Options& options = {});
  ~Session();
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  [[nodiscard]] const std::vector<std::string>& input_names() const { return inputs_; }
  [[nodiscard]] const std::vector<std::string>& output_names() const { return outputs_; }
  // The buffers, in the order of the names, are used in place by every run. Throws UserError.
  void bind(std::span<const Buffer> inputs, std::span<const Buffer> outputs);
  void run();  // throws UserError

 private:
  class Owned;
  void* wrap(const Buffer& buffer);
  std::vector<std::string> names(bool of_inputs) const;
  void finish_opening();
  const Api& api_;
  void* env_;
  void *memory_ = nullptr, *session_ = nullptr, *binding_ = nullptr;
  std::vector<void*> values_;
  std::vector<std::string> inputs_, outputs_;
};

}  // namespace inferc::ort
