#include "compiler/onnx/import.hpp"

#include <algorithm>
#include <charconv>
#include <map>
#include <set>
#include <tuple>

#include <fmt/format.h>

#include "compiler/onnx/fixed_point.hpp"
#include "compiler/onnx/normalise.hpp"
#include "compiler/onnx/reads.hpp"
#include "compiler/ops/op.hpp"
#include "compiler/ops/open_size.hpp"
#include "compiler/ops/user_op.hpp"

namespace inferc::onnx {
namespace {

constexpr std::int64_t oldest_opset = 1, newest_opset = 27;
constexpr std::size_t deepest_expansion = 64;
// Nodes that calls of functions stand for: each may call another twice, so that a small file stands for any number.
constexpr std::size_t most_expanded = 1 << 15;

using Scope = std::map<std::string, Value*, std::less<>>;

std::string describe(const Node& n, std::size_t index) {
  return fmt::format("node {} {}{}", index, escape(n.op_type), n.name.empty() ? "" : fmt::format(" '{}'", escape(n.name)));
}

// Nodes in an order in which every value is defined before it is read; names the nodes of a cycle.
std::vector<std::size_t> sorted(const std::vector<Node>& nodes, Diagnostics& diagnostics) {
  std::map<std::string_view, std::size_t> producer;
  for (std::size_t i = 0; i < nodes.size(); ++i)
    for (const std::string& name : nodes[i].outputs)
      if (!name.empty()) producer.emplace(name, i);
  std::vector<std::size_t> waiting(nodes.size(), 0), order;
  std::vector<std::vector<std::size_t>> users(nodes.size());
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    for (const std::string& name : names_read(nodes[i]))
      if (const auto at = producer.find(name); at != producer.end()) {
        users[at->second].push_back(i);
        ++waiting[i];
      }
  }
  std::set<std::size_t> ready;
  for (std::size_t i = 0; i < nodes.size(); ++i)
    if (waiting[i] == 0) ready.insert(i);
  while (!ready.empty()) {
    const std::size_t i = *ready.begin();
    ready.erase(ready.begin());
    order.push_back(i);
    for (const std::size_t u : users[i])
      if (--waiting[u] == 0) ready.insert(u);
  }
  if (order.size() < nodes.size()) {
    std::string cycle;
    for (std::size_t i = 0; i < nodes.size() && cycle.size() < 200; ++i)
      if (waiting[i] > 0) cycle += (cycle.empty() ? "" : ", ") + describe(nodes[i], i);
    diagnostics.error("the graph has a cycle through " + cycle, "a graph must be acyclic: export it again");
  }
  return order;
}

class Importer {
 public:
  Importer(const Model& model, Diagnostics& diagnostics, const std::set<std::string>& variable)
      : model_(model), diagnostics_(diagnostics), variable_(variable) {
    for (const Function& f : model.functions)
      if (!functions_.emplace(std::tuple(f.domain, f.name, f.overload), &f).second)
        error(fmt::format("function '{}' of domain '{}' is defined twice", escape(f.name), escape(f.domain)));
  }

  std::unique_ptr<inferc::Graph> run() {
    check_opsets(model_.opsets);
    auto graph = std::make_unique<inferc::Graph>();
    graph->name = model_.graph.name;
    Scope scope;
    fill(*graph, model_.graph, scope, false, model_.opsets);
    return graph;
  }

 private:
  void error(std::string message, std::string help = {}) { diagnostics_.error(std::move(message), std::move(help)); }

  void check_opsets(const std::vector<OperatorSet>& opsets) {
    for (const OperatorSet& o : opsets)
      if (o.domain.empty() && (o.version < oldest_opset || o.version > newest_opset))
        error(fmt::format("operator set {} is not supported", o.version),
              fmt::format("{} to {} are: convert the model with onnx.version_converter", oldest_opset, newest_opset));
  }

