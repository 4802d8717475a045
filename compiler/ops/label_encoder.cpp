#include "kernels/ref/label_encode.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>

#include "compiler/ops/op.hpp"

namespace inferc::op_LabelEncoder {
namespace {

using ElementTypes = Types<float, double, std::int16_t, std::int32_t, std::int64_t>;
constexpr TypeSet numbers{DType::float32, DType::float64, DType::int16, DType::int32, DType::int64};

template <class T>
Tensor row(const std::vector<T>& values) {
  return tensor_of<T>({static_cast<std::int64_t>(values.size())}, std::span<const T>(values));
}

// The list keys_* or values_* that the node has, of numbers.
std::optional<Tensor> list(const Node& n, const std::string& what) {
  const auto has = [&](const std::string& key) { return n.attributes.find(key) != n.attributes.end(); };
  if (has(what + "_floats")) return row(n.attr(what + "_floats", std::vector<float>()));
  if (has(what + "_int64s")) return row(n.attr(what + "_int64s", std::vector<std::int64_t>()));
  if (!has(what + "_tensor")) return std::nullopt;
  const Tensor t = n.attr(what + "_tensor", Tensor());
  return t.reshaped({static_cast<std::int64_t>(t.size())});
}

// What stands for a key that is none: -0 or -1 where the node does not say.
Tensor otherwise(const Node& n, DType t) {
  if (t == DType::float32) return row(std::vector{n.attr("default_float", -0.0f)});
  if (t == DType::int64) return row(std::vector{n.attr_int("default_int64", -1)});
  if (t == DType::float64) return row(std::vector{-0.0});
  if (t == DType::int32) return row(std::vector<std::int32_t>{-1});
  return row(std::vector<std::int16_t>{-1});
}

bool check_lists(Infer& i) {
  for (const char* strings : {"keys_strings", "values_strings", "classes_strings"})
    if (i.node.attributes.contains(strings))
      return i.fail(fmt::format("attribute '{}': labels that are strings are not supported", strings), "let the model give numbers");
  const auto keys = list(i.node, "keys"), values = list(i.node, "values");
  if (!keys || !values) return i.fail("it needs keys and values", "keys_floats, keys_int64s or keys_tensor, and the same of values");
  if (keys->size() != values->size()) return i.fail(fmt::format("{} keys and {} values, equally many are needed", keys->size(), values->size()));
  if (!numbers.has(values->dtype())) return i.fail(fmt::format("values of {} are not supported", name(values->dtype())));
  if (keys->dtype() != i.dtype(0)) return i.fail(fmt::format("the keys are {}, X is {}", name(keys->dtype()), name(i.dtype(0))), "put a Cast before it");
  const Tensor given = i.node.attr("default_tensor", Tensor());
  if (given.dtype() != DType::undefined && (given.dtype() != values->dtype() || given.size() != 1))
    return i.fail(fmt::format("attribute 'default_tensor' must be one {}", name(values->dtype())));
  return true;
}

void infer(Infer& i) {
  if (check_lists(i)) i.out(0, list(i.node, "values")->dtype(), i.shape(0));
}

// The keys in ascending order, NaN last, of equal ones the first; and their values, the default behind them.
template <class K, class V>
std::pair<Tensor, Tensor> sorted(const Tensor& keys, const Tensor& values, const Tensor& none) {
  const auto k = keys.as<K>();
  const auto v = values.as<V>();
  const auto before = [&](std::size_t a, std::size_t b) { return k[a] < k[b] || (k[a] == k[a] && k[b] != k[b]); };
  std::vector<std::size_t> order(k.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(), before);
  order.erase(std::unique(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return !before(a, b) && !before(b, a); }), order.end());
  std::vector<K> out_keys;
  std::vector<V> out_values;
  for (const std::size_t at : order) out_keys.push_back(k[at]), out_values.push_back(v[at]);
  out_values.push_back(none.as<V>()[0]);
  return {row(out_keys), row(out_values)};
}

void lower(Lower& l) {
  const Tensor keys = *list(l.node, "keys"), values = *list(l.node, "values");
  const Tensor given = l.node.attr("default_tensor", Tensor());
  const Tensor none = given.dtype() == DType::undefined ? otherwise(l.node, values.dtype()) : given;
  std::pair<Tensor, Tensor> table;
  const HostKernel kernel = by_dtype(keys.dtype(), ElementTypes{}, [&]<class K>(std::type_identity<K>) {
    return by_dtype(values.dtype(), ElementTypes{}, [&]<class V>(std::type_identity<V>) {
      table = sorted<K, V>(keys, values, none);
      return host(&ref::label_encode<K, V>);
    });
  });
  const Dim count(static_cast<std::int64_t>(table.first.size()));
  l.reference("ref::label_encode", "kernels/ref/label_encode.hpp", kernel,
              {write(l.out_dense()), read(l.in_dense(0)), read(l.weight(table.first)), read(l.weight(table.second)), runtime_size(product(l.shape(0))),
               runtime_size(count)});
}

}  // namespace

extern const Op op = {.name = "LabelEncoder",
                      .domain = "ai.onnx.ml",
                      .inputs = {{"X", numbers}},
                      .attributes = {{"classes_strings", AttributeKind::strings},
                                     {"default_float", AttributeKind::real},
                                     {"default_int64", AttributeKind::integer},
                                     {"default_string", AttributeKind::string},
                                     {"default_tensor", AttributeKind::tensor},
                                     {"keys_floats", AttributeKind::reals},
                                     {"keys_int64s", AttributeKind::integers},
                                     {"keys_strings", AttributeKind::strings},
                                     {"keys_tensor", AttributeKind::tensor},
                                     {"values_floats", AttributeKind::reals},
                                     {"values_int64s", AttributeKind::integers},
                                     {"values_strings", AttributeKind::strings},
                                     {"values_tensor", AttributeKind::tensor}},
                      .infer = infer,
                      .lower = lower,
                      .versions = "1, 2, 4"};

}  // namespace inferc::op_LabelEncoder
