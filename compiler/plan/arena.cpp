#include "compiler/plan/arena.hpp"

#include <algorithm>
#include <numeric>
#include <optional>

namespace inferc {
namespace {

void touch(const Call& call, std::size_t position, std::vector<Lifetime>& out) {
  for (const Arg& arg : call.args)
    for (const auto& [operand, access] : operands(arg)) {
      Lifetime& l = out[operand->buffer.index];
      l = l.used() ? Lifetime{std::min(l.first, position), std::max(l.last, position)} : Lifetime{position, position};
    }
  for (const auto& body : call.bodies)
    for (const Call& c : body) touch(c, position, out);
}

std::size_t times_touched(const Call& call, std::size_t a, std::size_t b) {
  std::size_t touching = 0;
  for (const Arg& arg : call.args)
    for (const auto& [v, access] : operands(arg)) touching += v->buffer.index == a || v->buffer.index == b;
  for (const auto& body : call.bodies)
    for (const Call& c : body) touching += times_touched(c, a, b);
  return touching;
}

// Two buffers may be one when a call reads the one for the last time and may write the other at the same place.
class InPlace {
 public:
  InPlace(const std::vector<Call>& calls, const std::vector<Buffer>& buffers, const std::vector<Lifetime>& life) : same_(buffers.size()) {
    std::iota(same_.begin(), same_.end(), std::size_t{0});
    for (std::size_t position = 0; position < calls.size(); ++position)
      for (const auto& [out, in] : calls[position].in_place) join(calls[position], position, out, in, buffers, life);
  }
  [[nodiscard]] std::size_t root(std::size_t b) const { return same_[b] == b ? b : root(same_[b]); }

 private:
  void join(const Call& call, std::size_t position, std::size_t out, std::size_t in, const std::vector<Buffer>& buffers, const std::vector<Lifetime>& life) {
    const auto outs = operands(call.args[out]), ins = operands(call.args[in]);
    if (outs.size() != 1 || ins.size() != 1) return;
    const Operand &w = *outs[0].first, &r = *ins[0].first;
    const std::size_t a = w.buffer.index, b = r.buffer.index;
    const bool arena = buffers[a].space == Space::arena && buffers[b].space == Space::arena;
    const bool alike = w.dtype == r.dtype && w.offset == r.offset && w.shape == r.shape && w.strides == r.strides && buffers[a].size == buffers[b].size;
    // Written whole here first, read for the last time here, and no other operand of this call is in either buffer.
    if (!arena || !alike || life[a].first != position || life[b].last != position || root(a) != a) return;
    const bool taken = std::find(taken_.begin(), taken_.end(), b) != taken_.end();
    if (times_touched(call, a, b) != 2 || taken) return;
    same_[a] = root(b);
    taken_.push_back(b);
  }
  std::vector<std::size_t> same_, taken_;  // taken: by the one buffer that may follow
};

std::int64_t lowest_free(std::int64_t size, std::vector<std::pair<std::int64_t, std::int64_t>> taken) {
  std::sort(taken.begin(), taken.end());
  std::int64_t at = 0;
  for (const auto& [begin, end] : taken) {
    if (begin - at >= size) break;
    at = std::max(at, end);
  }
  return at;
}

struct Item {
  std::size_t buffer;
  Lifetime life;
  Dim bytes;
  std::int64_t largest;  // rounded up, at the upper bounds
};

// What takes a place of its own: buffers that share one by working in place are one item, with their joint lifetime.
std::vector<Item> items_of(const InPlace& shared, const std::vector<Buffer>& buffers, std::vector<Lifetime> life, const Symbols& symbols) {
  std::vector<std::size_t> roots;
  for (std::size_t b = 0; b < buffers.size(); ++b) {
    if (buffers[b].space != Space::arena || !life[b].used()) continue;
    const std::size_t root = shared.root(b);
    if (root == b) roots.push_back(b);
    else life[root] = {std::min(life[root].first, life[b].first), std::max(life[root].last, life[b].last)};
  }
  std::vector<Item> items;
  for (const std::size_t b : roots) {
    const Dim bytes = bytes_of(buffers[b]);
    items.push_back({b, life[b], bytes, symbols.bounds(aligned(bytes)).upper});
  }
  return items;
}

// The largest sum of sizes that live at once: no arena is smaller.
std::int64_t peak_of(const std::vector<Item>& items) {
  std::int64_t peak = 0;
  for (const Item& first : items) {  // the sum is largest where something begins
    std::int64_t live = 0;
    for (const Item& item : items)
      if (item.life.first <= first.life.first && first.life.first <= item.life.last) live += item.largest;
    peak = std::max(peak, live);
  }
  return peak;
}

struct Placement {
  std::vector<std::int64_t> at;  // by buffer
  std::int64_t end = 0;
  std::size_t top = 0;  // the item that ends there
};

// One after the other into the lowest gap that is free for the lifetime.
Placement place(const std::vector<Item>& items, std::size_t buffers) {
  Placement out{std::vector<std::int64_t>(buffers, 0)};
  for (std::size_t i = 0; i < items.size(); ++i) {
    std::vector<std::pair<std::int64_t, std::int64_t>> taken;
    for (std::size_t j = 0; j < i; ++j)
      if (items[j].life.overlaps(items[i].life)) taken.emplace_back(out.at[items[j].buffer], out.at[items[j].buffer] + items[j].largest);
    const std::int64_t at = out.at[items[i].buffer] = lowest_free(items[i].largest, std::move(taken));
    if (at + items[i].largest <= out.end) continue;
    out.end = at + items[i].largest;
    out.top = i;
  }
  return out;
}

// By decreasing size; while the arena is larger than it need be, what lies at its end is placed first and the rest again.
Arena plan_bounded(std::vector<Item> items, std::size_t buffers) {
  constexpr int attempts = 64;
  std::stable_sort(items.begin(), items.end(), [](const Item& a, const Item& b) { return a.largest > b.largest; });
  const std::int64_t least = peak_of(items);
  Placement last = place(items, buffers), best = last;
  for (int i = 0; i < attempts && best.end > least; ++i) {
    const auto top = items.begin() + static_cast<std::ptrdiff_t>(last.top);
    std::rotate(items.begin(), top, top + 1);
    last = place(items, buffers);
    if (last.end < best.end) best = last;
  }
  Arena arena{{}, std::vector<Dim>(buffers), best.end};
  for (const Item& item : items) arena.offsets[item.buffer] = best.at[item.buffer];
  return arena;
}

// A place that buffers share whose lifetimes do not overlap, as large as the largest of them.
struct Slot {
  std::vector<const Item*> members;
  std::vector<Dim> sizes;  // in bytes, none provably at most another

