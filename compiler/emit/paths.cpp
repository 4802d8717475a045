#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "compiler/emit/parts.hpp"
#include "compiler/emit/writer.hpp"

namespace inferc {
namespace {

enum class Machine : unsigned char { any, x86_64, aarch64 };

struct CodePath {
  std::string_view name;
  Machine machine;
  std::string_view flags;      // blank-separated
  std::string_view predicate;  // C++: whether CPU and operating system can run it
};

// Oldest first: that is the order of preference, reversed.
constexpr std::array paths{
    CodePath{"base", Machine::any, "", "true"},
    CodePath{"v3", Machine::x86_64, "-march=x86-64-v3", "cpu_has_v3()"},
    CodePath{"v4", Machine::x86_64, "-march=x86-64-v4 -mprefer-vector-width=512", "cpu_has_v4()"},
    CodePath{"v4q", Machine::x86_64, "-march=x86-64-v4 -mavx512vnni -mavx512vbmi -mavx512bf16 -mprefer-vector-width=512", "cpu_has_v4q()"},
    CodePath{"neon", Machine::aarch64, "", "true"},
};

// What INFERC_ISA may say, oldest first.
constexpr std::array<std::string_view, 5> levels{"base", "neon", "v3", "v4", "v4q"};

const CodePath* find_path(std::string_view name) {
  const auto at = std::find_if(paths.begin(), paths.end(), [&](const CodePath& p) { return p.name == name; });
  return at == paths.end() ? nullptr : &*at;
}

// The levels of the x86-64 psABI, with the operating system's part.
constexpr std::string_view x86_detection = R"(
  // --- code paths: what the CPU has and the operating system saves on a task switch (levels of the x86-64 psABI)

  bool all_bits(unsigned value, unsigned bits) noexcept { return (value & bits) == bits; }

  bool os_saves(unsigned registers) noexcept {
    unsigned a = 0, b = 0, c = 0, d = 0, low = 0, high = 0;
    if (__get_cpuid(1, &a, &b, &c, &d) == 0 || !all_bits(c, 1u << 27)) return false;
    __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
    return all_bits(low, registers);
  }

  // SSE3, SSSE3, FMA, CMPXCHG16B, SSE4, MOVBE, POPCNT, AVX, F16C; BMI1, AVX2, BMI2; LAHF, LZCNT.
  bool cpu_has_v3() noexcept {
    unsigned a = 0, b = 0, c = 0, d = 0;
    if (!os_saves(0x6) || __get_cpuid(1, &a, &b, &c, &d) == 0 || !all_bits(c, 0x38d83201u)) return false;
    if (__get_cpuid_count(7, 0, &a, &b, &c, &d) == 0 || !all_bits(b, 0x128u)) return false;
    return __get_cpuid(0x80000001u, &a, &b, &c, &d) != 0 && all_bits(c, 0x21u);
  }

  // AVX-512 F, DQ, CD, BW, VL.
  [[maybe_unused]] bool cpu_has_v4() noexcept {
    unsigned a = 0, b = 0, c = 0, d = 0;
    return cpu_has_v3() && os_saves(0xe6) && __get_cpuid_count(7, 0, &a, &b, &c, &d) != 0 && all_bits(b, 0xd0030000u);
  }

