#pragma once
#include <cstdint>
#include <initializer_list>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "compiler/call/builder.hpp"
#include "compiler/call/host.hpp"
#include "compiler/ir/graph.hpp"
#include "compiler/support/diagnostics.hpp"

namespace inferc {

class Infer;
class Expand;
class Lower;

// A set of element types.
class TypeSet {
 public:
  constexpr TypeSet(std::initializer_list<DType> types) {
    for (const DType t : types) bits_ |= 1u << static_cast<unsigned>(t);
  }
  [[nodiscard]] constexpr bool has(DType t) const { return (bits_ >> static_cast<unsigned>(t) & 1u) != 0; }
  friend constexpr TypeSet operator|(TypeSet a, TypeSet b) {
    a.bits_ |= b.bits_;
    return a;
  }

 private:
  std::uint32_t bits_ = 0;
};

namespace types {
inline constexpr TypeSet floats{DType::float32, DType::float64};
inline constexpr TypeSet signed_integers{DType::int8, DType::int16, DType::int32, DType::int64};
inline constexpr TypeSet integers = signed_integers | TypeSet{DType::uint8, DType::uint16, DType::uint32, DType::uint64};
inline constexpr TypeSet numeric = floats | integers;
inline constexpr TypeSet signed_numeric = floats | signed_integers;
inline constexpr TypeSet boolean{DType::boolean};
inline constexpr TypeSet all = numeric | boolean;
inline constexpr TypeSet index{DType::int32, DType::int64};
inline constexpr TypeSet int64{DType::int64};
}  // namespace types

struct Port {
  std::string_view name;
  TypeSet types;
  enum class Arity : unsigned char { required, optional, variadic, any } arity = Arity::required;  // the last: one or more, or none
  char same = 0;  // ports with the same letter must have equal element types; 0: free
};

enum class AttributeKind : unsigned char { integer, real, string, integers, reals, strings, tensor };
struct AttributeSpec {
  std::string_view name;
  AttributeKind kind;
};

// How an elementwise operator looks to the fuser.
struct Elementwise {
  std::string functor;  // of kernels/functors.hpp
  std::vector<double> (*parameters)(const Node&) = nullptr;
  bool (*applies)(const Node&) = nullptr;            // null: to every node of the operator
  std::string (*functor_of)(const Node&) = nullptr;  // where the functor depends on the node; null: `functor`
};

// One operator in its newest (normalised) form; older opsets are rewritten to it at import.
struct Op {
  std::string_view name;
  std::string_view domain = "";
  std::vector<Port> inputs{};
  std::size_t min_outputs = 1, max_outputs = 1;
  std::vector<AttributeSpec> attributes{};
  void (*infer)(Infer&) = nullptr;       // checks attributes and shapes, gives output types and partial data
  bool (*expand)(Expand&) = nullptr;     // to nodes of other operators, once types are known; false: not applicable here, nothing added
  void (*lower)(Lower&) = nullptr;       // to reference kernels (or views): the definition, also run on the host; null: always expands
  bool (*lower_fast)(Lower&) = nullptr;  // to fast kernels; false: not applicable here, nothing emitted
  std::optional<Elementwise> elementwise{};
  std::string_view versions = "";  // opsets whose semantics are accepted: "7, 13, 14"
};

// The table of compiler/ops/list.def.
[[nodiscard]] const Op* find_op(std::string_view name, std::string_view domain = "");
[[nodiscard]] const std::vector<const Op*>& all_ops();

// A valid axis counted from the front; negative ones count from the end.
[[nodiscard]] constexpr std::size_t from_front(std::int64_t axis, std::int64_t rank) { return static_cast<std::size_t>(axis < 0 ? axis + rank : axis); }

// ---------------------------------------------------------------------------------------------------------------
// What an operator sees of its node while types are inferred. Errors are collected; after one the outputs stay unknown.
class Infer {
 public:
  Infer(Node& node, Diagnostics& diagnostics) : node(node), diagnostics_(diagnostics) {}
  Node& node;