  Type declared(inferc::Graph& g, const ValueInfo& v) {
    Type type{dtype_from_onnx(v.element_type).value_or(DType::undefined), {}};
    constexpr int strings = 8;
    if (!v.is_tensor)
      error(fmt::format("input '{}' is a sequence, a map or an optional, which are no types of inference", escape(v.name)),
            "make each tensor of it an input of its own");
    else if (v.element_type == strings)
      error(fmt::format("input '{}' holds strings, which are no type of inference", escape(v.name)), "encode them before the model: its inputs are numbers");
    else if (type.dtype == DType::undefined || byte_size(type.dtype) == 0)
      error(fmt::format("input '{}' is no tensor of a supported element type", escape(v.name)), "`inferc ops` lists the types: put a Cast before the model");
    if (!v.shape) {
      error(fmt::format("input '{}' has no shape, not even a rank", escape(v.name)), "export the model with input shapes");
      return type;
    }
    for (std::size_t d = 0; d < v.shape->size(); ++d) type.shape.push_back(dimension(g, v, d));
    return type;
  }

  Dim dimension(inferc::Graph& g, const ValueInfo& v, std::size_t axis) {
    const Dimension& d = (*v.shape)[axis];
    if (d.value) {
      if (*d.value < 0 || *d.value > (std::int64_t{1} << 40))
        error(fmt::format("input '{}' has the size {} on axis {}", escape(v.name), *d.value, axis), "sizes are 0 to 2^40");
      return std::clamp<std::int64_t>(*d.value, 0, std::int64_t{1} << 40);
    }
    const std::string name = symbol_name(v, axis);
    auto [at, fresh] = symbol_names_.emplace(d.parameter.empty() ? fmt::format("\n{}\n{}", v.name, axis) : d.parameter, name);
    if (fresh) {
      at->second = g.symbols().fresh(name);
      g.symbols().declare(at->second);
    }
    return Dim::symbol(at->second);
  }

  // Sizes that are numbers, names of inputs' sizes, or of an output (`open`) others.
  std::optional<Shape> declared_shape(const inferc::Graph& g, const ValueInfo& v, bool open) const {
    if (!v.is_tensor || !v.shape) return std::nullopt;
    Shape out;
    for (std::size_t axis = 0; axis < v.shape->size(); ++axis) {
      const Dimension& d = (*v.shape)[axis];
      const auto name = symbol_names_.find(d.parameter);
      if (d.value && *d.value >= 0 && *d.value <= std::int64_t{1} << 40) out.emplace_back(*d.value);
      else if (!d.value && !d.parameter.empty() && name != symbol_names_.end() && g.symbols().find(name->second)) out.push_back(Dim::symbol(name->second));
      else if (!d.value && open) out.push_back(open_size(symbol_name(v, axis)));
      else return std::nullopt;
    }
    return out;
  }

  // A graph's inputs, initializers, nodes and outputs. The inputs of a region get their types from its node.
  void fill(inferc::Graph& g, const Graph& from, Scope& scope, bool is_region, const std::vector<OperatorSet>& opsets) {
    std::set<std::string, std::less<>> names;
    for (const auto& [name, tensor] : from.initializers) {
      if (!is_region && variable_.count(name)) continue;
      if (!names.insert(name).second) error(fmt::format("initializer '{}' is defined twice", escape(name)));
      if (tensor.dtype() == DType::undefined) error(fmt::format("initializer '{}' has an element type that is not supported", escape(name)));
      else scope[name] = g.add_constant(tensor, name);
    }
    for (const ValueInfo& v : from.inputs)
      if (!names.count(v.name)) {
        if (!names.insert(v.name).second) error(fmt::format("input '{}' is defined twice", escape(v.name)));
        scope[v.name] = g.add_input(v.name, is_region ? Type{} : declared(g, v));
        if (is_region) scope[v.name]->type.reset();
      }
    add_nodes(g, from.nodes, scope, opsets);
    for (const auto* infos : {&from.value_infos, &from.outputs})
      for (const ValueInfo& v : *infos)
        if (const auto at = scope.find(v.name); at != scope.end() && at->second->producer)
          at->second->declared = declared_shape(g, v, infos == &from.outputs && !is_region);
    std::vector<Value*> outputs;
    for (const ValueInfo& v : from.outputs) {
      const auto at = scope.find(v.name);
      if (at == scope.end() || is_dropped(g, at->second))
        error(fmt::format("graph output '{}' is not defined", escape(v.name)), "only what inference computes is: Dropout has no mask");
      else outputs.push_back(at->second);
    }
    g.set_outputs(std::move(outputs));
  }

