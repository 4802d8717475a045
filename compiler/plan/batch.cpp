#include "compiler/plan/batch.hpp"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "compiler/plan/arena.hpp"
#include "compiler/support/diagnostics.hpp"

namespace inferc {
namespace {

// Kernels whose units are rows: each reads its own row of every operand, and weights.
constexpr std::array<std::string_view, 8> row_kernels{"cpu::gemm",    "cpu::map",         "cpu::layer_norm",  "cpu::rms_norm",
                                                      "cpu::softmax", "cpu::log_softmax", "cpu::reduce_rows", "cpu::sparse::gemm"};

// a * n + c elements.
struct Affine {
  std::int64_t rows = 0, event = 0;
};

std::optional<Affine> affine(const Dim& d, std::string_view n) {
  Affine out;
  for (const Dim::Term& t : d.terms()) {
    if (t.atoms.empty()) out.event = t.factor;
    else if (t.atoms.size() == 1 && t.atoms[0]->kind == Dim::Kind::symbol && t.atoms[0]->name == n) out.rows = t.factor;
    else return std::nullopt;
  }
  return out;
}

bool depends(const Dim& d, std::string_view n) {
  std::vector<std::string> names;
  collect_symbols(d, names);
  return std::find(names.begin(), names.end(), n) != names.end();
}

bool any_depends(const std::vector<Dim>& dims, std::string_view n) {
  return std::any_of(dims.begin(), dims.end(), [&](const Dim& d) { return depends(d, n); });
}

// Applies `change` to every size and `place` to every operand of a call and its bodies.
struct Rewrite {
  std::function<Dim(const Dim&)> change;
  std::function<void(Operand&)> place;

  void operator()(Call& c) const {
    for (Arg& a : c.args) std::visit([this](auto& x) { arg(x); }, static_cast<AnyArg&>(a));
    for (auto& body : c.bodies)
      for (Call& inner : body) (*this)(inner);
  }

 private:
  void dim(Dim& d) const { d = change(d); }
  void dims(std::vector<Dim>& all) const {
    for (Dim& d : all) dim(d);
  }
  void operand(Operand& v) const {
    dim(v.offset);
    dims(v.shape);
    dims(v.strides);
    place(v);
  }
  void accessor(Accessor& a) const {
    operand(a.operand);
    dim(a.stride);
    if (a.kind != Accessor::Kind::gathered) return;
    operand(a.index);
    dim(a.rows);
  }
  void arg(PointerArg& a) const { operand(a.operand); }
  void arg(ViewArg& a) const { operand(a.operand); }
  void arg(StridedArg& a) const { operand(a.operand); }
  void arg(GatheredArg& a) const {
    operand(a.table);
    operand(a.index);
    dims(a.strides);
    dims(a.index_strides);
    dim(a.row);
    dim(a.rows);
  }
  void arg(SizeArg& a) const { dim(a.size); }
  void arg(RuntimeSizeArg& a) const { dim(a.size); }
  void arg(RangeArg& a) const {
    dim(a.begin);
    dim(a.end);
  }
  void arg(SizesArg& a) const { dims(a.sizes); }
  void arg(AccessorArg& a) const { accessor(a.accessor); }
  void arg(EpilogueArg& a) const {
    for (Accessor& x : a.accessors) accessor(x);
  }
  template <class Other>
  void arg(Other&) const {}  // without sizes
};

class Batch {
 public:
  Batch(const Program& single, std::string symbol) : single_(single), symbol_(std::move(symbol)), out_(single) {}

  Program run() {
    check();
    name_symbols();
    group();
    size_buffers();
    for (const Group& g : groups_) emit(g);
    place();
    return std::move(out_);
  }

 private:
  struct Group {
    std::size_t first, last;  // calls [first, last)
    bool by_rows;
  };

  void check() const {
    Diagnostics problems;
    const Symbols& s = *single_.symbols;
    for (const Symbol& other : s.all())
      if (other.name != symbol_)
        problems.error(fmt::format("--batch {}: the size {} is open, too", escape(symbol_), escape(other.name)),
                       fmt::format("--dim {}=N fixes it", escape(other.name)));
    if (!single_.measured.empty())
      problems.error(fmt::format("--batch {}: sizes of outputs depend on the data", escape(symbol_)), "--outputs NAME,... leaves them out");
    if (!single_.state.empty()) problems.error("--batch with --carry: events of a batch have no order", "leave out one of them");
    if (single_.prepare) problems.error("--batch with --static-input: each event of a batch has inputs of its own", "leave out one of them");
    if (!single_.strides.empty()) problems.error("--batch with --strided: the rows of all events stand one behind the other", "leave out one of them");
    if (!single_.index_bounds.empty()) problems.error(fmt::format("--batch {}: an input holds indices", escape(symbol_)), "call run() event by event");
    if (!s.equalities().empty())
      problems.error(fmt::format("--batch {}: {}", escape(symbol_), escape(s.equalities().front().reason)), "fix the sizes that must be equal with --dim");
    for (const auto* ports : {&single_.inputs, &single_.outputs})
      for (const TensorPort& t : *ports)
        if (!affine(product(t.type.shape), symbol_))
          problems.error(fmt::format("--batch {}: '{}' is {}, which has no rows for each {}", escape(symbol_), escape(t.name), text(t.type), escape(symbol_)),
                         "--outputs NAME,... leaves it out");
    if (problems.failed()) throw UserError(problems.errors());
  }

