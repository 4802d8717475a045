#include <algorithm>

#include <fmt/format.h>

#include "compiler/emit/parts.hpp"
#include "compiler/emit/writer.hpp"
#include "compiler/support/diagnostics.hpp"

namespace inferc {
namespace {

struct Member {
  std::string type, name, comment;
};

// "struct NAME { ... };": neighbours of one type and comment share a line, a single line stands within the braces.
std::string record(std::string_view name, const std::vector<Member>& members) {
  std::vector<Member> lines;
  for (const Member& m : members)
    if (!lines.empty() && lines.back().type == m.type && lines.back().comment == m.comment) lines.back().name += ", " + m.name;
    else lines.push_back(m);
  if (lines.empty()) return fmt::format("struct {} {{}};\n", name);
  const auto comment = [](const Member& m) { return m.comment.empty() ? "" : "  // " + m.comment; };
  if (lines.size() == 1) return fmt::format("struct {} {{ {} {}; }};{}\n", name, lines[0].type, lines[0].name, comment(lines[0]));
  std::string out;
  for (const Member& m : lines) out += fmt::format("  {} {};{}\n", m.type, m.name, comment(m));
  return fmt::format("struct {} {{\n{}}};\n", name, out);
}

std::vector<Member> spans(const std::vector<TensorPort>& ports, const std::vector<std::string>& members, bool constant) {
  std::vector<Member> all;
  for (std::size_t i = 0; i < ports.size(); ++i)
    all.push_back({fmt::format("std::span<{}{}>", constant ? "const " : "", public_type(ports[i].type.dtype)), members[i], escape(text(ports[i].type))});
  return all;
}

// The inputs' spans, each with its strides where the caller gives them.
std::vector<Member> inputs_of(const Program& p, const Names& names) {
  std::vector<Member> out;
  const std::vector<Member> all = spans(p.inputs, names.inputs, true);
  for (std::size_t i = 0; i < all.size(); ++i) {
    out.push_back(all[i]);
    if (!names.strides[i].empty())
      out.push_back(
          {"std::size_t", fmt::format("{}[{}]", names.strides[i], p.inputs[i].type.rank()), "in elements, axis by axis; not 0 where an axis is longer than 1"});
  }
  return out;
}

// The outputs' spans, then where the sizes go that the call finds out.
std::string outputs_struct(const Program& p, const Names& names) {
  std::vector<Member> all = spans(p.outputs, names.outputs, false);
  for (std::size_t i = 0; i < p.measured.size(); ++i)
    all.push_back({"std::size_t*", names.measured[i] + " = nullptr",
                   fmt::format("may be null; the size {} that the call found, at most {}", escape(p.measured[i]),
                               escape(p.symbols->at_limits(Dim::symbol(p.measured[i])).text()))});
  return record("Outputs", all);
}

std::string range_of(const Bounds& b) { return b.upper >= unbounded ? fmt::format("{} or more", b.lower) : fmt::format("{} to {}", b.lower, b.upper); }

std::string dims_struct(const Program& p, const Names& names) {
  std::vector<Member> members;
  const auto& all = p.symbols->all();
  for (std::size_t i = 0; i < all.size(); ++i) members.push_back({"std::size_t", names.symbols[i], range_of(all[i].bounds)});
  return record("Dims", members);
}

std::string max_dims(const Program& p, const Names& names) {
  if (!p.symbols->all_bounded()) return {};
  std::string out;
  const auto& all = p.symbols->all();
  for (std::size_t i = 0; i < all.size(); ++i) out += fmt::format("{}.{} = {}", out.empty() ? "" : ", ", names.symbols[i], all[i].bounds.upper);
  return "inline constexpr Dims max_dims{" + out + "};\n";
}

std::string joined(const std::vector<std::string>& items) {
  std::string out;
  for (const std::string& i : items) out += (out.empty() ? "" : ", ") + i;
  return out;
}

std::string pointers(const std::vector<std::string>& members, std::string_view from) {
  std::vector<std::string> items;
  for (const std::string& m : members) items.push_back(fmt::format("{{{0}.{1}.data(), {0}.{1}.size_bytes()}}", from, m));
  return items.empty() ? "{nullptr, 0}" : joined(items);
}

std::string sizes(const std::vector<std::string>& members) {
  std::vector<std::string> items;
  for (const std::string& m : members) items.push_back("dims." + m);
  return items.empty() ? "0" : joined(items);
}

std::string batch_bytes(const CheckedSize& size) {
  return fill(R"(
    // For run_batch of so many events that have so many rows together; enough for fewer.
    constexpr std::size_t batch_workspace_bytes([[maybe_unused]] std::size_t event_count, [[maybe_unused]] std::size_t row_count) noexcept {
      using namespace detail;
      [[maybe_unused]] const std::size_t dims[] = {event_count, row_count};
      $locals$
      return $value$;
    }
    )",
              {{"locals", size.locals}, {"value", size.value}});
}

// As kernels/cpu/split_events.hpp divides them: an event counts as one row more than it has.
std::string batch_team_bytes(std::int64_t longest) {
  return fill(R"(
    // For so many workers of a pool; with less room fewer take part.
    constexpr std::size_t batch_workspace_bytes(std::size_t event_count, std::size_t row_count, std::size_t workers) noexcept {
      const std::size_t whole = batch_workspace_bytes(event_count, row_count);
      if (workers < 2) return whole;
      const std::size_t share = (event_count + row_count) / workers + 1;
      const std::size_t rows = share < row_count && $longest$ < row_count - share ? share + $longest$ : row_count;
      const std::size_t one = batch_workspace_bytes(share < event_count ? share : event_count, rows);
      const std::size_t all = one < SIZE_MAX / 2 / workers ? (one + 127) / 64 * 64 * workers : SIZE_MAX;
      return all > whole ? all : whole;
    }
    )",
              {{"longest", std::to_string(longest)}});
}

