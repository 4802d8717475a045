#include <fmt/format.h>

#include "compiler/emit/emit.hpp"
#include "compiler/emit/writer.hpp"
#include "compiler/support/diagnostics.hpp"

namespace inferc {
namespace {

std::string bytes_of(const Names& names, const TensorPort& port) {
  return names.size(product(port.type.shape) * Dim(static_cast<std::int64_t>(byte_size(port.type.dtype))));
}

std::string unpack(const Program& p, const Names& names) {
  std::string out;
  for (std::size_t i = 0; i < p.symbols->all().size(); ++i)
    out += fmt::format("[[maybe_unused]] const std::size_t {} = dims[{}];\n", names.symbols[i], i);
  return out + "(void)dims;\n";
}

std::string dims_checks(const Program& p, const Names& names) {
  std::string out;
  const auto& all = p.symbols->all();
  for (std::size_t i = 0; i < all.size(); ++i) {
    const std::string lower = all[i].bounds.lower > 0 ? fmt::format("{} < {} || ", names.symbols[i], all[i].bounds.lower) : "";
    out += fmt::format("if ({}{} > {}) return offender = {}, Status::dim_out_of_bounds;\n", lower, names.symbols[i], all[i].bounds.upper, i);
  }
  for (const auto& e : p.symbols->equalities())
    out += fmt::format("if ({} != {}) return Status::dim_mismatch;  // {}\n", names.size(e.a), names.size(e.b), escape(e.reason));
  return out;
}

std::string size_list(const Names& names, const std::vector<TensorPort>& ports) {
  std::string out;
  for (const TensorPort& p : ports) out += bytes_of(names, p) + ", ";
  return out + "0";
}

std::string ports_from_spans(const std::vector<std::string>& members, std::string_view from) {
  std::string out;
  for (const std::string& m : members) out += fmt::format("{{{0}.{1}.data(), {0}.{1}.size_bytes()}}, ", from, m);
  return out;
}

std::string dim_table(const Program& p, const std::vector<TensorPort>& ports, const std::string& prefix) {
  std::string out;
  for (std::size_t i = 0; i < ports.size(); ++i) {
    std::string rows;
    for (const Dim& d : ports[i].type.shape) {
      const Bounds b = p.symbols->bounds(d);
      int symbol = -1;
      const auto& all = p.symbols->all();
      for (std::size_t s = 0; s < all.size(); ++s)
        if (all[s].name == d.as_symbol()) symbol = static_cast<int>(s);
      rows += fmt::format("{{\"{}\", {}, {}, {}, -1}}, ", escape(d.text()), b.lower, b.upper, symbol);
    }
    out += fmt::format("constexpr inferc_dim {}_{}_dims[] = {{{}{{nullptr, 0, 0, -1, -1}}}};\n", prefix, i, rows);
  }
  return out;
}

std::string port_table(const std::vector<TensorPort>& ports, const std::vector<std::string>& members, const std::string& prefix) {
  std::string out;
  for (std::size_t i = 0; i < ports.size(); ++i) {
    const DType t = ports[i].type.dtype;
    out += fmt::format("{{\"{}\", \"{}\", \"{}\", {}, {}, {}, {}_{}_dims}},\n", escape(ports[i].name), members[i], name(t), static_cast<int>(t),
                       byte_size(t), ports[i].type.rank(), prefix, i);
  }
  return out;
}

std::string shape_cases(const Names& names, const std::vector<TensorPort>& ports) {
  std::string out;
  for (std::size_t i = 0; i < ports.size(); ++i) {
    out += fmt::format("if (index == {}) {{\n", i);
    for (std::size_t d = 0; d < ports[i].type.shape.size(); ++d) out += fmt::format("  shape[{}] = {};\n", d, names.size(ports[i].type.shape[d]));
    out += "}\n";
  }
  return out;
}

std::string path_declarations(const EmitOptions& o) {
  std::string out;
  for (const std::string& path : o.paths)
    out += fmt::format("namespace path_{} {{\nint run(const std::size_t* dims, const void* const* inputs, void* const* outputs, std::byte* arena, const std::byte* weights) noexcept;\n}}\n", path);
  return out;
}

// Newest first; the predicate covers the operating system's part (saved registers), as __builtin_cpu_supports does.
std::string path_table(const EmitOptions& o) {
  std::string out;
  for (auto path = o.paths.rbegin(); path != o.paths.rend(); ++path) {
    std::string supported = "true";
    if (*path == "v3") supported = "__builtin_cpu_supports(\"avx2\") && __builtin_cpu_supports(\"fma\") && __builtin_cpu_supports(\"bmi2\")";
    if (*path == "v4")
      supported = "__builtin_cpu_supports(\"avx512f\") && __builtin_cpu_supports(\"avx512bw\") && __builtin_cpu_supports(\"avx512dq\") && "
                  "__builtin_cpu_supports(\"avx512vl\") && __builtin_cpu_supports(\"avx512cd\")";
    out += fmt::format("case {}: return {};\n", std::distance(path, o.paths.rend()) - 1, supported);
  }
  return out;
}

std::string session_body(const Program& p, const Names& names) {
  std::string out, spans;
  for (std::size_t i = 0; i < p.outputs.size(); ++i) {
    const std::string m = names.outputs[i];
    out += fmt::format("results_.{}.resize({});\n", m, names.size(product(p.outputs[i].type.shape)));
    const bool boolean = p.outputs[i].type.dtype == DType::boolean;
    spans += fmt::format("{}{{{}results_.{}.data(){}, results_.{}.size()}}", i == 0 ? "" : ", ", boolean ? "reinterpret_cast<bool*>(" : "", m, boolean ? ")" : "", m);
  }
  return out + fmt::format("const Outputs outputs{{{}}};\n", spans);
}

std::string path_runs(const EmitOptions& o) {
  std::string out;
  for (std::size_t i = 0; i < o.paths.size(); ++i)
    out += fmt::format("case {}: fault = path_{}::run(dims, in, out, arena, weights); break;\n", i, o.paths[i]);
  return out;
}

std::string path_names(const EmitOptions& o) {
  std::string out;
  for (const std::string& path : o.paths) out += "\"" + path + "\", ";
  return out;
}

std::string symbol_table(const Program& p, const Names& names) {
  std::string out;
  const auto& all = p.symbols->all();
  for (std::size_t i = 0; i < all.size(); ++i)
    out += fmt::format("{{\"{}\", \"{}\", {}, {}}},\n", escape(all[i].name), names.symbols[i], all[i].bounds.lower, all[i].bounds.upper);
  return out;
}

std::string dims_from_struct(const Names& names) {
  std::string out;
  for (const std::string& s : names.symbols) out += fmt::format("dims.{}, ", s);
  return out + "0";
}

std::string dims_to_struct(const Names& names) {
  std::string out;
  for (std::size_t i = 0; i < names.symbols.size(); ++i) out += fmt::format("{}dims[{}]", i ? ", " : "", i);
  return out;
}

}  // namespace

std::string emit_source(const Program& p, const Names& names, const EmitOptions& o) {
  std::string main = fill(R"(
    // Generated by inferc $version$. Loads the weights, checks arguments once per call, runs the code path chosen at load.
    #include "$name$.hpp"

    #include <cstdlib>
    #include <cstring>
    #include <new>
    #include <stdexcept>

    #include <fcntl.h>
    #include <sys/mman.h>
    #include <sys/stat.h>
    #include <unistd.h>

    #include "inferc_abi.h"

    namespace $namespace$ {

    $path_declarations$

    namespace {

    constexpr std::size_t input_count = $input_count$, output_count = $output_count$, weight_bytes = $weight_bytes$;
    constexpr const char* path_names[] = {$path_names$nullptr};
    constexpr int path_count = $path_count$;

    $size_functions$
    bool supported(int path) noexcept {
      switch (path) {
        $path_table$
        default: return false;
      }
    }

    // The newest path that the CPU has, no newer than INFERC_ISA says.
    int choose_path() noexcept {
      const char* limit = std::getenv("INFERC_ISA");
      int newest = path_count - 1;
      for (int i = 0; limit && i < path_count; ++i)
        if (std::strcmp(limit, path_names[i]) == 0) newest = i;
      for (int i = newest; i >= 0; --i)
        if (supported(i)) return i;
      return -1;
    }

    // FNV-1a over 8-byte words of four interleaved lanes: detects damage, no defence against forgery.
    std::uint64_t checksum(const std::byte* p, std::size_t n) noexcept {
      std::uint64_t h[4] = {1, 2, 3, 4};
      for (std::size_t i = 0; i < n; i += 8) {
        std::uint64_t word = 0;
        std::memcpy(&word, p + i, n - i < 8 ? n - i : 8);
        h[i / 8 % 4] = (h[i / 8 % 4] ^ word) * 0x100000001b3u;
      }
      return ((h[0] * 31 + h[1]) * 31 + h[2]) * 31 + h[3];
    }

    bool overlap(const void* a, std::size_t na, const void* b, std::size_t nb) noexcept {
      const auto x = reinterpret_cast<std::uintptr_t>(a), y = reinterpret_cast<std::uintptr_t>(b);
      return na != 0 && nb != 0 && x < y + nb && y < x + na;
    }

    Status check(const std::size_t* dims, const inferc_input* in, const inferc_output* out, std::byte* arena, std::size_t arena_bytes, std::size_t& offender) noexcept {
      $unpack$
      $dims_checks$
      const std::size_t input_bytes[] = {$input_sizes$}, output_bytes[] = {$output_sizes$};
      for (std::size_t i = 0; i < input_count; ++i)
        if (in[i].bytes < input_bytes[i] || (!in[i].data && input_bytes[i] != 0)) return offender = i, Status::buffer_too_small;
      for (std::size_t i = 0; i < output_count; ++i)
        if (out[i].bytes < output_bytes[i] || (!out[i].data && output_bytes[i] != 0)) return offender = input_count + i, Status::buffer_too_small;
      const std::size_t needed = $arena_bytes$;
      if (arena_bytes < needed || (!arena && needed != 0) || reinterpret_cast<std::uintptr_t>(arena) % 64 != 0) return Status::out_of_memory;
      for (std::size_t o = 0; o < output_count; ++o) {
        bool bad = overlap(out[o].data, output_bytes[o], arena, needed);
        for (std::size_t i = 0; i < input_count; ++i) bad = bad || overlap(out[o].data, output_bytes[o], in[i].data, input_bytes[i]);
        for (std::size_t i = 0; i < o; ++i) bad = bad || overlap(out[o].data, output_bytes[o], out[i].data, output_bytes[i]);
        if (bad) return offender = input_count + o, Status::overlap;
      }
      for (std::size_t i = 0; i < input_count; ++i)
        if (overlap(in[i].data, input_bytes[i], arena, needed)) return offender = i, Status::overlap;
      return Status::ok;
    }

    Status execute(int path, const std::byte* weights, const std::size_t* dims, const inferc_input* inputs, const inferc_output* outputs, std::byte* arena, std::size_t arena_bytes,
                   std::size_t& offender) noexcept {
      offender = SIZE_MAX;
      if (!weights) return Status::bad_weights;
      if (const Status s = check(dims, inputs, outputs, arena, arena_bytes, offender); s != Status::ok) return s;
      const void* in[input_count + 1] = {};
      void* out[output_count + 1] = {};
      for (std::size_t i = 0; i < input_count; ++i) in[i] = inputs[i].data;
      for (std::size_t i = 0; i < output_count; ++i) out[i] = outputs[i].data;
      int fault = 0;
      switch (path) {
        $path_runs$
        default: return Status::unsupported_cpu;
      }
      constexpr Status faults[] = {Status::ok, Status::index_out_of_range, Status::division_by_zero, Status::dim_mismatch};
      return faults[fault];
    }

    }  // namespace
    )",
                          {{"version", INFERC_VERSION}, {"name", o.name}, {"namespace", namespace_of(o)}, {"path_declarations", path_declarations(o)},
                           {"input_count", std::to_string(p.inputs.size())}, {"output_count", std::to_string(p.outputs.size())},
                           {"weight_bytes", std::to_string(weights_size(p))}, {"path_names", path_names(o)}, {"path_count", std::to_string(o.paths.size())},
                           {"path_table", path_table(o)}, {"size_functions", header_has_size_functions(p, names) ? "" : size_functions()}, {"unpack", unpack(p, names)}, {"dims_checks", dims_checks(p, names)},
                           {"input_sizes", size_list(names, p.inputs)}, {"output_sizes", size_list(names, p.outputs)},
                           {"arena_bytes", names.size(p.arena_bytes)}, {"path_runs", path_runs(o)}});
  main += fill(R"(
    const char* text(Status status) noexcept {
      constexpr const char* names[] = {"ok", "bad_weights", "dim_out_of_bounds", "dim_mismatch", "buffer_too_small", "overlap", "index_out_of_range", "division_by_zero", "out_of_memory", "unsupported_cpu"};
      const auto i = static_cast<std::size_t>(status);
      return i < sizeof(names) / sizeof(*names) ? names[i] : "unknown status";
    }

    Model::~Model() { release(); }

    void Model::release() noexcept {
      if (owner_ == Owner::mapped) ::munmap(const_cast<std::byte*>(file_), file_bytes_);
      if (owner_ == Owner::allocated) ::operator delete(const_cast<std::byte*>(file_), std::align_val_t{64});
      weights_ = file_ = nullptr;
      owner_ = Owner::none;
    }

    // Layout: 8 bytes header length, JSON header beginning with our metadata at fixed places, tensors.
    Status Model::adopt(std::span<const std::byte> file) noexcept {
      constexpr char prefix[] = "$prefix$";
      constexpr std::size_t at = 8 + sizeof(prefix) - 1;
      std::uint64_t header = 0, sum = 0;
      if (file.size() < at + 16) return Status::bad_weights;
      std::memcpy(&header, file.data(), 8);
      if (header > file.size() - 8 || file.size() - 8 - header != weight_bytes || (8 + header) % 64 != 0) return Status::bad_weights;
      if (std::memcmp(file.data() + 8, prefix, sizeof(prefix) - 1) != 0) return Status::bad_weights;
      for (std::size_t i = 0; i < 16; ++i) {
        const char c = static_cast<char>(file[at + i]);
        sum = sum * 16 + static_cast<std::uint64_t>(c <= '9' ? c - '0' : c - 'a' + 10);
      }
      if (checksum(file.data() + 8 + header, weight_bytes) != sum) return Status::bad_weights;
      path_ = choose_path();
      if (path_ < 0) return Status::unsupported_cpu;
      weights_ = file.data() + 8 + header;
      return Status::ok;
    }

    Status Model::load(const char* weights_path) noexcept {
      release();
      const int descriptor = weights_path ? ::open(weights_path, O_RDONLY | O_CLOEXEC) : -1;
      if (descriptor < 0) return Status::bad_weights;
      struct stat info;
      void* data = MAP_FAILED;
      if (::fstat(descriptor, &info) == 0 && S_ISREG(info.st_mode) && info.st_size > 0)
        data = ::mmap(nullptr, static_cast<std::size_t>(info.st_size), PROT_READ, MAP_PRIVATE | MAP_POPULATE, descriptor, 0);
      ::close(descriptor);
      if (data == MAP_FAILED) return Status::bad_weights;
      file_ = static_cast<const std::byte*>(data);
      file_bytes_ = static_cast<std::size_t>(info.st_size);
      owner_ = Owner::mapped;
      const Status status = adopt({file_, file_bytes_});
      if (status != Status::ok) release();
      return status;
    }

    Status Model::load(std::span<const std::byte> weights) noexcept {
      release();
      if (reinterpret_cast<std::uintptr_t>(weights.data()) % 64 == 0) return adopt(weights);
      void* copy = ::operator new(weights.size(), std::align_val_t{64}, std::nothrow);
      if (!copy) return Status::out_of_memory;
      std::memcpy(copy, weights.data(), weights.size());
      file_ = static_cast<const std::byte*>(copy);
      owner_ = Owner::allocated;
      const Status status = adopt({file_, weights.size()});
      if (status != Status::ok) release();
      return status;
    }

    const char* Model::isa() const noexcept { return weights_ ? path_names[path_] : ""; }

    Workspace::Workspace(const Dims& dims) : bytes_(workspace_bytes(dims)), owned_(true) {
      data_ = static_cast<std::byte*>(::operator new(bytes_ + 64, std::align_val_t{64}, std::nothrow));
      if (!data_) bytes_ = 0;
    }
    Workspace::Workspace(std::span<std::byte> memory) noexcept : data_(memory.data()), bytes_(memory.size()) {}
    Workspace::~Workspace() {
      if (owned_) ::operator delete(data_, std::align_val_t{64});
    }

    struct Access {
      static Status run(const Model& m, const std::size_t* dims, const inferc_input* in, const inferc_output* out, Workspace& w) noexcept {
        return execute(m.path_, m.weights_, dims, in, out, w.data_, w.bytes_, w.offender_);
      }
      static Status run(const Model& m, const std::size_t* dims, const inferc_input* in, const inferc_output* out, inferc_workspace& w) noexcept {
        return execute(m.path_, m.weights_, dims, in, out, static_cast<std::byte*>(w.data), w.bytes, w.offender);
      }
    };

    Status run(const Model& model, const Dims& dims, const Inputs& inputs, const Outputs& outputs, Workspace& workspace) noexcept {
      (void)dims, (void)inputs, (void)outputs;
      const std::size_t sizes[] = {$dims_from_struct$};
      const inferc_input in[] = {$in_spans${nullptr, 0}};
      const inferc_output out[] = {$out_spans${nullptr, 0}};
      return Access::run(model, sizes, in, out, workspace);
    }

    namespace {
    [[noreturn]] void fail([[maybe_unused]] Status status) {
    #if defined(__cpp_exceptions)
      throw std::runtime_error(text(status));
    #else
      std::abort();
    #endif
    }
    }  // namespace

    Session::Session(const char* weights_path) {
      if (const Status s = model_.load(weights_path); s != Status::ok) fail(s);
    }
    const Session::Results& Session::operator()(const Dims& dims_, const Inputs& inputs) {
      const std::size_t dims[] = {$dims_from_struct_$};
      $unpack$
      $session$
      Workspace workspace(dims_);
      if (const Status s = run(model_, dims_, inputs, outputs, workspace); s != Status::ok) fail(s);
      return results_;
    }
    )",
               {{"prefix", fmt::format("{{\\\"__metadata__\\\":{{\\\"structure\\\":\\\"{}\\\",\\\"checksum\\\":\\\"", o.structure_sha256)},
                {"dims_from_struct", dims_from_struct(names)},
                {"dims_from_struct_", [&] {
                   std::string out;
                   for (const std::string& s : names.symbols) out += fmt::format("dims_.{}, ", s);
                   return out + "0";
                 }()},
                {"in_spans", ports_from_spans(names.inputs, "inputs")}, {"out_spans", ports_from_spans(names.outputs, "outputs")},
                {"unpack", unpack(p, names)}, {"session", session_body(p, names)}});
  main += fill(R"(
    namespace {

    constexpr inferc_symbol symbols[] = {
        $symbols$
        {nullptr, nullptr, 0, 0}};
    $dim_tables$
    constexpr inferc_tensor_info inputs_info[] = {
        $inputs$
        {nullptr, nullptr, nullptr, 0, 0, 0, nullptr}};
    constexpr inferc_tensor_info outputs_info[] = {
        $outputs$
        {nullptr, nullptr, nullptr, 0, 0, 0, nullptr}};

    std::size_t c_workspace_bytes(const std::size_t* dims) noexcept { return (void)dims, workspace_bytes(Dims{$dims_to_struct$}); }
    void c_input_shape(std::size_t index, const std::size_t* dims, std::size_t* shape) noexcept {
      $unpack$
      (void)index, (void)shape;
      $input_shapes$
    }
    void c_output_shape(std::size_t index, const std::size_t* dims, const std::size_t*, std::size_t* shape) noexcept {
      $unpack$
      (void)index, (void)shape;
      $output_shapes$
    }
    int c_load(void* model, const char* path) noexcept {
      Model* m = new (model) Model;
      const Status s = m->load(path);
      if (s != Status::ok) m->~Model();
      return static_cast<int>(s);
    }
    int c_load_memory(void* model, const void* weights, std::size_t bytes) noexcept {
      Model* m = new (model) Model;
      const Status s = m->load({static_cast<const std::byte*>(weights), bytes});
      if (s != Status::ok) m->~Model();
      return static_cast<int>(s);
    }
    void c_unload(void* model) noexcept { static_cast<Model*>(model)->~Model(); }
    const char* c_isa(const void* model) noexcept { return static_cast<const Model*>(model)->isa(); }
    int c_run(const void* model, const std::size_t* dims, const inferc_input* in, const inferc_output* out, std::size_t*, inferc_workspace* w) noexcept {
      return static_cast<int>(Access::run(*static_cast<const Model*>(model), dims, in, out, *w));
    }
    const char* c_text(int status) noexcept { return text(static_cast<Status>(status)); }

    constexpr inferc_model table = {INFERC_ABI_VERSION, sizeof(inferc_model), "$name$", "$version$", "$sha$", "$name$.weights",
                                    $symbol_count$, symbols, 0, nullptr, input_count, inputs_info, output_count, outputs_info, sizeof(Model),
                                    c_workspace_bytes, c_input_shape, c_output_shape, c_load, c_load_memory, c_unload, c_isa, c_run, c_text};

    }  // namespace

    extern "C" const inferc_model* $name$_inferc(void);
    extern "C" const inferc_model* $name$_inferc(void) { return &table; }

    }  // namespace $namespace$
    )",
               {{"symbols", symbol_table(p, names)}, {"dim_tables", dim_table(p, p.inputs, "input") + dim_table(p, p.outputs, "output")},
                {"inputs", port_table(p.inputs, names.inputs, "input")}, {"outputs", port_table(p.outputs, names.outputs, "output")},
                {"dims_to_struct", dims_to_struct(names)}, {"unpack", unpack(p, names)}, {"input_shapes", shape_cases(names, p.inputs)},
                {"output_shapes", shape_cases(names, p.outputs)}, {"name", o.name}, {"version", INFERC_VERSION}, {"sha", o.model_sha256},
                {"symbol_count", std::to_string(p.symbols->all().size())}, {"namespace", namespace_of(o)}});
  return main;
}

}  // namespace inferc
