#pragma once
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "compiler/ir/graph.hpp"

namespace inferc {

// What a pattern found: values and nodes by the names that the pattern gives them, and every node it covers.
struct Match {
  std::map<std::string, Value*, std::less<>> values;
  std::map<std::string, Node*, std::less<>> nodes;
  std::vector<Node*> covered;  // the root first
  [[nodiscard]] Value* operator[](std::string_view name) const {
    const auto at = values.find(name);
    return at == values.end() ? nullptr : at->second;
  }
};

// A tree over the producers of a value. Operands of Add, Mul, Max, Min, And, Or, Equal match in either order.
class Pattern {
 public:
  // Any value; the same name twice must be the same value.
  static Pattern any(std::string name);
  // A constant.
  static Pattern constant(std::string name);
  // A constant of one element, equal to `value` up to the rounding of a float (2^-22 relative).
  static Pattern number(double value);
  // A constant of one element.
  static Pattern scalar(std::string name);
  // The first output of an operator of ai.onnx, or of domain "inferc" written "inferc.Name".
  static Pattern op(std::string op, std::vector<Pattern> inputs, std::string name = {});
  static Pattern one_of(std::vector<Pattern> alternatives);

  struct Data;
  [[nodiscard]] const Data& data() const { return *data_; }

 private:
  explicit Pattern(Data data);
  std::shared_ptr<const Data> data_;
};

// Matches `pattern` at `root`. Values inside the match must not be read outside it, nor be graph outputs.
[[nodiscard]] std::optional<Match> match(const Pattern& pattern, Value* root);

// The element of a constant with one element, as double.
[[nodiscard]] std::optional<double> scalar_value(const Value* v);

// A new node in place of a match: takes the place, the type and the origins of what it stands for. Dead nodes stay for
// erase_dead.
Node* replace_match(Graph& graph, const Match& match, std::string op, std::string domain, std::vector<Value*> inputs, Attributes attributes = {});

// Origins of several nodes, each once.
[[nodiscard]] std::vector<std::string> joined_origins(const std::vector<Node*>& nodes);

// Runs `rewrite` on every node that is read, those it adds included, until nothing changes any more; dead nodes are erased. Regions
// first.
bool rewrite_all(Graph& graph, const std::function<bool(Graph&, Node*)>& rewrite);

}  // namespace inferc
