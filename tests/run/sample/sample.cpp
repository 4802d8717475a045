// A compiled model written by hand: what a generated C twin looks like, and the fixture of tests/run.
// y[n, 3] = x[n, 3] * scale[3] + shift[3]; positive[nnz] = flat positions of y > 0.
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <new>

#include "inferc_abi.h"

namespace sample {
namespace {

struct Model {
  float scale[3];
};

constexpr std::size_t max_n = 8;

int load_memory(void* storage, const void* weights, std::size_t bytes) noexcept {
  constexpr char magic[] = "{\"__metadata__\":{\"model\":\"sample\"}";
  std::uint64_t header = 0;
  if (bytes < sizeof header) return inferc_bad_weights;
  std::memcpy(&header, weights, sizeof header);
  const char* const text = static_cast<const char*>(weights) + sizeof header;
  if (bytes - sizeof header < sizeof(Model) || header != bytes - sizeof header - sizeof(Model)) return inferc_bad_weights;
  if (header < sizeof magic || std::memcmp(text, magic, sizeof magic - 1) != 0) return inferc_bad_weights;
  std::memcpy(::new (storage) Model, text + header, sizeof(Model));
  return inferc_ok;
}

int load(void* storage, const char* path) noexcept {
  std::FILE* const file = path ? std::fopen(path, "rb") : nullptr;
  if (!file) return inferc_bad_weights;
  unsigned char bytes[4096];
  const std::size_t size = std::fread(bytes, 1, sizeof bytes, file);
  std::fclose(file);
  return load_memory(storage, bytes, size);
}

void unload(void* storage) noexcept { static_cast<Model*>(storage)->~Model(); }

const char* isa(const void*) noexcept { return "base"; }

std::size_t workspace_bytes(const std::size_t* dims) noexcept { return dims[0] > max_n ? static_cast<std::size_t>(-1) : dims[0] * 3 * sizeof(float); }

void input_shape(std::size_t index, const std::size_t* dims, std::size_t* shape) noexcept {
  switch (index) {
    case 0:
      shape[0] = dims[0];
      shape[1] = 3;
      break;
    case 1:
      shape[0] = 3;
      break;
  }
}

void output_shape(std::size_t index, const std::size_t* dims, const std::size_t* measured, std::size_t* shape) noexcept {
  switch (index) {
    case 0:
      shape[0] = dims[0];
      shape[1] = 3;
      break;
    case 1:
      shape[0] = measured ? measured[0] : 3 * dims[0];
      break;
  }
}

int fault(inferc_workspace* workspace, int status, std::size_t offender) noexcept {
  workspace->offender = offender;
  return status;
}

int run(const void* model, const std::size_t* dims, const inferc_input* inputs, const inferc_output* outputs, std::size_t* measured,
        inferc_workspace* workspace) noexcept {
  const std::size_t n = dims[0];
  if (n > max_n) return fault(workspace, inferc_dim_out_of_bounds, 0);
  if (inputs[0].bytes < n * 12) return fault(workspace, inferc_buffer_too_small, 0);
  if (inputs[1].bytes < 12) return fault(workspace, inferc_buffer_too_small, 1);
  if (outputs[0].bytes < n * 12) return fault(workspace, inferc_buffer_too_small, 2);
  if (outputs[1].bytes < n * 24) return fault(workspace, inferc_buffer_too_small, 3);
  if (workspace->bytes < workspace_bytes(dims) || reinterpret_cast<std::uintptr_t>(workspace->data) % 64 != 0)
    return fault(workspace, inferc_out_of_memory, static_cast<std::size_t>(-1));
  const auto* const x = static_cast<const float*>(inputs[0].data);
  const auto* const shift = static_cast<const float*>(inputs[1].data);
  const auto* const scale = static_cast<const Model*>(model)->scale;
  auto* const scaled = static_cast<float*>(workspace->data);
  auto* const y = static_cast<float*>(outputs[0].data);
  auto* const positive = static_cast<std::int64_t*>(outputs[1].data);
  std::size_t nnz = 0;
  for (std::size_t i = 0; i < n * 3; ++i) scaled[i] = x[i] * scale[i % 3];
  for (std::size_t i = 0; i < n * 3; ++i) y[i] = scaled[i] + shift[i % 3];
  for (std::size_t i = 0; i < n * 3; ++i)
    if (y[i] > 0) positive[nnz++] = static_cast<std::int64_t>(i);
  measured[0] = nnz;
  return inferc_ok;
}

const char* text(int status) noexcept {
  switch (status) {
    case inferc_ok:
      return "ok";
    case inferc_bad_weights:
      return "bad_weights";
    case inferc_dim_out_of_bounds:
      return "dim_out_of_bounds";
    case inferc_dim_mismatch:
      return "dim_mismatch";
    case inferc_buffer_too_small:
      return "buffer_too_small";
    case inferc_overlap:
      return "overlap";
    case inferc_index_out_of_range:
      return "index_out_of_range";
    case inferc_division_by_zero:
      return "division_by_zero";
    case inferc_out_of_memory:
      return "out_of_memory";
    case inferc_unsupported_cpu:
      return "unsupported_cpu";
  }
  return "unknown status";
}

constexpr inferc_symbol symbols[] = {{"n", "n", 0, max_n}};
constexpr inferc_measured measured_sizes[] = {{"nnz", "nnz", "3*n"}};
constexpr inferc_dim rows_by_3[] = {{"n", 0, max_n, 0, -1}, {"3", 3, 3, -1, -1}};
constexpr inferc_dim three[] = {{"3", 3, 3, -1, -1}};
constexpr inferc_dim counted[] = {{"nnz", 0, 3 * max_n, -1, 0}};
constexpr inferc_tensor_info inputs[] = {{"x", "x", "float32", 1, 4, 2, rows_by_3}, {"in/shift", "in_shift", "float32", 1, 4, 1, three}};
constexpr inferc_tensor_info outputs[] = {{"y", "y", "float32", 1, 4, 2, rows_by_3}, {"positive", "positive", "int64", 7, 8, 1, counted}};

constexpr inferc_model table = {INFERC_ABI_VERSION,
                                sizeof(inferc_model),
                                "sample",
                                "0.1.0",
                                "0000000000000000000000000000000000000000000000000000000000000000",
                                "sample.weights",
                                1,
                                symbols,
                                1,
                                measured_sizes,
                                2,
                                inputs,
                                2,
                                outputs,
                                sizeof(Model),
                                workspace_bytes,
                                input_shape,
                                output_shape,
                                load,
                                load_memory,
                                unload,
                                isa,
                                run,
                                text,
                                nullptr};

}  // namespace
}  // namespace sample

extern "C" const inferc_model* sample_inferc(void) { return &sample::table; }
