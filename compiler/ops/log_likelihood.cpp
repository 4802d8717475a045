#include "compiler/ops/log_likelihood.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "kernels/ref/log_likelihood.hpp"

namespace inferc::log_likelihood {
namespace {

const std::vector<std::string> reductions{"none", "sum", "mean"};
std::string reduction(const Node& n) { return n.attr("reduction", std::string("mean")); }
std::int64_t position(const Node& n) { return std::find(reductions.begin(), reductions.end(), reduction(n)) - reductions.begin(); }

HostKernel host_kernel(const Lower& l) {
  return by_dtype(l.type(0).dtype, FloatTypes{}, [&]<class T>(std::type_identity<T>) {
    return by_dtype(l.type(1).dtype, IndexTypes{}, [&]<class I>(std::type_identity<I>) {
      return l.has(2) ? host(&ref::negative_log_likelihood<T, I, const T*>) : host(&ref::negative_log_likelihood<T, I, ref::Constantly<1>>);
    });
  });
}

}  // namespace

bool infer_loss(Infer& i) {
  const Shape &x = i.shape(0), &labels = i.shape(1);
  if (position(i.node) == 3) return i.fail(fmt::format("reduction '{}' is not defined", escape(reduction(i.node))), "none, sum and mean are");
  if (x.size() < 2 || labels.size() + 1 != x.size())
    return i.fail(fmt::format("the input is {} and the labels are {}: [N, C, d...] and [N, d...] are defined", text(i.type(0)), text(i.type(1))));
  for (std::size_t d = 0; d < labels.size(); ++d) static_cast<void>(i.unify(x[d == 0 ? 0 : d + 1], labels[d]));
  if (i.has(2) && i.rank(2) != 1) return i.fail(fmt::format("the weights are {}, their rank must be 1", text(i.type(2))));
  if (i.has(2)) static_cast<void>(i.unify(i.shape(2)[0], x[1]));
  i.out(0, i.dtype(0), reduction(i.node) == "none" ? labels : Shape{});
  return !i.failed();
}

void lower(Lower& l, const Operand& log_prob) {
  const Shape& x = l.shape(0);
  const auto ignored = l.node.attributes.find("ignore_index");
  const bool has_ignored = ignored != l.node.attributes.end();
  if (!has_ignored) l.bound_indices(l.in(1), Dim(0), x[1] - Dim(1));
  l.reference("ref::negative_log_likelihood", "kernels/ref/log_likelihood.hpp", host_kernel(l),
              {write(l.out_dense()), read(log_prob), read(l.in_dense(1)), l.has(2) ? read(l.in_dense(2)) : Arg(TypeArg{"ref::Constantly<1>{}"}),
               runtime_size(x[0]), runtime_size(x[1]), runtime_size(product({x.begin() + 2, x.end()})), flag(has_ignored),
               integer(l.node.attr_int("ignore_index", 0)), integer(position(l.node))})
      .may_fault = true;
}

std::vector<Port> ports(std::string_view input, std::string_view labels, std::string_view weights) {
  return {{input, types::floats, Port::Arity::required, 'T'}, {labels, types::index}, {weights, types::floats, Port::Arity::optional, 'T'}};
}

std::vector<AttributeSpec> attributes() { return {{"ignore_index", AttributeKind::integer}, {"reduction", AttributeKind::string}}; }

}  // namespace inferc::log_likelihood