std::string workspace_bytes(const CheckedSize& size) {
  if (size.locals.empty()) return fmt::format("constexpr std::size_t workspace_bytes(const Dims&) noexcept {{ return {}; }}\n", size.value);
  return fill(R"(
    constexpr std::size_t workspace_bytes(const Dims& dims) noexcept {
      using namespace detail;
      $locals$
      return $value$;
    }
    )",
              {{"locals", size.locals}, {"value", size.value}});
}

// The results; a vector<bool> has no elements to point at.
std::string session_outputs(const Program& p, const Names& names) {
  std::vector<std::string> items;
  for (std::size_t i = 0; i < p.outputs.size(); ++i) {
    const std::string result = "results_." + names.outputs[i];
    items.push_back(p.outputs[i].type.dtype == DType::boolean ? fmt::format("{{reinterpret_cast<bool*>({0}.data()), {0}.size()}}", result) : result);
  }
  for (const std::string& m : names.measured) items.push_back("&results_." + m);
  return joined(items);
}

// What makes room for them; neighbours of one size in a line.
std::string session_room(const Program& p, const Names& names) {
  std::string out, last;
  for (std::size_t i = 0; i < p.outputs.size(); ++i) {
    const std::string size = names.size(p.symbols->at_limits(product(p.outputs[i].type.shape)));
    out += fmt::format("{}results_.{}.resize({});", i == 0 ? "" : size == last ? " " : "\n", names.outputs[i], size);
    last = size;
  }
  return out.empty() ? out : out + "\n";
}

// Results whose size the call found out, cut to it.
std::string session_cuts(const Program& p, const Names& names) {
  std::string out;
  for (std::size_t i = 0; i < p.outputs.size(); ++i)
    if (const Dim size = product(p.outputs[i].type.shape); p.symbols->has_measured(size))
      out += fmt::format("results_.{}.resize({});\n", names.outputs[i], names.size(size));
  if (out.empty()) return out;
  std::string locals;
  for (std::size_t i = 0; i < p.measured.size(); ++i)
    locals += fmt::format("[[maybe_unused]] const std::size_t {} = results_.{};\n", names.of_symbol(p.measured[i]), names.measured[i]);
  return locals + out;
}

// Sizes that the header computes for its users, and the functions that these need.
struct PublicSizes {
  PublicSizes(const Program& p, const Names& names)
      : workspace(arena_size(p, names, "dims", false)),
        batch(p.batch ? arena_size(*p.batch, Names(*p.batch), "dims", true) : CheckedSize()),
        room(session_room(p, names)),
        cuts(session_cuts(p, names)),
        functions((workspace.functions.empty() ? batch : workspace).functions + size_functions(unchecked(workspace) + unchecked(batch) + room + cuts)) {}
  CheckedSize workspace, batch;
  std::string room, cuts, functions;

 private:
  static std::string unchecked(const CheckedSize& s) { return s.functions.empty() ? s.locals + s.value : ""; }
};