  // Measured: what the loop over events sets. The model's own measured sizes come behind them.
  void name_symbols() {
    const Symbol& n = *single_.symbols->find(symbol_);
    Symbols all;
    all.declare("events");
    all.declare("rows");
    all.measure(symbol_, n.bounds.upper < unbounded ? Dim(n.bounds.upper) : Dim::symbol("rows"));
    event_ = all.fresh("event");
    all.measure(event_, Dim::symbol("events"));
    first_ = all.fresh("first_row");
    all.measure(first_, Dim::symbol("rows"));
    for (const Symbol& s : single_.symbols->measured()) all.measure(s.name, *s.limit);
    out_.symbols = std::make_shared<Symbols>(std::move(all));
    out_.calls.clear();
  }

  [[nodiscard]] const Buffer& buffer(const Operand& v) const { return single_.buffers[v.buffer.index]; }

  // Strides along dims of size 1 do not matter.
  [[nodiscard]] bool strides_depend(const Operand& v) const {
    for (std::size_t d = 0; d < v.shape.size(); ++d)
      if (!v.shape[d].is(1) && depends(v.strides[d], symbol_)) return true;
    return false;
  }

  // The one dim whose size depends on the number of rows.
  [[nodiscard]] std::optional<std::size_t> dim_of_rows(const Operand& v) const {
    std::optional<std::size_t> out;
    for (std::size_t d = 0; d < v.shape.size(); ++d) {
      if (!depends(v.shape[d], symbol_)) continue;
      if (out) return std::nullopt;
      out = d;
    }
    return out;
  }

  // Row r of the event is r * a elements behind its first, for a buffer of a * n elements.
  [[nodiscard]] bool has_rows(const Operand& v) const {
    if (depends(v.offset, symbol_) || strides_depend(v)) return false;
    if (buffer(v).space == Space::weight) return !any_depends(v.shape, symbol_);
    const auto size = affine(buffer(v).size, symbol_);
    const auto d = dim_of_rows(v);
    if (!size || size->event != 0 || size->rows == 0 || !d) return false;
    const auto count = affine(v.shape[*d], symbol_);
    const auto stride = v.strides[*d].constant();
    return count && count->event == 0 && stride && count->rows * *stride == size->rows;
  }

  [[nodiscard]] bool is_range_of_rows(const Arg& a) const {
    const auto* r = std::get_if<RangeArg>(&a);
    const auto end = r ? affine(r->end, symbol_) : std::nullopt;
    return end && r->begin.is(0) && end->event == 0 && end->rows > 0;
  }

  // Rows of one event are picked by their number in it.
  [[nodiscard]] static bool picks_rows(const Accessor& a) { return a.kind == Accessor::Kind::gathered; }

  [[nodiscard]] bool is_free_of_rows(const Arg& a) const {
    if (const auto* s = std::get_if<SizeArg>(&a)) return !depends(s->size, symbol_);
    if (const auto* s = std::get_if<RuntimeSizeArg>(&a)) return !depends(s->size, symbol_);
    if (const auto* s = std::get_if<SizesArg>(&a)) return !any_depends(s->sizes, symbol_);
    if (const auto* s = std::get_if<AccessorArg>(&a)) return !depends(s->accessor.stride, symbol_);
    if (const auto* s = std::get_if<EpilogueArg>(&a))
      return std::none_of(s->accessors.begin(), s->accessors.end(), [&](const Accessor& x) { return depends(x.stride, symbol_) || picks_rows(x); });
    return !std::holds_alternative<RangeArg>(a) && !std::holds_alternative<GatheredArg>(a);
  }

  [[nodiscard]] bool works_by_rows(const Call& c) const {
    if (std::find(row_kernels.begin(), row_kernels.end(), c.kernel) == row_kernels.end() || c.may_fault || c.guards) return false;
    if (c.args.empty() || !is_range_of_rows(c.args[0])) return false;
    if (!std::all_of(c.args.begin() + 1, c.args.end(), [&](const Arg& a) { return is_free_of_rows(a); })) return false;
    return std::all_of(c.args.begin(), c.args.end(), [&](const Arg& a) {
      const auto all = operands(a);
      const bool scratch = c.worker_scratch && &a == &c.args[*c.worker_scratch];
      return std::all_of(all.begin(), all.end(), [&](const auto& v) { return scratch ? !depends(buffer(*v.first).size, symbol_) : has_rows(*v.first); });
    });
  }
  [[nodiscard]] bool is_scratch(BufferId b) const {
    return std::any_of(single_.calls.begin(), single_.calls.end(),
                       [&](const Call& c) { return c.worker_scratch && std::get<PointerArg>(c.args[*c.worker_scratch]).operand.buffer == b; });
  }

