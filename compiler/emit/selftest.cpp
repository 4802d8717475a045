#include <algorithm>
#include <cstring>

#include <fmt/format.h>

#include "compiler/emit/parts.hpp"
#include "compiler/emit/writer.hpp"
#include "compiler/support/diagnostics.hpp"

namespace inferc {
namespace {

// The unsigned integer as wide as an element.
std::string bits_type(const Tensor& t) { return fmt::format("std::uint{}_t", byte_size(t.dtype()) * 8); }

// Elements as bit patterns: exact for every element type, denormals and NaNs included.
std::string table(const std::string& name, const Tensor& t) {
  std::string out = fmt::format("const {} {}[] = {{", bits_type(t), name);
  const std::size_t width = byte_size(t.dtype());
  for (std::size_t i = 0; i < t.size(); ++i) {
    std::uint64_t bits = 0;
    std::memcpy(&bits, t.bytes().data() + i * width, width);
    out += fmt::format("{}{:#x}", i == 0 ? "" : i % 12 == 0 ? ",\n    " : ", ", bits);
  }
  return out + (t.size() == 0 ? "0" : "") + "};\n";
}

std::string quantity(DType t) { return t == DType::float32 ? "float" : t == DType::float64 ? "double" : ""; }

// Outputs are filled with ones first, so that an element that is not written shows.
std::string one_output(const std::string& sample, const std::string& member, std::size_t index, const Tensor& expected) {
  const std::string type = public_type(expected.dtype()), real = quantity(expected.dtype());
  const std::string storage = expected.dtype() == DType::boolean ? "unsigned char" : type;
  const std::string test = real.empty() ? fmt::format("same(o{}.data(), {}_out{}, {}, sizeof({}))", index, sample, index, expected.size(), storage)
                                        : fmt::format("close(o{}.data(), {}_out{}, {})", index, sample, index, expected.size());
  return fmt::format("ok = report(\"{0}\", \"{1}\", {2}) && ok;\nhash = digest(hash, o{3}.data(), {4} * sizeof({5}));\n", sample, member, test, index,
                     expected.size(), storage);
}

// Elements of the span of an output: where its size is measured, the most it may be.
std::int64_t span_size(const Program& p, const Sample& s, std::size_t output) {
  return evaluate(p.symbols->at_limits(product(p.outputs[output].type.shape)), s.dims);
}

// The size of an output's axis that is this symbol.
std::int64_t measured_size(const Program& p, const Sample& s, const std::string& symbol) {
  for (std::size_t i = 0; i < p.outputs.size(); ++i)
    for (std::size_t d = 0; d < p.outputs[i].type.shape.size(); ++d)
      if (p.outputs[i].type.shape[d].as_symbol() == symbol) return s.outputs[i].shape()[d];
  return -1;
}

std::vector<std::int64_t> dims_of(const Program& p, const Sample& s) {
  std::vector<std::int64_t> out;
  for (const Symbol& symbol : p.symbols->all()) out.push_back(s.dims.at(symbol.name));
  return out;
}

std::string list(const std::vector<std::int64_t>& values) {
  std::string out;
  for (const std::int64_t v : values) out += fmt::format("{}{}", out.empty() ? "" : ", ", v);
  return out;
}

std::string dense_strides_of(const Tensor& t) {
  std::string out;
  std::int64_t stride = 1;
  for (std::size_t d = t.shape().size(); d-- > 0;) {
    out = std::to_string(std::max<std::int64_t>(stride, 1)) + (out.empty() ? "" : ", ") + out;
    stride *= t.shape()[d];
  }
  return "{" + out + "}";
}

std::string sample_function(const Program& p, const Sample& s, const Names& names, const std::string& id) {
  std::string data, buffers, inputs, fixed, outputs, checks;
  std::size_t run_index = 0;  // among the inputs of run()
  for (std::size_t i = 0; i < s.inputs.size(); ++i) {
    const bool is_static = std::find(p.static_inputs.begin(), p.static_inputs.end(), i) != p.static_inputs.end();
    std::string& list = is_static ? fixed : inputs;
    const Tensor& t = s.inputs[i];
    data += table(fmt::format("{}_in{}", id, i), t);
    const bool boolean = t.dtype() == DType::boolean;
    buffers += fmt::format("const auto i{0} = values<{1}>({2}_in{0}, {3});\n", i, boolean ? "unsigned char" : public_type(t.dtype()), id, t.size());
    list += fmt::format("{}{{{}, {}}}", list.empty() ? "" : ", ",
                        boolean ? fmt::format("reinterpret_cast<const bool*>(i{}.data())", i) : fmt::format("i{}.data()", i), t.size());
    if (!is_static && !names.strides[run_index].empty()) list += ", " + dense_strides_of(t);
    run_index += is_static ? 0 : 1;
  }
  for (std::size_t i = 0; i < s.outputs.size(); ++i) {
    const Tensor& t = s.outputs[i];
    const bool boolean = t.dtype() == DType::boolean;
    data += table(fmt::format("{}_out{}", id, i), t);
    buffers +=
        fmt::format("std::vector<{}> o{}({}, 1);\n", boolean ? "unsigned char" : public_type(t.dtype()), i, std::max<std::int64_t>(span_size(p, s, i), 1));
    outputs += fmt::format("{}{{{}, {}}}", i ? ", " : "", boolean ? fmt::format("reinterpret_cast<bool*>(o{}.data())", i) : fmt::format("o{}.data()", i),
                           span_size(p, s, i));
    checks += one_output(id, names.outputs[i], i, t);
  }
  for (std::size_t i = 0; i < p.measured.size(); ++i) {
    buffers += fmt::format("std::size_t m{} = 0;\n", i);
    outputs += fmt::format(", &m{}", i);
    if (const std::int64_t n = measured_size(p, s, p.measured[i]); n >= 0)
      checks += fmt::format("ok = report(\"{}\", \"{}\", m{} == {}) && ok;\n", id, names.measured[i], i, n);
  }
  return fill(R"(
    $data$
    bool $id$(const m::Model& model, $workspace_parameter$std::uint64_t& hash) {
      const m::Dims dims{$sizes$};
      $buffers$
      $workspace$
      $prepare$
      const m::Status status = m::run(model, dims, m::Inputs{$inputs$}, m::Outputs{$outputs$}, workspace);
      if (status != m::Status::ok) return std::printf("  $id$: %s\n", m::text(status)), false;
      bool ok = true;
      $checks$
      return ok;
    }

    )",
              {{"data", data},
               {"id", id},
               {"sizes", list(dims_of(p, s))},
               {"buffers", buffers},
               {"workspace_parameter", p.state.empty() ? "" : "m::Workspace& workspace, "},
               {"workspace", p.state.empty() ? "m::Workspace workspace(dims);\n" : ""},
               {"prepare", p.prepare ? fmt::format("if (const m::Status s = m::prepare(model, dims, m::StaticInputs{{{}}}, workspace); s != m::Status::ok) "
                                                   "return std::printf(\"  {}: %s\\n\", m::text(s)), false;\n",
                                                   fixed, id)
                                     : ""},
               {"inputs", inputs},
               {"outputs", outputs},
               {"checks", checks}});
}

constexpr std::string_view selftest_template = R"(
  // Generated by inferc $version$. Runs the model '$name$' on stored inputs, with every code path that this machine has, and
  // compares the outputs with those of the reference kernels; all paths must give the same bits.
  //   $name$_selftest [$name$.weights]      exit status 0: every stored output is met
  #include "$name$.hpp"

