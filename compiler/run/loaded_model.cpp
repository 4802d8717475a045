#include "compiler/run/loaded_model.hpp"

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <new>
#include <numeric>

#include <dlfcn.h>

#include <fmt/format.h>

#include "compiler/plan/profile.hpp"
#include "compiler/support/diagnostics.hpp"

namespace inferc {
namespace {

constexpr std::size_t alignment = 64;

const inferc_model* find_table(const std::filesystem::path& library, const std::string& name) {
  void* const handle = ::dlopen(std::filesystem::absolute(library).c_str(), RTLD_NOW | RTLD_LOCAL);
  if (!handle) throw UserError(fmt::format("cannot load '{}': {}", escape(library.string()), ::dlerror()));
  const std::string function = name + "_inferc";
  const auto entry = reinterpret_cast<const inferc_model* (*)()>(::dlsym(handle, function.c_str()));
  if (!entry) throw UserError(fmt::format("'{}' has no function {}", escape(library.string()), escape(function)));
  const inferc_model* const table = entry();
  if (table->abi_version != INFERC_ABI_VERSION || table->table_bytes < sizeof(inferc_model))
    throw UserError(fmt::format("'{}' has version {} of the C interface, this tool knows {}", escape(library.string()), table->abi_version, INFERC_ABI_VERSION),
                    "compile the model again");
  return table;
}

NamedType port_of(const inferc_tensor_info& info) {
  const auto dtype = dtype_from_onnx(info.onnx_dtype);
  if (!dtype || byte_size(*dtype) != info.element_bytes) throw UserError(fmt::format("tensor '{}' has an unknown element type", escape(info.name)));
  NamedType out{info.name, {*dtype, {}}};
  for (std::size_t d = 0; d < info.rank; ++d) out.type.shape.push_back(parse_dim(info.dims[d].text));
  return out;
}

// Of all inputs, in the order of the model file: which are static.
std::vector<bool> static_places(const inferc_model& table) {
  std::vector<bool> out(table.input_count + table.static_input_count);
  for (std::size_t i = 0; i < table.static_input_count; ++i) out[table.static_places[i]] = true;
  return out;
}

Signature signature_of(const inferc_model& table) {
  Signature out;
  for (std::size_t i = 0; i < table.symbol_count; ++i) {
    const inferc_symbol& s = table.symbols[i];
    out.symbols.declare(s.name, {static_cast<std::int64_t>(s.lower), static_cast<std::int64_t>(s.upper)});
  }
  for (std::size_t i = 0; i < table.measured_count; ++i) out.symbols.measure(table.measured[i].name, parse_dim(table.measured[i].bound));
  const std::vector<bool> fixed = static_places(table);
  std::vector<std::size_t> places;  // of the inputs of run
  for (std::size_t i = 0, next = 0, next_static = 0; i < fixed.size(); ++i) {
    if (!fixed[i]) places.push_back(i);
    out.inputs.push_back(port_of(fixed[i] ? table.static_inputs[next_static++] : table.inputs[next++]));
  }
  for (std::size_t i = 0; i < table.output_count; ++i) out.outputs.push_back(port_of(table.outputs[i]));
  for (std::size_t i = 0; i < table.told_count; ++i) out.told.push_back({parse_dim(table.told[i].size), places[table.told[i].input], table.told[i].element});
  return out;
}

Tensor output_tensor(const NamedType& port, const std::vector<std::size_t>& sizes) { return {port.type.dtype, {sizes.begin(), sizes.end()}}; }

std::size_t bytes_for(const NamedType& port, const std::vector<std::size_t>& sizes) {
  std::size_t bytes = byte_size(port.type.dtype);
  for (const std::size_t s : sizes)
    if (__builtin_mul_overflow(bytes, s, &bytes)) throw UserError(fmt::format("output '{}' does not fit into memory", escape(port.name)));
  return bytes;
}

}  // namespace

AlignedBytes::AlignedBytes(std::size_t size) : size_(size) {
  if (size > (std::size_t{1} << 46)) throw UserError(fmt::format("{} bytes do not fit into memory", size));
  const std::size_t rounded = (size + alignment) / alignment * alignment;
  data_.reset(static_cast<std::byte*>(std::aligned_alloc(alignment, rounded)));
  if (!data_) throw UserError(fmt::format("{} bytes do not fit into memory", size));
  std::memset(data_.get(), 0, rounded);
}

void AlignedBytes::Free::operator()(std::byte* p) const { std::free(p); }

LoadedModel::LoadedModel(const std::filesystem::path& library, const std::string& name, const std::filesystem::path& weights)
    : table_(find_table(library, name)), storage_(table_->model_bytes), signature_(signature_of(*table_)) {
  const int status = table_->load(storage_.data(), weights.empty() ? nullptr : weights.c_str());
  if (status != inferc_ok) throw UserError(fmt::format("model '{}' does not load '{}': {}", escape(name), escape(weights.string()), table_->text(status)));
}

LoadedModel::LoadedModel(const BuiltModel& built) : LoadedModel(built.library, built.name, built.weights) {}

LoadedModel::~LoadedModel() { table_->unload(storage_.data()); }

BoundCall::BoundCall(const LoadedModel& model, const SymbolValues& values, std::span<const Tensor> inputs)
    : model_(&model), dims_(dims_of(model.signature(), values)), measured_(model.table().measured_count) {
  for (const Tensor& t : inputs) {
    inputs_.emplace_back(t.bytes().size());
    if (!t.bytes().empty()) std::memcpy(inputs_.back().data(), t.bytes().data(), t.bytes().size());
  }
  const auto& ports = model.signature().outputs;
  for (std::size_t i = 0; i < ports.size(); ++i) {
    std::vector<std::size_t> sizes(ports[i].type.shape.size());
    model.table().output_shape(i, dims_.data(), nullptr, sizes.data());
    outputs_.emplace_back(bytes_for(ports[i], sizes));
  }
  const std::size_t scratch = model.table().workspace_bytes(dims_.data());
  workspace_ = AlignedBytes(scratch == SIZE_MAX ? 0 : scratch);  // dims out of bounds: run says so
  scratch_ = {workspace_.data(), workspace_.size(), SIZE_MAX};
  reset();
  const std::vector<bool> fixed = static_places(model.table());
  for (std::size_t i = 0; i < inputs_.size(); ++i) (i < fixed.size() && fixed[i] ? static_ : in_).push_back({inputs_[i].data(), inputs_[i].size()});
  for (const AlignedBytes& b : outputs_) out_.push_back({b.data(), b.size()});
  if (model.table().prepare) require(model.table().prepare(model.model(), dims_.data(), static_.data(), &scratch_));
}

void BoundCall::reset() {
  if (model_->table().reset && workspace_.size() != 0) require(model_->table().reset(model_->model(), &scratch_));
}

int BoundCall::run() noexcept { return model_->table().run(model_->model(), dims_.data(), in_.data(), out_.data(), measured_.data(), &scratch_); }

std::vector<double> BoundCall::take_profile() {
  const inferc_model& t = model_->table();
  std::vector<double> out(t.profile_calls);
  if (t.profile_at == SIZE_MAX || workspace_.size() == 0) return out;
  auto* const counters = reinterpret_cast<std::uint64_t*>(workspace_.data() + t.profile_at);
  const std::span<const std::uint64_t> ticks(counters + profile_ticks, t.profile_calls);
  const double all = static_cast<double>(std::accumulate(ticks.begin(), ticks.end(), std::uint64_t{0}));
  const double ns = static_cast<double>(counters[profile_ns]) / std::max(static_cast<double>(counters[profile_runs]), 1.0);
  for (std::size_t i = 0; i < out.size() && all > 0; ++i) out[i] = ns * static_cast<double>(ticks[i]) / all;
  std::memset(counters, 0, (profile_ticks + t.profile_calls) * sizeof(*counters));
  return out;
}

std::string BoundCall::offender(int status) const {
  const Signature& s = model_->signature();
  const auto& symbols = s.symbols.all();
  std::size_t at = scratch_.offender;
  const bool sizes = status == inferc_dim_out_of_bounds || status == inferc_dim_mismatch;
  if (sizes && at < symbols.size()) return fmt::format(" (symbol '{}')", escape(symbols[at].name));
  if (sizes) at -= symbols.size();
  if (status != inferc_ok && model_->table().static_input_count != 0) return {};  // counted by the part that stopped
  if (at < s.inputs.size()) return fmt::format(" (input '{}')", escape(s.inputs[at].name));
  if (at - s.inputs.size() < s.outputs.size()) return fmt::format(" (output '{}')", escape(s.outputs[at - s.inputs.size()].name));
  return {};
}

void BoundCall::require(int status) const {
  if (status == inferc_ok) return;
  throw UserError(fmt::format("the model stopped with {}{}", model_->table().text(status), offender(status)));
}

std::vector<Tensor> BoundCall::outputs() const {
  const auto& ports = model_->signature().outputs;
  std::vector<Tensor> out;
  for (std::size_t i = 0; i < ports.size(); ++i) {
    std::vector<std::size_t> sizes(ports[i].type.shape.size());
    model_->table().output_shape(i, dims_.data(), measured_.data(), sizes.data());
    out.push_back(output_tensor(ports[i], sizes));
    const auto bytes = out.back().bytes();
    if (bytes.size() > outputs_[i].size()) internal_error("a measured size exceeds its bound");
    if (!bytes.empty()) std::memcpy(bytes.data(), outputs_[i].data(), bytes.size());
  }
  return out;
}

std::vector<Tensor> run_model(const LoadedModel& model, std::span<const Tensor> inputs, const SymbolValues& given) {
  BoundCall call(model, resolve_symbols(model.signature(), inputs, given), inputs);
  call.require(call.run());
  return call.outputs();
}

}  // namespace inferc
