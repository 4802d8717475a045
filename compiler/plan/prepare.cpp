#include "compiler/plan/prepare.hpp"

#include <algorithm>
#include <optional>

#include "compiler/plan/arena.hpp"
#include "compiler/plan/control.hpp"

namespace inferc {
namespace {

constexpr std::int64_t word = 8;

// Every size that an argument names.
std::vector<Dim> sizes_in(const Arg& arg) {
  std::vector<Dim> out;
  if (const auto* s = std::get_if<SizeArg>(&arg)) out = {s->size};
  if (const auto* s = std::get_if<RuntimeSizeArg>(&arg)) out = {s->size};
  if (const auto* s = std::get_if<RangeArg>(&arg)) out = {s->begin, s->end};
  if (const auto* s = std::get_if<SizesArg>(&arg)) out = s->sizes;
  if (const auto* s = std::get_if<AccessorArg>(&arg)) out = {s->accessor.stride};
  if (const auto* s = std::get_if<EpilogueArg>(&arg))
    for (const Accessor& a : s->accessors) out.insert(out.end(), {a.stride, a.rows});
  if (const auto* s = std::get_if<GatheredArg>(&arg)) {
    out = {s->row, s->rows};
    out.insert(out.end(), s->strides.begin(), s->strides.end());
    out.insert(out.end(), s->index_strides.begin(), s->index_strides.end());
  }
  for (const auto& [operand, access] : operands(arg)) {
    out.push_back(operand->offset);
    out.insert(out.end(), operand->shape.begin(), operand->shape.end());
    out.insert(out.end(), operand->strides.begin(), operand->strides.end());
  }
  return out;
}

struct Use {
  std::size_t buffer;
  Operand operand;
  Access access;
};

// What a call and its bodies touch, name and set.
struct Summary {
  std::vector<Use> uses;
  std::vector<std::string> symbols, sets;
};

void summarise(const Call& c, Summary& out) {
  for (const Arg& a : c.args) {
    for (const Dim& d : sizes_in(a)) collect_symbols(d, out.symbols);
    for (const auto& [operand, access] : operands(a)) out.uses.push_back({operand->buffer.index, *operand, access});
  }
  if (!c.measures.empty()) out.sets.push_back(c.measures);
  for (const auto& body : c.bodies)
    for (const Call& inner : body) summarise(inner, out);
}

bool contains(const std::vector<std::string>& all, const std::string& one) { return std::find(all.begin(), all.end(), one) != all.end(); }

// From the first element of a window to one behind its last, along the axes from `axis` on.
Dim extent(const Operand& v, std::size_t axis = 0) {
  Dim out(1);
  for (std::size_t d = axis; d < v.shape.size(); ++d) out = out + (v.shape[d] - Dim(1)) * v.strides[d];
  return out;
}

// Columns [begin, end) that a window takes of the rows of a matrix: its first axis goes from row to row.
struct Columns {
  std::int64_t stride, begin, end;
};

std::optional<Columns> columns_of(const Operand& v) {
  if (v.shape.size() < 2) return std::nullopt;
  const auto stride = v.strides[0].constant(), offset = v.offset.constant(), width = extent(v, 1).constant();
  if (!stride || !offset || !width || *stride <= 0) return std::nullopt;
  const std::int64_t begin = *offset % *stride;
  return begin + *width <= *stride ? std::optional<Columns>({*stride, begin, begin + *width}) : std::nullopt;
}

class StaticSplit {
 public:
  StaticSplit(Program& program, const std::vector<std::size_t>& inputs) : program_(program), inputs_(inputs) {}

  void run() {
    for (const Call& c : program_.calls) summarise(c, summaries_.emplace_back());
    classify();
    Program prepare = program_;
    divide_ports(prepare);
    divide_calls(prepare);
    place(prepare);
    note_symbols(prepare);
    program_.static_inputs = inputs_;
    program_.prepare = std::make_shared<const Program>(std::move(prepare));
  }

