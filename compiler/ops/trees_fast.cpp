#include <algorithm>
#include <cmath>
#include <limits>
#include <map>

#include "compiler/ops/trees.hpp"
#include "kernels/bits.hpp"

// The tables of kernels/cpu/trees.hpp.
namespace inferc::trees {
namespace {

using Table = std::vector<std::int32_t>;

constexpr std::size_t deepest = 1000;
// Questions a tree up to which asking all of them of a vector of rows beats walks: 6 for each level and row, 3 for each
// question and vector.
constexpr std::size_t widest = 96;

// z <= threshold ? yes : no for z a feature or its negative, so that NaN says no.
struct Question {
  bool negative = false, swapped = false;
  float threshold = 0;
};

// x <= below(t) is x < t.
float below(float t) { return std::nextafter(t, -std::numeric_limits<float>::infinity()); }

// Nothing for other modes, and where no threshold says "never".
std::optional<Question> question(std::uint8_t mode, float t) {
  if (std::isnan(t) || (mode & 7) > 3) return std::nullopt;
  const bool greater = (mode & 7) >= 2, equal = (mode & 7) == 0 || (mode & 7) == 2, missing = (mode & 8) != 0;
  // With NaN on the side of "yes" the opposite is asked, and the children swap.
  const bool negative = greater != missing, strict = equal == missing;
  const float side = negative ? -t : t;
  if (strict && side == -std::numeric_limits<float>::infinity()) return std::nullopt;
  return Question{negative, missing, strict ? below(side) : side};
}

class Flat {
 public:
  Table trees, nodes, words, asked, first{0}, target, slots;
  std::vector<float> weight;

  explicit Flat(const Ensemble& e) : e_(e) {}

  // False where the kernel has no form for a tree.
  bool run() {
    for (const std::int32_t root : e_.roots) {
      const auto start = static_cast<std::int32_t>(leaves());
      asked_.clear();
      depth_ = 0;
      trees.push_back(0);
      const std::size_t at = trees.size() - 1;
      trees.insert(trees.end(), {0, static_cast<std::int32_t>(words.size() / 2)});
      const std::int32_t id = visit(root, 0);
      if (!good_) return false;
      trees[at] = id, trees[at + 1] = static_cast<std::int32_t>(depth_);
      add_words(start);
    }
    trees.insert(trees.end(), {0, 0, static_cast<std::int32_t>(words.size() / 2)});
    words.insert(words.end(), {static_cast<std::int32_t>(asked.size() / 3), 0});
    return true;
  }
  [[nodiscard]] std::size_t leaves() const { return first.size() - 1; }
  [[nodiscard]] bool single() const { return e_.targets == 1 && target.size() == leaves() && one_each_; }
  [[nodiscard]] bool wide() const { return asked.size() / 3 <= widest * e_.roots.size(); }

 private:
  struct Asked {
    std::int32_t slot;
    float threshold;
    std::size_t first, last;  // leaves below "yes"
  };

  std::int32_t slot_of(std::int32_t feature, bool negative) {
    const std::int32_t key = negative ? -1 - feature : feature;
    const auto [at, fresh] = slot_.emplace(key, static_cast<std::int32_t>(slots.size()));
    if (fresh) slots.push_back(key);
    return at->second;
  }

  std::int32_t leaf(std::size_t index) {
    for (const Leaf& entry : e_.leaves[index]) {
      target.push_back(entry.target);
      const auto w = static_cast<float>(entry.weight);
      weight.push_back(e_.aggregate == 0 ? w / static_cast<float>(e_.roots.size()) : w);
    }
    one_each_ = one_each_ && e_.leaves[index].size() == 1;
    first.push_back(static_cast<std::int32_t>(target.size()));
    return -static_cast<std::int32_t>(leaves());
  }

