#include <algorithm>
#include <set>

#include <fmt/format.h>

#include "compiler/emit/parts.hpp"
#include "compiler/emit/writer.hpp"
#include "compiler/plan/profile.hpp"
#include "compiler/support/diagnostics.hpp"

namespace inferc {
namespace {

constexpr std::int64_t safe = std::int64_t{1} << 61;

// Sizes of buffers, and whether computing them needs checked arithmetic: unbounded symbols can make them overflow.
class SizeExpressions {
 public:
  SizeExpressions(const Program& p, const Names& names) : p_(p), names_(names) {
    for (const auto* ports : {&p.inputs, &p.outputs})
      for (const TensorPort& t : *ports) consider(bytes_of(t));
    consider(p.arena_bytes);
    for (const auto& [name, size] : p.arena_locals) consider(size);
  }
  [[nodiscard]] bool checked() const { return checked_; }
  [[nodiscard]] std::string list(const std::vector<TensorPort>& ports) const {
    std::string out;
    for (const TensorPort& t : ports) out += (out.empty() ? "" : ", ") + print(bytes_of(t));
    return out.empty() ? "0" : out;
  }
  [[nodiscard]] std::string list(const Shape& shape) const {
    std::string out;
    for (const Dim& d : shape) out += (out.empty() ? "" : ", ") + print(d);
    return out;
  }
  [[nodiscard]] std::string print(const Dim& d) const {
    return !checked_ ? names_.size(d) : d.is_constant() ? d.text() : fmt::format("({}).bytes()", names_.size(d));
  }

