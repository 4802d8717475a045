#include "kernels/ref/mel_weight_matrix.hpp"

#include <fmt/format.h>

#include "compiler/ops/content.hpp"
#include "compiler/ops/format.hpp"

namespace inferc::op_MelWeightMatrix {
namespace {

// [dft_length / 2 + 1, num_mel_bins], else as declared.
std::optional<Shape> sizes(Infer& i) {
  if (!i.known(0) || !i.known(1)) return i.declared(i.known(0) ? 1 : 0);
  const auto bins = i.content(0), length = i.content(1);
  if (!i.symbols().provably_le(0, (*bins)[0]) || !i.symbols().provably_le(0, (*length)[0]))
    return i.fail(fmt::format("num_mel_bins is {} and dft_length {}", (*bins)[0].text(), (*length)[0].text()), "they must not be negative"), std::nullopt;
  return Shape{floor_div((*length)[0], Dim(2)) + Dim(1), (*bins)[0]};
}

void infer(Infer& i) {
  for (std::size_t k = 0; k < 5; ++k)
    if (!content::has_elements(i, k, 1)) return;
  auto out = sizes(i);
  if (!out) return;
  const std::int64_t stated = i.node.attr_int("output_datatype", 1);
  const auto dtype = dtype_from_onnx(static_cast<int>(stated));
  if (!dtype || !(types::numeric | types::halves).has(*dtype))
    i.fail(fmt::format("output_datatype {} is not supported", dtype ? std::string(name(*dtype)) : std::to_string(stated)));
  else if (out->size() != 2) i.fail("its output is declared with a rank other than 2");
  else i.out(0, *dtype, std::move(*out));
}

void lower(Lower& l) {
  const Shape& to = l.out_type().shape;
  const std::vector<Arg> shape{runtime_size(to[0]), runtime_size(to[1])};
  if (!l.known(0) || !l.known(1))
    l.guard("ref::mel_fits", by_dtype(l.type(0).dtype, IndexTypes{}, []<class I>(std::type_identity<I>) { return host(&ref::mel_fits<I>); }),
            {read(l.in_dense(0)), read(l.in_dense(1)), shape[0], shape[1]});
  const HostKernel kernel = by_dtype(l.out_type().dtype, NumericTypes{}, [&]<class T>(std::type_identity<T>) {
    return by_dtype(l.type(0).dtype, IndexTypes{}, [&]<class I>(std::type_identity<I>) {
      return by_dtype(l.type(3).dtype, FloatTypes{}, []<class F>(std::type_identity<F>) { return host(&ref::mel_weight_matrix<T, I, F>); });
    });
  });
  std::vector<Arg> args{write(l.out_dense())};
  for (std::size_t k = 0; k < 5; ++k) args.push_back(read(l.in_dense(k)));
  args.insert(args.end(), shape.begin(), shape.end());
  l.reference("ref::mel_weight_matrix", "kernels/ref/mel_weight_matrix.hpp", kernel, std::move(args)).may_fault = true;
}

}  // namespace

extern const Op op = {.name = "MelWeightMatrix",
                      .inputs = {{"num_mel_bins", types::index, Port::Arity::required, 'I'},
                                 {"dft_length", types::index, Port::Arity::required, 'I'},
                                 {"sample_rate", types::index, Port::Arity::required, 'I'},
                                 {"lower_edge_hertz", types::floats, Port::Arity::required, 'F'},
                                 {"upper_edge_hertz", types::floats, Port::Arity::required, 'F'}},
                      .attributes = {{"output_datatype", AttributeKind::integer}},
                      .infer = infer,
                      .lower = lower,
                      .versions = "17"};

}  // namespace inferc::op_MelWeightMatrix
