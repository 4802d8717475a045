#include <algorithm>
#include <array>
#include <vector>

#include "compiler/ops/recurrent.hpp"
#include "kernels/cpu/pack.hpp"

// GRU and LSTM by kernels/cpu/recurrent.hpp.
namespace inferc::recurrent {
namespace {

enum : std::size_t { w_input = 1, r_input, bias_input, lengths_input, initial_h, initial_c, peepholes_input };

bool wanted(const Node& n, std::size_t output) {
  const Value* v = n.out(output);
  if (!v) return false;
  const auto& results = n.graph->outputs();
  return !v->uses.empty() || std::find(results.begin(), results.end(), v) != results.end();
}

// The functor of an activation; none for those that the fast kernels leave to the reference.
std::string functor_of(const Dim& kind) {
  switch (static_cast<ref::Activation>(*kind.constant())) {
    case ref::Activation::relu:
      return "functors::relu";
    case ref::Activation::tanh:
      return "functors::tanh";
    case ref::Activation::sigmoid:
      return "functors::sigmoid";
    case ref::Activation::hard_sigmoid:
      return "functors::hard_sigmoid";
    default:
      return {};
  }
}

bool applies(const Lower& l, const Kind& kind) {
  const Node& n = l.node;
  if (l.type(0).dtype != DType::float32 || !l.constant(w_input) || !l.constant(r_input)) return false;
  if ((l.has(bias_input) && !l.constant(bias_input)) || l.has(lengths_input) || l.has(peepholes_input)) return false;
  if (n.attr("clip", 0.0f) > 0 || n.attr_int("layout", 0) != 0 || n.attr_int("input_forget", 0) != 0) return false;
  for (std::size_t k = 0; k < directions(n); ++k) {
    const auto names = std::get<SizesArg>(activation_args(n, k, kind)[0]).sizes;
    for (std::size_t a = 0; a < kind.activations; ++a)
      if (functor_of(names[a]).empty()) return false;
  }
  return true;
}

struct Columns {
  std::size_t begin, count;
};

// The row of a weight that each column of the kernel's is.
std::vector<std::size_t> row_order(const Kind& kind, std::size_t hidden) {
  const auto gates = static_cast<std::size_t>(kind.gates);
  std::vector<std::size_t> rows(gates * hidden);
  for (std::size_t row = 0; row < rows.size(); ++row) rows[gates == 4 ? cpu::gate_column(gates, hidden, row / hidden, row % hidden) : row] = row;
  return rows;
}

// Rows of weight [directions, rows, k] in `order` as columns of packed panels; each group of columns is one product.
Operand packed(Lower& l, std::size_t input, std::size_t index, const std::vector<std::size_t>& order, std::initializer_list<Columns> groups) {
  const Tensor& weight = *l.constant(input);
  const auto rows = static_cast<std::size_t>(weight.shape()[1]), k = static_cast<std::size_t>(weight.shape()[2]);
  std::size_t size = 0;
  for (const Columns& g : groups) size += cpu::packed_size(k, g.count);
  Tensor out(DType::float32, {static_cast<std::int64_t>(size)});
  const float* from = weight.as<float>().data() + index * rows * k;
  std::vector<float> ordered;
  for (const std::size_t row : order) ordered.insert(ordered.end(), from + row * k, from + (row + 1) * k);
  float* to = out.as<float>().data();
  for (const Columns& g : groups) {
    cpu::pack_panels(to, ordered.data() + g.begin * k, k, g.count, std::size_t{1}, k);
    to += cpu::packed_size(k, g.count);
  }
  return l.weight(std::move(out), "panel16", input);
}

// Both biases added for the first `summed` columns, W's alone for the rest; behind them R's of the rest.
Operand bias_row(Lower& l, std::size_t index, const std::vector<std::size_t>& order, std::size_t summed) {
  const std::size_t columns = order.size();
  Tensor out(DType::float32, {static_cast<std::int64_t>(2 * columns - summed)});
  if (l.has(bias_input)) {
    const float *own = l.constant(bias_input)->as<float>().data() + index * 2 * columns, *recurrent = own + columns;
    float* to = out.as<float>().data();
    for (std::size_t j = 0; j < columns; ++j) to[j] = j < summed ? own[order[j]] + recurrent[order[j]] : own[order[j]];
    std::copy(recurrent + summed, recurrent + columns, to + columns);
  }
  return l.weight(std::move(out), {}, bias_input);
}

// With the last dim contiguous.
Operand rows(Lower& l, const Operand& v) { return v.strides.back().is(1) ? v : l.dense(v); }
Operand out_rows(Lower& l, std::size_t output) {
  const Operand place = l.out(output);
  return place.strides.back().is(1) ? place : l.out_dense(output);
}

// One direction of an operand [..., directions, batch, hidden], rank 3.
Operand direction_of(const Operand& v, std::size_t index) {
  const std::size_t axis = v.shape.size() - 3;
  Operand out = slice_view(v, axis, static_cast<std::int64_t>(index), 1);
  if (axis == 1) {
    out.shape.erase(out.shape.begin() + 1);
    out.strides.erase(out.strides.begin() + 1);
  }
  return out;
}

Arg state_in(Lower& l, std::size_t input, std::size_t index) {
  return l.has(input) ? read_view(direction_of(rows(l, l.in(input)), index)) : Arg(TypeArg{"cpu::Omitted{}"});
}

// Operands that all directions share, written once.
struct Shared {
  Operand x;
  std::optional<Operand> y;
  std::vector<Operand> states;  // [directions, batch, hidden]: h and, of LSTM, c
  Dim seq, batch, input, hidden;
};

Shared shared_operands(Lower& l, const Kind& kind) {
  Shared s;
  s.x = rows(l, l.in(0));
  s.seq = s.x.shape[0];
  s.batch = s.x.shape[1];
  s.input = l.shape(w_input)[2];
  s.hidden = l.shape(r_input)[2];
  if (wanted(l.node, 0)) s.y = out_rows(l, 0);
  const Dim count(static_cast<std::int64_t>(directions(l.node)));
  for (std::size_t k = 1; k <= (kind.gates == 4 ? 2 : 1); ++k)
    s.states.push_back(wanted(l.node, k) ? out_rows(l, k) : l.temporary(DType::float32, {count, s.batch, s.hidden}));
  return s;
}

Operand scratch(Lower& l, const Shared& s, const Kind& kind) {
  const Dim most(24);  // as recurrent_rows of kernels/cpu/recurrent.hpp
  const Dim samples = s.batch.is_constant() && *s.batch.constant() < *most.constant() ? s.batch : most;
  return l.temporary(DType::float32, {samples * ((s.seq + 1) * Dim(kind.gates) + 1) * s.hidden});
}

void append_activations(std::vector<Arg>& args, const Node& n, std::size_t index, const Kind& kind) {
  const auto activations = activation_args(n, index, kind);
  for (std::size_t k = 0; k < kind.activations; ++k) args.push_back(TypeArg{functor_of(std::get<SizesArg>(activations[0]).sizes[k]) + "{}"});
  args.insert(args.end(), {activations[1], activations[2]});
}

}  // namespace

bool lower_fast(Lower& l, const Kind& kind) {
  if (!applies(l, kind)) return false;
  const Node& n = l.node;
  const bool lstm = kind.gates == 4, linear = n.attr_int("linear_before_reset", 0) != 0;
  const Shared s = shared_operands(l, kind);
  const auto hidden = static_cast<std::size_t>(*s.hidden.constant()), columns = static_cast<std::size_t>(kind.gates) * hidden;
  const char* kernel = lstm ? "cpu::lstm" : linear ? "cpu::gru_linear" : "cpu::gru";
  const std::vector<std::size_t> order = row_order(kind, hidden);
  for (std::size_t k = 0; k < directions(n); ++k) {
    std::vector<Arg> args{range(0, s.batch), s.y ? write_view(direction_of(*s.y, k)) : Arg(TypeArg{"cpu::Omitted{}"})};
    for (const Operand& state : s.states) args.push_back(write_view(direction_of(state, k)));
    const Operand r = lstm || linear ? packed(l, r_input, k, order, {{0, columns}}) : packed(l, r_input, k, order, {{0, 2 * hidden}, {2 * hidden, hidden}});
    args.insert(args.end(), {write(scratch(l, s, kind)), read_view(s.x), read(packed(l, w_input, k, order, {{0, columns}})), read(r),
                             read(bias_row(l, k, order, linear && !lstm ? 2 * hidden : columns)), state_in(l, initial_h, k)});
    if (lstm) args.push_back(state_in(l, initial_c, k));
    const bool reverse = k == 1 || n.attr("direction", std::string("forward")) == "reverse";
    args.insert(args.end(), {size(s.seq), size(s.input), size(s.hidden), flag(reverse)});
    append_activations(args, n, k, kind);
    l.fast(kernel, "kernels/cpu/recurrent.hpp", std::move(args)).flops = Dim(2 * kind.gates) * s.seq * s.batch * s.hidden * (s.input + s.hidden);
  }
  return true;
}

}  // namespace inferc::recurrent
