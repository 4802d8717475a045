#include "compiler/plan/evaluate.hpp"

#include <algorithm>

#include <fmt/format.h>

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

void execute(const Call& call, const HostFrame& frame) {
  if (!call.host) internal_error(call.kernel + " cannot run in the compiler");
  switch (call.host(frame)) {
    case Fault::none: return;
    case Fault::index_out_of_range: throw UserError(fmt::format("{}: an index is out of range", call.nodes.front()));
    case Fault::division_by_zero: throw UserError(fmt::format("{}: division by zero", call.nodes.front()));
    default: throw UserError(fmt::format("{}: operands do not fit", call.nodes.front()));
  }
}

std::int64_t elements(const Arg& arg, const SymbolValues& symbols) {
  std::int64_t out = 0;
  for (const auto& [operand, access] : operands(arg)) out += evaluate(operand->size(), symbols);
  return out;
}

}  // namespace

std::vector<Tensor> evaluate(const Program& program, std::span<const Tensor> inputs, const SymbolValues& symbols) {
  std::vector<Tensor> memory = allocate(program, inputs, symbols);
  const auto address = [&](const Operand& v) {
    return memory[v.buffer.index].bytes().data() + static_cast<std::size_t>(evaluate(v.offset, symbols)) * byte_size(v.dtype);
  };
  for (const Call& c : program.calls) execute(c, {&c.args, &symbols, address});
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