  [[nodiscard]] Symbols& symbols() const { return node.graph->symbols(); }
  [[nodiscard]] bool has(std::size_t i) const { return node.in(i) != nullptr; }
  [[nodiscard]] const Type& type(std::size_t i) const { return *node.inputs[i]->type; }
  [[nodiscard]] DType dtype(std::size_t i) const { return type(i).dtype; }
  [[nodiscard]] const Shape& shape(std::size_t i) const { return type(i).shape; }
  [[nodiscard]] int rank(std::size_t i) const { return type(i).rank(); }
  // The elements of an integer operand as sizes, where known (constant or partial data).
  [[nodiscard]] std::optional<std::vector<Dim>> content(std::size_t i) const;
  // The same as integers; fails (with a remedy) when the operand is not known before run time.
  [[nodiscard]] std::optional<std::vector<std::int64_t>> integers(std::size_t i);

  // Whether input i is omitted or its elements are known before run time.
  [[nodiscard]] bool known(std::size_t i) const;
  // The shape that the file declares for output `i`, whose sizes input `operand` would give if it were known; fails (with a
  // remedy) where it declares none. What run() gets must agree with it: lower() guards that.
  [[nodiscard]] std::optional<Shape> declared(std::size_t operand, std::size_t i = 0);

  void out(std::size_t i, DType dtype, Shape shape);
  void out_content(std::size_t i, std::vector<Dim> elements);
  // Infers the nodes of a region whose inputs have types; false when that fails.
  bool region(Graph& graph);
  // A size of an output that only a call finds out, at most `limit`; `k` counts those of the node. Named after the output and its
  // axis; SIZE_MAX in place of an axis: the iteration of a loop.
  [[nodiscard]] Dim measured(std::size_t k, std::size_t output, std::size_t axis, const Dim& limit);
  bool fail(const std::string& reason, std::string help = {});  // returns false
  [[nodiscard]] bool failed() const { return failed_; }

  // Attribute as axis in [0, rank); fails when out of range.
  [[nodiscard]] std::optional<std::size_t> axis(std::int64_t value, int rank);
  [[nodiscard]] std::optional<std::size_t> axis_attr(std::int64_t otherwise, int rank) { return axis(node.attr_int("axis", otherwise), rank); }
  // The size two operands must share; records an equality when it cannot be decided, fails when they differ.
  [[nodiscard]] Dim unify(const Dim& a, const Dim& b);
  [[nodiscard]] Shape broadcast(const Shape& a, const Shape& b);  // ONNX multidirectional broadcasting

 private:
  Diagnostics& diagnostics_;
  bool failed_ = false;
};

// Elements of partial data are worth keeping up to this many.
inline constexpr std::size_t max_content = 256;

// Infers one node by its Op: arity, element types, attribute names and kinds, then Op::infer. False on an error or
// when an input has no type yet.
bool infer_node(Node& node, Diagnostics& diagnostics);

// ---------------------------------------------------------------------------------------------------------------
// What an operator sees while it becomes Calls. Operands of inputs may be strided views; outputs may be placed into
// another buffer (a Concat's slot), so outputs may be strided, too.
class Lower {
 public:
  using Placement = std::map<const Value*, Operand>;
  Lower(const Node& node, Builder& builder, Placement& placement, bool allow_fast)
      : node(node), builder_(builder), placed_(placement), allow_fast_(allow_fast) {}
  const Node& node;

  [[nodiscard]] const Symbols& symbols() const { return node.graph->symbols(); }
  [[nodiscard]] bool has(std::size_t i) const { return node.in(i) != nullptr; }
  [[nodiscard]] const Type& type(std::size_t i) const { return *node.inputs[i]->type; }
  [[nodiscard]] const Shape& shape(std::size_t i) const { return type(i).shape; }
  [[nodiscard]] const Type& out_type(std::size_t i = 0) const { return *node.outputs[i]->type; }
  [[nodiscard]] const Tensor* constant(std::size_t i) const;    // null unless input i is known now
  [[nodiscard]] std::vector<Dim> content(std::size_t i) const;  // known elements of an integer input