  void add_nodes(inferc::Graph& g, const std::vector<Node>& nodes, Scope& scope, const std::vector<OperatorSet>& opsets) {
    std::set<std::string_view> defined;
    for (std::size_t i = 0; i < nodes.size(); ++i)
      for (const std::string& name : nodes[i].outputs)
        if (!name.empty() && (!defined.insert(name).second || scope.count(name)))
          error(fmt::format("{} defines '{}', which is defined already", describe(nodes[i], i), escape(name)));
    for (const std::size_t i : sorted(nodes, diagnostics_)) {
      if (const Function* f = function_of(nodes[i])) {
        if (!add_quantiser(g, *f, nodes[i], i, scope)) expand(g, *f, nodes[i], scope);
      } else {
        add_node(g, nodes[i], i, scope, opsets);
      }
    }
  }

  // A call of a quantiser to fixed point as one node of ours.
  bool add_quantiser(inferc::Graph& g, const Function& f, const Node& call, std::size_t index, Scope& scope) {
    const auto quantiser = quantiser_of(f);
    if (!quantiser || call.inputs.size() != 4 || call.outputs.size() != 1) return false;
    if (!quantiser->canonical) {
      if (foreign_.insert(f.name).second)
        diagnostics_.warning(fmt::format("function '{}::{}' does not compute what its name says, it is compiled as written", f.domain, escape(f.name)),
                             "write it by inferc.pquant.export, or give it a name of its own");
      return false;
    }
    std::vector<Value*> inputs;
    for (const std::string& name : call.inputs) inputs.push_back(find(g, call, index, name, scope));
    inferc::Node* n = g.add_node("Quantize", std::move(inputs), 1, {{"rounding", quantiser->rounding}, {"overflow", quantiser->overflow}});
    n->domain = "inferc";
    n->name = call.name;
    n->opset = 1;
    n->origins = {fmt::format("{} '{}'", escape(f.name), escape(call.name.empty() ? call.outputs[0] : call.name))};
    n->outputs[0]->name = call.outputs[0];
    scope[call.outputs[0]] = n->outputs[0];
    return true;
  }

  const Function* function_of(const Node& n) const {
    const auto at = functions_.find({n.domain, n.op_type, n.overload});
    return at == functions_.end() || find_user_op(n.op_type, n.domain) ? nullptr : at->second;
  }

  std::int64_t opset_of(const Node& n, std::size_t index, const std::vector<OperatorSet>& opsets) {
    for (const OperatorSet& o : opsets)
      if (o.domain == n.domain) return o.version;
    error(fmt::format("{}: no operator set of domain '{}' is imported", describe(n, index), escape(n.domain)));
    return 0;
  }

  // The operators of the file are those of ONNX, of the time that its opset tells.
  void check_operator(const Node& n, std::size_t index, std::int64_t opset) {
    constexpr int oldest_rewritten = 7;  // what began before has older forms, which are rewritten
    if (n.domain == "inferc") error(fmt::format("{}: operators of domain 'inferc' are the compiler's own", describe(n, index)), "give it a domain of its own");
    const Op* op = n.domain.empty() ? find_op(n.op_type) : nullptr;
    int first = 0;
    if (op) std::from_chars(op->versions.data(), op->versions.data() + op->versions.size(), first);
    const bool known_before = n.op_type == "LayerNormalization";  // to ONNX Runtime, whose optimiser writes it into any file
    if (opset > 0 && first > oldest_rewritten && opset < first && !known_before)
      error(fmt::format("{}: it begins with operator set {}, the model imports {}", describe(n, index), first, opset),
            "export the model with a newer operator set");
    const std::size_t most = n.domain.empty() && opset > 0 ? inputs_before(n.op_type, opset) : n.inputs.size();
    if (n.inputs.size() > most)
      error(fmt::format("{}: it has {} inputs, operator set {} defines {}", describe(n, index), n.inputs.size(), opset, most),
            "what later operator sets take as an input was an attribute: export the model with a newer operator set");
    std::set<std::string_view> names;
    for (const Attribute& a : n.attributes)
      if (!names.insert(a.name).second) error(fmt::format("{}: attribute '{}' is given twice", describe(n, index), escape(a.name)));
  }