  // AVX512_VBMI, AVX512_VNNI; AVX512_BF16.
  [[maybe_unused]] bool cpu_has_v4q() noexcept {
    unsigned a = 0, b = 0, c = 0, d = 0;
    if (!cpu_has_v4() || __get_cpuid_count(7, 0, &a, &b, &c, &d) == 0 || !all_bits(c, 0x802u)) return false;
    return __get_cpuid_count(7, 1, &a, &b, &c, &d) != 0 && all_bits(a, 0x20u);
  }
  )";

bool needs_detection(const EmitOptions& o) {
  return std::any_of(o.paths.begin(), o.paths.end(), [](const std::string& p) { return find_path(p)->machine == Machine::x86_64; });
}

// What a path's functions take.
constexpr std::string_view prepare_parameters = "const std::size_t* dims, const void* const* inputs, std::byte* arena, const std::byte* weights";
constexpr std::string_view run_parameters =
    "const std::size_t* dims, const void* const* inputs, void* const* outputs, std::byte* arena, const std::byte* weights, std::size_t* measured";
constexpr std::string_view batch_parameters =
    "const std::size_t* offsets, const std::size_t* dims, const void* const* inputs, void* const* outputs, std::byte* arena, const std::byte* weights";
constexpr std::string_view batch_team_parameters =
    "const std::size_t* offsets, const std::size_t* dims, const void* const* inputs, void* const* outputs, std::byte* arena, std::size_t arena_bytes, "
    "const std::byte* weights";
constexpr std::string_view team_parameters = "void* pool, std::size_t workers, void (*fork)(void*, void (*)(void*, std::size_t), void*) noexcept, ";

// A function of a path: its signature, and what it calls in N_body.hpp.
struct PathFunction {
  std::string signature, call;
};

std::vector<PathFunction> functions_of_a_path(const Program& p, const EmitOptions& o) {
  std::vector<PathFunction> out{{fmt::format("int run({}) noexcept", run_parameters), "body(dims, inputs, outputs, arena, weights, measured)"}};
  if (p.prepare) out.push_back({fmt::format("int prepare({}) noexcept", prepare_parameters), "prepare_body(dims, inputs, nullptr, arena, weights, nullptr)"});
  if (p.batch)
    out.push_back({fmt::format("int run_batch({}) noexcept", batch_parameters), "batch_body(offsets, dims, inputs, outputs, arena, weights, nullptr)"});
  if (o.threads)
    out.push_back({fmt::format("int run_team({}{}) noexcept", team_parameters, run_parameters),
                   "team_body(inferc::cpu::Team{pool, workers, fork}, dims, inputs, outputs, arena, weights, measured)"});
  if (o.threads && p.batch)
    out.push_back({fmt::format("int run_batch_team({}{}) noexcept", team_parameters, batch_team_parameters),
                   "batch_team_body(inferc::cpu::Team{pool, workers, fork}, offsets, dims, inputs, outputs, arena, arena_bytes, weights)"});
  return out;
}

}  // namespace

std::vector<std::string> path_flags(const std::string& path) {
  std::vector<std::string> out{"-O3", "-ffp-contract=off", "-fno-math-errno", "-fno-exceptions"};
  std::string_view flags = find_path(path)->flags;
  while (!flags.empty()) {
    const std::size_t end = std::min(flags.find(' '), flags.size());
    out.emplace_back(flags.substr(0, end));
    flags.remove_prefix(std::min(end + 1, flags.size()));
  }
  return out;
}

bool has_integer_products(const std::vector<Call>& calls) {
  return std::any_of(calls.begin(), calls.end(), [](const Call& c) {
    return c.header.starts_with("kernels/cpu/quantized/") || std::any_of(c.bodies.begin(), c.bodies.end(), has_integer_products);
  });
}

std::vector<std::string> default_paths() {
#if defined(__aarch64__)
  return {"base", "neon"};
#else
  return {"base", "v3", "v4"};
#endif
}

std::vector<std::string> default_paths(const Program& program) {
  std::vector<std::string> out = default_paths();
  if (out.back() == "v4" && has_integer_products(program.calls)) out.emplace_back("v4q");
  return out;
}

bool is_code_path(const std::string& path) { return find_path(path) != nullptr; }

bool sort_paths(std::vector<std::string>& names) {
  const auto rank = [](const std::string& n) { return find_path(n) - paths.data(); };
  std::sort(names.begin(), names.end(), [&](const std::string& a, const std::string& b) { return rank(a) < rank(b); });
  names.erase(std::unique(names.begin(), names.end()), names.end());
  bool machine[3] = {};
  for (const std::string& n : names) machine[static_cast<int>(find_path(n)->machine)] = true;
  return !(machine[1] && machine[2]);
}

std::string emit_path(const Program& p, const EmitOptions& o, const std::string& path) {
  std::string functions;
  for (const PathFunction& f : functions_of_a_path(p, o))
    functions += fmt::format("{}{} {{\n  return {};\n}}\n", functions.empty() ? "" : "\n", f.signature, f.call);
  return fill(R"(
    // Generated by inferc $version$. The calls of the model '$name$' for the code path $path$.
    #if defined(__FAST_MATH__)
    #error "inferc: the generated code keeps IEEE arithmetic; compile it without -ffast-math"
    #endif
    #if defined(__clang__)
    #pragma clang fp contract(off)
    #elif defined(__GNUC__)
    #pragma GCC optimize("fp-contract=off")
    #endif
    #include <bit>
    #include <cstddef>
    #include <cstdint>
    #include <limits>
    #include <type_traits>
    #include <utility>
    $user_includes$

    namespace $namespace$::path_$path$ {
    namespace {
    #include "$name$_body.hpp"
    }  // namespace

    int run($parameters$) noexcept;
    $functions$

    }  // namespace $namespace$::path_$path$
    )",
              {{"version", INFERC_VERSION},
               {"path", path},
               {"namespace", namespace_of(o)},
               {"name", o.name},
               {"user_includes", user_includes(o.user_headers)},
               {"parameters", std::string(run_parameters)},
               {"functions", functions}});
}