  void group() {
    for (std::size_t c = 0; c < single_.calls.size(); ++c) {
      const bool by_rows = works_by_rows(single_.calls[c]);
      if (!by_rows && !groups_.empty() && !groups_.back().by_rows) groups_.back().last = c + 1;
      else groups_.push_back({c, c + 1, by_rows});
    }
    // A buffer whose size has no rows is there for one event at a time: its calls stay together.
    const std::vector<Lifetime> life = lifetimes(single_.calls, single_.buffers.size());
    for (std::size_t b = 0; b < single_.buffers.size(); ++b)
      if (single_.buffers[b].space == Space::arena && life[b].used() && !affine(single_.buffers[b].size, symbol_)) join(life[b]);
  }

  [[nodiscard]] std::size_t group_of(std::size_t call) const {
    return static_cast<std::size_t>(std::find_if(groups_.begin(), groups_.end(), [&](const Group& g) { return g.first <= call && call < g.last; }) -
                                    groups_.begin());
  }

  void join(const Lifetime& life) {
    const std::size_t first = group_of(life.first), last = group_of(life.last);
    if (first == last) return;
    groups_[first] = {groups_[first].first, groups_[last].last, false};
    groups_.erase(groups_.begin() + static_cast<std::ptrdiff_t>(first + 1), groups_.begin() + static_cast<std::ptrdiff_t>(last + 1));
  }

  // Buffers that several groups touch hold all events, the others one at a time.
  void size_buffers() {
    const std::vector<Lifetime> life = lifetimes(single_.calls, single_.buffers.size());
    const auto rows = Dim::symbol("rows"), events = Dim::symbol("events");
    whole_.resize(single_.buffers.size());
    for (std::size_t b = 0; b < single_.buffers.size(); ++b) {
      const Buffer& from = single_.buffers[b];
      const bool port = from.space == Space::input || from.space == Space::output;
      const bool crosses = life[b].used() && (group_of(life[b].first) != group_of(life[b].last) || groups_[group_of(life[b].first)].by_rows);
      if (from.space != Space::weight && (port || crosses) && !is_scratch({static_cast<std::uint32_t>(b)})) whole_[b] = affine(from.size, symbol_);
      if (whole_[b]) out_.buffers[b].size = Dim(whole_[b]->rows) * rows + Dim(whole_[b]->event) * events;
      else out_.buffers[b].size = out_.symbols->at_limits(from.size);
    }
    for (auto* ports : {&out_.inputs, &out_.outputs})
      for (TensorPort& t : *ports) t.type.shape = {out_.buffers[t.buffer.index].size};
  }

  void emit(const Group& g) {
    std::vector<Call> calls(single_.calls.begin() + static_cast<std::ptrdiff_t>(g.first), single_.calls.begin() + static_cast<std::ptrdiff_t>(g.last));
    if (g.by_rows) {
      const auto all_rows = [&](std::string_view name) { return name == symbol_ ? std::optional<Dim>(Dim::symbol("rows")) : std::nullopt; };
      Rewrite{[&](const Dim& d) { return substitute(d, all_rows); }, [](Operand&) {}}(calls.front());
      out_.calls.push_back(std::move(calls.front()));
      return;
    }
    const auto place = [&](Operand& v) {
      if (const auto& whole = whole_[v.buffer.index]) v.offset = v.offset + Dim(whole->rows) * Dim::symbol(first_) + Dim(whole->event) * Dim::symbol(event_);
    };
    for (Call& c : calls) {
      c.guards.reset();
      Rewrite{[](const Dim& d) { return d; }, place}(c);
    }
    calls.insert(calls.begin(), {setting(event_rows_kernel, first_), setting(event_size_kernel, symbol_)});
    Call loop = setting(events_kernel, event_);
    loop.args[0] = SizeArg{Dim::symbol("events")};
    loop.bodies.push_back(std::move(calls));
    out_.calls.push_back(std::move(loop));
  }

  [[nodiscard]] Call setting(std::string_view kernel, const std::string& symbol) const {
    Call c;
    c.kernel = kernel;
    c.measures = symbol;
    c.args.emplace_back(SizeArg{Dim::symbol(event_)});
    return c;
  }

  void place() {
    Arena arena = plan_arena(out_.calls, out_.buffers, *out_.symbols);
    for (std::size_t b = 0; b < out_.buffers.size(); ++b)
      if (out_.buffers[b].space == Space::arena) out_.offsets[b] = arena.offsets[b];
    out_.arena_locals = std::move(arena.locals);
    out_.arena_bytes = arena.bytes;
    out_.arena_lower_bound = 0;
  }

  const Program& single_;
  std::string symbol_, event_, first_;
  Program out_;
  std::vector<Group> groups_;
  std::vector<std::optional<Affine>> whole_;
};

}  // namespace

Program batch_program(const Program& program, const std::string& symbol) { return Batch(program, symbol).run(); }

}  // namespace inferc