 private:
  [[nodiscard]] bool is_static_input(std::size_t i) const { return std::find(inputs_.begin(), inputs_.end(), i) != inputs_.end(); }
  [[nodiscard]] bool is_state(std::size_t b) const {
    return std::any_of(program_.state.begin(), program_.state.end(), [&](const StatePort& s) { return s.buffer.index == b; });
  }

  // Belongs to every run: sizes that are found out, outputs and state.
  [[nodiscard]] bool is_bound_to_run(std::size_t call) const {
    const Summary& s = summaries_[call];
    const Call& c = program_.calls[call];
    if (s.uses.empty() || (!c.measures.empty() && c.kernel != loop_kernel)) return true;
    const auto measured = [&](const std::string& n) { return program_.symbols->is_measured(n) && !contains(s.sets, n); };
    if (std::any_of(s.symbols.begin(), s.symbols.end(), measured)) return true;
    return std::any_of(s.uses.begin(), s.uses.end(), [&](const Use& u) {
      const Buffer& b = program_.buffers[u.buffer];
      return b.space == Space::output || is_state(u.buffer) || (b.space == Space::input && !is_static_input(b.index));
    });
  }

  void classify() {
    in_run_.resize(program_.calls.size());
    for (std::size_t c = 0; c < in_run_.size(); ++c) in_run_[c] = is_bound_to_run(c);
    while (spread()) {
    }
  }

  // Moves calls to the run that read what it writes, or share a window with it.
  bool spread() {
    bool changed = false;
    for (std::size_t c = 0; c < in_run_.size(); ++c) {
      if (in_run_[c]) continue;
      const auto& uses = summaries_[c].uses;
      in_run_[c] = std::any_of(uses.begin(), uses.end(), [&](const Use& u) { return depends_on_run(c, u); });
      changed = changed || in_run_[c];
    }
    return changed;
  }

  [[nodiscard]] bool depends_on_run(std::size_t call, const Use& u) const {
    for (std::size_t other = 0; other < in_run_.size(); ++other) {
      if (!in_run_[other]) continue;
      for (const Use& o : summaries_[other].uses) {
        if (o.buffer != u.buffer) continue;
        if (u.access == Access::read && o.access == Access::write) return true;
        // Written again by each run, or read before it is written here.
        if (u.access == Access::write && (o.access == Access::write ? !apart(u.operand, o.operand) : other < call)) return true;
      }
    }
    return false;
  }

  [[nodiscard]] bool apart(const Operand& a, const Operand& b) const {
    const Symbols& s = *program_.symbols;
    const auto backward = [&](const Operand& v) {
      return std::any_of(v.strides.begin(), v.strides.end(), [&](const Dim& d) { return s.bounds(d).lower < 0; });
    };
    if (backward(a) || backward(b)) return false;
    if (s.provably_le(a.offset + extent(a), b.offset) || s.provably_le(b.offset + extent(b), a.offset)) return true;
    const auto x = columns_of(a), y = columns_of(b);
    return x && y && x->stride == y->stride && (x->end <= y->begin || y->end <= x->begin);
  }

  void divide_ports(Program& prepare) {
    std::vector<TensorPort> of_run, of_prepare;
    for (std::size_t i = 0; i < program_.inputs.size(); ++i) {
      auto& ports = is_static_input(i) ? of_prepare : of_run;
      const std::size_t b = program_.inputs[i].buffer.index;
      prepare.buffers[b].index = program_.buffers[b].index = ports.size();
      new_index_.push_back(ports.size());
      ports.push_back(program_.inputs[i]);
    }
    program_.inputs = std::move(of_run);
    prepare.inputs = std::move(of_prepare);
    prepare.outputs.clear();
    prepare.state.clear();
    prepare.strides.clear();
    prepare.measured.clear();
    const auto is_of = [](const Program& p, const IndexBound& b) {
      return std::any_of(p.inputs.begin(), p.inputs.end(), [&](const TensorPort& t) { return t.buffer == b.indices.buffer; });
    };
    for (Program* p : {&program_, &prepare}) std::erase_if(p->index_bounds, [&](const IndexBound& b) { return !is_of(*p, b); });
  }

