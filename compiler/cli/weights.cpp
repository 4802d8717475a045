#include <algorithm>
#include <iostream>
#include <map>
#include <sstream>

#include <fmt/format.h>

#include "compiler/cli/command.hpp"
#include "compiler/plan/profile.hpp"
#include "compiler/support/mapped_file.hpp"
#include "compiler/support/write_files.hpp"

namespace inferc::cli {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;

std::string content(const fs::path& path) {
  const MappedFile file(path);
  return {reinterpret_cast<const char*>(file.bytes().data()), file.bytes().size()};
}

// What the code in use was compiled with, as options of its own command line.
struct Compiled {
  std::string name, name_space, structure, version;
  std::vector<std::string> dims, paths, options;
  Json manifest;
};

void fixed_sizes(const Json& inputs, std::vector<std::string>& dims) {
  for (const Json& input : inputs)
    for (std::size_t axis = 0; axis < input.at("shape").size(); ++axis)
      if (const Json& d = input["shape"][axis]; d.is_number_integer())
        dims.push_back(fmt::format("{}:{}={}", input.at("name").get<std::string>(), axis, d.get<std::int64_t>()));
}

Compiled read_manifest(const fs::path& path) {
  const std::string text = content(path);
  try {
    const Json j = Json::parse(text);
    Compiled out{j.at("name"), j.at("namespace"), j.at("structure_sha256"), j.at("inferc"), {}, {}, j.value("options", std::vector<std::string>()), j};
    for (const char* key : {"outputs", "calls"}) (void)j.at(key);
    for (const Json& s : j.at("symbols"))
      if (s.at("lower") != 0 || s.at("upper") != unbounded)
        out.dims.push_back(fmt::format("{}={}..{}", s.at("name").get<std::string>(), s.at("lower").get<std::int64_t>(), s.at("upper").get<std::int64_t>()));
    fixed_sizes(j.at("inputs"), out.dims);
    for (const Json& s : j.at("sources")) {
      const std::string file = s.at("file"), prefix = out.name + "_";
      if (file.starts_with(prefix) && file.ends_with(".cpp")) out.paths.push_back(file.substr(prefix.size(), file.size() - prefix.size() - 4));
    }
    return out;
  } catch (const Json::exception& e) {
    throw UserError(fmt::format("'{}' is no manifest of a compiled model: {}", escape(path.string()), e.what()),
                    "--for takes the N.json that `inferc compile` wrote");
  }
}

ModelArguments arguments_of(const fs::path& model, const Compiled& compiled) {
  ModelArguments out;
  out.model = model;
  constexpr std::string_view carry = "--carry=", op = "--op=", outputs = "--outputs=", assume = "--assume=", batch = "--batch=", fixed = "--static-input=",
                             strided = "--strided=", precision = "--precision=", dim_name = "--dim-name=";
  for (const std::string& option : compiled.options) {
    out.random_as_input |= option == "--random-as-input";
    if (option.starts_with(dim_name)) out.dim_names.push_back(option.substr(dim_name.size()));
    if (option.starts_with(op)) out.op.push_back(option.substr(op.size()));
    if (option.starts_with(carry)) out.carry.push_back(option.substr(carry.size()));
    if (option.starts_with(batch)) out.batch = option.substr(batch.size());
    if (option.starts_with(fixed)) out.fixed.push_back(option.substr(fixed.size()));
    if (option.starts_with(strided)) out.strided.push_back(option.substr(strided.size()));
    if (option.starts_with(precision)) out.precision = option.substr(precision.size());
    if (option.starts_with(assume)) out.assume.push_back(option.substr(assume.size()));
    if (option.starts_with(outputs)) out.keep.push_back(option.substr(outputs.size()));
  }
  return out;
}

// Only the axes that the new model leaves open need fixing.
std::vector<std::string> open_dims(const fs::path& model, const Compiled& compiled) {
  const Front front = open_model(arguments_of(model, compiled));
  std::vector<std::string> out, seen;
  for (const std::string& option : compiled.dims) {
    const std::string name = option.substr(0, option.rfind('='));
    std::string symbol = front.graph->symbols().find(name) ? name : "";
    for (const Value* v : front.graph->inputs())
      for (std::size_t axis = 0; axis < v->type->shape.size(); ++axis)
        if (name == fmt::format("{}:{}", v->name, axis)) symbol = v->type->shape[axis].as_symbol();
    if (symbol.empty() || std::find(seen.begin(), seen.end(), symbol) != seen.end()) continue;
    seen.push_back(symbol);
    out.push_back(option);
  }
  return out;
}

std::string nodes_of(const Json& call) {
  std::string out;
  for (const Json& n : call.at("nodes")) out += (out.empty() ? "" : ", ") + n.get<std::string>();
  return out.empty() ? call.at("kernel").get<std::string>() : out;
}

// The bodies of fused expressions by their names.
std::map<std::string, std::string> fused_expressions(const std::string& code) {
  std::map<std::string, std::string> out;
  constexpr std::string_view begin = "struct fused_";
  for (std::size_t at = code.find(begin); at != code.npos; at = code.find(begin, at + 1)) {
    const std::size_t name = at + std::string_view("struct ").size(), body = std::min(code.find("return ", at), code.size());
    out[code.substr(name, code.find(' ', name) - name)] = code.substr(body, code.find('\n', body) - body);
  }
  return out;
}

// A line of code without its comment, and with the expressions that it names.
std::string meaning(const std::string& line, const std::map<std::string, std::string>& fused) {
  std::string out = line.substr(0, line.find("  // "));
  for (std::size_t at = out.find("fused_"); at != out.npos; at = out.find("fused_", at + 1)) {
    const auto known = fused.find(out.substr(at, out.find_first_not_of("abcdefghijklmnopqrstuvwxyz_0123456789", at) - at));
    if (known != fused.end()) out += "  // " + known->second;
  }
  return out;
}

// Lines of the calls with the comment above each, which names the nodes.
std::vector<std::pair<std::string, std::string>> lines_of(const std::string& body) {
  std::vector<std::pair<std::string, std::string>> out;
  const auto fused = fused_expressions(body);
  std::istringstream in(body.substr(std::min(body.find("inline int body("), body.size())));
  std::string comment;
  for (std::string line; std::getline(in, line);) {
    const std::size_t begin = std::min(line.find_first_not_of(' '), line.size());
    if (line.compare(begin, 3, "// ") == 0) comment = line.substr(begin + 3);
    else out.emplace_back(comment, meaning(line, fused));
  }
  return out;
}

constexpr char remedy[] = "compile the new model: its code differs";

std::string described(const Json& list, std::size_t i) { return i < list.size() ? escape(list[i].dump()) : "nothing"; }

void interface_differences(const Json& old, const Json& fresh, std::vector<Diagnostic>& out) {
  for (const auto& [key, what] : {std::pair{"inputs", "input"}, std::pair{"outputs", "output"}, std::pair{"symbols", "symbol"}})
    for (std::size_t i = 0; i < std::max(old.at(key).size(), fresh.at(key).size()); ++i)
      if (const std::string before = described(old[key], i), after = described(fresh[key], i); before != after)
        out.push_back({fmt::format("{} {} is {} in the new model, {} in the code", what, i, after, before), remedy});
}

// Everything but the names of its nodes.
Json work_of(Json call) {
  call.erase("nodes");
  return call;
}

void call_differences(const Json& old, const Json& fresh, std::vector<Diagnostic>& out) {
  for (std::size_t i = 0; i < std::max(old.size(), fresh.size()); ++i) {
    if (i < old.size() && i < fresh.size() && work_of(old[i]) == work_of(fresh[i])) continue;
    const std::string before = i < old.size() ? nodes_of(old[i]) : "nothing", after = i < fresh.size() ? nodes_of(fresh[i]) : "nothing";
    if (before == after) out.push_back({fmt::format("{}: its kernel, a size or a table of integers differs", escape(after)), remedy});
    else out.push_back({fmt::format("call {} stands for {} in the new model, for {} in the code", i, escape(after), escape(before)), remedy});
  }
}

void code_differences(const std::string& old_body, const std::string& new_body, std::vector<Diagnostic>& out) {
  const auto before = lines_of(old_body), after = lines_of(new_body);
  for (std::size_t i = 0; i < std::max(before.size(), after.size()); ++i)
    if (i >= before.size() || i >= after.size() || before[i].second != after[i].second)
      if (const std::string at = i < after.size() ? after[i].first : before[i].first;
          !at.starts_with("--- ") && (out.empty() || out.back().message.find(escape(at)) == std::string::npos))
        out.push_back({fmt::format("{}: a constant or size that the code relies on differs", escape(at)), remedy});
}

// What runs once for static inputs; empty where there are none.
Json prepared_calls(const Json& manifest) { return manifest.value("prepare", Json::array()); }

// The interface and the lists of calls first; where they agree, the lines of the generated code.
std::vector<Diagnostic> differences(const Compiled& old, const Json& fresh, const std::string& old_body, const std::string& new_body) {
  std::vector<Diagnostic> out;
  if (old.version != INFERC_VERSION)
    out.push_back({fmt::format("the code was generated by inferc {}, this is {}", escape(old.version), INFERC_VERSION), remedy});
  interface_differences(old.manifest, fresh, out);
  call_differences(prepared_calls(old.manifest), prepared_calls(fresh), out);
  call_differences(old.manifest.at("calls"), fresh.at("calls"), out);
  if (out.empty()) code_differences(old_body, new_body, out);
  if (out.empty()) out.push_back({"the new model's structure differs from the one that the code was generated for", remedy});
  return out;
}

bool same_tables(const Json& before, const Json& after) {
  const auto tables = [](const Json& call) { return call.value("tables_sha256", ""); };
  return std::equal(before.begin(), before.end(), after.begin(), after.end(), [&](const Json& a, const Json& b) { return tables(a) == tables(b); });
}

// Whether new weights in the old code compute what the new model does.
bool fits(const Compiled& old, const Json& fresh) {
  return fresh.at("structure_sha256") == old.structure && same_tables(old.manifest.at("calls"), fresh.at("calls")) &&
         same_tables(prepared_calls(old.manifest), prepared_calls(fresh));
}

const File& file_named(const std::vector<File>& files, const std::string& name) {
  const auto at = std::find_if(files.begin(), files.end(), [&](const File& f) { return f.name == name; });
  if (at == files.end()) internal_error("no file " + name + " was emitted");
  return *at;
}

}  // namespace

