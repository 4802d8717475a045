#include "compiler/ops/recurrent.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace inferc::recurrent {
namespace {

struct ActivationEntry {
  std::string_view name;
  ref::Activation kind;
  bool takes_alpha, takes_beta;
  float alpha, beta;  // defaults
};
// Names are matched without case, as exporters write them both ways.
constexpr ActivationEntry activation_table[] = {
    {"relu", ref::Activation::relu, false, false, 0, 0},
    {"tanh", ref::Activation::tanh, false, false, 0, 0},
    {"sigmoid", ref::Activation::sigmoid, false, false, 0, 0},
    {"affine", ref::Activation::affine, true, true, 1, 0},
    {"leakyrelu", ref::Activation::leaky_relu, true, false, 0.01f, 0},
    {"thresholdedrelu", ref::Activation::thresholded_relu, true, false, 1, 0},
    {"scaledtanh", ref::Activation::scaled_tanh, true, true, 1, 1},
    {"hardsigmoid", ref::Activation::hard_sigmoid, true, true, 0.2f, 0.5f},
    {"elu", ref::Activation::elu, true, false, 1, 0},
    {"softsign", ref::Activation::softsign, false, false, 0, 0},
    {"softplus", ref::Activation::softplus, false, false, 0, 0},
};

const ActivationEntry* find_activation(std::string name) {
  for (char& c : name)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  const auto at = std::find_if(std::begin(activation_table), std::end(activation_table), [&](const auto& e) { return e.name == name; });
  return at == std::end(activation_table) ? nullptr : at;
}

std::vector<std::string> activation_names(const Node& n, const Kind& kind) {
  const auto given = n.attr("activations", std::vector<std::string>());
  if (!given.empty()) return given;
  std::vector<std::string> names;
  for (std::size_t d = 0; d < directions(n); ++d) names.insert(names.end(), kind.default_activations.begin(), kind.default_activations.end());
  return names;
}

bool batch_first(const Node& n) { return n.attr_int("layout", 0) != 0; }

bool check_shape(Infer& i, std::size_t input, std::string_view name, const Shape& wanted) {
  if (!i.has(input)) return true;
  if (i.shape(input).size() != wanted.size()) return i.fail(fmt::format("{} has rank {}, {} is defined", name, i.rank(input), wanted.size()));
  for (std::size_t d = 0; d < wanted.size(); ++d) static_cast<void>(i.unify(i.shape(input)[d], wanted[d]));
  return !i.failed();
}

bool check_attributes(Infer& i, const Kind& kind) {
  const std::string direction = i.node.attr("direction", std::string("forward"));
  if (direction != "forward" && direction != "reverse" && direction != "bidirectional")
    return i.fail(fmt::format("direction '{}' is not defined", escape(direction)));
  const auto names = activation_names(i.node, kind);
  if (names.size() != kind.activations * directions(i.node))
    return i.fail(fmt::format("{} activations are given, {} are defined", names.size(), kind.activations * directions(i.node)));
  for (const std::string& n : names)
    if (!find_activation(n)) return i.fail(fmt::format("activation '{}' is not defined", escape(n)));
  return true;
}

// [directions, batch, hidden] or, batch first, [batch, directions, hidden], as [1, batch, hidden] of one direction.
Operand state_view(const Operand& v, std::size_t index, bool first) {
  const Operand ordered = first ? transpose_view(v, {1, 0, 2}) : v;
  return slice_view(ordered, 0, static_cast<std::int64_t>(index), 1);
}

// Rows of one direction of a weight [directions, rows...], dense.
Operand weight_of(Lower& l, std::size_t input, std::size_t index) { return slice_view(l.in_dense(input), 0, static_cast<std::int64_t>(index), 1); }

}  // namespace

std::size_t directions(const Node& n) { return n.attr("direction", std::string("forward")) == "bidirectional" ? 2 : 1; }

// The lists activation_alpha and activation_beta hold values only for
// those activations that take one, over all directions.
std::vector<Arg> activation_args(const Node& n, std::size_t index, const Kind& kind) {
  const auto names = activation_names(n, kind);
  const auto alphas = n.attr("activation_alpha", std::vector<float>()), betas = n.attr("activation_beta", std::vector<float>());
  SizesArg kinds{{0, 0, 0}};
  ParamsArg alpha{{0, 0, 0}}, beta{{0, 0, 0}};
  std::size_t a = 0, b = 0;
  for (std::size_t k = 0; k < names.size(); ++k) {
    const ActivationEntry& e = *find_activation(names[k]);
    const float own_alpha = e.takes_alpha && a < alphas.size() ? alphas[a++] : e.alpha;
    const float own_beta = e.takes_beta && b < betas.size() ? betas[b++] : e.beta;
    if (k / kind.activations != index) continue;
    const std::size_t at = k % kind.activations;
    kinds.sizes[at] = Dim(static_cast<std::int64_t>(e.kind));
    alpha.values[at] = own_alpha;
    beta.values[at] = own_beta;
  }
  return {kinds, alpha, beta, real64(n.attr("clip", 0.0f))};
}

