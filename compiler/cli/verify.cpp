#include "compiler/cli/verify.hpp"

#include <fmt/format.h>

namespace inferc::cli {
namespace {

int verify_against(const VerifyArguments& a) {
  for (const std::string& peer : a.against)
    if (peer != "onnxruntime") throw UsageError(fmt::format("--against {}: no such reference", escape(peer)), "onnxruntime");
  if (!a.cases.op.empty())
    throw UsageError("verify --op: onnxruntime has no such operator", "store inputs and outputs in a folder: verify CASE_DIR --op DOMAIN::NAME=header.hpp");
  if (a.what.size() != 1) throw UsageError("verify --against takes one model", "verify MODEL --against onnxruntime");
  VerifyModel options;
  options.model.model = a.what[0];
  options.model.dims = a.dims;
  options.model.carry = a.carry;
  options.model.keep = a.keep;
  options.model.assume = a.assume;
  options.model.precision = a.precision;
  options.onnxruntime = a.onnxruntime;
  options.json = a.cases.json;
  return verify_model(options);
}

}  // namespace

int verify(const VerifyArguments& a) {
  if (!a.against.empty()) return verify_against(a);
  if (!a.dims.empty()) throw UsageError("verify: --dim belongs to --against", "verify MODEL --dim SYM=LO..HI --against onnxruntime");
  for (const auto& path : a.what)
    if (std::filesystem::exists(path) && !std::filesystem::is_directory(path))
      throw UsageError(fmt::format("verify: '{}' is no folder", escape(path.string())), "verify CASE_DIR..., or verify MODEL --against onnxruntime");
  if (!a.carry.empty()) throw UsageError("verify: --carry belongs to --against", "verify MODEL --carry OUT=IN --against onnxruntime");
  if (!a.keep.empty()) throw UsageError("verify: --outputs belongs to --against", "verify MODEL --outputs NAME,... --against onnxruntime");
  if (!a.assume.empty()) throw UsageError("verify: --assume belongs to --against", "verify MODEL --assume INPUT=VALUE --against onnxruntime");
  if (a.precision != "f32") throw UsageError("verify: --precision belongs to --against", "verify MODEL --precision bf16 --against onnxruntime");
  VerifyCases cases = a.cases;
  cases.folders = a.what;
  return verify_cases(cases);
}

}  // namespace inferc::cli
