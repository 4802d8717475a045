#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "compiler/ops/elementwise.hpp"
#include "compiler/ops/format.hpp"

namespace inferc::op_Quantize {
namespace {

constexpr std::array<std::string_view, 7> roundings{"TRN", "RND", "RND_CONV", "TRN_ZERO", "RND_ZERO", "RND_INF", "RND_MIN_INF"};
constexpr std::array<std::string_view, 3> overflows{"SAT", "SAT_SYM", "WRAP"};

std::string rounding(const Node& n) { return n.attr("rounding", std::string()); }
std::string overflow(const Node& n) { return n.attr("overflow", std::string()); }

template <std::size_t N>
bool is_among(const std::array<std::string_view, N>& names, const std::string& name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

void infer(Infer& i) {
  if (!is_among(roundings, rounding(i.node))) i.fail(fmt::format("rounding '{}' is none of ap_fixed", escape(rounding(i.node))));
  if (!is_among(overflows, overflow(i.node))) i.fail(fmt::format("overflow '{}' is none of SAT, SAT_SYM, WRAP", escape(overflow(i.node))));
  elementwise::infer_as(i, elementwise::Result::same);
}

std::string functor(const Node& n) {
  return fmt::format("functors::quantize<functors::fixed::{}, functors::fixed::{}>", rounding(n), overflow(n) == "WRAP" ? "WRAP" : "SAT");
}

template <class Rounding>
HostKernel kernel_of(const Node& n, DType type) {
  return by_dtype(type, FloatTypes{}, [&]<class T>(std::type_identity<T>) {
    using functors::quantize, functors::fixed::SAT, functors::fixed::WRAP;
    return overflow(n) == "WRAP" ? host(&ref::map4<quantize<Rounding, WRAP>, T, T, T, T, T, max_rank>)
                                 : host(&ref::map4<quantize<Rounding, SAT>, T, T, T, T, T, max_rank>);
  });
}

HostKernel kernel_of(const Node& n, DType type) {
  namespace f = functors::fixed;
  const std::string name = rounding(n);
  if (name == "TRN") return kernel_of<f::TRN>(n, type);
  if (name == "RND") return kernel_of<f::RND>(n, type);
  if (name == "RND_CONV") return kernel_of<f::RND_CONV>(n, type);
  if (name == "TRN_ZERO") return kernel_of<f::TRN_ZERO>(n, type);
  if (name == "RND_ZERO") return kernel_of<f::RND_ZERO>(n, type);
  if (name == "RND_INF") return kernel_of<f::RND_INF>(n, type);
  return kernel_of<f::RND_MIN_INF>(n, type);
}

void lower(Lower& l) {
  using elementwise::broadcast_in;
  Call& c = l.reference(
      "ref::map4", "kernels/ref/map.hpp", kernel_of(l.node, l.out_type().dtype),
      {write_view(l.out()), read_view(broadcast_in(l, 0)), read_view(broadcast_in(l, 1)), read_view(broadcast_in(l, 2)), read_view(broadcast_in(l, 3))});
  c.template_args = {functor(l.node)};
  c.in_place = {{0, 1}};
  c.flops = Dim(5) * product(l.out_type().shape);
}

}  // namespace

// To fixed point: round(x * scale) brought between the integers low and high, / scale. Attributes rounding and overflow are those
// of ap_fixed; operands are numbers or broadcast (per channel, per element).
extern const Op op = {.name = "Quantize",
                      .domain = "inferc",
                      .inputs = {{"x", types::floats, Port::Arity::required, 'T'},
                                 {"scale", types::floats, Port::Arity::required, 'T'},
                                 {"low", types::floats, Port::Arity::required, 'T'},
                                 {"high", types::floats, Port::Arity::required, 'T'}},
                      .attributes = {{"rounding", AttributeKind::string}, {"overflow", AttributeKind::string}},
                      .infer = infer,
                      .lower = lower,
                      .lower_fast = elementwise::lower_fast,
                      .elementwise = Elementwise{.functor = "", .functor_of = functor}};

}  // namespace inferc::op_Quantize
