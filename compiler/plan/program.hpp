#pragma once
#include <memory>
#include <string>
#include <vector>

#include "compiler/call/call.hpp"
#include "compiler/ir/graph.hpp"
#include "compiler/ir/symbols.hpp"

namespace inferc {

struct TensorPort {
  std::string name;
  Type type;
  BufferId buffer;
};

// What every backend gets: ordered calls over planned buffers.
struct Program {
  std::string name;
  std::shared_ptr<Symbols> symbols;
  std::vector<TensorPort> inputs, outputs;
  std::vector<std::string> measured;  // symbols of the outputs' shapes that calls set, in order of the outputs
  std::vector<Buffer> buffers;
  std::vector<Weight> weights;
  std::vector<Call> calls;
  std::vector<IndexBound> index_bounds;  // of inputs, checked before the first call
  std::vector<std::pair<std::string, Dim>> arena_locals;  // sizes that offsets and arena_bytes name, in order
  std::vector<Dim> offsets;  // of each buffer, in bytes: in the arena or in the weights; others 0
  Dim arena_bytes;           // constant when every symbol is bounded
  Dim arena_lower_bound;     // peak of live bytes at the upper bounds of the symbols; 0 when some are unbounded
};

// "64*n_tracks + 128" of arena_bytes: the sizes it is built of, without names for parts of it.
[[nodiscard]] std::string workspace_text(const Program& program);

// Lowers every node, plans the arena and places the weights. `allow_fast` false: reference kernels only.
[[nodiscard]] Program plan(const Graph& graph, bool allow_fast = true);

}  // namespace inferc