// What a call is given, and how much scratch.
std::string arguments(const Program& p, const Names& names, const PublicSizes& sizes, bool threads) {
  return fill(
      R"(
    $dims$
    $max_dims$
    $static_inputs$
    $inputs$
    $outputs$

    namespace detail {
    struct In { const void* data; std::size_t bytes; }; struct Out { void* data; std::size_t bytes; };
    struct Weights { const std::byte *data, *file; std::size_t file_bytes; int owner, path; };
    $team$
    $size_functions$
    }  // namespace detail
    $workspace_bytes$
    $batch_bytes$
    )",
      {{"dims", dims_struct(p, names)},
       {"max_dims", max_dims(p, names)},
       {"static_inputs", p.prepare ? record("StaticInputs", spans(p.prepare->inputs, Names(*p.prepare).inputs, true)) : ""},
       {"inputs", record("Inputs", inputs_of(p, names))},
       {"outputs", outputs_struct(p, names)},
       {"team", threads ? "struct Team { void* pool; std::size_t workers; void (*fork)(void*, void (*)(void*, std::size_t), void*) noexcept; };\n" : ""},
       {"size_functions", sizes.functions},
       {"workspace_bytes", workspace_bytes(sizes.workspace)},
       {"batch_bytes", !p.batch ? "" : batch_bytes(sizes.batch) + (threads ? "\n" + batch_team_bytes(p.symbols->all().front().bounds.upper) : "")}});
}

// The state that the workspace keeps, for its reader.
std::string reset_member(const Program& p) {
  std::string kept;
  for (const StatePort& s : p.state) kept += fmt::format("{}{} <- {} {}", kept.empty() ? "" : ", ", escape(s.input), escape(s.output), escape(text(s.type)));
  return kept.empty()
             ? kept
             : fmt::format("void reset() noexcept {{ fresh_ = true; }}  // the next call begins with the initial state. Kept between calls: {}\n", kept);
}

constexpr std::string_view profile = R"(
  static constexpr std::size_t profiled_calls = $calls$;  // of a run, in the order of "calls" in the manifest
  std::uint64_t runs() const noexcept;                  // that succeeded since this was made or reset
  double call_ns(std::size_t call) const noexcept;      // of one run, on average
  void reset_profile() noexcept;
  )";

constexpr std::string_view workspace_template = R"(
  class Workspace {  // scratch, one per concurrent call; without memory `run` returns out_of_memory
   public:
    explicit Workspace(const Dims& dims) : Workspace(workspace_bytes(dims)) {}
    explicit Workspace(std::span<std::byte> memory) noexcept : Workspace(memory.data(), memory.size()) {}  // the caller's, 64-byte aligned
    $batch_workspace$
    Workspace(Workspace&&) noexcept; Workspace& operator=(Workspace&&) noexcept; ~Workspace();
    std::size_t bytes() const noexcept { return bytes_; }
    $reset$
    $profile$
    std::size_t offender() const noexcept { return offender_; }  // of the last failure: index of the symbol or input, inputs + index of the output, else SIZE_MAX
   private:
    friend class Model;
    explicit Workspace(std::size_t) noexcept; Workspace(std::byte*, std::size_t) noexcept;
    $keep_state$
    std::byte* data_; std::size_t bytes_, offender_; bool owned_$fresh$;
  };
  )";

std::string batch_workspace(bool threads) {
  std::string out =
      "Workspace(std::size_t event_count, std::size_t row_count) : Workspace(batch_workspace_bytes(event_count, row_count)) {}  // for run_batch\n";
  if (threads)
    out +=
        "Workspace(std::size_t event_count, std::size_t row_count, std::size_t workers) : "
        "Workspace(batch_workspace_bytes(event_count, row_count, workers)) {}\n";
  return out;
}

std::string workspace_class(const Program& p, bool threads) {
  return fill(workspace_template, {{"batch_workspace", p.batch ? batch_workspace(threads) : ""},
                                   {"reset", reset_member(p)},
                                   {"profile", p.profile_at ? fill(profile, {{"calls", std::to_string(p.calls.size())}}) : ""},
                                   {"keep_state", p.state.empty() ? "" : "friend class Session;\nvoid keep_state(const Workspace&) noexcept;\n"},
                                   {"fresh", p.state.empty() ? "" : ", fresh_ = true"}});
}

