// Which buffers of the arena are in use at each call of a compiled network, as C++ expressions over the names of its body:
//   live_buffers MODEL.onnx
// A line for each call: {offset, bytes}, ... from the first call that names a buffer to the last.
#include <algorithm>
#include <cstdio>
#include <map>
#include <set>
#include <string>

#include <fmt/format.h>

#include "compiler/emit/names.hpp"
#include "compiler/onnx/import.hpp"
#include "compiler/onnx/reader.hpp"
#include "compiler/ops/op.hpp"
#include "compiler/passes/passes.hpp"
#include "compiler/plan/row_blocks.hpp"

namespace inferc {
namespace {

void collect(const Call& call, std::set<std::size_t>& out) {
  for (const Arg& a : call.args)
    for (const auto& [operand, access] : operands(a)) out.insert(operand->buffer.index);
  for (const auto& body : call.bodies)
    for (const Call& c : body) collect(c, out);
}

struct Interval {
  std::size_t first, last;
};

std::map<std::size_t, Interval> intervals(const Program& p) {
  std::map<std::size_t, Interval> out;
  for (std::size_t k = 0; k < p.calls.size(); ++k) {
    std::set<std::size_t> named;
    collect(p.calls[k], named);
    for (const std::size_t b : named)
      if (p.buffers[b].space == Space::arena) out.try_emplace(b, Interval{k, k}).first->second.last = k;
  }
  return out;
}

void print(const Program& p) {
  const Names names(p);
  const auto live = intervals(p);
  for (std::size_t k = 0; k < p.calls.size(); ++k) {
    std::string line;
    for (const auto& [b, interval] : live)
      if (interval.first <= k && k <= interval.last) {
        const Dim bytes = p.buffers[b].size * Dim(static_cast<std::int64_t>(byte_size(p.buffers[b].dtype)));
        line += fmt::format("{{{}, {}}}, ", names.size(p.offsets[b]), names.size(bytes));
      }
    std::puts(line.c_str());
  }
}

int run(const char* path) {
  Diagnostics problems;
  const auto graph = onnx::import(onnx::read(path), problems);
  if (problems.failed() || !infer_types(*graph, problems)) return 1;
  run_pipeline(*graph);
  print(plan_in_blocks(*graph));
  return 0;
}

}  // namespace
}  // namespace inferc

int main(int argc, char** argv) {
  try {
    return argc == 2 ? inferc::run(argv[1]) : 2;
  } catch (const std::exception& e) {
    return std::fprintf(stderr, "%s\n", e.what()), 1;
  }
}