  #include <cmath>
  #include <cstdio>
  #include <cstdlib>
  #include <cstring>

  namespace {

  namespace m = ::$namespace$;

  // Elements from their stored bit patterns.
  template <class T, class Bits>
  [[maybe_unused]] std::vector<T> values(const Bits* bits, std::size_t n) {
    static_assert(sizeof(T) == sizeof(Bits));
    std::vector<T> out(n);
    if (n != 0) std::memcpy(out.data(), bits, n * sizeof(T));
    return out;
  }

  // |got - expected| <= 1e-3 |expected| + 1e-5 max(1, max |expected|); NaN and infinities must agree.
  template <class T, class Bits>
  [[maybe_unused]] bool close(const T* got, const Bits* bits, std::size_t n) {
    const std::vector<T> expected = values<T>(bits, n);
    double scale = 1;
    for (const T e : expected)
      if (std::isfinite(e)) scale = std::fmax(scale, std::fabs(static_cast<double>(e)));
    for (std::size_t i = 0; i < n; ++i) {
      const double g = static_cast<double>(got[i]), e = static_cast<double>(expected[i]);
      const bool met = std::isfinite(e) ? std::fabs(g - e) <= 1e-3 * std::fabs(e) + 1e-5 * scale : std::isnan(e) ? std::isnan(g) : g == e;
      if (!met) return std::printf("  element %zu is %.9g, not %.9g\n", i, g, e), false;
    }
    return true;
  }