constexpr std::string_view model_template = R"(
  class Model {  // immutable once loaded: share one between all threads
   public:
    Model() noexcept; Model(Model&&) noexcept; Model& operator=(Model&&) noexcept; ~Model();
    [[nodiscard]] Status load(const char* weights_path) noexcept;  // mapped privately, checked, every page touched
    [[nodiscard]] Status load(std::span<const std::byte> file) noexcept { return load_bytes(file.data(), file.size()); }  // borrowed when 64-byte aligned, else copied
    $load_embedded$
    const char* isa() const noexcept;  // the code path in use
   private:
    friend Status run(const Model&, const Dims&, const Inputs&, const Outputs&, Workspace&) noexcept;
    $prepare_friend$
    $batch_friend$
    $team_friend$
    $batch_team_friend$
    Status load_bytes(const std::byte*, std::size_t) noexcept;
    Status run_checked(const std::size_t* dims, const detail::In*, const detail::Out*, std::size_t* measured, Workspace&) const noexcept;
    detail::Weights weights_;
  };
  )";

std::string model_class(const Program& p, const EmitOptions& o) {
  return fill(
      model_template,
      {{"load_embedded", o.embed_weights ? "[[nodiscard]] Status load() noexcept;  // the weights embedded in the program\n" : ""},
       {"prepare_friend", p.prepare ? "friend Status prepare(const Model&, const Dims&, const StaticInputs&, Workspace&) noexcept;\n"
                                      "Status prepare_checked(const std::size_t* dims, const detail::In*, Workspace&) const noexcept;\n"
                                    : ""},
       {"batch_friend",
        p.batch ? "friend Status run_batch(const Model&, std::span<const std::size_t>, const Inputs&, const Outputs&, Workspace&) noexcept;\n"
                  "Status run_batch_checked(const std::size_t* offsets, std::size_t count, const detail::In*, const detail::Out*, Workspace&) const noexcept;\n"
                : ""},
       {"team_friend", o.threads ? "friend Status run(const Model&, const Dims&, const Inputs&, const Outputs&, Workspace&, inferc_pool_1::Pool&) noexcept;\n"
                                   "Status run_team_checked(const detail::Team&, const std::size_t* dims, const detail::In*, const detail::Out*, std::size_t* "
                                   "measured, Workspace&) const noexcept;\n"
                                 : ""},
       {"batch_team_friend",
        o.threads && p.batch
            ? "friend Status run_batch(const Model&, std::span<const std::size_t>, const Inputs&, const Outputs&, Workspace&, inferc_pool_1::Pool&) noexcept;\n"
              "Status run_batch_team_checked(const detail::Team&, const std::size_t* offsets, std::size_t count, const detail::In*, const detail::Out*, "
              "Workspace&) const noexcept;\n"
            : ""}});
}

// A function that puts what it is given into arrays, which a member of Model checks.
struct Entry {
  std::string comment, name;
  std::vector<std::string> parameters;  // behind the model
  std::string arrays;
  std::string checked;               // the call of the member, up to what is measured or the workspace
  const Names* measuring = nullptr;  // whose sizes the member gives back; null: it gives none
};

// The sizes that the call found out, stored where the caller wants them.
std::string measured(const Names& names, std::string_view checked) {
  std::string out = fmt::format("std::size_t measured[{}] = {{}};\nconst Status status = model.{}measured, workspace);\n", names.measured.size(), checked);
  for (std::size_t i = 0; i < names.measured.size(); ++i) out += fmt::format("if (outputs.{0}) *outputs.{0} = measured[{1}];\n", names.measured[i], i);
  return out;
}

std::string entry(const Entry& e) {
  const bool measures = e.measuring && !e.measuring->measured.empty();
  return fill(R"(
    $comment$
    [[nodiscard]] inline Status $name$(const Model& model, $parameters$) noexcept {
      $arrays$
      $measured$
      return $result$;
    }
    )",
              {{"comment", e.comment},
               {"name", e.name},
               {"parameters", joined(e.parameters)},
               {"arrays", e.arrays},
               {"measured", measures ? measured(*e.measuring, e.checked) : ""},
               {"result", measures ? "status" : fmt::format("model.{}{}workspace)", e.checked, e.measuring ? "nullptr, " : "")}});
}

// "const Inputs& inputs", without a name where there is nothing to read.
std::string parameter(std::string_view type, std::string_view name, const std::vector<std::string>& members) {
  return fmt::format("const {}&{}{}", type, members.empty() ? "" : " ", members.empty() ? "" : name);
}

