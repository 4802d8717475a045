#include <algorithm>
#include <cctype>
#include <map>

#include <fmt/format.h>

#include "compiler/ops/expansion.hpp"
#include "compiler/ops/open_size.hpp"
#include "compiler/ops/random.hpp"
#include "compiler/ops/sequences.hpp"

namespace inferc {
namespace {

bool is_empty(const Value* v) { return v->type && product(v->type->shape).is(0); }
bool is_known(const Value* v) { return !v || v->constant || v->content || v->known || is_empty(v); }

std::string_view port_name(const Node& node, std::size_t i) {
  const Op* op = find_op(node.op, node.domain);
  return op && i < op->inputs.size() ? op->inputs[i].name : "operand";
}

}  // namespace

std::optional<std::vector<Dim>> Infer::content(std::size_t i) const {
  const Value* v = node.in(i);
  if (!v) return std::nullopt;
  if (v->content) return v->content;
  if (is_empty(v)) return std::vector<Dim>();
  if (!v->constant || v->constant->size() > max_content) return std::nullopt;
  std::vector<Dim> out;
  const Tensor& t = *v->constant;
  for (std::size_t e = 0; e < t.size(); ++e) {
    switch (t.dtype()) {
      case DType::int64:
        out.emplace_back(t.as<std::int64_t>()[e]);
        break;
      case DType::int32:
        out.emplace_back(t.as<std::int32_t>()[e]);
        break;
      case DType::boolean:
        out.emplace_back(t.as<bool>()[e] ? 1 : 0);
        break;
      default:
        return std::nullopt;
    }
  }
  return out;
}

std::optional<std::vector<std::int64_t>> Infer::integers(std::size_t i) {
  if (has(i) && rank(i) > 1) {
    fail(fmt::format("input '{}' has rank {}, 1 is defined", port_name(node, i), rank(i)));
    return std::nullopt;
  }
  const auto known = content(i);
  std::vector<std::int64_t> out;
  if (known)
    for (const Dim& d : *known)
      if (d.is_constant()) out.push_back(*d.constant());
  if (known && out.size() == known->size()) return out;
  fail(fmt::format("input '{}' must be a constant", port_name(node, i)),
       "export the model with this operand constant, or fix the symbols it depends on with --dim SYM=N");
  return std::nullopt;
}

bool Infer::known(std::size_t i) const { return is_known(node.in(i)); }
bool Lower::known(std::size_t i) const { return is_known(node.in(i)); }

bool checks_sizes(const Node& node) {
  for (std::size_t i = 1; i < node.inputs.size(); ++i)
    if (!is_known(node.inputs[i])) return true;
  return false;
}

namespace {

// Sizes that the file leaves open become symbols.
void declare_open_sizes(Graph& graph, const Value& v) {
  for (std::size_t d = 0; d < v.declared->size(); ++d) {
    if (!is_open_size((*v.declared)[d])) continue;
    const std::string open((*v.declared)[d].as_symbol()), name = graph.symbols().fresh(open.substr(0, open.size() - 1));
    graph.symbols().declare(name);
    graph.substitute_symbol(open, Dim::symbol(name));
  }
}

}  // namespace

std::optional<Shape> Infer::declared(std::size_t operand, std::size_t i) {
  const Value* v = node.out(i);
  if (v && v->declared && v->declared->size() <= guarded_rank && shape(0).size() <= guarded_rank) {
    declare_open_sizes(*node.graph, *v);
    return v->declared;
  }
  fail(fmt::format("input '{}', which gives the sizes of the output, is not known before run time", port_name(node, operand)),
       "export it as a constant or computed from the shapes of inputs, or declare the shape of the output in the file (value_info)");
  return std::nullopt;
}

SizesArg guarded_shape(const Shape& shape) {
  SizesArg out{shape};
  out.sizes.resize(guarded_rank, Dim(1));
  return out;
}

void Infer::out(std::size_t i, DType dtype, Shape shape) {
  Value* v = node.out(i);
  if (!v || failed_) return;
  v->type = Type{dtype, std::move(shape)};
  v->content.reset();
}

void Infer::out_content(std::size_t i, std::vector<Dim> elements) {
  Value* v = node.out(i);
  if (v && !failed_ && elements.size() <= max_content) v->content = std::move(elements);
}

bool Infer::region(Graph& graph) {
  const std::size_t before = diagnostics_.errors().size();
  bool known = true;
  for (Node* n : graph.nodes())
    for (Node* m : without_sequences(graph, n, diagnostics_)) {
      const bool inferred = infer_node(*m, diagnostics_);
      if (inferred) expand_node(*m, diagnostics_);
      known = inferred && known;
    }
  for (const Value* v : graph.outputs())
    if (is_sequence(v))
      fail("a region of it gives a sequence of tensors", "give its tensors, or ConcatFromSequence of them; a loop may append to a sequence that it carries");
  failed_ = failed_ || diagnostics_.errors().size() > before;
  return known && !failed_;
}

Dim Infer::measured(std::size_t k, std::size_t output, std::size_t axis, const Dim& limit) {
  std::vector<std::string>& names = node.measures;
  while (names.size() <= k) {
    std::string stem = node.out(output) ? node.out(output)->name : std::string();
    std::replace_if(stem.begin(), stem.end(), [](unsigned char c) { return std::isalnum(c) == 0 || c >= 0x80; }, '_');
    if (stem.empty() || std::isdigit(static_cast<unsigned char>(stem[0])) != 0) stem = "n_" + stem;
    names.push_back(symbols().fresh(axis == SIZE_MAX ? stem + "_i" : fmt::format("{}_d{}", stem, axis)));
  }
  symbols().measure(names[k], limit);
  return Dim::symbol(names[k]);
}

bool Infer::fail(const std::string& reason, std::string help) {
  diagnostics_.error(address(node) + ": " + reason, std::move(help));
  failed_ = true;
  return false;
}

std::optional<std::size_t> Infer::axis(std::int64_t value, int rank) {
  if (value < -rank || value >= rank) {
    fail(fmt::format("axis {} is out of range for rank {}", value, rank));
    return std::nullopt;
  }
  return from_front(value, rank);
}

Dim Infer::unify(const Dim& a, const Dim& b) {
  const auto equal = symbols().decide_equal(a, b);
  if (equal == false) {
    fail(fmt::format("sizes {} and {} differ", a.text(), b.text()));
    return a;
  }
  if (!equal) symbols().require_equal(a, b, address(node));
  return b.is_constant() ? b : a;
}

Shape Infer::broadcast(const Shape& a, const Shape& b) {
  const Shape& longer = a.size() >= b.size() ? a : b;
  const Shape& shorter = a.size() >= b.size() ? b : a;
  Shape out = longer;
  const std::size_t added = longer.size() - shorter.size();
  for (std::size_t d = 0; d < shorter.size(); ++d) {
    const Dim &x = longer[added + d], &y = shorter[d];
    if (x == y || y.is(1)) continue;
    out[added + d] = x.is(1) ? y : unify(x, y);
    if (failed_) {
      fail(fmt::format("shapes {} and {} do not broadcast", text(Type{DType::undefined, a}), text(Type{DType::undefined, b})));
      return out;
    }
  }
  return out;
}

namespace {

bool right_kind(const Attribute& a, AttributeKind kind) {
  switch (kind) {
    case AttributeKind::integer:
      return std::holds_alternative<std::int64_t>(a);
    case AttributeKind::real:
      return std::holds_alternative<float>(a);
    case AttributeKind::string:
      return std::holds_alternative<std::string>(a);
    case AttributeKind::integers:
      return std::holds_alternative<std::vector<std::int64_t>>(a);
    case AttributeKind::reals:
      return std::holds_alternative<std::vector<float>>(a);
    case AttributeKind::strings:
      return std::holds_alternative<std::vector<std::string>>(a);
    case AttributeKind::tensor:
      return std::holds_alternative<Tensor>(a);
  }
  return false;
}

// Attributes that are yes or no, in every operator that has them.
constexpr std::string_view flags[] = {"align_corners",
                                      "allowzero",
                                      "antialias",
                                      "ceil_mode",
                                      "center_point_box",
                                      "channels_last",
                                      "count_include_pad",
                                      "detect_negative",
                                      "detect_positive",
                                      "do_rotary",
                                      "exclude_outside",
                                      "exclusive",
                                      "fmod",
                                      "input_forget",
                                      "interleaved",
                                      "inverse",
                                      "is_causal",
                                      "keepdims",
                                      "largest",
                                      "layout",
                                      "linear_before_reset",
                                      "noop_with_empty_axes",
                                      "onesided",
                                      "periodic",
                                      "reverse",
                                      "saturate",
                                      "select_last_index",
                                      "sorted",
                                      "storage_order",
                                      "transA",
                                      "transB",
                                      "transBatchA",
                                      "transBatchB",
                                      "unidirectional",
                                      "upper"};

bool is_flag(std::string_view name) { return std::find(std::begin(flags), std::end(flags), name) != std::end(flags); }

void check_attributes(const Op& op, Infer& infer) {
  for (const auto& [key, value] : infer.node.attributes) {
    const auto spec = std::find_if(op.attributes.begin(), op.attributes.end(), [&, k = std::string_view(key)](const AttributeSpec& s) { return s.name == k; });
    if (spec == op.attributes.end()) infer.fail(fmt::format("attribute '{}' is not known", escape(key)));
    else if (!right_kind(value, spec->kind)) infer.fail(fmt::format("attribute '{}' has the wrong type", escape(key)));
    else if (const auto* v = std::get_if<std::int64_t>(&value); v && is_flag(key) && *v != 0 && *v != 1)
      infer.fail(fmt::format("attribute '{}' is {}, it must be 0 or 1", escape(key), *v));
  }
}

// Operands that are no captures of a region.
std::size_t own_operands(const Node& n) {
  std::size_t captures = 0;
  for (const Region& r : n.regions) captures += n.domain == "inferc" ? 0 : r.captures;
  return n.inputs.size() - captures;
}

void check_arity(const Op& op, Infer& infer) {
  const std::size_t given = own_operands(infer.node);
  const auto last = op.inputs.empty() ? Port::Arity::required : op.inputs.back().arity;
  const bool variadic = last == Port::Arity::variadic, open = variadic || last == Port::Arity::any;
  if (given > op.inputs.size() && !open) infer.fail(fmt::format("{} inputs, at most {} are defined", given, op.inputs.size()));
  for (std::size_t i = 0; i < op.inputs.size(); ++i)
    if (op.inputs[i].arity == Port::Arity::required && (i >= given || !infer.has(i))) infer.fail(fmt::format("input '{}' is missing", op.inputs[i].name));
  if (variadic && given < op.inputs.size()) infer.fail(fmt::format("input '{}' is missing", op.inputs.back().name));
  for (std::size_t i = op.inputs.size() - 1; open && i < given; ++i)
    if (!infer.has(i)) infer.fail(fmt::format("input {} is missing, one of '{}'", i, op.inputs.back().name));
  if (infer.node.outputs.size() < op.min_outputs || infer.node.outputs.size() > op.max_outputs)
    infer.fail(fmt::format("{} outputs, between {} and {} are defined", infer.node.outputs.size(), op.min_outputs, op.max_outputs));
}

void check_types(const Op& op, Infer& infer) {
  std::map<char, DType> bound;
  for (std::size_t i = 0; i < own_operands(infer.node); ++i) {
    if (!infer.has(i)) continue;
    const Port& port = op.inputs[std::min(i, op.inputs.size() - 1)];
    const DType t = infer.dtype(i);
    if (!port.types.has(t)) infer.fail(fmt::format("input '{}' is {}, which is not supported here", port.name, name(t)));
    if (port.same == 0) continue;
    const auto [at, fresh] = bound.emplace(port.same, t);
    if (!fresh && at->second != t) infer.fail(fmt::format("input '{}' is {}, another operand is {}", port.name, name(t), name(at->second)));
  }
}

// The constant dims alone exceed every memory.
bool too_large(const Type& t) {
  constexpr std::int64_t largest = std::int64_t{1} << 40;
  std::int64_t bytes = static_cast<std::int64_t>(byte_size(t.dtype));
  bool large = false;
  for (const Dim& d : t.shape) {
    if (d.is(0)) return false;
    if (d.is_constant() && !large) large = __builtin_mul_overflow(bytes, *d.constant(), &bytes) || bytes > largest;
  }
  return large;
}

bool made_by_finn(const Node& n) {
  return n.domain == "qonnx.custom_op.general" && (n.op == "MultiThreshold" || n.op == "QuantAvgPool2d" || n.op == "XnorPopcountMatMul");
}

// What no network that is trained needs.
bool fail_outside_inference(Infer& infer) {
  const Node& n = infer.node;
  if (n.is("Dropout")) return infer.fail("training mode is not supported", "export the model in evaluation mode");
  if (n.domain == "ai.onnx.preview.training") return infer.fail("training is no part of inference", "export the network alone, in evaluation mode");
  if (n.domain.empty() && n.op.starts_with("Optional"))
    return infer.fail("optionals are no type of inference", "export the model with the tensor itself, or without it");
  return infer.fail("images must be decoded before the model", "its input is the tensor of pixels");
}

bool is_outside_inference(const Node& n) {
  return n.domain == "ai.onnx.preview.training" || (n.domain.empty() && (n.op == "Dropout" || n.op == "ImageDecoder" || n.op.starts_with("Optional")));
}

bool fail_unknown(Infer& infer) {
  if (is_outside_inference(infer.node)) return fail_outside_inference(infer);
  if (draws_random_numbers(infer.node))
    return infer.fail("it draws random numbers",
                      "--random-as-input makes them an input, of a size that is known before the call and outside of If, Loop and Scan");
  if (infer.node.is("ZipMap", "ai.onnx.ml"))
    return infer.fail("it makes maps, which are no type of inference", "it reads the probabilities: export without it (skl2onnx: options={'zipmap': False})");
  if (made_by_finn(infer.node))
    return infer.fail("it is no operator of a trained network: passes of FINN or qonnx make it", "export the QONNX file from in front of these passes");
  if (infer.node.is("FloatQuant", "qonnx.custom_op.general"))
    return infer.fail("quantisers to small floats are not supported", "Quant, BipolarQuant and Trunc are");
  return infer.fail("this operator is not supported", "`inferc ops` lists those that are; --op DOMAIN::NAME=header.hpp brings one of your own");
}

}  // namespace

bool infer_node(Node& node, Diagnostics& diagnostics) {
  Infer infer(node, diagnostics);
  const Op* op = find_op(node.op, node.domain);
  if (!op) return fail_unknown(infer);
  for (const Value* v : node.inputs)
    if (v && !v->type) return false;
  check_arity(*op, infer);
  if (infer.failed()) return false;
  check_attributes(*op, infer);
  check_types(*op, infer);
  if (infer.failed()) return false;
  try {
    op->infer(infer);
  } catch (const UserError& e) {  // sizes that no 64-bit integer holds
    for (const Diagnostic& d : e.problems()) infer.fail(d.message, d.help);
  }
  for (const Value* v : node.outputs)
    if (v && v->type && too_large(*v->type)) infer.fail("its result would have more than 2^40 bytes");
  return !infer.failed();
}

Split split_at(const Shape& shape, std::size_t axis) {
  const auto at = shape.begin() + static_cast<std::ptrdiff_t>(axis);
  return {product({shape.begin(), at}), shape[axis], product({at + 1, shape.end()})};
}

Split split_at_axis(const Node& node) {
  const Type& type = *node.in(0)->type;
  if (!node.attributes.contains("axis")) return {Dim(1), product(type.shape), Dim(1)};
  return split_at(type.shape, from_front(node.attr_int("axis", 0), type.rank()));
}

}  // namespace inferc
