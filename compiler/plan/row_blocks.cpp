#include "compiler/plan/row_blocks.hpp"

#include <algorithm>
#include <map>
#include <set>

#include "compiler/plan/control.hpp"

namespace inferc {
namespace {

constexpr std::int64_t least_rows = 1000;        // fewer are left to a batch of events, which joins those of all
constexpr std::int64_t least_bytes = 128 << 10;  // of a buffer that leaves the first cache by far

// An operand that goes from row to row: elements between two rows, and those that a row takes. `by_units`: the first dim of its shape
// counts the units of the range.
struct Moving {
  Dim stride, width;
  bool by_units = false;
};

// From the first to one behind the last element along the dims from `first` on.
Dim extent(const Shape& shape, const std::vector<Dim>& strides, std::size_t first) {
  Dim out(1);
  for (std::size_t d = first; d < shape.size(); ++d) out = out + (shape[d] - Dim(1)) * strides[d];
  return out;
}

// Visits what moves in a call whose units make up `rows` rows; false where something else depends on the row.
class RowOperands {
 public:
  using Visit = std::function<void(Operand&, const Moving&)>;
  RowOperands(Call& call, const Dim& rows, Visit visit) : call_(call), visit_(std::move(visit)) {
    const auto* range = call.args.empty() ? nullptr : std::get_if<RangeArg>(&call.args[0]);
    if (range && range->begin.is(0)) units_ = divided(range->end, rows);
  }
  bool run() {
    if (!units_ || call_.may_fault || call_.worker_scratch || !call_.bodies.empty()) return false;
    if (call_.kernel == "cpu::map") return map();
    const bool by_rows = call_.kernel == "cpu::gemm" || call_.kernel == "cpu::layer_norm" || call_.kernel == "cpu::rms_norm";
    return by_rows && units_->is(1) && matrix(1) && matrix(3) && epilogue();
  }
  [[nodiscard]] const Dim& units() const { return *units_; }

 private:
  // A pointer and the stride behind it.
  bool matrix(std::size_t at) {
    auto* pointer = std::get_if<PointerArg>(&call_.args[at]);
    if (!pointer) return false;
    visit_(pointer->operand, {stride(call_.args[at + 1]), pointer->operand.shape.back()});
    return true;
  }
  static Dim stride(const Arg& a) { return std::holds_alternative<SizeArg>(a) ? std::get<SizeArg>(a).size : std::get<RuntimeSizeArg>(a).size; }
  bool epilogue() {
    for (Arg& a : call_.args)
      if (auto* e = std::get_if<EpilogueArg>(&a))
        for (Accessor& x : e->accessors) accessor(x);
    return true;
  }
  void accessor(Accessor& a) {
    if (a.kind == Accessor::Kind::full) visit_(a.operand, {a.stride, a.operand.shape.back()});
    if (a.kind == Accessor::Kind::col) visit_(a.operand, {a.stride, Dim(1)});
    if (a.kind == Accessor::Kind::gathered) visit_(a.index, {Dim(1), Dim(1)});
  }
  bool map() {
    for (Arg& a : call_.args) {
      if (auto* s = std::get_if<StridedArg>(&a)) strided(s->operand, s->operand.strides);
      if (auto* g = std::get_if<GatheredArg>(&a)) {
        if (!g->strides[0].is(0)) return false;
        if (const Dim step = *units_ * g->index_strides[0]; !step.is(0)) visit_(g->index, {step, step});  // it is dense
      }
    }
    return true;
  }
  void strided(Operand& v, const std::vector<Dim>& strides) {
    if (!strides[0].is(0)) visit_(v, {*units_ * strides[0], (*units_ - Dim(1)) * strides[0] + extent(v.shape, strides, 1), true});
  }

