#include "kernels/ref/deform_conv.hpp"

#include <fmt/format.h>

#include "compiler/ops/convolution.hpp"

namespace inferc::op_DeformConv {
namespace {

enum : std::size_t { input, weight, offset, bias, mask };
constexpr convolution::Places places{input, weight, bias};

// [N, offset_group * taps * width, o...]
bool check_per_tap(Infer& i, std::size_t operand, const Dim& channels, const std::vector<Dim>& out) {
  if (i.rank(operand) != i.rank(input)) return i.fail(fmt::format("input {} is {}, its rank must be {}", operand, text(i.type(operand)), i.rank(input)));
  const Shape& s = i.shape(operand);
  static_cast<void>(i.unify(s[0], i.shape(input)[0]));
  static_cast<void>(i.unify(s[1], channels));
  for (std::size_t d = 0; d < out.size(); ++d) static_cast<void>(i.unify(s[d + 2], out[d]));
  return !i.failed();
}

void infer(Infer& i) {
  if (!convolution::check(i, false, places)) return;
  const Shape &x = i.shape(input), &w = i.shape(weight);
  const auto out = window::out_sizes(i, convolution::window_of(i.node, x, w, false));
  if (!out) return;
  const std::int64_t groups = i.node.attr_int("offset_group", 1);
  if (groups <= 0 || !divided(x[1], groups)) {
    i.fail(fmt::format("{} channels do not divide into offset_group {}", x[1].text(), groups));
    return;
  }
  const Dim taps = Dim(groups) * product({w.begin() + 2, w.end()});
  if (!check_per_tap(i, offset, taps * Dim(static_cast<std::int64_t>(out->size())), *out)) return;
  if (i.has(mask) && !check_per_tap(i, mask, taps, *out)) return;
  Shape shape{x[0], w[0]};
  shape.insert(shape.end(), out->begin(), out->end());
  i.out(0, i.dtype(0), std::move(shape));
}

HostKernel host_kernel(const Lower& l) {
  using Zeros = ref::Constantly<0>;
  using Ones = ref::Constantly<1>;
  return by_dtype(l.type(0).dtype, FloatTypes{}, [&]<class T>(std::type_identity<T>) {
    return window::by_spatial(l.shape(0).size() - 2, [&]<int S>(std::integral_constant<int, S>) {
      if (l.has(bias)) return l.has(mask) ? host(&ref::deform_conv<T, const T*, const T*, S>) : host(&ref::deform_conv<T, const T*, Ones, S>);
      return l.has(mask) ? host(&ref::deform_conv<T, Zeros, const T*, S>) : host(&ref::deform_conv<T, Zeros, Ones, S>);
    });
  });
}

void lower(Lower& l) {
  const Shape &x = l.shape(input), &w = l.shape(weight), &y = l.out_type().shape;
  const window::Window win = convolution::window_of(l.node, x, w, false);
  const std::vector<Dim> out{y.begin() + 2, y.end()};
  const auto given = [&](std::size_t k, const char* otherwise) { return l.has(k) ? read(l.in_dense(k)) : Arg(TypeArg{otherwise}); };
  std::vector<Arg> args{write(l.out_dense()),
                        read(l.in_dense(input)),
                        read(l.in_dense(weight)),
                        read(l.in_dense(offset)),
                        given(bias, "ref::Constantly<0>{}"),
                        given(mask, "ref::Constantly<1>{}"),
                        SizesArg{{x[0], x[1], w[0], Dim(l.node.attr_int("group", 1)), Dim(l.node.attr_int("offset_group", 1))}}};
  window::append(args, win, out);
  l.reference("ref::deform_conv", "kernels/ref/deform_conv.hpp", host_kernel(l), std::move(args)).flops =
      Dim(2) * product(y) * product({w.begin() + 1, w.end()});
}

std::vector<AttributeSpec> attributes() {
  std::vector<AttributeSpec> out = convolution::attributes();
  std::erase_if(out, [](const AttributeSpec& a) { return a.name == "auto_pad"; });
  out.push_back({"offset_group", AttributeKind::integer});
  return out;
}

}  // namespace

extern const Op op = {.name = "DeformConv",
                      .inputs = {{"X", types::floats, Port::Arity::required, 'T'},
                                 {"W", types::floats, Port::Arity::required, 'T'},
                                 {"offset", types::floats, Port::Arity::required, 'T'},
                                 {"B", types::floats, Port::Arity::optional, 'T'},
                                 {"mask", types::floats, Port::Arity::optional, 'T'}},
                      .attributes = attributes(),
                      .infer = infer,
                      .lower = lower,
                      .versions = "19, 22"};

}  // namespace inferc::op_DeformConv
