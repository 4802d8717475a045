#pragma once
#include <array>
#include <cstddef>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "compiler/ir/tensor.hpp"

namespace inferc::demo {

using Probabilities = std::array<float, 4>;  // b, c, light, tau
using Scores = std::vector<Probabilities>;   // jet by jet

// models/jets/test.npz: its README.md tells the arrays.
class Jets {
 public:
  explicit Jets(const std::filesystem::path& file);
  [[nodiscard]] std::size_t size() const { return size_; }
  [[nodiscard]] const Tensor& array(const std::string& name) const;
  [[nodiscard]] std::size_t tracks(std::size_t jet) const;
  [[nodiscard]] int flavour(std::size_t jet) const;
  // `count` jets from `first` on.
  [[nodiscard]] Tensor rows(const std::string& name, std::size_t first, std::size_t count) const;
  // One jet's tracks, [n_tracks, 14].
  [[nodiscard]] Tensor jet_tracks(std::size_t jet) const;

 private:
  std::map<std::string, Tensor> arrays_;
  std::size_t size_ = 0;
};

// The reference outputs of NAME.expected.npz.
[[nodiscard]] Scores read_reference(const std::filesystem::path& file);

// The discriminant ln(p_b / (f_c p_c + f_tau p_tau + (1 - f_c - f_tau) p_u)).
[[nodiscard]] double d_b(const Probabilities& p);

// The cut on d_b that one light jet in a hundred passes: half way between the last that does and the next.
[[nodiscard]] double cut_at_one_percent(const Jets& jets, const Scores& scores);

// The part of the jets of a flavour with d_b > cut.
[[nodiscard]] double efficiency(const Jets& jets, const Scores& scores, int flavour, double cut);

struct Change {
  std::size_t decisions = 0;  // jets on the other side of the cut
  std::size_t jets = 0;       // jets with a bit that differs
  double largest = 0;         // difference of a probability
};
[[nodiscard]] Change compare_scores(const Scores& a, const Scores& b, double cut);

}  // namespace inferc::demo