  void add_node(inferc::Graph& g, const Node& from, std::size_t index, Scope& scope, const std::vector<OperatorSet>& opsets) {
    if (from.op_type == "Constant" && from.domain.empty()) return add_constant(g, from, index, scope);
    std::vector<Value*> inputs;
    for (const std::string& name : from.inputs) inputs.push_back(name.empty() ? nullptr : find(g, from, index, name, scope));
    inferc::Node* n = g.add_node(from.op_type, std::move(inputs), from.outputs.size());
    n->domain = from.domain;
    n->name = from.name;
    n->opset = static_cast<int>(opset_of(from, index, opsets));
    check_operator(from, index, n->opset);
    for (std::size_t o = 0; o < from.outputs.size(); ++o) {
      n->outputs[o]->name = from.outputs[o];
      if (!from.outputs[o].empty()) scope[from.outputs[o]] = n->outputs[o];
    }
    for (const Attribute& a : from.attributes) add_attribute(*n, a, from, index, scope, opsets);
    n->origins = {fmt::format("{} '{}'", escape(from.op_type), escape(from.name.empty() && !from.outputs.empty() ? from.outputs[0] : from.name))};
    normalise(*n, n->opset);
  }

  // An output that normalise took away: Dropout's mask.
  static bool is_dropped(const inferc::Graph& g, const Value* v) {
    const auto& from = v->producer ? v->producer->outputs : g.inputs();
    return !v->constant && std::find(from.begin(), from.end(), v) == from.end();
  }

  Value* find(inferc::Graph& g, const Node& n, std::size_t index, const std::string& name, const Scope& scope) {
    const auto at = scope.find(name);
    if (at != scope.end() && !is_dropped(g, at->second)) return at->second;
    error(fmt::format("{} reads '{}', which is not defined", describe(n, index), escape(name)));
    return g.new_value(name);
  }

  void add_attribute(inferc::Node& n, const Attribute& a, const Node& from, std::size_t index, Scope& scope, const std::vector<OperatorSet>& opsets) {
    using Kind = Attribute::Kind;
    switch (a.kind) {
      case Kind::real:
        n.attributes[a.name] = a.real;
        break;
      case Kind::integer:
        n.attributes[a.name] = a.integer;
        break;
      case Kind::string:
        n.attributes[a.name] = a.string;
        break;
      case Kind::reals:
        n.attributes[a.name] = a.reals;
        break;
      case Kind::integers:
        n.attributes[a.name] = a.integers;
        break;
      case Kind::strings:
        n.attributes[a.name] = a.strings;
        break;
      case Kind::tensor:
      case Kind::sparse_tensor:
        n.attributes[a.name] = a.tensor;
        break;
      case Kind::graph:
        add_region(n, a, scope, opsets);
        break;
      default:
        error(fmt::format("{}: attribute '{}' has a type that is not supported", describe(from, index), escape(a.name)),
              "numbers, strings, lists of them, tensors and graphs are: types of sequences and optionals are no types of inference");
    }
  }

  // Outer values that the subgraph reads become trailing inputs of the region's graph and of the node.
  void add_region(inferc::Node& n, const Attribute& a, Scope& scope, const std::vector<OperatorSet>& opsets) {
    if (a.graphs.empty()) return;
    Region region{a.name, std::make_unique<inferc::Graph>(n.graph->shared_symbols()), 0};
    std::vector<std::string> names;
    free_names(a.graphs[0], names);
    Scope inner;
    std::vector<Value*> outer;
    for (const std::string& name : names) {
      const auto at = scope.find(name);
      if (at == scope.end()) continue;
      outer.push_back(at->second);
      inner[name] = region.graph->add_input(name, at->second->type.value_or(Type{}));
      if (!at->second->type) inner[name]->type.reset();
      inner[name]->constant = at->second->constant;
    }
    region.captures = outer.size();
    fill(*region.graph, a.graphs[0], inner, true, opsets);
    const std::size_t own = region.graph->inputs().size() - outer.size();
    for (std::size_t k = 0; k < own; ++k) region.graph->move_input_to_front(own + outer.size() - 1);
    for (Value* v : outer) n.graph->add_operand(&n, v);
    n.regions.push_back(std::move(region));
  }

