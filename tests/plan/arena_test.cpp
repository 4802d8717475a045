#include "compiler/plan/arena.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "compiler/onnx/import.hpp"
#include "compiler/onnx/reader.hpp"
#include "compiler/ops/op.hpp"
#include "compiler/passes/passes.hpp"
#include "compiler/plan/program.hpp"
#include "tests/support/paths.hpp"

namespace inferc {
namespace {

struct Case {
  Symbols symbols;
  std::vector<Buffer> buffers;
  std::vector<Call> calls;
};

Operand whole(const Case& c, std::uint32_t buffer) {
  const Shape shape{c.buffers[buffer].size};
  return {{buffer}, c.buffers[buffer].dtype, 0, shape, dense_strides(shape)};
}

Dim random_size(std::mt19937& random, const std::vector<Dim>& symbols) {
  const auto pick = [&](std::size_t n) { return static_cast<std::size_t>(random() % n); };
  Dim size(static_cast<std::int64_t>(pick(40)));
  for (std::size_t terms = pick(3); terms > 0; --terms) size = size + symbols[pick(symbols.size())] * Dim(static_cast<std::int64_t>(pick(20)));
  return pick(4) == 0 ? max(size, symbols[0] * symbols[pick(symbols.size())]) : size;
}

// A random chain of calls: each reads up to three earlier buffers and writes one or two new ones, some of them in place,
// some of them in the body of a loop.
Case random_case(unsigned seed, bool bounded) {
  std::mt19937 random(seed);
  Case c;
  std::vector<Dim> symbols;
  for (const char* name : {"n", "m", "k"}) {
    c.symbols.declare(name, {0, bounded || *name != 'm' ? static_cast<std::int64_t>(random() % 30) : unbounded});
    symbols.push_back(Dim::symbol(name));
  }
  for (std::size_t k = 0; k < 25; ++k) {
    Call call{.kernel = "k"};
    const std::size_t known = c.buffers.size(), reads = known == 0 ? 0 : random() % 4, writes = 1 + random() % 2;
    std::vector<std::uint32_t> read_buffers;
    for (std::size_t r = 0; r < reads; ++r) read_buffers.push_back(static_cast<std::uint32_t>(known - 1 - random() % std::min<std::size_t>(known, 6)));
    for (std::size_t w = 0; w < writes; ++w) {
      const bool same_size = !read_buffers.empty() && random() % 2 == 0;
      const Space space = random() % 8 == 0 ? Space::output : Space::arena;
      c.buffers.push_back({.space = space,
                           .dtype = DType::float32,
                           .size = same_size ? c.buffers[read_buffers[0]].size : random_size(random, symbols),
                           .name = {},
                           .facts = {}});
      call.args.push_back(write_view(whole(c, static_cast<std::uint32_t>(c.buffers.size() - 1))));
    }
    for (const std::uint32_t r : read_buffers) {
      call.args.push_back(read_view(whole(c, r)));
      for (std::size_t w = 0; w < writes; ++w) call.in_place.emplace_back(w, call.args.size() - 1);
    }
    Call around{.kernel = "loop", .bodies = {{call}}};
    c.calls.push_back(random() % 5 == 0 ? std::move(around) : std::move(call));
  }
  return c;
}

struct Place {
  std::int64_t begin, end;
};

// Offsets and sizes in bytes for these values of the symbols.
std::vector<Place> places(const Case& c, const Arena& arena, SymbolValues& values) {
  for (const auto& [name, size] : arena.locals) values[name] = evaluate(size, values);
  std::vector<Place> out;
  for (std::size_t b = 0; b < c.buffers.size(); ++b) {
    const std::int64_t begin = evaluate(arena.offsets[b], values);
    out.push_back({begin, begin + evaluate(c.buffers[b].size, values) * 4});
  }
  return out;
}

bool may_share(const Case& c, const std::vector<Lifetime>& life, std::size_t a, std::size_t b) {
  if (life[a].last != life[b].first) std::swap(a, b);
  if (life[a].last != life[b].first) return false;
  const Call& call = c.calls[life[b].first];
  return std::any_of(call.in_place.begin(), call.in_place.end(), [&](const auto& pair) {
    return operands(call.args[pair.first])[0].first->buffer.index == b && operands(call.args[pair.second])[0].first->buffer.index == a;
  });
}

void expect_disjoint(const Case& c, const Arena& arena, SymbolValues values) {
  const std::vector<Lifetime> life = lifetimes(c.calls, c.buffers.size());
  const std::vector<Place> at = places(c, arena, values);
  const std::int64_t bytes = evaluate(arena.bytes, values);
  for (std::size_t a = 0; a < at.size(); ++a) {
    if (c.buffers[a].space != Space::arena || !life[a].used()) continue;
    EXPECT_EQ(at[a].begin % 64, 0);
    EXPECT_LE(at[a].end, bytes) << "buffer " << a;
    for (std::size_t b = 0; b < a; ++b) {
      if (c.buffers[b].space != Space::arena || !life[a].overlaps(life[b])) continue;
      const bool apart = at[a].end <= at[b].begin || at[b].end <= at[a].begin || at[a].begin == at[a].end || at[b].begin == at[b].end;
      const bool one = at[a].begin == at[b].begin && may_share(c, life, a, b);
      EXPECT_TRUE(apart || one) << "buffers " << a << " and " << b;
    }
  }
}

SymbolValues random_values(const Symbols& symbols, std::mt19937& random) {
  SymbolValues values;
  for (const Symbol& s : symbols.all())
    values[s.name] =
        s.bounds.lower + static_cast<std::int64_t>(random() % static_cast<unsigned>(std::min<std::int64_t>(s.bounds.upper, 200) - s.bounds.lower + 1));
  return values;
}

TEST(Arena, LiveBuffersNeverOverlap) {
  for (unsigned seed = 0; seed < 200; ++seed) {
    SCOPED_TRACE(seed);
    const Case c = random_case(seed, seed % 2 == 0);
    const Arena arena = plan_arena(c.calls, c.buffers, c.symbols);
    std::mt19937 random(seed);
    for (int draw = 0; draw < 10; ++draw) expect_disjoint(c, arena, random_values(c.symbols, random));
    if (testing::Test::HasFailure()) return;
  }
}

TEST(Arena, AtMostOneResultTakesThePlaceOfAnOperand) {
  Case c;
  for (int b = 0; b < 3; ++b) c.buffers.push_back({.space = Space::arena, .dtype = DType::float32, .size = 16, .name = {}, .facts = {}});
  c.calls.push_back({.kernel = "source", .args = {write_view(whole(c, 0))}});
  c.calls.push_back({.kernel = "both", .args = {write_view(whole(c, 1)), write_view(whole(c, 2)), read_view(whole(c, 0))}, .in_place = {{0, 2}, {1, 2}}});
  c.calls.push_back({.kernel = "sink", .args = {read_view(whole(c, 1)), read_view(whole(c, 2))}});
  const Arena arena = plan_arena(c.calls, c.buffers, c.symbols);
  EXPECT_FALSE(arena.offsets[1] == arena.offsets[2]);
}

// The body may read the operand after the call has written its result.
TEST(Arena, NoResultTakesThePlaceOfAnOperandThatABodyReads) {
  Case c;
  for (int b = 0; b < 3; ++b) c.buffers.push_back({.space = Space::arena, .dtype = DType::float32, .size = 16, .name = {}, .facts = {}});
  c.calls.push_back({.kernel = "source", .args = {write_view(whole(c, 0))}});
  Call call{.kernel = "both", .args = {write_view(whole(c, 1)), read_view(whole(c, 0))}, .in_place = {{0, 1}}};
  call.bodies = {{{.kernel = "inner", .args = {write_view(whole(c, 2)), read_view(whole(c, 0))}}}};
  c.calls.push_back(std::move(call));
  c.calls.push_back({.kernel = "sink", .args = {read_view(whole(c, 1)), read_view(whole(c, 2))}});
  const Arena arena = plan_arena(c.calls, c.buffers, c.symbols);
  for (std::size_t a = 0; a < 3; ++a)
    for (std::size_t b = 0; b < a; ++b) EXPECT_FALSE(arena.offsets[a] == arena.offsets[b]) << a << " and " << b;
}

TEST(LiveBytes, CountsBuffersOfOnePlaceOnce) {
  Case c;
  for (int b = 0; b < 3; ++b) c.buffers.push_back({.space = Space::arena, .dtype = DType::float32, .size = 16, .name = {}, .facts = {}});
  c.calls.push_back({.kernel = "source", .args = {write_view(whole(c, 0))}});
  c.calls.push_back({.kernel = "map", .args = {write_view(whole(c, 1)), read_view(whole(c, 0))}, .in_place = {{0, 1}}});
  c.calls.push_back({.kernel = "map", .args = {write_view(whole(c, 2)), read_view(whole(c, 1))}, .in_place = {{0, 1}}});
  c.calls.push_back({.kernel = "sink", .args = {read_view(whole(c, 2))}});
  EXPECT_EQ(live_bytes_peak(c.calls, c.buffers, c.symbols), 64);
  EXPECT_TRUE(plan_arena(c.calls, c.buffers, c.symbols).bytes.is(64));
}

// Bytes of the distinct places of buffers that are live, at the position where they are most.
std::int64_t peak_of(const Case& c, const Arena& arena) {
  const std::vector<Lifetime> life = lifetimes(c.calls, c.buffers.size());
  std::int64_t peak = 0;
  for (std::size_t position = 0; position < c.calls.size(); ++position) {
    std::map<std::int64_t, std::int64_t> live;  // bytes by offset
    for (std::size_t b = 0; b < c.buffers.size(); ++b) {
      if (c.buffers[b].space != Space::arena || !life[b].used() || position < life[b].first || life[b].last < position) continue;
      const std::int64_t bytes = (c.symbols.bounds(c.buffers[b].size).upper * 4 + 63) / 64 * 64;
      if (bytes == 0) continue;
      std::int64_t& known = live[*arena.offsets[b].constant()];
      known = std::max(known, bytes);
    }
    std::int64_t sum = 0;
    for (const auto& [offset, bytes] : live) sum += bytes;
    peak = std::max(peak, sum);
  }
  return peak;
}

TEST(LiveBytes, IsThePeakOverAllCalls) {
  for (unsigned seed = 0; seed < 200; seed += 2) {
    SCOPED_TRACE(seed);
    const Case c = random_case(seed, true);
    const Arena arena = plan_arena(c.calls, c.buffers, c.symbols);
    const std::int64_t peak = live_bytes_peak(c.calls, c.buffers, c.symbols);
    EXPECT_EQ(peak, peak_of(c, arena));
    EXPECT_LE(peak, *arena.bytes.constant());
  }
}

class ArenaOfJets : public testing::TestWithParam<std::string> {};

TEST_P(ArenaOfJets, IsCloseToTheLowerBound) {
  Diagnostics problems;
  const auto graph = onnx::import(onnx::read(test::source_dir() / "models/jets" / GetParam()), problems);
  for (const Symbol& s : std::vector<Symbol>(graph->symbols().all())) graph->symbols().set_bounds(s.name, {s.name == "n_pf" ? 8 : s.bounds.lower, 64});
  ASSERT_TRUE(infer_types(*graph, problems));
  run_pipeline(*graph);
  const Program program = plan(*graph);
  ASSERT_TRUE(program.arena_bytes.is_constant());
  const double bytes = static_cast<double>(*program.arena_bytes.constant()), bound = static_cast<double>(*program.arena_lower_bound.constant());
  RecordProperty("arena_bytes", std::to_string(bytes));
  RecordProperty("lower_bound", std::to_string(bound));
  EXPECT_LE(bound, bytes);
  EXPECT_LE(bytes, 1.1 * bound);
}

INSTANTIATE_TEST_SUITE_P(Jets, ArenaOfJets, testing::Values("jet_mlp.onnx", "gn2_small.onnx", "particlenet_lite.onnx"),
                         [](const auto& info) { return info.param.substr(0, info.param.find('.')); });

}  // namespace
}  // namespace inferc