  [[nodiscard]] bool free_for(const Item& item) const {
    return std::none_of(members.begin(), members.end(), [&](const Item* m) { return m->life.overlaps(item.life); });
  }
  void add(const Item& item, const Symbols& symbols) {
    members.push_back(&item);
    if (std::any_of(sizes.begin(), sizes.end(), [&](const Dim& s) { return symbols.provably_le(item.bytes, s); })) return;
    std::erase_if(sizes, [&](const Dim& s) { return symbols.provably_le(s, item.bytes); });
    sizes.push_back(item.bytes);
  }
  [[nodiscard]] Dim size() const {
    Dim largest = sizes[0];
    for (const Dim& s : sizes) largest = max(largest, s);
    return aligned(largest);
  }
};

// A value of a size to sort by: symbols at their upper bounds, unbounded ones at 64 above the lower.
std::int64_t typical(const Dim& size, const Symbols& symbols) {
  SymbolValues values;
  for (const Symbol& s : symbols.all()) values[s.name] = s.bounds.upper < unbounded ? s.bounds.upper : s.bounds.lower + 64;
  return evaluate(size, values);
}

// Unbounded symbols: by decreasing size into the first slot that is free for the lifetime; slots lie one behind the other.
Arena plan_symbolic(std::vector<Item> items, std::size_t buffers, const Symbols& symbols) {
  std::stable_sort(items.begin(), items.end(), [&](const Item& a, const Item& b) { return typical(a.bytes, symbols) > typical(b.bytes, symbols); });
  std::vector<Slot> slots;
  for (const Item& item : items) {
    auto slot = std::find_if(slots.begin(), slots.end(), [&](const Slot& s) { return s.free_for(item); });
    if (slot == slots.end()) slot = slots.insert(slots.end(), Slot{});
    slot->add(item, symbols);
  }
  Arena arena{{}, std::vector<Dim>(buffers), 0};
  for (const Slot& slot : slots) {
    for (const Item* m : slot.members) arena.offsets[m->buffer] = arena.bytes;
    arena.locals.emplace_back("arena." + std::to_string(arena.locals.size()), arena.bytes + slot.size());
    arena.bytes = Dim::symbol(arena.locals.back().first);
  }
  return arena;
}

}  // namespace

std::vector<Lifetime> lifetimes(const std::vector<Call>& calls, std::size_t buffers) {
  std::vector<Lifetime> out(buffers);
  for (std::size_t position = 0; position < calls.size(); ++position) touch(calls[position], position, out);
  return out;
}

Arena plan_arena(const std::vector<Call>& calls, const std::vector<Buffer>& buffers, const Symbols& symbols) {
  const std::vector<Lifetime> life = lifetimes(calls, buffers.size());
  const InPlace shared(calls, buffers, life);
  std::vector<Item> items = items_of(shared, buffers, life, symbols);
  std::stable_sort(items.begin(), items.end(), [](const Item& a, const Item& b) { return a.life.first < b.life.first; });
  Arena arena = symbols.all_bounded() ? plan_bounded(items, buffers.size()) : plan_symbolic(items, buffers.size(), symbols);
  for (std::size_t b = 0; b < buffers.size(); ++b) arena.offsets[b] = arena.offsets[shared.root(b)];
  return arena;
}

std::int64_t live_bytes_peak(const std::vector<Call>& calls, const std::vector<Buffer>& buffers, const Symbols& symbols) {
  const std::vector<Lifetime> life = lifetimes(calls, buffers.size());
  return peak_of(items_of(InPlace(calls, buffers, life), buffers, life, symbols));
}

}  // namespace inferc