  void add_constant(inferc::Graph& g, const Node& from, std::size_t index, Scope& scope) {
    if (from.attributes.size() != 1 || from.outputs.size() != 1)
      return error(fmt::format("{}: a Constant has one attribute and one output", describe(from, index)));
    using Kind = Attribute::Kind;
    static const std::map<std::string_view, Kind> kinds{{"value", Kind::tensor},        {"sparse_value", Kind::sparse_tensor}, {"value_float", Kind::real},
                                                        {"value_int", Kind::integer},   {"value_floats", Kind::reals},         {"value_ints", Kind::integers},
                                                        {"value_string", Kind::string}, {"value_strings", Kind::strings}};
    const Attribute& a = from.attributes[0];
    if (const auto at = kinds.find(a.name); at == kinds.end() || at->second != a.kind)
      return error(fmt::format("{}: attribute '{}' is not known, or of another type", describe(from, index), escape(a.name)));
    Tensor t;
    switch (a.kind) {
      case Attribute::Kind::tensor:
      case Attribute::Kind::sparse_tensor:
        t = a.tensor;
        break;
      case Attribute::Kind::real:
        t = tensor_of<float>({}, std::span(&a.real, 1));
        break;
      case Attribute::Kind::integer:
        t = tensor_of<std::int64_t>({}, std::span(&a.integer, 1));
        break;
      case Attribute::Kind::reals:
        t = tensor_of<float>({static_cast<std::int64_t>(a.reals.size())}, a.reals);
        break;
      case Attribute::Kind::integers:
        t = tensor_of<std::int64_t>({static_cast<std::int64_t>(a.integers.size())}, a.integers);
        break;
      default:
        break;
    }
    if (t.dtype() == DType::undefined) return error(fmt::format("{}: constants of this type are not supported", describe(from, index)));
    scope[from.outputs[0]] = g.add_constant(std::move(t), from.outputs[0]);
  }

  // The body of a model-local function in place of the node; names inside get a scope of their own.
  void expand(inferc::Graph& g, const Function& f, const Node& call, Scope& scope) {
    if (!may_expand(f, call)) return;
    calls_.push_back(&f);
    Scope inner;
    for (std::size_t i = 0; i < f.inputs.size() && i < call.inputs.size(); ++i)
      if (!call.inputs[i].empty()) inner[f.inputs[i]] = find(g, call, 0, call.inputs[i], scope);
    std::vector<Node> nodes = f.nodes;
    for (Node& n : nodes) {
      for (Attribute& a : n.attributes) bind(a, f, call);
      std::erase_if(n.attributes, [](const Attribute& a) { return !a.reference.empty(); });
      for (std::string& name : n.inputs)
        if (!name.empty() && std::find(f.inputs.begin(), f.inputs.end(), name) != f.inputs.end() && !inner.count(name)) name.clear();
    }
    add_nodes(g, nodes, inner, f.opsets);
    for (std::size_t o = 0; o < f.outputs.size() && o < call.outputs.size(); ++o)
      if (const auto at = inner.find(f.outputs[o]); at != inner.end()) scope[call.outputs[o]] = at->second;
    calls_.pop_back();
  }
  bool may_expand(const Function& f, const Node& call) {
    const std::size_t before = expanded_;
    expanded_ += f.nodes.size() + 1;
    const auto refuse = [&](std::string reason) { return error(fmt::format("function '{}' {}", escape(f.name), reason)), false; };
    if (std::find(calls_.begin(), calls_.end(), &f) != calls_.end()) return refuse("calls itself");
    if (calls_.size() == deepest_expansion) return refuse(fmt::format("is nested deeper than {}", deepest_expansion));
    if (call.inputs.size() > f.inputs.size() || call.outputs.size() > f.outputs.size())
      return refuse(fmt::format("has {} inputs and {} outputs, a call gives {} and takes {}", f.inputs.size(), f.outputs.size(), call.inputs.size(),
                                call.outputs.size()));
    if (before <= most_expanded && expanded_ > most_expanded) refuse(fmt::format("is called too often: functions stand for more than {} nodes", most_expanded));
    return expanded_ <= most_expanded;
  }