void infer(Infer& i, const Kind& kind) {
  if (!check_attributes(i, kind)) return;
  if (i.rank(0) != 3 || i.rank(1) != 3 || i.rank(2) != 3) {
    i.fail(fmt::format("X, W and R have ranks {}, {} and {}, 3 is defined", i.rank(0), i.rank(1), i.rank(2)));
    return;
  }
  const bool first = batch_first(i.node);
  const Dim dirs(static_cast<std::int64_t>(directions(i.node)));
  const Dim seq = i.shape(0)[first ? 1 : 0], batch = i.shape(0)[first ? 0 : 1], input = i.shape(0)[2], hidden = i.shape(2)[2];
  const std::int64_t stated = i.node.attr_int("hidden_size", 0);
  if (stated != 0 && !(hidden == Dim(stated))) {
    i.fail(fmt::format("hidden_size is {}, R has {}", stated, hidden.text()));
    return;
  }
  const Dim rows = Dim(kind.gates) * hidden;
  const Shape state = first ? Shape{batch, dirs, hidden} : Shape{dirs, batch, hidden};
  if (!check_shape(i, 1, "W", {dirs, rows, input}) || !check_shape(i, 2, "R", {dirs, rows, hidden}) || !check_shape(i, 3, "B", {dirs, Dim(2) * rows}) ||
      !check_shape(i, 4, "sequence_lens", {batch}) || !check_shape(i, 5, "initial_h", state))
    return;
  if (kind.gates == 4 && (!check_shape(i, 6, "initial_c", state) || !check_shape(i, 7, "P", {dirs, Dim(3) * hidden}))) return;
  i.out(0, i.dtype(0), first ? Shape{batch, seq, dirs, hidden} : Shape{seq, dirs, batch, hidden});
  i.out(1, i.dtype(0), state);
  i.out(2, i.dtype(0), state);
}

Operand zeros(Lower& l, const Shape& shape) { return broadcast_view(l.weight(Tensor(l.type(0).dtype, {1})), shape); }

Operand state_in(Lower& l, std::size_t input, std::size_t index, const Direction& d) {
  return l.has(input) ? state_view(l.in(input), index, batch_first(l.node)) : zeros(l, {1, d.batch, d.hidden});
}

Operand state_out(Lower& l, std::size_t output, std::size_t index, const Direction& d) {
  return l.node.out(output) ? state_view(l.out(output), index, batch_first(l.node)) : l.temporary(l.type(0).dtype, {1, d.batch, d.hidden});
}

Direction direction(Lower& l, std::size_t index, const Kind& kind) {
  const bool first = batch_first(l.node);
  Direction d;
  d.x = first ? transpose_view(l.in(0), {1, 0, 2}) : l.in(0);
  d.seq = d.x.shape[0];
  d.batch = d.x.shape[1];
  d.input = d.x.shape[2];
  d.hidden = l.shape(2)[2];
  d.w = weight_of(l, 1, index);
  d.r = weight_of(l, 2, index);
  const Dim biases = Dim(2 * kind.gates) * d.hidden;
  d.bias = l.has(3) ? *reshape_view(weight_of(l, 3, index), {1, 1, biases}) : zeros(l, {1, 1, biases});
  d.h0 = state_in(l, 5, index, d);
  d.h = state_out(l, 1, index, d);
  if (l.node.out(0)) {
    const Operand y = first ? transpose_view(l.out(0), {1, 2, 0, 3}) : l.out(0);
    d.y = slice_view(y, 1, static_cast<std::int64_t>(index), 1);
    d.y.shape.erase(d.y.shape.begin() + 1);
    d.y.strides.erase(d.y.strides.begin() + 1);
  } else {
    d.y = broadcast_view(l.temporary(l.type(0).dtype, {1, d.batch, d.hidden}), {d.seq, d.batch, d.hidden});
  }
  if (l.has(4)) l.bound_indices(l.in(4), Dim(0), d.seq);
  d.lengths = l.has(4) ? read(l.in_dense(4)) : Arg(TypeArg{"ref::AllSteps{}"});
  d.reverse = l.node.attr("direction", std::string("forward")) == "reverse" || index == 1;
  d.sizes = {runtime_size(d.seq), runtime_size(d.batch), runtime_size(d.input), runtime_size(d.hidden), flag(d.reverse)};
  d.activations = activation_args(l.node, index, kind);
  return d;
}

Dim flops(const Direction& d, const Kind& kind) { return Dim(2 * kind.gates) * d.seq * d.batch * d.hidden * (d.input + d.hidden); }

std::vector<AttributeSpec> attributes(std::vector<AttributeSpec> more) {
  more.insert(more.end(), {{"activation_alpha", AttributeKind::reals},
                           {"activation_beta", AttributeKind::reals},
                           {"activations", AttributeKind::strings},
                           {"clip", AttributeKind::real},
                           {"direction", AttributeKind::string},
                           {"hidden_size", AttributeKind::integer},
                           {"layout", AttributeKind::integer}});
  return more;
}

std::vector<Port> ports() {
  return {{"X", types::floats, Port::Arity::required, 'T'},
          {"W", types::floats, Port::Arity::required, 'T'},
          {"R", types::floats, Port::Arity::required, 'T'},
          {"B", types::floats, Port::Arity::optional, 'T'},
          {"sequence_lens", TypeSet{DType::int32}, Port::Arity::optional},
          {"initial_h", types::floats, Port::Arity::optional, 'T'}};
}

}  // namespace inferc::recurrent