 private:
  // Where a size is measured: the most it may be.
  Dim bytes_of(const TensorPort& t) const { return p_.symbols->at_limits(product(t.type.shape)) * Dim(static_cast<std::int64_t>(byte_size(t.type.dtype))); }
  void consider(const Dim& d) { checked_ = checked_ || p_.symbols->bounds(d).upper > safe; }
  const Program& p_;
  const Names& names_;
  bool checked_ = false;
};

constexpr std::string_view checked_size = R"(
  // A size whose overflow is remembered; bytes() then is more than any buffer has.
  struct Size {
    std::int64_t value;
    bool overflow;
    constexpr Size(std::int64_t v) noexcept : value(v), overflow(false) {}
    constexpr Size(std::int64_t v, bool o) noexcept : value(v), overflow(o) {}
    constexpr std::size_t bytes() const noexcept { return overflow || value < 0 ? SIZE_MAX : static_cast<std::size_t>(value); }
  };
  [[maybe_unused]] constexpr Size operator+(Size a, Size b) noexcept {
    const bool o = __builtin_add_overflow(a.value, b.value, &a.value);
    return {a.value, o || a.overflow || b.overflow};
  }
  [[maybe_unused]] constexpr Size operator-(Size a, Size b) noexcept {
    const bool o = __builtin_sub_overflow(a.value, b.value, &a.value);
    return {a.value, o || a.overflow || b.overflow};
  }
  [[maybe_unused]] constexpr Size operator*(Size a, Size b) noexcept {
    const bool o = __builtin_mul_overflow(a.value, b.value, &a.value);
    return {a.value, o || a.overflow || b.overflow};
  }
  [[maybe_unused]] constexpr Size operator%(Size a, Size b) noexcept {
    if (b.value == 0 || b.value == -1) return {0, b.value == 0 || a.overflow || b.overflow};
    const std::int64_t r = a.value % b.value;
    return {r != 0 && (r < 0) != (b.value < 0) ? r + b.value : r, a.overflow || b.overflow};
  }
  [[maybe_unused]] constexpr Size operator/(Size a, Size b) noexcept {
    const bool o = b.value == 0 || a.overflow || b.overflow;
    return o ? Size{0, true} : Size{(a - a % b).value / b.value, (a - a % b).overflow};
  }
  [[maybe_unused]] constexpr Size div_size(Size a, Size b) noexcept { return a / b; }
  [[maybe_unused]] constexpr Size mod_size(Size a, Size b) noexcept { return a % b; }
  [[maybe_unused]] constexpr Size min_size(Size a, Size b) noexcept { return {a.value < b.value ? a.value : b.value, a.overflow || b.overflow}; }
  [[maybe_unused]] constexpr Size max_size(Size a, Size b) noexcept { return {a.value > b.value ? a.value : b.value, a.overflow || b.overflow}; }
  )";

std::string bounds_checks(const Program& p, const Names& names) {
  std::string out;
  const auto& all = p.symbols->all();
  for (std::size_t i = 0; i < all.size(); ++i) {
    const std::string lower = all[i].bounds.lower > 0 ? fmt::format("dims[{}] < {} || ", i, all[i].bounds.lower) : "";
    out += fmt::format("if ({}dims[{}] > {}) return offender = {}, Status::dim_out_of_bounds;  // {}\n", lower, i, all[i].bounds.upper, i, names.symbols[i]);
  }
  return out;
}

void collect(const Shape& shape, const Symbols& symbols, std::set<std::string>& seen, std::vector<Dim>& out) {
  for (const Dim& d : shape)
    if (symbols.bounds(d).lower < 0 && !symbols.has_measured(d) && seen.insert(d.text()).second) out.push_back(d);
}

void collect(const std::vector<Call>& calls, const Symbols& symbols, std::set<std::string>& seen, std::vector<Dim>& out) {
  for (const Call& c : calls) {
    for (const Arg& a : c.args)
      for (const auto& [operand, access] : operands(a)) collect(operand->shape, symbols, seen, out);
    for (const auto& body : c.bodies) collect(body, symbols, seen, out);
  }
}

// Sizes that some dims within bounds would make negative: the graph has no meaning for those.
std::vector<Dim> perhaps_negative(const Program& p) {
  std::set<std::string> seen;
  std::vector<Dim> out;
  for (const auto* ports : {&p.inputs, &p.outputs})
    for (const TensorPort& t : *ports) collect(t.type.shape, *p.symbols, seen, out);
  collect(p.calls, *p.symbols, seen, out);
  return out;
}

// "offender = 1, " for a symbol of a size that is wrong: the last that was declared.
std::string blame(const Symbols& symbols, const Dim& wrong) {
  std::vector<std::string> names;
  collect_symbols(wrong, names);
  for (std::size_t i = symbols.all().size(); i-- > 0;)
    if (std::find(names.begin(), names.end(), symbols.all()[i].name) != names.end()) return fmt::format("offender = {}, ", i);
  return {};
}

std::string consistency_checks(const Program& p, const Names& names, bool checked) {
  std::string out;
  for (const auto& e : p.symbols->equalities())
    if (!p.symbols->has_measured(e))
      out += fmt::format("if ({0}{1}{2} != {0}{3}{2}) return {5}Status::dim_mismatch;  // {4}\n", checked ? "Size(" : "", names.size(e.a),
                         checked ? ").value" : "", names.size(e.b), escape(e.reason), blame(*p.symbols, e.b - e.a));
  for (const Dim& d : perhaps_negative(p))
    out += fmt::format("if ({}{}{} < 0) return {}Status::dim_mismatch;\n", checked ? "Size(" : "static_cast<std::int64_t>(", names.size(d),
                       checked ? ").value" : ")", blame(*p.symbols, d));
  return out;
}

constexpr std::string_view window_bytes = R"(
  // From the first element of a strided input to behind its last, SIZE_MAX where that overflows; false: no stride along a long axis.
  bool window_bytes(const std::size_t* shape, const std::size_t* strides, std::size_t rank, std::size_t width, std::size_t& bytes) noexcept {
    std::size_t last = 0, step = 0;
    bool apart = true, overflow = false, empty = false;
    for (std::size_t d = 0; d < rank; ++d) {
      empty = empty || shape[d] == 0;
      if (shape[d] < 2) continue;
      apart = apart && strides[d] != 0;
      overflow = overflow || __builtin_mul_overflow(shape[d] - 1, strides[d], &step) || __builtin_add_overflow(last, step, &last);
    }
    if (empty) bytes = 0;
    else if (overflow || last > PTRDIFF_MAX / width - 1) bytes = SIZE_MAX;
    else bytes = (last + 1) * width;
    return apart || empty;
  }

  )";

