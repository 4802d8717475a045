#include "compiler/ops/fixed.hpp"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "compiler/ops/format.hpp"

namespace inferc::fixed {
namespace {

constexpr std::string_view space = "cpu::quantized::";

std::string operand(const std::int64_t* o) { return fmt::format("{}{}<{}>", space, o[0] != 0 ? "Row" : "Is", o[1]); }

constexpr const char* round_names[] = {"trn", "rnd", "rnd_conv", "rnd_min_inf", "rnd_zero", "rnd_inf", "trn_zero"};
constexpr const char* step_names[] = {"Add", "ShiftLeft", "ShiftRight", "AtLeast", "AtMost", "Wrap", "Leaky", "Rescale"};

std::string step_type(const std::int64_t* step) {
  const auto kind = static_cast<Step>(step[0]);
  std::string out = fmt::format("{}{}<", space, step_names[step[0]]);
  if (kind == Step::shift_right) out += fmt::format("fixed::Round::{}, ", round_names[step[1]]);
  out += operand(step + 2);
  if (kind == Step::wrap || kind == Step::leaky || kind == Step::rescale) out += ", " + operand(step + 4);
  return out + ">";
}

bool is_step(const std::int64_t* step, std::int64_t rows) {
  const auto operand = [&](const std::int64_t* o) { return o[0] == 0 || (o[0] == 1 && o[1] >= 0 && o[1] < rows); };
  return step[0] >= 0 && step[0] < std::ssize(step_names) && step[1] >= 0 && step[1] < std::ssize(round_names) && operand(step + 2) && operand(step + 4);
}

}  // namespace

std::vector<AttributeSpec> attributes(std::vector<AttributeSpec> own) {
  own.insert(own.end(), {{"dtype", AttributeKind::integer}, {"fraction", AttributeKind::integer}, {"wide", AttributeKind::integer}});
  return own;
}

DType result_type(const Node& n) { return static_cast<DType>(n.attr_int("dtype", 0)); }
bool is_wide(const Node& n) { return n.attr_int("wide", 0) != 0; }

bool check_steps(Infer& i, std::size_t table, const Dim& columns) {
  const DType t = result_type(i.node);
  if (!stored_types.has(t) && t != DType::float32) return i.fail(fmt::format("attribute 'dtype' is {}", name(t)));
  const Value *rows = i.node.in(table), *steps = i.node.in(table + 1);
  if (!rows->constant || !steps->constant || rows->constant->rank() != 2 || steps->constant->rank() != 2 ||
      steps->constant->shape()[1] != static_cast<std::int64_t>(step_numbers))
    return i.fail("the steps of its result are no constant matrices");
  const bool by_column = columns.is(rows->constant->shape()[1]);
  for (std::int64_t s = 0; s < steps->constant->shape()[0]; ++s)
    if (!is_step(steps->constant->as<std::int64_t>().data() + static_cast<std::size_t>(s) * step_numbers, by_column ? rows->constant->shape()[0] : 0))
      return i.fail(fmt::format("step {} of its result is not defined", s));
  if (rows->constant->shape()[1] != 1 && !by_column)
    return i.fail(fmt::format("its table has {} columns for {} of the result", rows->constant->shape()[1], columns.text()));
  return true;
}

void append_steps(Lower& l, std::vector<Arg>& args, std::size_t table) {
  args.insert(args.end(), {read(l.in_dense(table)), read(l.in_dense(table + 1)), runtime_size(l.shape(table + 1)[0])});
}
Dim table_columns(const Lower& l, std::size_t table) { return l.shape(table)[1]; }
Arg unit(const Node& n) { return real(std::ldexp(1.0, -static_cast<int>(n.attr_int("fraction", 0)))); }

namespace {

using Steps = std::vector<const std::int64_t*>;

// Whether a step bounds all columns by one number.
bool is_bound(const std::int64_t* step) {
  const auto kind = static_cast<Step>(step[0]);
  return (kind == Step::at_least || kind == Step::at_most) && step[2] == 0;
}

// Bounds of a byte, which its kernels apply to several vectors at once: all that end the steps as one, taken off them. A later bound
// holds for those before it: within [a, b] and then [low, high] is within [low, high] of a and low, high of b.
std::string within(DType t, Steps& steps) {
  if (t != DType::int8 && t != DType::uint8) return {};
  const std::int64_t lowest = t == DType::int8 ? INT8_MIN : 0, highest = t == DType::int8 ? INT8_MAX : UINT8_MAX;
  std::int64_t low = INT64_MIN, high = INT64_MAX;
  Steps left = steps;
  for (; !left.empty() && is_bound(left.back()); left.pop_back()) {
    std::int64_t& bound = static_cast<Step>(left.back()[0]) == Step::at_least ? low : high;
    bound = std::clamp(left.back()[3], low, high);
  }
  low = std::max(low, lowest), high = std::min(high, highest);
  if (left.size() == steps.size() || low > high) return {};
  steps = left;
  return fmt::format("{}Within<{}, {}, {}>", space, format(t), low, high);
}

}  // namespace

Finish finish(const Node& n, const Tensor& table) {
  const DType t = result_type(n);
  const auto all = table.as<std::int64_t>();
  Steps steps;
  for (std::size_t at = 0; at < all.size(); at += step_numbers) steps.push_back(all.data() + at);
  std::string result = within(t, steps), text;
  if (t == DType::float32) result = fmt::format("{}ToFloat<{}>", space, n.attr_int("fraction", 0));
  else if (result.empty()) result = fmt::format("{}To<{}>", space, format(t));
  for (const std::int64_t* step : steps) text += (text.empty() ? "" : ", ") + step_type(step);
  return {fmt::format("{}Steps<{}>", space, text), result};
}

namespace {

template <class T>
Tensor padded(const Tensor& table, const std::vector<std::int64_t>& offset) {
  const auto rows = static_cast<std::size_t>(table.shape()[0]), cols = static_cast<std::size_t>(table.shape()[1]), stride = (cols + 15) / 16 * 16;
  Tensor out(dtype_of<T>, {static_cast<std::int64_t>(rows), static_cast<std::int64_t>(stride)});
  for (std::size_t r = 0; r < rows; ++r)
    for (std::size_t c = 0; c < cols; ++c)
      out.as<T>()[r * stride + c] = static_cast<T>(table.as<std::int64_t>()[r * cols + c] + (r == 0 && !offset.empty() ? offset[c] : 0));
  return out;
}

}  // namespace

Operand packed_table(Lower& l, std::size_t table, bool wide, const std::vector<std::int64_t>& offset) {
  const Tensor& t = *l.constant(table);
  return l.weight(wide ? padded<std::int64_t>(t, offset) : padded<std::int32_t>(t, offset), "columns16");
}

}  // namespace inferc::fixed