  // Depth first, "yes" before "no": the leaves of a tree are in order. A node that trees share is written for each.
  std::int32_t visit(std::int32_t child, std::size_t level) {
    depth_ = std::max(depth_, level);
    if (child < 0) return leaf(static_cast<std::size_t>(-1 - static_cast<std::int64_t>(child)));
    const auto k = static_cast<std::size_t>(child);
    const auto q = question(e_.mode[k], static_cast<float>(e_.split[k]));
    good_ = good_ && q && level < deepest && nodes.size() / 4 < 2 * e_.mode.size();
    if (!good_) return 0;
    const auto id = static_cast<std::int32_t>(nodes.size() / 4);
    const std::int32_t slot = slot_of(e_.feature[k], q->negative);
    nodes.insert(nodes.end(), {slot, bit_cast<std::int32_t>(q->threshold), 0, 0});
    const std::size_t before = leaves();
    const std::int32_t yes = visit(q->swapped ? e_.no[k] : e_.yes[k], level + 1);
    asked_.push_back({slot, q->threshold, before, leaves()});
    const std::int32_t no = visit(q->swapped ? e_.yes[k] : e_.no[k], level + 1);
    nodes[4 * static_cast<std::size_t>(id) + 2] = yes, nodes[4 * static_cast<std::size_t>(id) + 3] = no;
    return id;
  }

  // 32 leaves a word; each asks the questions that have some of them below "yes".
  void add_words(std::int32_t start) {
    const auto end = static_cast<std::int32_t>(leaves());
    for (std::int32_t base = start; base < end; base += 32) {
      words.insert(words.end(), {static_cast<std::int32_t>(asked.size() / 3), base});
      for (const Asked& q : asked_) {
        std::uint32_t below_yes = 0;
        for (std::int32_t bit = 0; bit < 32 && base + bit < end; ++bit) {
          const auto l = static_cast<std::size_t>(base + bit);
          if (l >= q.first && l < q.last) below_yes |= 1u << bit;
        }
        if (below_yes != 0) asked.insert(asked.end(), {q.slot, bit_cast<std::int32_t>(q.threshold), static_cast<std::int32_t>(~below_yes)});
      }
    }
  }

  const Ensemble& e_;
  std::map<std::int32_t, std::int32_t> slot_;
  std::vector<Asked> asked_;
  std::size_t depth_ = 0;
  bool good_ = true, one_each_ = true;
};

}  // namespace

bool lower_fast(Lower& l, const Ensemble& e) {
  if (l.type(0).dtype != DType::float32 || e.aggregate > 1 || e.mode.empty()) return false;
  Flat f(e);
  if (!f.run()) return false;
  const Shape& x = l.shape(0);
  const bool wide = f.wide() && !x[0].is(1);
  if (!wide) f.words = {0, 0}, f.asked = {0, 0, 0};
  const auto count = [](std::size_t n) { return runtime_size(Dim(static_cast<std::int64_t>(n))); };
  const auto table = [&](const auto& values) {
    using T = typename std::remove_cvref_t<decltype(values)>::value_type;
    return read(l.weight(tensor_of<T>({static_cast<std::int64_t>(values.size())}, std::span<const T>(values))));
  };
  const Operand scratch = l.temporary(DType::float32, {Dim(static_cast<std::int64_t>(64 * f.slots.size()))});  // tree_block
  l.fast("cpu::trees", "kernels/cpu/trees.hpp",
         {RangeArg{Dim(0), x[0], true}, write(l.out_dense()), write(scratch), read(l.in_dense(0)), runtime_size(x[1]), runtime_size(Dim(e.targets)),
          table(f.slots), count(f.slots.size()), count(e.roots.size()), table(f.trees), table(f.nodes), table(f.words), table(f.asked), table(f.first),
          table(f.target), table(f.weight), flag(f.single()), flag(wide)})
      .flops = x[0] * Dim(static_cast<std::int64_t>(e.roots.size())) * Dim(8);
  return true;
}

}  // namespace inferc::trees