std::string window_checks(const Program& p, const SizeExpressions& sizes) {
  std::string out;
  std::size_t at = p.symbols->all().size();
  for (std::size_t i = 0; i < p.inputs.size(); ++i) {
    const std::size_t rank = strides_of(p, p.inputs[i]).size();
    if (rank == 0) continue;
    out += fmt::format(
        "{{\n  const std::size_t shape[] = {{{}}};\n  if (!window_bytes(shape, dims + {}, {}, {}, input_bytes[{}])) return offender = {}, "
        "Status::bad_strides;\n}}\n",
        sizes.list(p.inputs[i].type.shape), at, rank, byte_size(p.inputs[i].type.dtype), i, i);
    at += rank;
  }
  return out;
}

constexpr std::string_view check_template = R"(
  namespace {
  $open$

  // --- arguments: all of them are checked before anything is written

  constexpr std::size_t input_count = $input_count$, output_count = $output_count$;

  $size_functions$
  bool overlap(const void* a, std::size_t na, const void* b, std::size_t nb) noexcept {
    const auto x = reinterpret_cast<std::uintptr_t>(a), y = reinterpret_cast<std::uintptr_t>(b);
    return na != 0 && nb != 0 && x < y + nb && y < x + na;
  }

  bool holds(const void* data, std::size_t bytes, std::size_t needed) noexcept { return bytes >= needed && (data || needed == 0); }

  $window_bytes$
  $index_check$
  bool aligned(const void* data, std::size_t to) noexcept { return reinterpret_cast<std::uintptr_t>(data) % to == 0; }

  Status check([[maybe_unused]] const std::size_t* dims, [[maybe_unused]] const detail::In* in, [[maybe_unused]] const detail::Out* out,
               const std::byte* arena, std::size_t arena_bytes, std::size_t& offender) noexcept {
    $bounds$
    $locals$
    $consistency$
    [[maybe_unused]] $input_bytes$ = {$input_sizes$}, output_bytes[] = {$output_sizes$};
    $windows$
    const std::size_t needed = $arena_bytes$;
    $ports$
    if (!holds(arena, arena_bytes, needed) || !aligned(arena, 64)) return Status::out_of_memory;
    $overlaps$
    return $indices$;
  }

  $initial_state$
  Status execute(const detail::Weights& w, const std::size_t* dims, const detail::In* in, const detail::Out* out, std::byte* arena,
                 std::size_t arena_bytes, $parameters$) noexcept {
    offender = SIZE_MAX;
    if (!w.data) return Status::bad_weights;
    if (const Status s = check(dims, in, out, arena, arena_bytes, offender); s != Status::ok) return s;
    const void* inputs[input_count + 1] = {};
    [[maybe_unused]] void* outputs[output_count + 1] = {};
    $pointers$
    $begin$
    const int fault = $run_path$;
    if (fault >= $guarded$) offender = $symbol_count$ + static_cast<std::size_t>(fault / $guarded$ - 1);
    switch (fault % $guarded$) {
      case 0: return $done$Status::ok;
      case 1: return Status::index_out_of_range;
      case 2: return Status::division_by_zero;
      case 3: return Status::dim_mismatch;
      default: return Status::unsupported_cpu;
    }
  }

  $close$
  }  // namespace

  $entry$
  )";

constexpr std::string_view entry_of_run = R"(
  Status Model::run_checked(const std::size_t* dims, const detail::In* in, const detail::Out* out, std::size_t* measured, Workspace& w) const noexcept {
    return execute(weights_, dims, in, out, w.data_, w.bytes_, measured, w.offender_$fresh_argument$);
  }
  )";