  [[maybe_unused]] bool same(const void* got, const void* bits, std::size_t n, std::size_t width) { return n == 0 || std::memcmp(got, bits, n * width) == 0; }

  [[maybe_unused]] bool report(const char* sample, const char* output, bool ok) {
    if (!ok) std::printf("  %s: output '%s' differs from its stored value\n", sample, output);
    return ok;
  }

  [[maybe_unused]] std::uint64_t digest(std::uint64_t hash, const void* data, std::size_t bytes) {
    for (std::size_t i = 0; i < bytes; ++i) hash = (hash ^ static_cast<const unsigned char*>(data)[i]) * 0x100000001b3u;
    return hash;
  }

  $samples$
  }  // namespace

  int main([[maybe_unused]] int argc, [[maybe_unused]] char** argv) {
    bool ok = true;
    std::uint64_t first = 0;
    std::string_view last_path;
    for (const char* path : {$paths$}) {
      ::setenv("INFERC_ISA", path, 1);
      m::Model model;
      const m::Status status = $load$;
      if (status != m::Status::ok) return std::printf("$name$: the weights do not load: %s\n", m::text(status)), 1;
      if (last_path == model.isa()) continue;
      last_path = model.isa();
      std::uint64_t hash = 0xcbf29ce484222325u;
      bool met = true;
      $calls$
      if (first == 0) first = hash;
      if (first != hash) std::printf("  path %s gives other bits\n", model.isa());
      met = met && first == hash;
      std::printf("$name$: %s %s %016llx\n", model.isa(), met ? "ok" : "FAILED", static_cast<unsigned long long>(hash));
      ok = ok && met;
    }
    return ok ? 0 : 1;
  }
  )";

std::string sample_name(std::size_t i) { return fmt::format("sample_{}", i + 1); }

// Samples that follow each other share a workspace; the first of them is met again after a reset.
std::string chain(const Program& p, const EmitOptions& o, std::size_t first) {
  std::string calls;
  const auto call = [&](std::size_t i) { calls += fmt::format("met = {}(model, workspace, hash) && met;\n", sample_name(i)); };
  call(first);
  for (std::size_t i = first + 1; i < o.samples.size() && o.samples[i].continues; ++i) call(i);
  calls += "workspace.reset();\n";
  call(first);
  return fill("{\n  m::Workspace workspace(m::Dims{$dims$});\n  $calls$\n}\n", {{"dims", list(dims_of(p, o.samples[first]))}, {"calls", calls}});
}

std::string sample_calls(const Program& p, const EmitOptions& o) {
  std::string out;
  for (std::size_t i = 0; i < o.samples.size(); ++i)
    if (p.state.empty()) out += fmt::format("met = {}(model, hash) && met;\n", sample_name(i));
    else if (!o.samples[i].continues) out += chain(p, o, i);
  return out;
}

}  // namespace

std::string emit_selftest(const Program& p, const Names& names, const EmitOptions& o) {
  std::string samples, paths;
  for (std::size_t i = 0; i < o.samples.size(); ++i) samples += sample_function(p, o.samples[i], names, sample_name(i));
  for (const std::string& path : o.paths) paths += (paths.empty() ? "\"" : ", \"") + path + "\"";
  return fill(selftest_template, {{"version", INFERC_VERSION},
                                  {"name", o.name},
                                  {"namespace", namespace_of(o)},
                                  {"samples", samples},
                                  {"calls", sample_calls(p, o)},
                                  {"paths", paths},
                                  {"load", o.embed_weights ? "argc > 1 ? model.load(argv[1]) : model.load()"
                                                           : fmt::format("model.load(argc > 1 ? argv[1] : \"{}.weights\")", o.name)}});
}

}  // namespace inferc