  Call& call_;
  Visit visit_;
  std::optional<Dim> units_;
};

struct RowUse {
  std::size_t buffer;
  Operand operand;
  std::optional<Moving> moving;
  Access access;
};

// Of a call of rows; nothing where it is none.
std::optional<std::vector<RowUse>> row_uses(Call call, const Dim& rows) {
  std::map<const Operand*, Moving> moving;
  if (!RowOperands(call, rows, [&](Operand& v, const Moving& m) { moving.emplace(&v, m); }).run()) return std::nullopt;
  std::vector<RowUse> out;
  for (const Arg& a : call.args)
    for (const auto& [v, access] : operands(a)) {
      const auto at = moving.find(v);
      out.push_back({v->buffer.index, *v, at == moving.end() ? std::nullopt : std::optional(at->second), access});
    }
  return out;
}

// Row r of the one is the same part of memory as row r of the other, as a whole or in columns.
bool same_rows(const RowUse& a, const RowUse& b) {
  if (!a.moving || !b.moving || !(a.moving->stride == b.moving->stride)) return false;
  const std::int64_t stride = a.moving->stride.constant().value_or(0);
  const auto place = [&](const RowUse& u) { return u.operand.offset.constant().value_or(-1); };
  const auto fits = [&](const RowUse& u) { return place(u) % stride + u.moving->width.constant().value_or(stride + 1) <= stride; };
  return stride > 0 && place(a) >= 0 && place(b) >= 0 && place(a) / stride == place(b) / stride && fits(a) && fits(b);
}

// The first row begins within the first stride.
bool begins_rows(const RowUse& u) {
  const Dim end = u.operand.offset + u.moving->width;
  return u.operand.offset.is_constant() && *u.operand.offset.constant() >= 0 && (u.moving->stride - end).is_constant() &&
         *(u.moving->stride - end).constant() >= 0;
}

void uses_of(const Call& c, std::set<std::size_t>& read, std::set<std::size_t>& written) {
  for (const Arg& a : c.args)
    for (const auto& [v, access] : operands(a)) (access == Access::read ? read : written).insert(v->buffer.index);
  for (const auto& body : c.bodies)
    for (const Call& inner : body) uses_of(inner, read, written);
}

bool disjoint(const std::set<std::size_t>& a, const std::set<std::size_t>& b) {
  return std::none_of(a.begin(), a.end(), [&](std::size_t x) { return b.count(x) != 0; });
}

// Calls that become one loop.
class Group {
 public:
  explicit Group(Dim rows) : rows(std::move(rows)) {}
  const Dim rows;
  std::vector<Call> before, calls;  // `before`: of those between, what has nothing to do with them
  std::vector<RowUse> uses;

  // False where the call can neither join nor go before.
  bool take(const Call& c) {
    took_last_ = join(c);
    return took_last_ || (!calls.empty() && pass(c));
  }
  [[nodiscard]] bool took_last() const { return took_last_; }

 private:
  bool join(const Call& c) {
    const auto own = row_uses(c, rows);
    if (!own) return false;
    for (const RowUse& u : *own)
      for (const RowUse& v : uses) {
        const bool writes = u.access == Access::write || v.access == Access::write;
        if (u.buffer == v.buffer && writes && !same_rows(u, v)) return false;
      }
    uses.insert(uses.end(), own->begin(), own->end());
    calls.push_back(c);
    return true;
  }
  bool pass(const Call& c) {
    std::set<std::size_t> read, written, ours_read, ours_written;
    for (const Call& own : calls) uses_of(own, ours_read, ours_written);
    uses_of(c, read, written);
    if (!c.measures.empty() || !c.bodies.empty() || !disjoint(read, ours_written) || !disjoint(written, ours_written) || !disjoint(written, ours_read))
      return false;
    before.push_back(c);
    return true;
  }
  bool took_last_ = false;
};

class RowBlocks {
 public:
  explicit RowBlocks(Program& program) : program_(program) {
    for (const Call& c : program.calls) count(c);
  }

  void run() {
    std::vector<Call> out;
    for (std::size_t c = 0; c < program_.calls.size();) {
      Group group = grow(c);
      const Own own = group.calls.size() < 2 ? Own{} : own_buffers(group);
      if (largest(own) < least_bytes) {
        out.push_back(program_.calls[c++]);
        continue;
      }
      c += group.calls.size() + group.before.size();
      out.insert(out.end(), group.before.begin(), group.before.end());
      out.push_back(loop(group, own));
    }
    program_.calls = std::move(out);
  }

 private:
  using Own = std::map<std::size_t, Dim>;  // buffer, elements of a row

  void count(const Call& c) {
    for (const Arg& a : c.args)
      for (const auto& [v, access] : operands(a)) ++uses_[v->buffer.index];
    for (const auto& body : c.bodies)
      for (const Call& inner : body) count(inner);
  }