constexpr std::string_view entry_of_prepare = R"(
  Status Model::prepare_checked(const std::size_t* dims, const detail::In* in, Workspace& w) const noexcept {
    return preparing::execute(weights_, dims, in, nullptr, w.data_, w.bytes_, w.offender_);
  }
  )";

constexpr std::string_view entry_of_team = R"(
  Status Model::run_team_checked(const detail::Team& team, const std::size_t* dims, const detail::In* in, const detail::Out* out, std::size_t* measured, Workspace& w) const noexcept {
    return execute(weights_, dims, in, out, w.data_, w.bytes_, measured, w.offender_$fresh_argument$, &team);
  }
  )";

constexpr std::string_view entry_of_batch = R"(
  Status Model::run_batch_checked(const std::size_t* offsets, std::size_t count, const detail::In* in, const detail::Out* out, Workspace& w) const noexcept {
    w.offender_ = 0;
    if (const Status s = batch::offsets_fit(offsets, count); s != Status::ok) return s;
    const std::size_t dims[] = {count - 1, offsets[count - 1]};
    return batch::execute(weights_, dims, in, out, w.data_, w.bytes_, w.offender_, offsets);
  }
  )";

constexpr std::string_view offsets_check = R"(
  Status offsets_fit(const std::size_t* offsets, std::size_t count) noexcept {
    if (!offsets || count == 0 || offsets[0] != 0) return Status::dim_mismatch;
    for (std::size_t e = 1; e < count; ++e)
      if (offsets[e] < offsets[e - 1] || offsets[e] - offsets[e - 1] > $upper$$lower$) return Status::dim_out_of_bounds;
    return Status::ok;
  }
  )";

constexpr std::string_view entry_of_batch_team = R"(
  Status Model::run_batch_team_checked(const detail::Team& team, const std::size_t* offsets, std::size_t count, const detail::In* in, const detail::Out* out, Workspace& w) const noexcept {
    w.offender_ = 0;
    if (const Status s = batch::offsets_fit(offsets, count); s != Status::ok) return s;
    const std::size_t dims[] = {count - 1, offsets[count - 1]};
    return batch::execute(weights_, dims, in, out, w.data_, w.bytes_, w.offender_, offsets, &team);
  }
  )";

constexpr std::string_view input_fits = R"(
  constexpr std::size_t input_alignment[] = {$input_alignment$};
  for (std::size_t i = 0; i < input_count; ++i) {
    if (!holds(in[i].data, in[i].bytes, input_bytes[i])) return offender = i, Status::buffer_too_small;
    if (!aligned(in[i].data, input_alignment[i])) return offender = i, Status::misaligned;
  }
  )";
constexpr std::string_view output_fits = R"(
  constexpr std::size_t output_alignment[] = {$output_alignment$};
  for (std::size_t i = 0; i < output_count; ++i) {
    if (!holds(out[i].data, out[i].bytes, output_bytes[i])) return offender = input_count + i, Status::buffer_too_small;
    if (!aligned(out[i].data, output_alignment[i])) return offender = input_count + i, Status::misaligned;
  }
  )";
constexpr std::string_view output_alone = R"(
  for (std::size_t o = 0; o < output_count; ++o) {
    bool bad = overlap(out[o].data, output_bytes[o], arena, $scratch$);
    $inputs$
    for (std::size_t i = 0; i < o; ++i) bad = bad || overlap(out[o].data, output_bytes[o], out[i].data, output_bytes[i]);
    if (bad) return offender = input_count + o, Status::overlap;
  }
  )";
constexpr std::string_view input_alone = R"(
  for (std::size_t i = 0; i < input_count; ++i)
    if (overlap(in[i].data, input_bytes[i], arena, $scratch$)) return offender = i, Status::overlap;
  )";

std::string element_sizes(const std::vector<TensorPort>& ports) {
  std::string out;
  for (const TensorPort& t : ports) out += (out.empty() ? "" : ", ") + std::to_string(byte_size(t.type.dtype));
  return out;
}

