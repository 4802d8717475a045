#include "tests/support/op_table.hpp"

#include <fmt/format.h>

#include "compiler/ops/format.hpp"

namespace inferc::test {

std::vector<Row>& table() {
  static std::vector<Row> rows;
  return rows;
}

Cases cases_of(const Row& row) {
  Cases out;
  row.add(out);
  return out;
}

std::vector<Tensor> evaluate(const Row& row, const std::vector<Tensor>& operands, const Attributes& attributes, std::size_t outputs) {
  Graph graph;
  std::vector<Value*> values;
  std::vector<const Tensor*> given;
  for (const Tensor& t : operands) {
    const bool present = t.dtype() != DType::undefined;
    values.push_back(present ? graph.add_constant(t) : nullptr);
    given.push_back(present ? &t : nullptr);
  }
  Node* node = graph.add_node(row.op, values, std::max<std::size_t>(outputs, 1), attributes);
  node->domain = row.domain;
  return evaluate_node(*node, given);
}

std::vector<Tensor> operands_of(const Case& c) {
  std::vector<Tensor> out;
  for (const Array& a : c.inputs) out.push_back(a.dtype == DType::undefined ? Tensor() : tensor_of(a));
  return out;
}

std::vector<Tensor> evaluate(const Row& row, const Case& c) { return evaluate(row, operands_of(c), c.attributes, c.outputs.size()); }

namespace {

// The operands in float32 whose ports take halves, rounded to `half` and named `as`; nothing where there is none.
std::optional<Case> rounded_case(const Op& op, const Case& c, DType half, DType as) {
  Case out{c.inputs, c.attributes, {}, c.constants};
  bool any = false;
  for (std::size_t i = 0; i < c.inputs.size(); ++i) {
    if (c.inputs[i].dtype != DType::float32 || !op.inputs[std::min(i, op.inputs.size() - 1)].types.has(half)) continue;
    const Tensor bits = tensor_of(Array(half, c.inputs[i].shape, c.inputs[i].values));
    out.inputs[i].values = array_of(bits).values;
    out.inputs[i].dtype = as;
    any = true;
  }
  return any ? std::optional(out) : std::nullopt;
}

std::optional<Case> half_case(const Row& row, const Case& c, DType half) {
  const Op& op = *find_op(row.op, row.domain);
  auto out = rounded_case(op, c, half, half), single = rounded_case(op, c, half, DType::float32);
  if (!out) return std::nullopt;
  out->outputs.resize(c.outputs.size());
  single->outputs.resize(c.outputs.size());
  if (row.op == "QuantizeLinear") single->attributes.emplace("precision", number(static_cast<std::int64_t>(half)));
  const std::vector<Tensor> values = evaluate(row, *single), actual = evaluate(row, *out);
  for (std::size_t i = 0; i < values.size(); ++i) {
    Array a = array_of(values[i]);
    if (types::halves.has(actual[i].dtype())) a = array_of(tensor_of(Array(actual[i].dtype(), a.shape, a.values)));
    out->outputs[i] = exact(std::move(a));
  }
  return out;
}

}  // namespace

Cases half_cases(const Row& row) {
  Cases out;
  if (row.op == "BitCast") return out;  // of the halves it is another operator
  for (const Case& c : cases_of(row))
    for (const DType half : {DType::float16, DType::bfloat16})
      if (auto h = c.fault.empty() ? half_case(row, c, half) : std::nullopt) out.push_back(std::move(*h));
  return out;
}

Expected exact(Array value) { return {std::move(value), {}}; }

Expected elementwise(Array value) {
  const bool single = value.dtype == DType::float32;
  Expected e{std::move(value), {}};
  for (Real& v : e.value.values) {
    const Real unit = ulp(e.value.dtype, v);
    e.allowed.push_back(!single ? 16 * unit : std::fabs(v) > 1e-6L ? 4 * unit : 2.5e-7L);
    v = rounded(e.value.dtype, v);
  }
  return e;
}

Real roundoff(DType t) { return t == DType::float32 ? 0x1p-24L : 0x1p-53L; }

Expected sums(Array value, const std::vector<Real>& scale, Real units) {
  Expected e{std::move(value), {}};
  for (std::size_t i = 0; i < scale.size(); ++i) e.allowed.push_back(units * roundoff(e.value.dtype) * scale[i] + ulp(e.value.dtype, 0));
  return e;
}

namespace {

bool agrees(Real want, Real have, const Real* allowed) {
  if (std::isnan(want) || std::isnan(have)) return std::isnan(want) && std::isnan(have);
  if (!allowed) return want == have && std::signbit(want) == std::signbit(have);
  return want == have || std::fabs(want - have) <= *allowed;
}

}  // namespace

std::string difference(const Expected& expected, const Tensor& actual) {
  const Array &want = expected.value, have = array_of(actual);
  if (want.dtype != have.dtype) return fmt::format("element type {} instead of {}", name(have.dtype), name(want.dtype));
  if (want.shape != have.shape) return "another shape";
  for (std::size_t i = 0; i < want.values.size(); ++i) {
    const Real* allowed = expected.allowed.empty() ? nullptr : &expected.allowed[i];
    if (!agrees(want.values[i], have.values[i], allowed))
      return fmt::format("element {} is {:.20g} instead of {:.20g}{}", i, have.values[i], want.values[i],
                         allowed ? fmt::format(", allowed {:g}", *allowed) : "");
  }
  return {};
}

std::vector<DType> types_in(const TypeSet& set) {
  std::vector<DType> out;
  for (const DType t : {DType::float32, DType::float64, DType::int8, DType::int16, DType::int32, DType::int64, DType::uint8, DType::uint16, DType::uint32,
                        DType::uint64, DType::boolean})
    if (set.has(t)) out.push_back(t);
  return out;
}

}  // namespace inferc::test
