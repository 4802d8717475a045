#include "compiler/plan/evaluate.hpp"

#include <algorithm>
#include <cstring>
#include <limits>

#include "compiler/plan/control.hpp"
#include "compiler/plan/size_checks.hpp"
#include "compiler/support/diagnostics.hpp"

namespace inferc {
namespace {

// Every buffer in memory of its own.
std::vector<Tensor> allocate(const Program& p, std::span<const Tensor> inputs, const SymbolValues& symbols) {
  std::vector<Tensor> memory;
  for (const Buffer& b : p.buffers) {
    if (b.space == Space::input) memory.push_back(inputs[b.index]);
    else if (b.space == Space::weight) memory.push_back(p.weights[b.index].tensor);
    else memory.emplace_back(b.dtype, std::vector<std::int64_t>{evaluate(b.size, symbols)});
  }
  return memory;
}

// Runs calls over the memory of each buffer.
class Run {
 public:
  Run(std::vector<Tensor>& memory, SymbolValues symbols) : memory_(memory), symbols_(std::move(symbols)) {}

  [[nodiscard]] const SymbolValues& symbols() const { return symbols_; }
  void all(const std::vector<Call>& calls) {
    for (const Call& c : calls) {
      if (c.kernel == branch_kernel) branch(c);
      else if (c.kernel == loop_kernel) loop(c);
      else if (c.kernel == require_kernel) require(c);
      else if (c.kernel == declare_kernel || c.kernel == assign_kernel) symbols_[c.measures] = c.args.empty() ? 0 : size(c.args[0]);
      else one(c);
    }
  }

 private:
  std::byte* address(const Operand& v) {
    return memory_[v.buffer.index].bytes().data() + static_cast<std::size_t>(evaluate(v.offset, symbols_)) * byte_size(v.dtype);
  }
  template <class T>
  T& element(const Arg& arg) {
    return *reinterpret_cast<T*>(address(std::get<PointerArg>(arg).operand));
  }
  void branch(const Call& call) { all(call.bodies[element<bool>(call.args[0]) ? 0 : 1]); }
  [[nodiscard]] bool goes_on(const Call& call, std::int64_t iteration) {
    const Arg &trips = call.args[0], &condition = call.args[1];
    if (std::holds_alternative<SizeArg>(trips) && iteration >= size(trips)) return false;
    if (std::holds_alternative<PointerArg>(trips) && iteration >= element<std::int64_t>(trips)) return false;
    return std::holds_alternative<ScalarArg>(condition) || element<bool>(condition);
  }
  void loop(const Call& call) {
    std::int64_t i = 0;
    for (; goes_on(call, i); ++i) {
      symbols_[call.measures] = i;
      all(call.bodies[0]);
    }
    symbols_[call.measures] = i;
  }
  void one(const Call& call) {
    if (!call.host) internal_error(call.kernel + " cannot run in the compiler");
    const std::string who = call.nodes.empty() ? call.kernel : call.nodes.front();
    std::int64_t measured = 0;
    stop_on(call.host({&call.args, &symbols_, [this](const Operand& v) { return address(v); }, &measured}), who);
    if (call.measures.empty()) return;
    symbols_[call.measures] = measured;
  }
  void require(const Call& call) {
    const std::int64_t a = size(call.args[0]);
    const bool met = call.args.size() == 2 ? a == size(call.args[1]) : a >= 0;
    stop_on(met ? Fault::none : Fault::dim_mismatch, call.nodes.front());
  }
  std::int64_t size(const Arg& arg) const { return evaluate(std::get<SizeArg>(arg).size, symbols_); }

  std::vector<Tensor>& memory_;
  SymbolValues symbols_;
};

std::int64_t elements(const Arg& arg, const SymbolValues& symbols) {
  std::int64_t out = 0;
  for (const auto& [operand, access] : operands(arg)) out += evaluate(operand->size(), symbols);
  return out;
}

}  // namespace

std::vector<Tensor> evaluate(const Program& program, std::span<const Tensor> inputs, const SymbolValues& symbols) {
  std::vector<Tensor> memory = allocate(program, inputs, symbols);
  Run run(memory, symbols);
  run.all(program.calls);
  std::vector<Tensor> out;
  for (const TensorPort& port : program.outputs) {
    std::vector<std::int64_t> shape;
    for (const Dim& d : port.type.shape) shape.push_back(evaluate(d, run.symbols()));
    Tensor t(port.type.dtype, std::move(shape));
    const auto bytes = t.bytes();
    if (!bytes.empty()) std::memcpy(bytes.data(), memory[port.buffer.index].bytes().data(), bytes.size());
    out.push_back(std::move(t));
  }
  return out;
}

std::int64_t cost(const Program& program, const SymbolValues& symbols) {
  const SymbolValues values = program.symbols->at_limits(symbols);
  std::int64_t out = 0;
  for (const Call& c : program.calls) {
    std::int64_t moved = 0;
    for (const Arg& a : c.args) moved += elements(a, values);
    out += std::max(moved, evaluate(c.flops, values));
  }
  return out;
}

}  // namespace inferc