std::string checked_locals(const Names& names, std::string_view from, bool by_index) {
  std::string out;
  for (std::size_t i = 0; i < names.symbols.size(); ++i)
    out += fmt::format("[[maybe_unused]] const Size {}(static_cast<std::int64_t>({}{}));\n", names.local_symbols()[i], from,
                       by_index ? fmt::format("[{}]", i) : "." + names.symbols[i]);
  return out;
}

// Writes what is carried as it is before the first call.
std::string initial_state(const Program& p) {
  std::string writes;
  for (const StatePort& s : p.state) {
    const std::string at = p.offsets[s.buffer.index].text();
    const Dim bytes = product(s.type.shape) * Dim(static_cast<std::int64_t>(byte_size(s.type.dtype)));
    if (bytes.is(0)) continue;
    if (s.initial)
      writes += fmt::format("std::memcpy(arena + {}, weights + {}, {});  // {}\n", at, p.offsets[s.initial->index].text(), bytes.text(), escape(s.input));
    else writes += fmt::format("std::memset(arena + {}, 0, {});  // {}\n", at, bytes.text(), escape(s.input));
  }
  if (p.state.empty()) return {};
  return fill(R"(
    constexpr std::size_t state_bytes = $bytes$;  // at the beginning of the workspace

    void initial_state([[maybe_unused]] std::byte* arena, [[maybe_unused]] const std::byte* weights) noexcept {
      $writes$
    }

    )",
              {{"bytes", std::to_string(p.state_bytes)}, {"writes", writes}});
}

}  // namespace

CheckedSize arena_size(const Program& p, const Names& names, std::string_view from, bool by_index) {
  const SizeExpressions sizes(p, names);
  if (p.arena_bytes.is_constant()) return {"", p.arena_bytes.text(), ""};
  if (sizes.checked()) return {checked_locals(names, from, by_index) + names.arena_locals("Size"), sizes.print(p.arena_bytes), fill(checked_size)};
  return {names.locals(from, "std::size_t", by_index) + names.arena_locals("std::size_t"), names.size(p.arena_bytes), ""};
}

namespace {

// What differs between the checks of a call and of a batch.
struct Kind {
  std::string open, close, parameters, run_path, entry;
  std::string begin{}, done{};     // what stands before the calls, and behind them
  std::string scratch = "needed";  // how much of the workspace may be written
  std::string helpers{};
};

std::string emit_check_of(const Program& p, const Names& names, const Kind& kind) {
  std::string shapes;  // of the C twin, below
  for (const auto* ports : {&p.inputs, &p.outputs})
    for (const TensorPort& t : *ports)
      for (const Dim& d : t.type.shape) shapes += names.size(d) + names.size(p.symbols->at_limits(d));
  const SizeExpressions sizes(p, names);
  const bool in = !p.inputs.empty(), out = !p.outputs.empty();
  const std::string consistency = consistency_checks(p, names, sizes.checked());
  const std::string checks = consistency + names.arena_locals("") + sizes.list(p.inputs) + sizes.list(p.outputs) + sizes.print(p.arena_bytes);
  const std::string against_inputs =
      in ? "for (std::size_t i = 0; i < input_count; ++i) bad = bad || overlap(out[o].data, output_bytes[o], in[i].data, input_bytes[i]);\n" : "";
  const std::string locals = (sizes.checked() ? checked_locals(names, "dims", true) : names.locals("dims", "std::size_t", true)) +
                             names.arena_locals(sizes.checked() ? "Size" : "std::size_t");
  const std::string pointers = (in ? std::string("for (std::size_t i = 0; i < input_count; ++i) inputs[i] = in[i].data;\n") : "") +
                               (out ? "for (std::size_t i = 0; i < output_count; ++i) outputs[i] = out[i].data;\n" : "");
  const std::string index_check = emit_index_check(p, names);
  return fill(check_template,
              {{"input_count", std::to_string(p.inputs.size())},
               {"output_count", std::to_string(p.outputs.size())},
               {"size_functions", (sizes.checked() ? fill(checked_size) : "") + size_functions((sizes.checked() ? "" : checks) + index_check + shapes)},
               {"bounds", bounds_checks(p, names)},
               {"locals", locals},
               {"consistency", consistency},
               {"input_bytes", p.strides.empty() ? "const std::size_t input_bytes[]" : "std::size_t input_bytes[]"},
               {"window_bytes", p.strides.empty() ? "" : fill(window_bytes)},
               {"windows", window_checks(p, sizes)},
               {"input_sizes", sizes.list(p.inputs)},
               {"output_sizes", sizes.list(p.outputs)},
               {"arena_bytes", sizes.print(p.arena_bytes)},
               {"ports", (in ? fill(input_fits, {{"input_alignment", element_sizes(p.inputs)}}) : "") +
                             (out ? fill(output_fits, {{"output_alignment", element_sizes(p.outputs)}}) : "")},
               {"overlaps", (out ? fill(output_alone, {{"inputs", against_inputs}, {"scratch", kind.scratch}}) : "") +
                                (in ? fill(input_alone, {{"scratch", kind.scratch}}) : "")},
               {"index_check", index_check},
               {"indices", index_check.empty() ? "Status::ok" : "check_indices(dims, in, offender)"},
               {"initial_state", initial_state(p) + kind.helpers},
               {"open", kind.open},
               {"close", kind.close},
               {"parameters", kind.parameters},
               {"run_path", kind.run_path},
               {"entry", kind.entry},
               {"begin", kind.begin + (p.state.empty() ? "" : "if (fresh) initial_state(arena, w.data);\nfresh = false;\n")},
               {"done", kind.done},
               {"pointers", pointers},
               {"guarded", std::to_string(guarded_input_code)},
               {"symbol_count", std::to_string(p.symbols->all().size())}});
}

}  // namespace

