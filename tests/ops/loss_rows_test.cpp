#include "tests/support/op_table.hpp"

// Losses over labels: [N, C, d...] against [N, d...].
namespace inferc::test {
namespace {

struct Labelled {
  Array log_prob, labels, weights;
  bool ignores = false;
  std::int64_t ignored = 0;
};

// The losses of all samples and the weights they count with.
void samples(const Labelled& p, std::vector<Real>& loss, std::vector<Real>& weight) {
  for_each(p.labels.shape, [&](const Index& i) {
    const auto label = static_cast<std::int64_t>(p.labels.at(i));
    Index at = i;
    at.insert(at.begin() + 1, label);
    const bool counts = !p.ignores || label != p.ignored;
    weight.push_back(!counts ? 0 : p.weights.dtype == DType::undefined ? 1 : p.weights.at({label}));
    loss.push_back(counts ? -p.log_prob.at(at) * weight.back() : 0);
  });
}

// `slack`: the error of a log-probability.
Expected loss(const Labelled& p, const std::string& reduction, Real slack) {
  std::vector<Real> each, weight;
  samples(p, each, weight);
  const DType t = p.log_prob.dtype;
  Real total = 0, size = 0, weights = 0;
  for (std::size_t k = 0; k < each.size(); ++k) total += each[k], size += std::fabs(each[k]), weights += weight[k];
  const Real unit = 4 * roundoff(t) + 2 * static_cast<Real>(each.size()) * roundoff(t);
  if (reduction == "none") {
    Expected y{Array(t, p.labels.shape, each), {}};
    for (std::size_t k = 0; k < each.size(); ++k) {
      y.value.values[k] = rounded(t, each[k]);
      y.allowed.push_back(2 * roundoff(t) * std::fabs(each[k]) + slack * weight[k]);
    }
    return y;
  }
  if (reduction == "sum") return {scalar(t, rounded(t, total)), {unit * size + slack * weights}};
  return {scalar(t, rounded(t, total / weights)), {unit * size / weights + slack}};
}

Array log_softmax(const Array& x) {
  Array y = x;
  Integers rest = x.shape;
  const std::int64_t classes = rest[1];
  rest[1] = 1;
  for_each(rest, [&](Index i) {
    Real sum = 0;
    for (i[1] = 0; i[1] < classes; ++i[1]) sum += std::exp(x.at(i));
    for (i[1] = 0; i[1] < classes; ++i[1]) y.at(i) = x.at(i) - std::log(sum);
  });
  return y;
}

void losses(Cases& cases, const char* op, bool softmax) {
  unsigned seed = 1;
  const Op& o = *find_op(op);
  for (const DType t : types_in(o.inputs[0].types))
    for (const DType index : types_in(o.inputs[1].types))
      for (const Integers& s : std::vector<Integers>{{3, 5}, {1, 1}, {2, 4, 3}, {2, 3, 2, 17}})
        for (const char* reduction : {"none", "sum", "mean"})
          for (const bool weighted : {false, true})
            for (const bool ignores : {false, true}) {
              Integers labels = s;
              labels.erase(labels.begin() + 1);
              const Array x = random(t, s, seed++, -3, 3);
              Labelled p{softmax ? log_softmax(x) : x, random(index, labels, seed++, 0, static_cast<double>(s[1] - 1)), {}, ignores, -1};
              if (weighted) p.weights = random(t, {s[1]}, seed++, 0.5, 2);
              if (ignores && elements(labels) > 1) p.labels.values[0] = -1;
              Case c{{x, p.labels}, {{"reduction", std::string(reduction)}}, {loss(p, reduction, softmax ? 32 * roundoff(t) : 0)}};
              if (weighted) c.inputs.push_back(p.weights);
              if (ignores) c.attributes["ignore_index"] = number(-1);
              if (softmax) {
                Expected y{p.log_prob, std::vector<Real>(p.log_prob.values.size(), 32 * roundoff(t))};
                for (Real& v : y.value.values) v = rounded(t, v);
                c.outputs.push_back(y);
              }
              cases.push_back(c);
              if (softmax) {
                c.outputs.pop_back();
                cases.push_back(c);
              }
              for (const std::int64_t bad : {s[1], std::int64_t{-2}}) {
                c.inputs[1].values.back() = static_cast<Real>(bad);
                c.fault = "out of range";
                cases.push_back(c);
              }
            }
}

const Rows rows({{"NegativeLogLikelihoodLoss", [](Cases& c) { losses(c, "NegativeLogLikelihoodLoss", false); }},
                 {"SoftmaxCrossEntropyLoss", [](Cases& c) { losses(c, "SoftmaxCrossEntropyLoss", true); }}});

}  // namespace
}  // namespace inferc::test
