#include "compiler/plan/evaluate.hpp"

#include <algorithm>
#include <limits>

#include "compiler/plan/control.hpp"
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

  void all(const std::vector<Call>& calls) {
    for (const Call& c : calls) {
      if (c.kernel == branch_kernel) branch(c);
      else if (c.kernel == loop_kernel) loop(c);
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
  void loop(const Call& call) {
    const std::int64_t trips = call.args.size() > 2 ? element<std::int64_t>(call.args[2]) : std::numeric_limits<std::int64_t>::max();
    const std::string iteration = iteration_symbol(call);
    for (std::int64_t i = 0; i < trips && element<bool>(call.args[1]); ++i) {
      element<std::int64_t>(call.args[0]) = symbols_[iteration] = i;
      all(call.bodies[0]);
    }
  }
  void one(const Call& call) {
    if (!call.host) internal_error(call.kernel + " cannot run in the compiler");
    stop_on(call.host({&call.args, &symbols_, [this](const Operand& v) { return address(v); }}), call.nodes.empty() ? call.kernel : call.nodes.front());
  }

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
  Run(memory, symbols).all(program.calls);
  std::vector<Tensor> out;
  for (const TensorPort& port : program.outputs) {
    std::vector<std::int64_t> shape;
    for (const Dim& d : port.type.shape) shape.push_back(evaluate(d, symbols));
    out.push_back(memory[port.buffer.index].reshaped(std::move(shape)));
  }
  return out;
}

std::int64_t cost(const Program& program, const SymbolValues& symbols) {
  std::int64_t out = 0;
  for (const Call& c : program.calls) {
    std::int64_t moved = 0;
    for (const Arg& a : c.args) moved += elements(a, symbols);
    out += std::max(moved, evaluate(c.flops, symbols));
  }
  return out;
}

}  // namespace inferc