std::string emit_check(const Program& p, const Names& names, const EmitOptions& o) {
  const std::pair<std::string_view, std::string> fresh{"fresh_argument", p.state.empty() ? "" : ", w.fresh_"};
  const std::string entry = fill(entry_of_run, {fresh}) + (o.threads ? "\n" + fill(entry_of_team, {fresh}) : "");
  const std::string parameters = std::string("std::size_t* measured, std::size_t& offender") + (p.state.empty() ? "" : ", bool& fresh") +
                                 (o.threads ? ", const detail::Team* team = nullptr" : "");
  const std::string run = "run_path(w.path, dims, inputs, outputs, arena, w.data, measured)";
  return emit_check_of(
      p, names,
      {"", "", parameters, o.threads ? "team ? run_team_path(w.path, *team, dims, inputs, outputs, arena, w.data, measured) : " + run : run, entry,
       std::string(p.prepare ? "if (!is_prepared(arena, dims, w.data)) return Status::not_prepared;\n" : "") +
           (p.profile_at ? "const std::uint64_t started = clock_ns();\n" : ""),
       p.profile_at ? "note_run(arena, started), " : ""});
}

std::string emit_profile(const Program& p) {
  const std::size_t words = profile_ticks + p.calls.size();
  return fill(R"(
    namespace {

    // Counters in the workspace: runs, their nanoseconds, and the ticks of each call.
    constexpr std::size_t profile_at = $at$, profile_words = $words$;

    std::uint64_t clock_ns() noexcept {
      timespec t{};
      clock_gettime(CLOCK_MONOTONIC, &t);
      return static_cast<std::uint64_t>(t.tv_sec) * 1000000000u + static_cast<std::uint64_t>(t.tv_nsec);
    }
    void note_run(std::byte* arena, std::uint64_t started) noexcept {
      auto* const profile = reinterpret_cast<std::uint64_t*>(arena + profile_at);
      profile[$runs$] += 1;
      profile[$ns$] += clock_ns() - started;
    }
    const std::uint64_t* counters(const std::byte* data, std::size_t bytes) noexcept {
      return data && bytes >= profile_at + 8 * profile_words ? reinterpret_cast<const std::uint64_t*>(data + profile_at) : nullptr;
    }

    }  // namespace

    std::uint64_t Workspace::runs() const noexcept {
      const std::uint64_t* const c = counters(data_, bytes_);
      return c ? c[$runs$] : 0;
    }
    double Workspace::call_ns(std::size_t call) const noexcept {
      const std::uint64_t* const c = counters(data_, bytes_);
      if (!c || c[$runs$] == 0 || call >= profiled_calls) return 0;
      double ticks = 0;
      for (std::size_t i = $ticks$; i < profile_words; ++i) ticks += static_cast<double>(c[i]);
      return ticks == 0 ? 0 : static_cast<double>(c[$ticks$ + call]) / ticks * static_cast<double>(c[$ns$]) / static_cast<double>(c[$runs$]);
    }
    void Workspace::reset_profile() noexcept {
      if (counters(data_, bytes_)) std::memset(data_ + profile_at, 0, 8 * profile_words);
    }
    )",
              {{"at", std::to_string(*p.profile_at)},
               {"words", std::to_string(words)},
               {"runs", std::to_string(profile_runs)},
               {"ns", std::to_string(profile_ns)},
               {"ticks", std::to_string(profile_ticks)}});
}