std::string sizes_array(const Names& names) { return fmt::format("const std::size_t sizes[] = {{{}}};\n", sizes(names.symbols)); }
// With the strides behind them.
std::string sizes_of_call(const Program& p, const Names& names) {
  std::string out = names.symbols.empty() && !p.strides.empty() ? "" : sizes(names.symbols);
  for (std::size_t i = 0; i < p.inputs.size(); ++i)
    for (const StridePort* s : strides_of(p, p.inputs[i])) out += fmt::format("{}inputs.{}[{}]", out.empty() ? "" : ", ", names.strides[i], s->axis);
  return fmt::format("const std::size_t sizes[] = {{{}}};\n", out);
}
std::string in_array(const std::vector<std::string>& members) { return fmt::format("const detail::In in[] = {{{}}};\n", pointers(members, "inputs")); }
std::string out_array(const std::vector<std::string>& members) { return fmt::format("const detail::Out out[] = {{{}}};\n", pointers(members, "outputs")); }

constexpr std::string_view team_of_pool =
    "const detail::Team team{&pool, pool.workers(), [](void* p, void (*job)(void*, std::size_t), void* data) noexcept { static_cast<Pool*>(p)->run(job, data); "
    "}};\n";

constexpr std::string_view batch_comment = R"(
  // Many events in one call, with the bits of one call for each: event e has the rows offsets[e] to offsets[e + 1] of $size$, offsets[0] is 0.
  // What has one row for each event stands there once for each. dim_out_of_bounds: an event has more or fewer rows than may be.
  )";

std::string entries(const Program& p, const Names& names, bool threads) {
  const std::string dims = parameter("Dims", "dims", names.symbols), in = parameter("Inputs", "inputs", names.inputs),
                    out = parameter("Outputs", "outputs", names.outputs), workspace = "Workspace& workspace";
  const std::string ports = in_array(names.inputs) + out_array(names.outputs), arrays = sizes_of_call(p, names) + ports;
  std::string text;
  if (p.prepare) {
    const std::vector<std::string> members = Names(*p.prepare).inputs;
    text += entry({"// What the static inputs alone decide, once for any number of calls of `run` with this workspace; other sizes want it again.\n",
                   "prepare",
                   {dims, parameter("StaticInputs", "inputs", members), workspace},
                   sizes_array(names) + in_array(members),
                   "prepare_checked(sizes, in, "}) +
            "\n";
  }
  text += entry({"// Neither allocates, locks, throws nor makes a system call; what the caller gives is checked before anything is written.\n",
                 "run",
                 {dims, in, out, workspace},
                 arrays,
                 "run_checked(sizes, in, out, ",
                 &names});
  if (threads)
    text += "\n" + entry({"// The same by all workers of a pool, with the same bits; a pool serves one call at a time.\nusing Pool = inferc_pool_1::Pool;\n",
                          "run",
                          {dims, in, out, workspace, "Pool& pool"},
                          std::string(team_of_pool) + arrays,
                          "run_team_checked(team, sizes, in, out, ",
                          &names});
  if (p.batch)
    text += "\n" + entry({fill(batch_comment, {{"size", p.symbols->all().front().name}}),
                          "run_batch",
                          {"std::span<const std::size_t> offsets", in, out, workspace},
                          ports,
                          "run_batch_checked(offsets.data(), offsets.size(), in, out, "});
  if (p.batch && threads)
    text += "\n" + entry({"// The same by all workers of a pool, each with whole events, with the same bits.\n",
                          "run_batch",
                          {"std::span<const std::size_t> offsets", in, out, workspace, "Pool& pool"},
                          std::string(team_of_pool) + ports,
                          "run_batch_team_checked(team, offsets.data(), offsets.size(), in, out, "});
  return text;
}

std::string result_type(DType t) { return t == DType::boolean ? "unsigned char" : public_type(t); }

std::string results(const Program& p, const Names& names) {
  std::vector<Member> members;
  for (std::size_t i = 0; i < p.outputs.size(); ++i)
    members.push_back({fmt::format("std::vector<{}>", result_type(p.outputs[i].type.dtype)), names.outputs[i], ""});
  for (const std::string& m : names.measured) members.push_back({"std::size_t", m, ""});
  return record("Results", members);
}

