#pragma once
#include <cstdint>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "compiler/ir/dim.hpp"
#include "compiler/ir/dtype.hpp"
#include "compiler/ir/symbols.hpp"
#include "compiler/ir/tensor.hpp"
#include "compiler/support/diagnostics.hpp"

namespace inferc {

class Graph;
struct Node;

using Shape = std::vector<Dim>;

// What is known of a value before run time. A Type never carries layout.
struct Type {
  DType dtype = DType::undefined;
  Shape shape;
  bool operator==(const Type&) const = default;
  [[nodiscard]] int rank() const { return static_cast<int>(shape.size()); }
};
[[nodiscard]] std::string text(const Type&);  // f32[batch, 16]

using Attribute = std::variant<std::int64_t, float, std::string, std::vector<std::int64_t>, std::vector<float>, std::vector<std::string>, Tensor>;
using Attributes = std::map<std::string, Attribute, std::less<>>;

struct Use {
  Node* node;
  std::size_t index;  // of node->inputs
  bool operator==(const Use&) const = default;
};

// One SSA value: a graph input, a constant, or an output of a node.
struct Value {
  std::uint32_t id = 0;  // unique within its Graph
  std::string name;      // of the model file; may be empty
  std::optional<Type> type;
  Node* producer = nullptr;        // null for graph inputs and constants
  std::optional<Tensor> constant;  // known elements
  // Partial data: the elements of a small integer tensor as sizes, row-major. Shape arithmetic lives here.
  std::optional<std::vector<Dim>> content;
  // Elements of a small tensor that follow from constants and sizes alone, of a type that content has not.
  std::optional<Tensor> known;
  // The shape that the file declares for it, where all of its sizes are known.
  std::optional<Shape> declared;
  std::vector<Use> uses;

  [[nodiscard]] bool is_constant() const { return constant.has_value(); }
};

// One operator application. A region's graph takes its own inputs first, then its captures: node.inputs ends with the
// captured outer values of all regions in order, so that a region never names a value of another graph.
struct Region {
  std::string name;  // "then_branch", "body" ...
  std::unique_ptr<Graph> graph;
  std::size_t captures = 0;  // how many trailing inputs of `graph` are captures
};

struct Node {
  std::string op;      // operator name
  std::string domain;  // "" is ai.onnx; "inferc" holds our composites
  std::string name;    // of the model file; may be empty
  Attributes attributes;
  std::vector<Value*> inputs;   // null: an omitted optional input
  std::vector<Value*> outputs;  // null: an omitted optional output
  std::vector<Region> regions;
  std::vector<std::string> origins;   // ONNX nodes this one stands for: "Gemm 'fc1'"
  std::vector<std::string> measures;  // symbols that its calls set; a node that sets one is never dead
  int opset = 0;                      // of the file it came from, for messages
  Graph* graph = nullptr;

  [[nodiscard]] bool is(std::string_view op_name, std::string_view op_domain = "") const { return op == op_name && domain == op_domain; }
  [[nodiscard]] Value* in(std::size_t i) const { return i < inputs.size() ? inputs[i] : nullptr; }
  [[nodiscard]] Value* out(std::size_t i = 0) const { return i < outputs.size() ? outputs[i] : nullptr; }
  template <class T>
  [[nodiscard]] T attr(std::string_view key, T otherwise) const {
    const auto at = attributes.find(key);
    return at == attributes.end() || !std::holds_alternative<T>(at->second) ? otherwise : std::get<T>(at->second);
  }
  [[nodiscard]] std::int64_t attr_int(std::string_view key, std::int64_t otherwise) const { return attr(key, otherwise); }
};

// SSA, topologically ordered; changed only through the members below, which keep uses right.
class Graph {
 public:
  explicit Graph(std::shared_ptr<Symbols> symbols = std::make_shared<Symbols>());
  Graph(const Graph&) = delete;
  Graph& operator=(const Graph&) = delete;

  std::string name;
  std::vector<Diagnostic> notes;  // what passes could not prove, and what is slower or rounded for that: with node and remedy; clones have none
  [[nodiscard]] Symbols& symbols() const { return *symbols_; }
  [[nodiscard]] const std::shared_ptr<Symbols>& shared_symbols() const { return symbols_; }

  // --- build
  Value* add_input(std::string name, Type type);
  Value* add_constant(Tensor tensor, std::string name = {});
  // A new node before `before` (null: at the end) with `outputs` fresh untyped values. Inputs may be null.
  Node* add_node(std::string op, std::vector<Value*> inputs, std::size_t outputs = 1, Attributes attributes = {}, Node* before = nullptr);
  // The same before `node`, which it stands for in part: with its name, origins and opset.
  Node* add_for(Node& node, std::string op, std::vector<Value*> inputs, std::size_t outputs = 1, Attributes attributes = {});
  void set_outputs(std::vector<Value*> outputs);
  Value* new_value(std::string name = {}, std::optional<Type> type = {});  // an output to be attached by the caller

  // --- change
  void set_input(Node* node, std::size_t index, Value* value);
  void add_operand(Node* node, Value* value);             // appended input
  void drop_operands(Node* node, std::size_t count);      // keeps the first `count` inputs
  void replace_uses(Value* old_value, Value* new_value);  // including graph outputs
  void erase(Node* node);                                 // its outputs must be unused
  void move_before(Node* node, Node* before);
  void remove_input(std::size_t index);  // unused
  void move_input_to_front(std::size_t index);
  void substitute_symbol(std::string_view symbol, const Dim& size);  // in the types of inputs and in declared shapes
  bool erase_dead();                                                 // nodes whose outputs nobody reads, unused constants; true if any

  // --- look
  [[nodiscard]] const std::vector<Value*>& inputs() const { return inputs_; }
  [[nodiscard]] const std::vector<Value*>& outputs() const { return outputs_; }
  [[nodiscard]] bool is_output(const Value* value) const;
  // Whether a node or the graph's outputs read an output of the node.
  [[nodiscard]] bool is_read(const Node& node) const;
  [[nodiscard]] bool is_read(const Value& value) const;
  [[nodiscard]] std::vector<Node*> nodes() const;  // a snapshot in order: safe while the graph changes
  [[nodiscard]] std::size_t size() const { return order_.size(); }
  [[nodiscard]] std::vector<Value*> constants() const;
  // The one node that reads `value` if there is exactly one use and it is no graph output.
  [[nodiscard]] Node* only_user(const Value* value) const;

 private:
  using Order = std::list<std::unique_ptr<Node>>;
  void link(Node* node);
  void unlink(Node* node);
  std::shared_ptr<Symbols> symbols_;
  std::vector<std::unique_ptr<Value>> values_;
  Order order_;
  std::map<const Node*, Order::iterator> where_;
  std::vector<Value*> inputs_, outputs_;
  std::uint32_t next_id_ = 0;
};

// Every invariant of a graph and its regions: SSA, order, uses, captures, types present. Throws InternalError naming
// the first broken one.
void verify(const Graph&);

[[nodiscard]] std::unique_ptr<Graph> clone(const Graph&);

// "Gemm 'fc1' (opset 17)": the address of a node in messages; names escaped.
[[nodiscard]] std::string address(const Node&);

// Text form that parses back. Constants of up to 16 elements are written out; of others only the type and a number k
// stand there, the parser takes element k of `constants` (as listed by Graph::constants()).
[[nodiscard]] std::string text(const Graph&);
[[nodiscard]] std::unique_ptr<Graph> parse_graph(std::string_view text, const std::vector<Tensor>& constants = {});

}  // namespace inferc
