#include "kernels/ref/col2im.hpp"

#include <fmt/format.h>

#include "compiler/ops/content.hpp"

namespace inferc::op_Col2Im {
namespace {

using Integers = std::vector<std::int64_t>;
constexpr std::size_t most_dims = guarded_rank - 2;

Integers list(const Node& n, std::string_view key, std::size_t count, std::int64_t otherwise) { return n.attr(key, Integers(count, otherwise)); }

bool check_attributes(Infer& i, std::size_t dims) {
  for (const auto& [key, count, otherwise] :
       {std::tuple("strides", dims, std::int64_t{1}), std::tuple("dilations", dims, std::int64_t{1}), std::tuple("pads", 2 * dims, std::int64_t{0})}) {
    const Integers v = list(i.node, key, count, otherwise);
    if (v.size() != count) return i.fail(fmt::format("attribute '{}' has {} elements for {} dims", key, v.size(), dims));
    for (const std::int64_t x : v)
      if (x < otherwise || x > unbounded) return i.fail(fmt::format("attribute '{}' has element {}, {} to {} is defined", key, x, otherwise, unbounded));
  }
  return true;
}

// [batch, channels, image...] of known operands.
std::optional<Shape> image(Infer& i, std::size_t dims) {
  const auto sizes = i.integers(1), block = i.integers(2);
  if (!sizes || !block) return std::nullopt;
  const Integers strides = list(i.node, "strides", dims, 1), dilations = list(i.node, "dilations", dims, 1), pads = list(i.node, "pads", 2 * dims, 0);
  Shape out{i.shape(0)[0], Dim(1)};
  Dim elements(1), blocks(1);
  for (std::size_t d = 0; d < dims; ++d) {
    const std::int64_t n = (*sizes)[d], b = (*block)[d];
    if (n < 0 || n > unbounded || b < 1 || b > unbounded) return i.fail(fmt::format("an image of size {} has no blocks of {}", n, b)), std::nullopt;
    const Dim room = Dim(n) + Dim(pads[d]) + Dim(pads[d + dims]) - Dim(dilations[d]) * Dim(b - 1) - Dim(1);
    if (*room.constant() < 0) return i.fail(fmt::format("blocks of {} do not fit the size {} of dim {} with its padding", b, n, d)), std::nullopt;
    elements = elements * Dim(b);
    blocks = blocks * (floor_div(room, Dim(strides[d])) + Dim(1));
    out.emplace_back(n);
  }
  const auto channels = divided(i.shape(0)[1], elements);
  if (!channels) return i.fail(fmt::format("{} rows are no multiple of the {} elements of a block", i.shape(0)[1].text(), elements.text())), std::nullopt;
  out[1] = *channels;
  static_cast<void>(i.unify(i.shape(0)[2], blocks));
  return out;
}

void infer(Infer& i) {
  const Dim count = product(i.shape(1));
  if (i.rank(0) != 3 || !count.is_constant() || *count.constant() < 1 || *count.constant() > static_cast<std::int64_t>(most_dims)) {
    i.fail(fmt::format("the input is {} and image_shape has {} elements: [batch, rows, blocks] and 1 to {} dims are defined", text(i.type(0)), count.text(),
                       most_dims));
    return;
  }
  const auto dims = static_cast<std::size_t>(*count.constant());
  if (!check_attributes(i, dims) || !content::has_elements(i, 2, dims)) return;
  const bool known = i.known(1) && i.known(2);
  auto out = known ? image(i, dims) : i.declared(i.known(1) ? 2 : 1);
  if (!out) return;
  if (out->size() != dims + 2) i.fail(fmt::format("an image of {} dims cannot be the declared {}", dims, text(Type{i.dtype(0), *out})));
  else static_cast<void>(i.unify(i.shape(0)[0], (*out)[0]));
  i.out(0, i.dtype(0), std::move(*out));
}

void lower(Lower& l) {
  const Shape &x = l.shape(0), &to = l.out_type().shape;
  const std::size_t dims = to.size() - 2;
  const auto sizes = [](auto begin, auto end) { return guarded_shape(Shape(begin, end)); };
  const Integers strides = list(l.node, "strides", dims, 1), dilations = list(l.node, "dilations", dims, 1), pads = list(l.node, "pads", 2 * dims, 0);
  const auto middle = pads.begin() + static_cast<std::ptrdiff_t>(dims);
  const std::vector<Arg> layout{runtime_size(Dim(static_cast<std::int64_t>(dims))), sizes(to.begin() + 2, to.end()), sizes(strides.begin(), strides.end()),
                                sizes(dilations.begin(), dilations.end()),          sizes(pads.begin(), middle),     sizes(middle, pads.end())};
  const std::vector<Arg> filling{runtime_size(to[1]), runtime_size(x[1]), runtime_size(x[2])};
  std::vector<Arg> check{read(l.in_dense(1)), read(l.in_dense(2))}, args{write(l.out_dense()), read(l.in_dense(0)), read(l.in_dense(2))};
  for (auto* list : {&check, &args}) list->insert(list->end(), layout.begin(), layout.end());
  args.push_back(runtime_size(x[0]));
  for (auto* list : {&check, &args}) list->insert(list->end(), filling.begin(), filling.end());
  if (!l.known(1) || !l.known(2)) l.guard("ref::col2im_fits", host(&ref::col2im_fits), std::move(check));
  const HostKernel kernel = by_dtype(l.type(0).dtype, NumericTypes{}, []<class T>(std::type_identity<T>) { return host(&ref::col2im<T>); });
  Call& c = l.reference("ref::col2im", "kernels/ref/col2im.hpp", kernel, std::move(args));
  c.may_fault = true;
  c.flops = product(x);
}

}  // namespace

extern const Op op = {.name = "Col2Im",
                      .inputs = {{"input", types::numeric}, {"image_shape", types::int64}, {"block_shape", types::int64}},
                      .attributes = {{"dilations", AttributeKind::integers}, {"pads", AttributeKind::integers}, {"strides", AttributeKind::integers}},
                      .infer = infer,
                      .lower = lower,
                      .versions = "18"};

}  // namespace inferc::op_Col2Im