  void divide_calls(Program& prepare) {
    prepare.calls.clear();
    std::vector<Call> of_run;
    touched_.resize(program_.buffers.size());
    for (std::size_t c = 0; c < in_run_.size(); ++c) {
      Call& call = program_.calls[c];
      if (call.guards) call.guards = new_index_[*call.guards];
      for (const Use& u : summaries_[c].uses) (in_run_[c] ? touched_[u.buffer].by_run : touched_[u.buffer].by_prepare) = true;
      (in_run_[c] ? of_run : prepare.calls).push_back(std::move(call));
    }
    program_.calls = std::move(of_run);
  }

  [[nodiscard]] bool is_kept(std::size_t b) const {
    return program_.buffers[b].space == Space::arena && !is_state(b) && touched_[b].by_run && touched_[b].by_prepare;
  }

  // State, the note, what is kept, then scratch, which the two parts share.
  void place(Program& prepare) {
    const Symbols& symbols = *program_.symbols;
    std::vector<Buffer> free = program_.buffers;
    const auto words = static_cast<std::int64_t>(1 + symbols.all().size());
    program_.note_at = program_.state_bytes;
    Dim at(program_.state_bytes + aligned(words * word));
    for (std::size_t b = 0; b < free.size(); ++b) {
      if (is_state(b)) free[b].space = Space::weight;
      if (!is_kept(b)) continue;
      free[b].space = Space::weight;
      program_.offsets[b] = at;
      const Dim bytes = aligned(bytes_of(free[b]));
      at = at + (symbols.all_bounded() ? Dim(symbols.bounds(bytes).upper) : bytes);
    }
    std::vector<Call> all = prepare.calls;
    all.insert(all.end(), program_.calls.begin(), program_.calls.end());
    Arena arena = plan_arena(all, free, symbols);
    for (std::size_t b = 0; b < free.size(); ++b)
      if (free[b].space == Space::arena) program_.offsets[b] = arena.offsets[b] + at;
    program_.arena_locals = std::move(arena.locals);
    program_.arena_bytes = arena.bytes + at;
    program_.arena_lower_bound = symbols.all_bounded() ? Dim(live_bytes_peak(all, free, symbols)) + at : Dim(0);
    prepare.note_at = program_.note_at;
    prepare.offsets = program_.offsets;
    prepare.arena_locals = program_.arena_locals;
    prepare.arena_bytes = program_.arena_bytes;
    prepare.arena_lower_bound = program_.arena_lower_bound;
  }

  // The sizes with which a run must agree.
  void note_symbols(const Program& prepare) {
    std::vector<std::string> names;
    for (const TensorPort& t : prepare.inputs)
      for (const Dim& d : t.type.shape) collect_symbols(d, names);
    for (std::size_t c = 0; c < in_run_.size(); ++c)
      if (!in_run_[c]) names.insert(names.end(), summaries_[c].symbols.begin(), summaries_[c].symbols.end());
    for (std::size_t b = 0; b < program_.buffers.size(); ++b)
      if (is_kept(b)) {
        collect_symbols(program_.offsets[b], names);
        collect_symbols(program_.buffers[b].size, names);
      }
    const auto& all = program_.symbols->all();
    for (std::size_t i = 0; i < all.size(); ++i)
      if (contains(names, all[i].name)) program_.prepared_symbols.push_back(i);
  }

  struct Touched {
    bool by_run = false, by_prepare = false;
  };
  Program& program_;
  const std::vector<std::size_t>& inputs_;
  std::vector<Summary> summaries_;
  std::vector<bool> in_run_;
  std::vector<std::size_t> new_index_;  // of an input, among those of its part
  std::vector<Touched> touched_;        // by buffer
};

}  // namespace

void split_static(Program& program, const std::vector<std::size_t>& inputs) { StaticSplit(program, inputs).run(); }

}  // namespace inferc