// A larger workspace takes over the state of the smaller one.
std::string grow(const Program& p) {
  if (p.state.empty()) return "if (workspace_.bytes() < workspace_bytes(dims)) workspace_ = Workspace(dims);\n";
  return fill(R"(
    if (workspace_.bytes() < workspace_bytes(dims)) {
      Workspace larger(dims);
      larger.keep_state(workspace_);
      workspace_ = static_cast<Workspace&&>(larger);
    }
    )");
}

constexpr std::string_view session_prepare = R"(
  void prepare(const Dims& dims, const StaticInputs& inputs) {
    $grow$
    require($namespace$::prepare(model_, dims, inputs, workspace_));
  }
  )";

constexpr std::string_view session_template = R"(
  class Session {  // Model, Workspace and outputs in one; throws std::runtime_error(text(status)), without exceptions it aborts
   public:
    $results$
    explicit Session(const char* weights_path) { require(model_.load(weights_path)); }
    $session_embedded$
    $session_prepare$
    const Results& operator()(const Dims& dims, const Inputs& inputs) {
      $using$
      $session_locals$
      $grow$
      $session_room$
      require(run(model_, dims, inputs, {$session_outputs$}, workspace_));
      $session_cuts$
      return results_;
    }
    $session_reset$
   private:
    static void require(Status status) {
  #if defined(__cpp_exceptions)
      if (status != Status::ok) throw std::runtime_error(text(status));
  #else
      if (status != Status::ok) std::abort();
  #endif
    }
    Model model_; Workspace workspace_{std::span<std::byte>()}; Results results_;
  };
  )";

std::string session_class(const Program& p, const Names& names, const PublicSizes& sizes, const EmitOptions& o) {
  const bool vary = std::any_of(p.outputs.begin(), p.outputs.end(), [](const TensorPort& t) { return !product(t.type.shape).is_constant(); });
  return fill(session_template, {{"results", results(p, names)},
                                 {"session_embedded", o.embed_weights ? "Session() { require(model_.load()); }\n" : ""},
                                 {"session_prepare", p.prepare ? fill(session_prepare, {{"grow", grow(p)}, {"namespace", "::" + namespace_of(o)}}) : ""},
                                 {"using", sizes.functions.empty() || !vary ? "" : "using namespace detail;\n"},
                                 {"session_locals", vary ? names.locals("dims", "std::size_t", false) : ""},
                                 {"grow", grow(p)},
                                 {"session_room", sizes.room},
                                 {"session_outputs", session_outputs(p, names)},
                                 {"session_cuts", sizes.cuts},
                                 {"session_reset", p.state.empty() ? "" : "void reset() noexcept { workspace_.reset(); }  // of the state\n"}});
}

constexpr std::string_view header_template = R"(
  // Generated by inferc $version$: the interface of the model '$name$'.
  #pragma once
  #include <cstddef>
  #include <cstdint>
  #include <cstdlib>
  #include <span>
  #include <stdexcept>
  #include <string_view>
  #include <vector>

  $pool$
  namespace $namespace$ {
  inline constexpr std::string_view model_sha256 = "$sha$", tool_version = "$version$";
  enum class Status : int {
    ok, bad_weights, dim_out_of_bounds, dim_mismatch, buffer_too_small, overlap, index_out_of_range, division_by_zero, out_of_memory, unsupported_cpu, misaligned, not_prepared, bad_strides
  };
  const char* text(Status) noexcept;

  $arguments$

  $workspace$

  $model$

  $entries$

  $session$
  }  // namespace $namespace$
  )";

}  // namespace

std::string public_type(DType t) {
  if (t == DType::float16 || t == DType::bfloat16) return "std::uint16_t";
  if (is_float(t) && byte_size(t) == 1) return "std::uint8_t";
  return std::string(cpp_type(t));
}

std::string namespace_of(const EmitOptions& o) { return o.name_space.empty() ? o.name : o.name_space; }

std::string emit_header(const Program& p, const Names& names, const EmitOptions& o) {
  const PublicSizes sizes(p, names);
  return fill(header_template, {{"version", INFERC_VERSION},
                                {"name", o.name},
                                {"pool", o.threads ? "#include \"inferc_pool.hpp\"\n\n" : ""},
                                {"namespace", namespace_of(o)},
                                {"sha", o.model_sha256},
                                {"arguments", arguments(p, names, sizes, o.threads)},
                                {"workspace", workspace_class(p, o.threads)},
                                {"model", model_class(p, o)},
                                {"entries", entries(p, names, o.threads)},
                                {"session", session_class(p, names, sizes, o)}});
}

}  // namespace inferc
