#include "compiler/ops/control.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace inferc::control {
namespace {

// Whether a size names a symbol that a node of the region sets: it is not known outside.
bool is_local(const Graph& region, const Dim& size) {
  std::vector<std::string> names;
  collect_symbols(size, names);
  for (const Node* n : region.nodes())
    for (const std::string& s : n->measures)
      if (std::find(names.begin(), names.end(), s) != names.end()) return true;
  return false;
}

}  // namespace

std::size_t first_capture(const Node& node, std::size_t r) {
  std::size_t at = node.inputs.size();
  for (std::size_t k = node.regions.size(); k-- > r;) at -= node.regions[k].captures;
  return at;
}

void bind_captures(const Node& node, std::size_t r) {
  const Region& region = node.regions[r];
  const auto& formals = region.graph->inputs();
  for (std::size_t k = 0; k < region.captures; ++k) {
    const Value* actual = node.inputs[first_capture(node, r) + k];
    Value* formal = formals[formals.size() - region.captures + k];
    formal->type = actual->type;
    formal->constant = actual->constant;
    formal->content = actual->content;
    formal->known = actual->known;
  }
}

void bind_input(const Region& region, std::size_t k, const Type& type) {
  region.graph->inputs()[k]->type = type;
  region.graph->inputs()[k]->content.reset();
  region.graph->inputs()[k]->known.reset();
}

void carry(Infer& i, std::size_t k, const Type& before, const Type& after) {
  if (before.dtype != after.dtype || before.rank() != after.rank()) {
    i.fail(fmt::format("carried value {} is {} before an iteration and {} after it", k, text(before), text(after)), "a carried value must keep its type");
    return;
  }
  for (std::size_t d = 0; d < before.shape.size(); ++d) {
    if (i.symbols().decide_equal(before.shape[d], after.shape[d]) == false) {
      i.fail(fmt::format("carried value {} is {} before an iteration and {} after it", k, text(before), text(after)),
             "a carried value keeps its size: carry a tensor of the largest size and fill it, or append to a sequence (SequenceInsert)");
      return;
    }
    static_cast<void>(i.unify(before.shape[d], after.shape[d]));
  }
  i.out(k, before.dtype, before.shape);
}

bool keeps_size(Infer& i, const Region& body, std::size_t k, const Type& row) {
  for (const Dim& d : row.shape)
    if (is_local(*body.graph, d)) return i.fail(fmt::format("what output {} collects is {}, whose size {} differs between iterations", k, text(row), d.text()));
  return true;
}

}  // namespace inferc::control
