#include <algorithm>

#include "compiler/emit/parts.hpp"
#include "compiler/emit/resources.hpp"

namespace inferc {

std::vector<File> emit(const Program& program, const EmitOptions& given) {
  const Names names(program);
  EmitOptions o = given;
  const std::string body = emit_body(program, names, o);
  o.structure_sha256 = structure_hash(program, names, body);
  std::vector<File> files{{o.name + ".hpp", emit_header(program, names, o)},
                          {o.name + ".cpp", emit_source(program, names, o)},
                          {o.name + "_body.hpp", body},
                          {o.name + "_selftest.cpp", emit_selftest(program, names, o)},
                          {o.name + ".json", emit_manifest(program, names, o)},
                          {o.name + ".weights", emit_weights(program, o)}};
  for (const Resource& r : resources())
    if (r.path == "compiler/run/inferc_abi.h") files.push_back({"inferc_abi.h", std::string(r.text)});
  for (const Resource& r : resources())
    if (o.threads && r.path == "compiler/run/inferc_pool.hpp") files.push_back({"inferc_pool.hpp", std::string(r.text)});
  for (const std::string& path : o.paths) files.push_back({o.name + "_" + path + ".cpp", emit_path(program, o, path)});
  if (o.embed_weights) files.push_back({o.name + "_weights.S", emit_weights_assembly(o)});
  std::sort(files.begin(), files.end(), [](const File& a, const File& b) { return a.name < b.name; });
  return files;
}

}  // namespace inferc
