#include "kernels/ref/einsum.hpp"

#include <algorithm>
#include <map>

#include <fmt/format.h>

#include "compiler/ops/op.hpp"
#include "compiler/ops/product.hpp"
#include "kernels/ref/reduce.hpp"

namespace inferc::op_Einsum {
namespace {

// A letter, or a dim of the ellipsis counted from its end: -1, -2, ...
using Label = int;
using Labels = std::vector<Label>;

struct Equation {
  std::vector<Labels> inputs;
  Labels output;
};

struct Term {
  std::string before, after;  // letters around the ellipsis
  bool ellipsis = false;
};

std::optional<Term> parse_term(std::string_view text) {
  Term t;
  for (std::size_t c = 0; c < text.size(); ++c) {
    if (text.substr(c, 3) == "...") {
      if (t.ellipsis) return std::nullopt;
      t.ellipsis = true;
      c += 2;
      continue;
    }
    const bool letter = (text[c] >= 'a' && text[c] <= 'z') || (text[c] >= 'A' && text[c] <= 'Z');
    if (!letter) return std::nullopt;
    (t.ellipsis ? t.after : t.before) += text[c];
  }
  return t;
}

// The term's labels, the ellipsis standing for `hidden` dims.
Labels expand(const Term& t, std::size_t hidden) {
  Labels out(t.before.begin(), t.before.end());
  for (std::size_t k = t.ellipsis ? hidden : 0; k > 0; --k) out.push_back(-static_cast<Label>(k));
  out.insert(out.end(), t.after.begin(), t.after.end());
  return out;
}

// Without an arrow: the ellipsis, then the letters that stand once, in alphabetical order.
Term implicit_output(const std::vector<Term>& terms) {
  std::map<char, int> count;
  Term out;
  for (const Term& t : terms) {
    for (const char c : t.before + t.after) ++count[c];
    out.ellipsis |= t.ellipsis;
  }
  for (const auto& [letter, n] : count)
    if (n == 1) out.after += letter;
  return out;
}

// The equation for inputs of the given ranks, or why it is wrong.
std::optional<Equation> parse(const std::string& given, const std::vector<std::size_t>& ranks, std::string& reason) {
  std::string text;
  std::copy_if(given.begin(), given.end(), std::back_inserter(text), [](char c) { return c != ' '; });
  const std::size_t arrow = text.find("->");
  std::vector<Term> terms;
  const std::string left = text.substr(0, arrow);
  for (std::size_t at = 0; at <= left.size();) {
    const std::size_t comma = std::min(left.find(',', at), left.size());
    const auto term = parse_term(std::string_view(left).substr(at, comma - at));
    if (!term) return reason = "the equation is malformed", std::nullopt;
    terms.push_back(*term);
    at = comma + 1;
  }
  if (terms.size() != ranks.size()) return reason = fmt::format("the equation has {} terms for {} inputs", terms.size(), ranks.size()), std::nullopt;
  const auto output = arrow == std::string::npos ? implicit_output(terms) : parse_term(std::string_view(text).substr(arrow + 2));
  if (!output) return reason = "the equation is malformed", std::nullopt;
  Equation e;
  std::size_t hidden = 0;
  for (std::size_t k = 0; k < terms.size(); ++k) {
    const std::size_t letters = terms[k].before.size() + terms[k].after.size();
    if (letters > ranks[k] || (letters < ranks[k] && !terms[k].ellipsis))
      return reason = fmt::format("term {} of the equation does not fit rank {}", k, ranks[k]), std::nullopt;
    e.inputs.push_back(expand(terms[k], ranks[k] - letters));
    hidden = std::max(hidden, terms[k].ellipsis ? ranks[k] - letters : 0);
  }
  e.output = expand(*output, hidden);
  return e;
}

bool contains(const Labels& labels, Label l) { return std::find(labels.begin(), labels.end(), l) != labels.end(); }

std::vector<std::size_t> ranks(const Node& n) {
  std::vector<std::size_t> out;
  for (const Value* v : n.inputs) out.push_back(v->type->shape.size());
  return out;
}

using Sizes = std::map<Label, Dim>;

// Sizes of all labels; 1 gives way to any other size.
Sizes sizes_of(Infer& i, const Equation& e) {
  Sizes sizes;
  for (std::size_t k = 0; k < e.inputs.size(); ++k)
    for (std::size_t d = 0; d < e.inputs[k].size(); ++d) {
      const Dim& size = i.shape(k)[d];
      const auto [at, fresh] = sizes.emplace(e.inputs[k][d], size);
      if (fresh || size.is(1)) continue;
      at->second = at->second.is(1) ? size : i.unify(at->second, size);
    }
  return sizes;
}

bool check_output(Infer& i, const Equation& e, const Sizes& sizes) {
  Labels seen;
  for (const Label l : e.output) {
    if (sizes.find(l) == sizes.end()) return i.fail("the output names a label that no input has");
    if (contains(seen, l)) return i.fail("the output names a label twice");
    seen.push_back(l);
  }
  if (sizes.size() > static_cast<std::size_t>(max_rank)) return i.fail(fmt::format("the equation has {} labels, {} are supported", sizes.size(), max_rank));
  return !i.failed();
}

void infer(Infer& i) {
  std::string reason;
  const auto e = parse(i.node.attr("equation", std::string()), ranks(i.node), reason);
  if (!e) {
    i.fail(reason);
    return;
  }
  const Sizes sizes = sizes_of(i, *e);
  if (!check_output(i, *e, sizes)) return;
  Shape out;
  for (const Label l : e->output) out.push_back(sizes.at(l));
  i.out(0, i.dtype(0), std::move(out));
}

struct Labelled {
  Operand operand;
  Labels labels;
};

// The operand over the index space of `labels`: a repeated label walks a diagonal, a missing one or size 1 repeats.
Operand over(const Labelled& v, const Labels& labels, const Sizes& sizes) {
  Operand out = v.operand;
  out.shape.clear();
  out.strides.clear();
  for (const Label l : labels) {
    Dim stride(0);
    for (std::size_t d = 0; d < v.labels.size(); ++d)
      if (v.labels[d] == l && !(v.operand.shape[d].is(1) && !sizes.at(l).is(1))) stride = stride + v.operand.strides[d];
    out.shape.push_back(sizes.at(l));
    out.strides.push_back(stride);
  }
  return out;
}

// `out` with a dim of size 1 for each summed label behind its own.
Operand with_summed(Operand out, std::size_t summed) {
  for (std::size_t k = 0; k < summed; ++k) {
    out.shape.emplace_back(1);
    out.strides.emplace_back(0);
  }
  return out;
}

Labels summed_labels(const std::vector<const Labels*>& of, const Labels& kept) {
  Labels out;
  for (const Labels* labels : of)
    for (const Label l : *labels)
      if (!contains(kept, l) && !contains(out, l)) out.push_back(l);
  return out;
}

void sum_one(Lower& l, const Labelled& v, const Equation& e, const Sizes& sizes) {
  const Labels summed = summed_labels({&v.labels}, e.output);
  if (summed.empty()) {
    l.view(0, over(v, e.output, sizes));
    return;
  }
  Labels space = e.output;
  space.insert(space.end(), summed.begin(), summed.end());
  const HostKernel kernel =
      by_dtype(v.operand.dtype, NumericTypes{}, []<class T>(std::type_identity<T>) { return host(&ref::reduce<ref::reduce_sum, T, max_rank>); });
  Call& c = l.reference("ref::reduce", "kernels/ref/reduce.hpp", kernel, {write_view(with_summed(l.out(), summed.size())), read_view(over(v, space, sizes))});
  c.template_args = {"ref::reduce_sum"};
  c.flops = v.operand.size();
}

// out[kept] = sum of a * b.
void multiply(Lower& l, const Operand& out, const Labels& kept, const Labelled& a, const Labelled& b, const Sizes& sizes) {
  const Labels summed = summed_labels({&a.labels, &b.labels}, kept);
  Labels space = kept;
  space.insert(space.end(), summed.begin(), summed.end());
  Dim columns(1), all(1);
  for (const Label label : kept)
    if (!contains(a.labels, label)) columns = columns * sizes.at(label);
  for (const Label label : space) all = all * sizes.at(label);
  const HostKernel kernel = by_dtype(out.dtype, NumericTypes{}, []<class T>(std::type_identity<T>) { return host(&ref::einsum<T, max_rank>); });
  l.reference("ref::einsum", "kernels/ref/einsum.hpp", kernel,
              {write_view(with_summed(out, summed.size())), read_view(over(a, space, sizes)), read_view(over(b, space, sizes)), runtime_size(columns)})
      .flops = Dim(2) * all;
}

Labels labels_in(const Labels& labels, const Labels& a, bool in_a, const Labels& b, bool in_b) {
  Labels out;
  for (const Label l : labels)
    if (contains(a, l) == in_a && contains(b, l) == in_b) out.push_back(l);
  return out;
}

Dim size_of(const Labels& labels, const Sizes& sizes) {
  Dim out(1);
  for (const Label l : labels) out = out * sizes.at(l);
  return out;
}

// `v` as [batch..., rows, columns], both joined from several labels; copied where strides forbid.
Operand as_matrices(Lower& l, const Labelled& v, const Labels& batch, const Labels& rows, const Labels& columns, const Sizes& sizes) {
  Labels space = batch;
  space.insert(space.end(), rows.begin(), rows.end());
  space.insert(space.end(), columns.begin(), columns.end());
  Shape shape;
  for (const Label b : batch) shape.push_back(sizes.at(b));
  shape.insert(shape.end(), {size_of(rows, sizes), size_of(columns, sizes)});
  const Operand whole = over(v, space, sizes);
  const auto joined = reshape_view(whole, shape);
  return joined ? *joined : *reshape_view(l.dense(whole), shape);
}

// out[kept] = sum of a * b as products of matrices: labels of both are batches, those of one are its rows or columns, the
// summed ones k.
void multiply_fast(Lower& l, const Operand& out, const Labels& kept, const Labelled& a, const Labelled& b, const Sizes& sizes) {
  const Labels batch = labels_in(kept, a.labels, true, b.labels, true), rows = labels_in(kept, a.labels, true, b.labels, false),
               columns = labels_in(kept, a.labels, false, b.labels, true), summed = summed_labels({&a.labels, &b.labels}, kept);
  const Operand x = left_operand(l, as_matrices(l, a, batch, rows, summed, sizes)), y = right_operand(l, as_matrices(l, b, batch, summed, columns, sizes));
  const std::size_t col = batch.size() + 1;
  Labels order = batch;
  order.insert(order.end(), rows.begin(), rows.end());
  order.insert(order.end(), columns.begin(), columns.end());
  const Operand wanted = over({out, kept}, order, sizes);
  Shape shape(x.shape.begin(), x.shape.end() - 1);
  shape.push_back(y.shape.back());
  const auto direct = reshape_view(wanted, shape);
  const bool fits = direct && contiguous(*direct, col);
  const Operand place = fits ? *direct : l.temporary(out.dtype, shape);
  matmul_call(l, place, x, y, {});
  if (!fits) l.copy(wanted, *reshape_view(place, wanted.shape));
}

// Two operands of float32.
bool lower_fast(Lower& l) {
  if (l.node.inputs.size() != 2 || l.type(0).dtype != DType::float32) return false;
  std::string reason;
  const Equation e = *parse(l.node.attr("equation", std::string()), ranks(l.node), reason);
  Diagnostics unused;
  Infer again(const_cast<Node&>(l.node), unused);
  const Operand b = l.in(1), a = l.in(0);
  multiply_fast(l, l.out(), e.output, {a, e.inputs[0]}, {b, e.inputs[1]}, sizes_of(again, e));
  return true;
}

// Operands are multiplied from left to right; a product keeps the labels that the output or a later operand names.
void lower(Lower& l) {
  std::string reason;
  const Equation e = *parse(l.node.attr("equation", std::string()), ranks(l.node), reason);
  Diagnostics unused;
  Infer again(const_cast<Node&>(l.node), unused);
  const Sizes sizes = sizes_of(again, e);
  Labelled left{l.in(0), e.inputs[0]};
  if (e.inputs.size() == 1) return sum_one(l, left, e, sizes);
  for (std::size_t k = 1; k < e.inputs.size(); ++k) {
    const Labelled right{l.in(k), e.inputs[k]};
    if (k + 1 == e.inputs.size()) return multiply(l, l.out(), e.output, left, right, sizes);
    Labels kept;
    for (const Labels& labels : {left.labels, right.labels})
      for (const Label label : labels) {
        const bool later =
            std::any_of(e.inputs.begin() + static_cast<std::ptrdiff_t>(k) + 1, e.inputs.end(), [&](const Labels& x) { return contains(x, label); });
        if ((later || contains(e.output, label)) && !contains(kept, label)) kept.push_back(label);
      }
    Shape shape;
    for (const Label label : kept) shape.push_back(sizes.at(label));
    const Operand product = l.temporary(left.operand.dtype, std::move(shape));
    multiply(l, product, kept, left, right, sizes);
    left = {product, kept};
  }
}

}  // namespace

extern const Op op = {.name = "Einsum",
                      .inputs = {{"Inputs", types::numeric, Port::Arity::variadic, 'T'}},
                      .attributes = {{"equation", AttributeKind::string}},
                      .infer = infer,
                      .lower = lower,
                      .lower_fast = lower_fast,
                      .versions = "12"};

}  // namespace inferc::op_Einsum
