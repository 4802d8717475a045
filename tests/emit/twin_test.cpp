#include <gtest/gtest.h>

#include <fmt/format.h>

#include "compiler/support/process.hpp"
#include "tests/support/built.hpp"
#include "tests/support/onnx_writer.hpp"
#include "tests/support/paths.hpp"

// One C program calls every model through the C twin, in builds with the address and undefined-behaviour sanitizers.
namespace inferc::test {
namespace {

namespace fs = std::filesystem;

struct Case {
  std::string name;
  fs::path model;
  std::string dims{};
};

std::string shell(const std::string& command, const fs::path& folder, int status = 0) {
  const Finished done = run_process({{"bash", "-c", command}, folder, 300});
  EXPECT_EQ(done.status, status) << command << "\n" << done.output;
  return done.output;
}

// Compiles the models for the path `base` and runs the C program on all of them.
std::string call_all(const fs::path& folder, const std::vector<Case>& cases) {
  const std::string sanitize = std::string("-g1 -fsanitize=address,undefined -fno-sanitize-recover=all -fPIC") + quick;
  shell(fmt::format("cc -std=c11 -D_GNU_SOURCE -Wall -Wextra -Wpedantic -Werror {} -I'{}' '{}' -o any_model -ldl", sanitize,
                    (source_dir() / "compiler/run").string(), (source_dir() / "tests/emit/any_model.c").string()),
        folder);
  std::string arguments;
  for (const Case& c : cases) {
    shell(fmt::format("{} compile '{}' -o {} --name {} --isa base {}", INFERC, c.model.string(), c.name, c.name, c.dims), folder);
    shell(fmt::format("c++ -std=c++20 -Wall -Wextra -Wpedantic -Werror {} -ffp-contract=off -shared {}/{}.cpp {}/{}_base.cpp -o {}.so", sanitize, c.name,
                      c.name, c.name, c.name, c.name),
          folder);
    arguments += fmt::format(" ./{}.so {} {}/{}.weights", c.name, c.name, c.name, c.name);
  }
  return shell("./any_model" + arguments, folder);
}

fs::path written(const fs::path& folder, const std::string& name, GraphSpec graph) {
  ModelSpec m;
  m.graph = std::move(graph);
  write_model(folder / (name + ".onnx"), m);
  return folder / (name + ".onnx");
}

ValueSpec f32(const std::string& name, std::vector<DimSpec> shape) { return {name, DType::float32, std::move(shape)}; }
ValueSpec i64(const std::string& name, std::vector<DimSpec> shape) { return {name, DType::int64, std::move(shape)}; }
Tensor vector64(std::vector<std::int64_t> v) { return tensor_of<std::int64_t>({static_cast<std::int64_t>(v.size())}, v); }

TEST(Twin, OneProgramCallsAnyModel) {
  const fs::path folder = scratch_dir("twin_any");
  const fs::path nothing = written(
      folder, "nothing", {.nodes = {{"Constant", {}, {"y"}, {{"value", tensor_of<float>({2}, std::vector<float>{1, 2})}}}}, .outputs = {f32("y", {2})}});
  const fs::path bools =
      written(folder, "bools", {.nodes = {{"Not", {"x"}, {"y"}}}, .inputs = {{"x", DType::boolean, {"n"}}}, .outputs = {{"y", DType::boolean, {"n"}}}});
  const fs::path same =
      written(folder, "same", {.nodes = {{"Add", {"a", "b"}, {"y"}}}, .inputs = {f32("a", {"n"}), f32("b", {"m"})}, .outputs = {f32("y", {"n"})}});
  const std::string out = call_all(
      folder, {{"jet_mlp", source_dir() / "models/jets/jet_mlp.onnx"}, {"nothing", nothing}, {"bools", bools}, {"same", same, "--dim n=2..9 --dim m=2..9"}});
  EXPECT_NE(out.find("jet_mlp base +5: ok"), out.npos) << out;
  EXPECT_NE(out.find("nothing base +0: ok"), out.npos) << out;
}

// Indices reach the operators directly, through casts and views, in a window of an input, and computed.
std::vector<Case> index_models(const fs::path& f) {
  return {
      {"gather",
       written(f, "gather", {.nodes = {{"Gather", {"x", "i"}, {"y"}}}, .inputs = {f32("x", {"n", 3}), i64("i", {"m"})}, .outputs = {f32("y", {"m", 3})}}),
       "--dim n=1..9"},
      {"cast", written(f, "cast",
                       {.nodes = {{"Cast", {"i"}, {"c"}, {{"to", std::int64_t{6}}}},
                                  {"Reshape", {"c", "shape"}, {"r"}},
                                  {"Gather", {"x", "r"}, {"y"}, {{"axis", std::int64_t{1}}}}},
                        .inputs = {f32("x", {4, 7}), i64("i", {6})},
                        .outputs = {f32("y", {4, 2, 3})},
                        .initializers = {{"shape", vector64({2, 3})}}})},
      {"edges",
       written(f, "edges",
               {.nodes = {{"Gather", {"edges", "one"}, {"to"}},
                          {"Unsqueeze", {"to", "last"}, {"t"}},
                          {"Expand", {"t", "wide"}, {"e"}},
                          {"ScatterElements", {"x", "e", "u"}, {"y"}, {{"reduction", std::string("add")}}}},
                .inputs = {f32("x", {5, 4}), i64("edges", {2, 3}), f32("u", {3, 4})},
                .outputs = {f32("y", {5, 4})},
                .initializers = {{"one", tensor_of<std::int64_t>({}, std::vector<std::int64_t>{1})}, {"last", vector64({1})}, {"wide", vector64({3, 4})}}})},
      {"elements", written(f, "elements",
                           {.nodes = {{"GatherElements", {"x", "i"}, {"y"}, {{"axis", std::int64_t{-1}}}}},
                            .inputs = {f32("x", {3, 4}), i64("i", {3, 2})},
                            .outputs = {f32("y", {3, 2})}})},
      {"gathernd", written(f, "gathernd",
                           {.nodes = {{"GatherND", {"x", "i"}, {"y"}}}, .inputs = {f32("x", {5, 2, 3}), i64("i", {"m", 2})}, .outputs = {f32("y", {"m", 3})}})},
      {"scatternd", written(f, "scatternd",
                            {.nodes = {{"ScatterND", {"x", "i", "u"}, {"y"}}},
                             .inputs = {f32("x", {5, 2}), i64("i", {"m", 1}), f32("u", {"m", 2})},
                             .outputs = {f32("y", {5, 2})}})},
  };
}

TEST(Twin, BadIndicesInInputsAreFoundBeforeAnythingIsWritten) {
  const fs::path folder = scratch_dir("twin_indices");
  const auto cases = index_models(folder);
  const std::string out = call_all(folder, cases);
  for (const Case& c : cases) {
    const std::size_t line = out.find(c.name + " base +5: ok");
    ASSERT_NE(line, out.npos) << c.name << "\n" << out;
    EXPECT_NE(out.substr(line, out.find('\n', line) - line).find(", 1 inputs of indices"), std::string::npos) << out;
  }
}

// The first column of `edges` is no index: it may hold anything.
TEST(Twin, OnlyTheElementsThatAreIndicesAreChecked) {
  const fs::path folder = scratch_dir("twin_window");
  const std::string out = call_all(folder, {{"window", written(folder, "window",
                                                               {.nodes = {{"Slice", {"i", "from", "to"}, {"s"}}, {"Gather", {"x", "s"}, {"y"}}},
                                                                .inputs = {f32("x", {4}), i64("i", {5})},
                                                                .outputs = {f32("y", {2})},
                                                                .initializers = {{"from", vector64({0})}, {"to", vector64({2})}}})}});
  EXPECT_NE(out.find("window base +5: ok"), out.npos) << out;
  EXPECT_NE(out.find(", 0 inputs of indices"), out.npos) << out;
}

// Computed by the model: a Status, and no access leaves a buffer.
TEST(Twin, BadIndicesThatTheModelComputesAreAStatus) {
  const fs::path folder = scratch_dir("twin_computed");
  const fs::path model = written(folder, "computed",
                                 {.nodes = {{"Sub", {"i", "big"}, {"c"}}, {"Gather", {"x", "c"}, {"y"}}},
                                  .inputs = {f32("x", {4}), i64("i", {5})},
                                  .outputs = {f32("y", {5})},
                                  .initializers = {{"big", vector64({1000})}}});
  const std::string out = call_all(folder, {{"computed", model}});
  EXPECT_NE(out.find("computed base +5: index_out_of_range 0000000000000000, 0 inputs of indices"), out.npos) << out;
}

}  // namespace
}  // namespace inferc::test
