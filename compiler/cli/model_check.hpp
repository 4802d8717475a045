#pragma once
#include <memory>
#include <string>
#include <vector>

#include "compiler/cli/peer.hpp"
#include "compiler/cli/quantised_report.hpp"
#include "compiler/run/compare.hpp"
#include "compiler/run/float64_oracle.hpp"
#include "compiler/run/loaded_model.hpp"

namespace inferc::cli {

// What the generated code gave at one size beside float64 and ONNX Runtime, over all inputs tried.
struct ModelVerdict {
  SymbolValues sizes;
  int inputs = 0;
  bool passed = false;
  std::string reason;                    // why not, or why there was nothing to compare
  std::vector<RuleD> outputs;            // empty where there were none
  std::string peer_refused;              // ONNX Runtime's reason; then 4 eps max|y| alone decides
  Differences differences;               // of quantised networks
  std::size_t elements = 0, finite = 0;  // of the exact outputs
  std::vector<Choice> choices;           // made by the generated code otherwise than in float64
  // By error / allowed; null without outputs.
  [[nodiscard]] const RuleD* worst() const;
};

// Compares a compiled model at seeded inputs by rule D of CORRECTNESS section 3.
class ModelCheck {
 public:
  struct Graphs {
    const Float64Oracle& exact;  // of the graph as imported
    const Graph& optimised;      // what the code was generated from
    const Graph& unfused;        // the same before operators were fused: tells its choices (TopK, Round ...)
  };
  ModelCheck(const LoadedModel& model, Graphs graphs, const ort::Library& library, PeerModel peer, std::optional<Exactness> exactness = std::nullopt);

  // With the inputs of seeds seed, seed + 1 ...; the errors are the largest over them.
  [[nodiscard]] ModelVerdict run(const SymbolValues& sizes, std::uint64_t seed, int inputs);

 private:
  bool run_input(ModelVerdict& verdict, const std::vector<Tensor>& inputs);
  void compare_results(ModelVerdict& verdict, const std::vector<Tensor>& inputs, const std::vector<Tensor>& ours);
  [[nodiscard]] std::vector<Tensor> inputs_for(const SymbolValues& sizes, std::uint64_t seed) const;
  void judge(ModelVerdict& verdict, std::uint64_t seed) const;
  const std::vector<Tensor>* peer_outputs(ModelVerdict& verdict, const std::vector<Tensor>& inputs, const std::vector<Tensor>& ours);

  const LoadedModel& model_;
  Graphs graphs_;
  const ort::Library& library_;
  PeerModel peer_model_;
  std::optional<Exactness> exactness_;
  std::unique_ptr<Peer> peer_;
};

}  // namespace inferc::cli