int weights(const WeightsArguments& a) {
  const Compiled old = read_manifest(a.manifest);
  ModelArguments arguments = arguments_of(a.model, old);
  arguments.dims = open_dims(a.model, old);
  Front front = open_model(arguments);
  EmitOptions o = emit_options(front, arguments, old.name);
  o.name_space = old.name_space;
  o.paths = old.paths;
  const auto has = [&](const char* option) { return std::find(old.options.begin(), old.options.end(), option) != old.options.end(); };
  o.threads = has("--threads");
  Program program = lower_model(front, o.threads);
  if (has("--profile")) reserve_profile(program);
  const std::vector<File> files = emit(program, o);
  const Json manifest = Json::parse(file_named(files, old.name + ".json").content);
  if (!fits(old, manifest)) {
    const fs::path body = a.manifest.parent_path() / (old.name + "_body.hpp");
    const std::string& fresh = file_named(files, old.name + "_body.hpp").content;
    throw UserError(differences(old, manifest, fs::exists(body) ? content(body) : fresh, fresh));
  }
  write_file(a.output, file_named(files, old.name + ".weights").content);
  std::cout << fmt::format("{}: {} bytes of weights for {}\n", a.output.string(), manifest.at("weights_bytes").dump(), old.name);
  return ok;
}

}  // namespace inferc::cli
