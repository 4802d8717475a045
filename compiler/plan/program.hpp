#pragma once
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "compiler/call/call.hpp"
#include "compiler/ir/graph.hpp"
#include "compiler/ir/symbols.hpp"

namespace inferc {

// An output of the graph that is one of its inputs in the next call; without `initial` that begins with zeros.
struct Carry {
  std::size_t output, input;
  std::optional<Tensor> initial{};
};

// What a workspace keeps from one call to the next, under the names of the graph's input and output.
struct StatePort {
  std::string input, output;
  Type type;
  BufferId buffer;
  std::optional<BufferId> initial;  // a weight; none: zeros
};

struct TensorPort {
  std::string name;
  Type type;
  BufferId buffer;
};

// A stride that the caller gives with each call: elements from one index along an axis of an input to the next.
struct StridePort {
  BufferId input;
  std::size_t axis;
  std::string symbol;  // a measured one
};

// What every backend gets: ordered calls over planned buffers.
struct Program {
  std::string name;
  std::shared_ptr<Symbols> symbols;
  std::vector<TensorPort> inputs, outputs;  // without what is carried
  std::vector<StatePort> state;
  std::vector<StridePort> strides;    // input by input, of an input all axes; behind the values of `symbols` in what a call is given
  std::vector<std::string> measured;  // symbols of the outputs' shapes that calls set, in order of the outputs
  std::vector<Buffer> buffers;
  std::vector<Weight> weights;
  std::vector<Call> calls;
  std::vector<IndexBound> index_bounds;                   // of inputs, checked before the first call
  std::vector<std::pair<std::string, Dim>> arena_locals;  // sizes that offsets and arena_bytes name, in order
  std::vector<Dim> offsets;                               // of each buffer, in bytes: in the arena or in the weights; others 0
  std::int64_t state_bytes = 0;                           // at the beginning of the arena
  std::int64_t note_at = 0;                               // behind it, where there is `prepare`: a word and one for each symbol
  Dim arena_bytes;                                        // constant when every symbol is bounded
  Dim arena_lower_bound;                                  // peak of live bytes at the upper bounds of the symbols; 0 when some are unbounded
  std::shared_ptr<const Program> batch;                   // this over many events (plan/batch.hpp); null: not asked for
  std::shared_ptr<const Program> prepare;                 // what static inputs alone decide (plan/prepare.hpp); null: none are static
  std::vector<std::size_t> static_inputs;                 // places of its inputs among those of both
  std::vector<std::size_t> prepared_symbols;              // in which a run agrees with it
  std::optional<std::int64_t> profile_at;                 // of the counters in the arena (plan/profile.hpp); none: not asked for
};

// "64*n_tracks + 128" of arena_bytes: the sizes it is built of, without names for parts of it.
[[nodiscard]] std::string workspace_text(const Program& program);

// Lowers every node, plans the arena and places the weights. `allow_fast` false: reference kernels only. What is carried is of
// constant size and written last, so that a call that fails leaves it as it was. `static_inputs`: of the graph, not carried; what
// depends on them alone goes to Program::prepare. `strided`: inputs of the graph, neither carried nor static, whose strides the caller
// gives; they are read where they are by what has the same bits for any strides, else copied once.
[[nodiscard]] Program plan(const Graph& graph, bool allow_fast = true, const std::vector<Carry>& carried = {},
                           const std::vector<std::size_t>& static_inputs = {}, const std::vector<std::size_t>& strided = {});

// The strides of an input, axis by axis; empty: its elements are dense.
[[nodiscard]] std::vector<const StridePort*> strides_of(const Program& program, const TensorPort& input);

}  // namespace inferc
