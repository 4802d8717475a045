#include "compiler/ops/rows.hpp"

namespace inferc::rows {
namespace {

bool single(const Operand& v, std::size_t first) { return first + 1 == v.shape.size() && row_stride(v).has_value(); }

}  // namespace

Rows of(Lower& l, std::size_t first) {
  const auto at = static_cast<std::ptrdiff_t>(first);
  const Shape& shape = l.shape(0);
  Rows r{product({shape.begin(), shape.begin() + at}), product({shape.begin() + at, shape.end()}), {}, {}, {}, {}};
  r.in = single(l.in(0), first) ? l.in(0) : l.in_dense(0);
  r.out = single(l.out(), first) ? l.out() : l.out_dense();
  r.in_stride = single(r.in, first) ? *row_stride(r.in) : r.length;
  r.out_stride = single(r.out, first) ? *row_stride(r.out) : r.length;
  return r;
}

Arg length(const Dim& d) { return d.is_constant() && *d.constant() <= 256 ? size(d) : runtime_size(d); }

Call& call(Lower& l, const std::string& kernel, const std::string& header, const Rows& r, std::vector<Arg> extra) {
  std::vector<Arg> args{RangeArg{Dim(0), r.count, true}, write(r.out), runtime_size(r.out_stride), read(r.in), runtime_size(r.in_stride), length(r.length)};
  args.insert(args.end(), extra.begin(), extra.end());
  Call& c = l.fast(kernel, header, std::move(args));
  c.in_place = {{1, 3}};
  return c;
}

std::optional<Accessor> along_row(Lower& l, std::size_t input, const Dim& length) {
  if (l.type(input).dtype != DType::float32) return std::nullopt;
  const Dim elements = product(l.shape(input));
  if (elements.is(1) && !length.is(1)) return Accessor{Accessor::Kind::scalar, l.in_dense(input), 0};
  if (!(elements == length)) return std::nullopt;
  return Accessor{Accessor::Kind::row, l.in_dense(input), 0};
}

}  // namespace inferc::rows
