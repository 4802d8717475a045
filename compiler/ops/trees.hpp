#pragma once
#include "compiler/ops/op.hpp"

// Ensembles of decision trees as flat tables.
namespace inferc::trees {

struct Leaf {
  std::int32_t target = 0;
  double weight = 0;
};

// A child below 0 is leaf -1 - child.
struct Ensemble {
  std::vector<std::int32_t> roots, feature, member, yes, no;
  std::vector<std::uint8_t> mode;
  std::vector<double> split, members;
  std::vector<std::vector<Leaf>> leaves;
  std::int64_t targets = 1;
  std::size_t aggregate = 1;  // ref::Aggregate
};

// Why the tables are no trees over `features` features; empty if they are. Children form no cycle.
[[nodiscard]] std::string fault_of(const Ensemble& e, std::int64_t features);

// X [rows, features] to [rows, targets] of element type W.
void infer(Infer& i, const Ensemble& e, DType weight);
void lower(Lower& l, const Ensemble& e, DType weight);
bool lower_fast(Lower& l, const Ensemble& e);

}  // namespace inferc::trees