namespace {

// The function `name`_path, which calls `call` of the chosen path.
std::string dispatch(const EmitOptions& o, std::string_view name, std::string_view parameters, std::string_view call) {
  std::string runs;
  for (std::size_t i = 0; i < o.paths.size(); ++i) runs += fmt::format("case {}: return path_{}::{};\n", i, o.paths[i], call);
  return fill(R"(

    int $name$_path(int path, $parameters$) noexcept {
      switch (path) {
        $runs$
        default: return -1;
      }
    }
    )",
              {{"name", std::string(name)}, {"parameters", std::string(parameters)}, {"runs", runs}});
}

// From the arguments of a call to those of the path.
std::string dispatches(const Program& p, const EmitOptions& o) {
  std::string out = dispatch(o, "run", run_parameters, "run(dims, inputs, outputs, arena, weights, measured)");
  if (p.prepare) out += dispatch(o, "prepare", prepare_parameters, "prepare(dims, inputs, arena, weights)");
  if (p.batch) out += dispatch(o, "run_batch", batch_parameters, "run_batch(offsets, dims, inputs, outputs, arena, weights)");
  if (o.threads)
    out += dispatch(o, "run_team", "const detail::Team& team, " + std::string(run_parameters),
                    "run_team(team.pool, team.workers, team.fork, dims, inputs, outputs, arena, weights, measured)");
  if (o.threads && p.batch)
    out += dispatch(o, "run_batch_team", "const detail::Team& team, " + std::string(batch_team_parameters),
                    "run_batch_team(team.pool, team.workers, team.fork, offsets, dims, inputs, outputs, arena, arena_bytes, weights)");
  return out;
}

}  // namespace

std::string emit_dispatch(const Program& p, const EmitOptions& o) {
  std::string declarations, signatures, names, supported, known, level_of;
  for (const PathFunction& f : functions_of_a_path(p, o)) signatures += f.signature + ";\n";
  for (const std::string_view level : levels) known += fmt::format("{}\"{}\"", known.empty() ? "" : ", ", level);
  for (std::size_t i = 0; i < o.paths.size(); ++i) {
    declarations += fmt::format("namespace path_{} {{\n{}}}\n", o.paths[i], signatures);
    names += fmt::format("{}\"{}\"", i == 0 ? "" : ", ", o.paths[i]);
    level_of += fmt::format("{}{}", i == 0 ? "" : ", ", std::find(levels.begin(), levels.end(), o.paths[i]) - levels.begin());
    supported += fmt::format("case {}: return {};\n", i, find_path(o.paths[i])->predicate);
  }
  return fill(R"(
    $declarations$
    namespace {

    $detection$
    constexpr const char* path_names[] = {$names$};
    constexpr int path_count = $count$;

    bool supported(int path) noexcept {
      switch (path) {
        $supported$
        default: return false;
      }
    }

    // The newest path that the machine can run, no newer than INFERC_ISA says, be that path in this code or not.
    int choose_path() noexcept {
      constexpr const char* levels[] = {$levels$};
      constexpr int level_of[] = {$level_of$};
      const char* named = std::getenv("INFERC_ISA");
      int limit = static_cast<int>(sizeof(levels) / sizeof(*levels)) - 1;
      for (int i = limit; named && i >= 0; --i)
        if (std::strcmp(named, levels[i]) == 0) limit = i;
      for (int i = path_count - 1; i >= 0; --i)
        if (level_of[i] <= limit && supported(i)) return i;
      return -1;
    }
    $dispatches$

    }  // namespace
    )",
              {{"declarations", declarations},
               {"detection", needs_detection(o) ? fill(x86_detection) : ""},
               {"names", names},
               {"count", std::to_string(o.paths.size())},
               {"levels", known},
               {"level_of", level_of},
               {"supported", supported},
               {"dispatches", dispatches(p, o)}});
}

}  // namespace inferc