  // An attribute that refers to one of the function's gets the value given at the call, else the default.
  static void bind(Attribute& a, const Function& f, const Node& call) {
    if (a.reference.empty()) return;
    const auto named = [&](const Attribute& x) { return x.name == a.reference; };
    auto at = std::find_if(call.attributes.begin(), call.attributes.end(), named);
    if (at == call.attributes.end()) {
      at = std::find_if(f.attribute_defaults.begin(), f.attribute_defaults.end(), named);
      if (at == f.attribute_defaults.end()) return;
    }
    const std::string name = a.name;
    a = *at;
    a.name = name;
    a.reference.clear();
  }

  const Model& model_;
  Diagnostics& diagnostics_;
  const std::set<std::string>& variable_;
  std::map<std::tuple<std::string, std::string, std::string>, const Function*> functions_;  // by domain, name and overload
  std::map<std::string, std::string> symbol_names_;
  std::set<std::string> foreign_;       // functions that were warned about
  std::vector<const Function*> calls_;  // that are being expanded
  std::size_t expanded_ = 0;
};

}  // namespace

std::string symbol_name(const ValueInfo& v, std::size_t axis) {
  const Dimension& d = (*v.shape)[axis];
  std::string name = d.parameter.empty() ? fmt::format("{}_d{}", v.name, axis) : d.parameter;
  for (char& c : name)
    if (!std::isalnum(static_cast<unsigned char>(c)) && c != '_') c = '_';
  return std::isdigit(static_cast<unsigned char>(name[0])) ? "n_" + name : name;
}

std::unique_ptr<inferc::Graph> import(const Model& model, Diagnostics& diagnostics, const std::set<std::string>& variable) {
  return Importer(model, diagnostics, variable).run();
}

namespace {

void check_element_type(const ValueInfo& declared, const Value& v, Diagnostics& diagnostics) {
  const auto wanted = dtype_from_onnx(declared.element_type);
  if (declared.element_type == 0 || wanted == v.type->dtype) return;
  diagnostics.error(fmt::format("output '{}' is {}, the file declares {}", escape(declared.name), name(v.type->dtype),
                                wanted ? std::string(name(*wanted)) : fmt::format("element type {}", declared.element_type)),
                    "the file contradicts itself: export the model again");
}

bool contradicts(const std::vector<Dimension>& declared, const Shape& shape) {
  if (declared.size() != shape.size()) return true;
  for (std::size_t d = 0; d < shape.size(); ++d)
    if (declared[d].value && shape[d].is_constant() && !shape[d].is(*declared[d].value)) return true;
  return false;
}

void check_shape(const ValueInfo& declared, const Value& v, Diagnostics& diagnostics) {
  if (!declared.shape || !contradicts(*declared.shape, v.type->shape)) return;
  std::vector<std::string> sizes;
  for (const Dimension& d : *declared.shape) sizes.push_back(d.value ? std::to_string(*d.value) : d.parameter.empty() ? "?" : escape(d.parameter));
  diagnostics.warning(fmt::format("output '{}' is {}, the file declares the shape [{}]", escape(declared.name), text(*v.type), fmt::join(sizes, ", ")),
                      "the declared shape is not used; export the model again if it is the right one");
}

}  // namespace

void check_output_types(const Model& model, const inferc::Graph& graph, Diagnostics& diagnostics) {
  const std::vector<ValueInfo>& declared = model.graph.outputs;
  for (std::size_t k = 0; k < declared.size() && k < graph.outputs().size(); ++k) {
    const Value* v = graph.outputs()[k];
    if (!declared[k].is_tensor || !v->type) continue;
    check_element_type(declared[k], *v, diagnostics);
    check_shape(declared[k], *v, diagnostics);
  }
}

}  // namespace inferc::onnx