  [[nodiscard]] Operand in(std::size_t i);        // any strides
  [[nodiscard]] Operand in_dense(std::size_t i);  // row-major contiguous: copied first when it is not
  [[nodiscard]] Operand in_rows(std::size_t i);   // row_stride() holds: copied first when it does not
  [[nodiscard]] Operand out(std::size_t i = 0);   // any strides
  // An output that the kernel writes dense; if it is placed with strides, a copy follows at finish().
  [[nodiscard]] Operand out_dense(std::size_t i = 0);
  [[nodiscard]] Operand out_rows(std::size_t i = 0);
  [[nodiscard]] Operand dense(const Operand& v, const std::string& name = {});  // v, copied if it is not dense
  // The elements must be in [low, high]. The kernel checks it; those that come from an input of the model unchanged are
  // checked before anything is written, too.
  void bound_indices(const Operand& window, const Dim& low, const Dim& high) { builder_.bound({window, DType::int64, low, high}); }
  [[nodiscard]] Operand temporary(DType dtype, Shape shape);
  [[nodiscard]] Operand weight(Tensor tensor, const std::string& packing = {}, std::size_t from_input = SIZE_MAX);

  // Whether input i is omitted or its elements were known when types were inferred.
  [[nodiscard]] bool known(std::size_t i) const;
  // A call of kernels/ref/shape_operand.hpp that checks operands which are read at run time against the sizes of this node.
  void guard(std::string kernel, HostKernel host, std::vector<Arg> args);

  // Output i is a view: no Call unless the output is placed elsewhere already (then a copy).
  void view(std::size_t i, const Operand& operand);
  // Output 0 is the elements of input 0, in row-major order, under its own shape: a view, of a copy where strides forbid.
  void reshape();
  void copy(const Operand& to, const Operand& from);

  // One call of a reference kernel. Access of pointers and views is by the order of arguments as given.
  Call& reference(std::string kernel, std::string header, HostKernel host, std::vector<Arg> args);
  // One call of a fast kernel.
  Call& fast(std::string kernel, std::string header, std::vector<Arg> args);
  void finish();  // pending copies of strided outputs
  // Calls of a region's nodes: its inputs are `inputs`, its one output is written to output 0.
  void inline_region(const Graph& region, const std::vector<Operand>& inputs);

 private:
  Call& add(Call call);
  Builder& builder_;
  Placement& placed_;
  bool allow_fast_;
  std::vector<std::pair<Operand, Operand>> pending_;  // to, from
};

// Arguments in short.
[[nodiscard]] Arg read(Operand v);
[[nodiscard]] Arg write(Operand v);
[[nodiscard]] Arg read_view(Operand v);
[[nodiscard]] Arg write_view(Operand v);
[[nodiscard]] Arg size(Dim d);
[[nodiscard]] Arg runtime_size(Dim d);
[[nodiscard]] Arg integer(std::int64_t v);
[[nodiscard]] Arg real(double v);
[[nodiscard]] Arg real64(double v);
[[nodiscard]] Arg flag(bool v);
[[nodiscard]] Arg range(Dim begin, Dim end);

// Whether the node checks an operand at run time that gives its output's sizes, so that it is more than its result.
[[nodiscard]] bool checks_sizes(const Node& node);
// `shape` as eight sizes from the front, and its rank: the form in which guards take shapes.
[[nodiscard]] SizesArg guarded_shape(const Shape& shape);
inline constexpr std::size_t guarded_rank = 8;

// Lowers one node: fast kernels when `allow_fast`, views, else reference kernels. A region named "epilogue" that the
// operator's fast kernel does not take is lowered behind it.
void lower_node(const Node& node, Builder& builder, Lower::Placement& placement, bool allow_fast);

// Runs a node's reference kernels on the host. Inputs null where omitted. Throws UserError (with the node's address)
// for a fault or an unsuitable operand.
[[nodiscard]] std::vector<Tensor> evaluate_node(const Node& node, const std::vector<const Tensor*>& inputs, const SymbolValues& symbols = {});
// The same where its calls count at most `most` floating-point operations, else nothing.
[[nodiscard]] std::optional<std::vector<Tensor>> evaluate_node_within(std::int64_t most, const Node& node, const std::vector<const Tensor*>& inputs);

// [outer, axis, inner] of a shape.
struct Split {
  Dim outer, axis, inner;
};
[[nodiscard]] Split split_at(const Shape& shape, std::size_t axis);
// At attribute "axis"; without it input 0 counts as flat.
[[nodiscard]] Split split_at_axis(const Node& node);

}  // namespace inferc
