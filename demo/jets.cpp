#include "demo/jets.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <functional>

#include "compiler/run/tensor_file.hpp"
#include "compiler/support/diagnostics.hpp"
#include "compiler/support/mapped_file.hpp"
#include "compiler/support/npz.hpp"

namespace inferc::demo {
namespace {

constexpr int light = 0;
constexpr double f_c = 0.2, f_tau = 0.05, light_mistag = 0.01;

std::map<std::string, Tensor> read_npz(const std::filesystem::path& file) {
  const MappedFile mapped(file);
  std::map<std::string, Tensor> out;
  for (const auto& [name, array] : parse_npz(mapped.bytes(), file.string())) out[name] = to_tensor(array, DType::undefined, name);
  return out;
}

Tensor slice(const Tensor& t, std::size_t first_element, std::vector<std::int64_t> shape) {
  Tensor out(t.dtype(), std::move(shape));
  const std::size_t offset = first_element * byte_size(t.dtype());
  if (out.size()) std::memcpy(out.bytes().data(), t.bytes().data() + offset, out.bytes().size());
  return out;
}

}  // namespace

Jets::Jets(const std::filesystem::path& file) : arrays_(read_npz(file)), size_(array("flavour").size()) {}

const Tensor& Jets::array(const std::string& name) const {
  const auto found = arrays_.find(name);
  if (found == arrays_.end()) throw UserError("the stored jets have no array '" + name + "'");
  return found->second;
}

std::size_t Jets::tracks(std::size_t jet) const { return static_cast<std::size_t>(array("n_tracks").as<std::int32_t>()[jet]); }

int Jets::flavour(std::size_t jet) const { return array("flavour").as<std::int32_t>()[jet]; }

Tensor Jets::rows(const std::string& name, std::size_t first, std::size_t count) const {
  const Tensor& t = array(name);
  std::vector<std::int64_t> shape = t.shape();
  shape[0] = static_cast<std::int64_t>(count);
  return slice(t, first * (t.size() / size_), shape);
}

Tensor Jets::jet_tracks(std::size_t jet) const {
  const Tensor& t = array("tracks");
  return slice(t, jet * (t.size() / size_), {static_cast<std::int64_t>(tracks(jet)), t.shape()[2]});
}

Scores read_reference(const std::filesystem::path& file) {
  const Tensor t = read_npz(file).at("onnxruntime");
  Scores out(static_cast<std::size_t>(t.shape()[0]));
  if (t.bytes().size() != out.size() * sizeof(Probabilities)) throw UserError(file.string() + ": wrong shape");
  std::memcpy(out.data(), t.bytes().data(), t.bytes().size());
  return out;
}

double d_b(const Probabilities& p) { return std::log(p[0] / (f_c * p[1] + f_tau * p[3] + (1 - f_c - f_tau) * p[2])); }

double cut_at_one_percent(const Jets& jets, const Scores& scores) {
  std::vector<double> values;
  for (std::size_t i = 0; i < scores.size(); ++i)
    if (jets.flavour(i) == light) values.push_back(d_b(scores[i]));
  std::sort(values.begin(), values.end(), std::greater<>());
  const auto passing = static_cast<std::size_t>(light_mistag * static_cast<double>(values.size()));
  return (values.at(passing - 1) + values.at(passing)) / 2;
}

double efficiency(const Jets& jets, const Scores& scores, int flavour, double cut) {
  std::size_t all = 0, passing = 0;
  for (std::size_t i = 0; i < scores.size(); ++i) {
    if (jets.flavour(i) != flavour) continue;
    ++all;
    if (d_b(scores[i]) > cut) ++passing;
  }
  return static_cast<double>(passing) / static_cast<double>(all);
}

Change compare_scores(const Scores& a, const Scores& b, double cut) {
  Change out;
  for (std::size_t i = 0; i < a.size(); ++i) {
    if ((d_b(a[i]) > cut) != (d_b(b[i]) > cut)) ++out.decisions;
    if (std::memcmp(&a[i], &b[i], sizeof a[i]) != 0) ++out.jets;
    for (std::size_t k = 0; k < a[i].size(); ++k) {
      const double difference = std::abs(double{a[i][k]} - double{b[i][k]});
      if (!(difference <= out.largest)) out.largest = difference;  // a NaN stays
    }
  }
  return out;
}

}  // namespace inferc::demo
