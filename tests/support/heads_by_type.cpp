#include "tests/support/heads_by_type.hpp"

namespace inferc::test {

ModelSpec heads_by_type(const std::string& rows, const std::string& sum) {
  const auto whole = [](std::int64_t v) { return tensor_of<std::int64_t>({1}, std::vector<std::int64_t>{v}); };
  ModelSpec m;
  m.graph.inputs = {{"x", DType::float32, {"n", 64}}};
  m.graph.initializers = {
      {"types", tensor_of<float>({3}, std::vector<float>{1, 2, 3})}, {"zero", whole(0)}, {"one", whole(1)}, {"two", whole(2)}, {"three", whole(3)}};
  m.graph.nodes = {
      {"Slice", {"x", "zero", "one", "one"}, {"type"}}, {"Equal", {"type", "types"}, {"is"}}, {"Cast", {"is"}, {"hot"}, {{"to", std::int64_t{1}}}}};
  const char* const ends[] = {"zero", "one", "two", "three"};
  std::string total;
  for (std::size_t t = 0; t < 3; ++t) {
    const std::string i = std::to_string(t);
    std::vector<float> w(64 * 64);
    for (std::size_t k = 0; k < w.size(); ++k) w[k] = static_cast<float>(static_cast<int>((k + 7 * t) * 2654435761U >> 20 & 1023U) - 512) / 4096;
    m.graph.initializers.emplace_back("w" + i, tensor_of<float>({64, 64}, w));
    m.graph.nodes.push_back({"Slice", {"hot", ends[t], ends[t + 1], "one"}, {"m" + i}});
    m.graph.nodes.push_back({"MatMul", {"x", "w" + i}, {"p" + i}});
    m.graph.nodes.push_back({"Relu", {"p" + i}, {"f" + i}});
    m.graph.nodes.push_back({"Mul", {"f" + i, "m" + i}, {"y" + i}});
    const std::string next = t == 2 ? rows : "s" + i;
    if (t > 0) m.graph.nodes.push_back({"Add", {total, "y" + i}, {next}});
    total = t == 0 ? "y0" : next;
  }
  m.graph.nodes.push_back({"ReduceSum", {rows, "zero"}, {sum}});
  m.graph.outputs = {{rows, DType::float32, {"n", 64}}, {sum, DType::float32, {1, 64}}};
  m.opsets = {{"", 18}};
  return m;
}

}  // namespace inferc::test
