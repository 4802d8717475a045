#pragma once
#include <map>
#include <string>
#include <vector>

#include "compiler/call/call.hpp"

namespace inferc {

// Buffers, weights and calls of a program under construction, before offsets are planned.
class Builder {
 public:
  [[nodiscard]] const std::vector<Buffer>& buffers() const { return buffers_; }
  [[nodiscard]] const std::vector<Weight>& weights() const { return weights_; }
  [[nodiscard]] std::vector<Call>& calls() { return calls_; }
  [[nodiscard]] const std::vector<IndexBound>& index_bounds() const { return index_bounds_; }
  [[nodiscard]] const std::vector<Move>& moves() const { return moves_; }

  // The whole of a new buffer, dense.
  Operand input(std::size_t index, const std::string& name, const Type& type);
  Operand output(std::size_t index, const std::string& name, const Type& type);
  Operand temporary(const std::string& name, const Type& type);
  // Equal tensors of equal packing share one buffer.
  Operand weight(Tensor tensor, const std::string& name, const std::string& packing = {});

  void call(Call call) { calls_.push_back(std::move(call)); }
  void bound(IndexBound bound) { index_bounds_.push_back(std::move(bound)); }
  void move(Operand to, Operand from) { moves_.push_back({std::move(to), std::move(from)}); }

 private:
  Operand add(Buffer buffer, const Shape& shape);
  std::vector<Buffer> buffers_;
  std::vector<Weight> weights_;
  std::vector<BufferId> weight_buffers_;
  std::multimap<std::size_t, std::size_t> weight_hashes_;
  std::vector<Call> calls_;
  std::vector<IndexBound> index_bounds_;
  std::vector<Move> moves_;
};

}  // namespace inferc
