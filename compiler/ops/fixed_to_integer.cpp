#include <fmt/format.h>

#include "compiler/ops/fixed.hpp"
#include "kernels/ref/fixed.hpp"

namespace inferc::op_FixedToInteger {
namespace {

enum : std::size_t { x, scale, low, high };
constexpr const char* rounds[] = {"trn", "rnd", "rnd_conv", "rnd_min_inf", "rnd_zero", "rnd_inf", "trn_zero"};

Dim columns(const Shape& s) { return s.empty() ? Dim(1) : s.back(); }
bool differs(const Shape& parameter) { return !product(parameter).is(1); }

void infer(Infer& i) {
  const std::int64_t mode = i.node.attr_int("mode", -1);
  if (mode < 0 || mode >= std::ssize(rounds) || !fixed::stored_types.has(fixed::result_type(i.node))) {
    i.fail(fmt::format("attribute 'mode' is {}", mode));
    return;
  }
  for (const std::size_t p : {scale, low, high}) {
    if (!differs(i.shape(p))) continue;
    if (i.rank(p) != 1) i.fail(fmt::format("parameter {} is {}, one for all or one for each column is defined", p, text(i.type(p))));
    else static_cast<void>(i.unify(i.shape(p)[0], columns(i.shape(x))));
  }
  i.out(0, fixed::result_type(i.node), i.shape(x));
}

bool by_column(const Lower& l) { return differs(l.shape(scale)) || differs(l.shape(low)) || differs(l.shape(high)); }

void lower(Lower& l) {
  const Dim cols = by_column(l) ? columns(l.shape(x)) : Dim(1), all = product(l.shape(x));
  const auto stride = [&](std::size_t p) { return runtime_size(differs(l.shape(p)) ? 1 : 0); };
  const HostKernel kernel = by_dtype(l.out_type().dtype, fixed::StoredTypes{}, []<class O>(std::type_identity<O>) { return host(&ref::fixed_to_integer<O>); });
  l.reference("ref::fixed_to_integer", "kernels/ref/fixed.hpp", kernel,
              {write(l.out_dense()), read(l.in_dense(x)), read(l.in_dense(scale)), read(l.in_dense(low)), read(l.in_dense(high)), stride(scale), stride(low),
               stride(high), runtime_size(by_column(l) ? product({l.shape(x).begin(), l.shape(x).end() - 1}) : all), runtime_size(cols),
               integer(l.node.attr_int("mode", 0)), flag(l.node.attr_int("wraps", 0) != 0)})
      .flops = Dim(4) * all;
}

bool lower_fast(Lower& l) {
  const bool flat = !by_column(l);
  const Dim all = product(l.shape(x)), cols = flat ? all : l.shape(x).back();
  const auto kind = [&](std::size_t p) { return differs(l.shape(p)) ? "cpu::quantized::Each" : "cpu::quantized::Same"; };
  Call& c = l.fast("cpu::quantized::to_integer", "kernels/cpu/quantized/map.hpp",
                   {range(0, flat ? Dim(1) : product({l.shape(x).begin(), l.shape(x).end() - 1})), write(l.out_dense()), read(l.in_dense(x)),
                    read(l.in_dense(scale)), read(l.in_dense(low)), read(l.in_dense(high)), size(cols)});
  c.template_args = {fmt::format("fixed::Round::{}", rounds[l.node.attr_int("mode", 0)]), l.node.attr_int("wraps", 0) != 0 ? "true" : "false", kind(scale),
                     kind(low), kind(high)};
  c.flops = Dim(4) * all;
  return true;
}

}  // namespace

// x quantised, as the integer that it is a multiple of 1 / scale by: fixed::quantised. NaN gives the lowest.
extern const Op op = {.name = "FixedToInteger",
                      .domain = "inferc",
                      .inputs = {{"X", {DType::float32}}, {"scale", {DType::float32}}, {"low", {DType::float32}}, {"high", {DType::float32}}},
                      .attributes = {{"dtype", AttributeKind::integer}, {"mode", AttributeKind::integer}, {"wraps", AttributeKind::integer}},
                      .infer = infer,
                      .lower = lower,
                      .lower_fast = lower_fast};

}  // namespace inferc::op_FixedToInteger