  // From a call on that tells the number of rows: the units of a map may be elements.
  Group grow(std::size_t first) const {
    const Call& start = program_.calls[first];
    const auto* range = start.args.empty() ? nullptr : std::get_if<RangeArg>(&start.args[0]);
    Group group(range ? range->end : Dim(0));
    const bool flat = start.kernel == "cpu::map" && !std::holds_alternative<SizesArg>(start.args[1]);
    if (!range || flat || program_.symbols->bounds(range->end).upper < least_rows) return group;
    std::size_t before = 0;  // that stand before a call of the group
    for (std::size_t c = first; c < program_.calls.size() && group.take(program_.calls[c]); ++c)
      if (group.took_last()) before = group.before.size();
    group.before.resize(before);
    return group;
  }

  [[nodiscard]] bool is_state(std::size_t b) const {
    return std::any_of(program_.state.begin(), program_.state.end(), [&](const StatePort& s) { return s.buffer.index == b; });
  }

  // Buffers that no other call touches, row by row from the first element on.
  [[nodiscard]] Own own_buffers(const Group& g) const {
    std::map<std::size_t, std::size_t> inside;
    std::set<std::size_t> others;
    Own out;
    for (const RowUse& u : g.uses) {
      const Buffer& b = program_.buffers[u.buffer];
      const bool by_rows = u.moving && begins_rows(u) && b.size == g.rows * u.moving->stride;
      if (by_rows && b.space == Space::arena && !is_state(u.buffer)) out.emplace(u.buffer, u.moving->stride);
      else others.insert(u.buffer);
      ++inside[u.buffer];
    }
    std::erase_if(out, [&](const auto& b) { return others.count(b.first) != 0 || inside.at(b.first) != uses_.at(b.first); });
    return out;
  }

  [[nodiscard]] std::int64_t largest(const Own& buffers) const {
    std::int64_t out = 0;
    for (const auto& [b, row] : buffers)
      out = std::max(out, program_.symbols->bounds(program_.buffers[b].size).upper * static_cast<std::int64_t>(byte_size(program_.buffers[b].dtype)));
    return out;
  }

  Call loop(Group& g, const Own& own) {
    Symbols& symbols = *program_.symbols;
    const std::string block = symbols.fresh("block"), rows = symbols.fresh("block_rows");
    const Dim trips = ceil_div(g.rows, Dim(rows_of_block)), first = Dim::symbol(block) * Dim(rows_of_block);
    symbols.measure(block, trips);
    symbols.measure(rows, Dim(rows_of_block));
    for (const auto& [b, row] : own) program_.buffers[b].size = row * Dim(rows_of_block);
    Call out{.kernel = std::string(loop_kernel), .args = {SizeArg{trips}, ScalarArg{DType::boolean, 0, 1}}};
    out.measures = block;
    out.bodies.emplace_back().push_back(block_size(rows, min(Dim(rows_of_block), g.rows - first)));
    for (Call& c : g.calls) {
      for (const std::string& n : c.nodes)
        if (std::find(out.nodes.begin(), out.nodes.end(), n) == out.nodes.end()) out.nodes.push_back(n);
      out.flops = out.flops + c.flops;
      out.fast = true;
      out.bodies[0].push_back(in_block(std::move(c), g.rows, Dim::symbol(rows), first, own));
    }
    return out;
  }
  static Call block_size(const std::string& symbol, const Dim& size) {
    Call out{.kernel = std::string(declare_kernel), .args = {SizeArg{size}}};
    out.measures = symbol;
    return out;
  }
  static Call in_block(Call c, const Dim& all, const Dim& rows, const Dim& first, const Own& own) {
    Dim units(1);
    RowOperands moving(c, all, [&](Operand& v, const Moving& m) {
      if (own.count(v.buffer.index) == 0) v.offset = v.offset + first * m.stride;
      if (m.by_units) v.shape[0] = rows * units;
      else v.shape = {rows, m.width}, v.strides = {m.stride, Dim(1)};
    });
    units = moving.units();
    moving.run();
    c.args[0] = RangeArg{Dim(0), rows * units, true};
    c.in_place.clear();
    return c;
  }

  Program& program_;
  std::map<std::size_t, std::size_t> uses_;  // by buffer
};

}  // namespace

void block_rows(Program& program) { RowBlocks(program).run(); }

}  // namespace inferc