std::string emit_prepare_check(const Program& whole) {
  std::string sizes;
  for (const std::size_t i : whole.prepared_symbols) sizes += fmt::format(", dims[{}]", i);
  const std::string note = fill(
      R"(
    namespace {

    // What a workspace is prepared for, noted in it: the weights and the sizes that matter.
    struct Preparation { const std::byte* weights; std::size_t dims[$count$]; };
    constexpr std::size_t preparation_at = $at$;

    void note_preparation(std::byte* arena, [[maybe_unused]] const std::size_t* dims, const std::byte* weights) noexcept {
      const Preparation note{weights, {0$sizes$}};
      std::memcpy(arena + preparation_at, &note, sizeof(note));
    }
    bool is_prepared(const std::byte* arena, [[maybe_unused]] const std::size_t* dims, const std::byte* weights) noexcept {
      const Preparation wanted{weights, {0$sizes$}};
      return std::memcmp(arena + preparation_at, &wanted, sizeof(wanted)) == 0;
    }

    }  // namespace
    )",
      {{"count", std::to_string(1 + whole.prepared_symbols.size())}, {"at", std::to_string(whole.note_at)}, {"sizes", sizes}});
  const Program& p = *whole.prepare;
  return note + "\n" +
         emit_check_of(p, Names(p),
                       {"namespace preparing {\n", "}  // namespace preparing\n", "std::size_t& offender", "prepare_path(w.path, dims, inputs, arena, w.data)",
                        fill(entry_of_prepare), "note_preparation(arena, dims, nullptr);\n", "note_preparation(arena, dims, w.data), "});
}

std::string emit_batch_check(const Program& batch, const Symbol& size, bool threads) {
  const Bounds& b = size.bounds;
  const std::string lower = b.lower > 0 ? fmt::format(" || offsets[e] - offsets[e - 1] < {}", b.lower) : "";
  Kind kind{"namespace batch {\n", "}  // namespace batch\n", "std::size_t& offender, const std::size_t* offsets",
            "run_batch_path(w.path, offsets, dims, inputs, outputs, arena, w.data)", fill(entry_of_batch)};
  kind.helpers = fill(offsets_check, {{"upper", std::to_string(b.upper)}, {"lower", lower}}) + "\n";
  if (threads) {
    kind.parameters += ", const detail::Team* team = nullptr";
    kind.run_path = "team ? run_batch_team_path(w.path, *team, offsets, dims, inputs, outputs, arena, arena_bytes, w.data) : " + kind.run_path;
    kind.entry += "\n" + fill(entry_of_batch_team);
    kind.scratch = "arena_bytes";
  }
  return emit_check_of(batch, Names(batch), kind);
}

}  // namespace inferc
