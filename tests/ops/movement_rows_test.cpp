#include <algorithm>
#include <numeric>

#include "tests/support/op_table.hpp"

// Operators that move elements: every element type, exact.
namespace inferc::test {
namespace {

std::vector<DType> declared(const char* op, std::size_t input = 0) { return types_in(find_op(op)->inputs[input].types); }
const std::vector<Integers> shapes{{3}, {1}, {0}, {2, 3}, {3, 1, 5}, {17, 2}, {2, 0, 3}, {1, 1, 33}};

// out[index] = in[source(index)] for all indices.
Array moved(const Array& in, const Integers& shape, const std::function<Index(const Index&)>& source) {
  Array out(in.dtype, shape);
  for_each(shape, [&](const Index& i) { out.at(i) = in.at(source(i)); });
  return out;
}
// The same elements in another shape.
Array reshaped(const Array& in, Integers shape) { return Array(in.dtype, std::move(shape), in.values); }

void over(const char* op, const std::function<void(const Array&)>& f, std::int64_t least_rank = 0, std::size_t input = 0) {
  unsigned seed = 1;
  for (const DType t : declared(op, input))
    for (const Integers& s : shapes)
      if (static_cast<std::int64_t>(s.size()) >= least_rank) f(random(t, s, seed++, -99, 99));
  if (least_rank == 0) f(random(DType::float32, {}, 5));
}

void transpose(Cases& cases) {
  over("Transpose", [&](const Array& x) {
    Integers perm(x.shape.size());
    std::iota(perm.rbegin(), perm.rend(), 0);
    Integers rotated = perm;
    if (!rotated.empty()) std::rotate(rotated.begin(), rotated.begin() + 1, rotated.end());
    for (const bool given : {false, true}) {
      const Integers& p = given ? rotated : perm;
      Integers shape;
      for (const std::int64_t d : p) shape.push_back(x.shape[static_cast<std::size_t>(d)]);
      const Array y = moved(x, shape, [&](const Index& i) {
        Index from(i.size());
        for (std::size_t d = 0; d < i.size(); ++d) from[static_cast<std::size_t>(p[d])] = i[d];
        return from;
      });
      cases.push_back({{x}, given ? Attributes{{"perm", p}} : Attributes{}, {exact(y)}});
    }
  });
}

void concat(Cases& cases) {
  over(
      "Concat",
      [&](const Array& x) {
        for (std::int64_t axis = -x.rank(); axis < x.rank(); ++axis) {
          const auto d = static_cast<std::size_t>(axis < 0 ? axis + x.rank() : axis);
          std::vector<Array> parts{x};
          for (const std::int64_t n : {2, 0, 3}) {
            Integers s = x.shape;
            s[d] = n;
            parts.push_back(random(x.dtype, s, static_cast<unsigned>(n) + 40));
          }
          Integers shape = x.shape;
          shape[d] += 5;
          Array y(x.dtype, shape);
          std::int64_t begin = 0;
          for (const Array& p : parts) {
            for_each(p.shape, [&](Index i) {
              const Real v = p.at(i);
              i[d] += begin;
              y.at(i) = v;
            });
            begin += p.shape[d];
          }
          cases.push_back({parts, {{"axis", axis}}, {exact(y)}});
          cases.push_back({{x}, {{"axis", axis}}, {exact(x)}});
        }
      },
      1);
}

void split(Cases& cases) {
  over(
      "Split",
      [&](const Array& x) {
        for (std::int64_t axis = -x.rank(); axis < x.rank(); ++axis) {
          const auto d = static_cast<std::size_t>(axis < 0 ? axis + x.rank() : axis);
          const std::int64_t n = x.shape[d], first = n / 3;
          for (const bool sizes : {false, true}) {
            const std::int64_t half = (n + 1) / 2;
            const Integers parts = sizes ? Integers{first, 0, n - first} : Integers{half, n - half};
            Case c{{x}, {{"axis", axis}}, {}, {1}};
            if (sizes) c.inputs.push_back(integers(parts));
            else c.attributes["num_outputs"] = number(2);
            std::int64_t begin = 0;
            for (const std::int64_t part : parts) {
              Integers shape = x.shape;
              shape[d] = part;
              c.outputs.push_back(exact(moved(x, shape, [&](Index i) { return i[d] += begin, i; })));
              begin += part;
            }
            cases.push_back(c);
          }
        }
      },
      1);
}

struct Cut {
  std::int64_t start, end, step;
};

// ONNX's rule: negative indices count from the end, then clamp.
std::vector<std::int64_t> taken(const Cut& cut, std::int64_t n) {
  const auto bound = [&](std::int64_t i, std::int64_t low, std::int64_t high) { return std::clamp(i < 0 ? i + n : i, low, high); };
  std::vector<std::int64_t> out;
  if (cut.step > 0)
    for (std::int64_t i = bound(cut.start, 0, n); i < bound(cut.end, 0, n); i += cut.step) out.push_back(i);
  else if (n > 0)
    for (std::int64_t i = bound(cut.start, 0, n - 1); i > (cut.end < -n ? -1 : bound(cut.end, -1, n - 1)); i += cut.step) out.push_back(i);
  return out;
}

void slice(Cases& cases) {
  constexpr std::int64_t far = std::numeric_limits<std::int64_t>::max();
  const std::vector<Cut> cuts{{0, far, 1}, {1, 3, 1}, {-2, far, 1}, {0, -1, 2}, {-1, -far, -1}, {5, 0, -2}, {3, 1, 1}, {100, 200, 1}, {-100, 2, 1}, {1, 2, 7}};
  std::size_t k = 0;
  over(
      "Slice",
      [&](const Array& x) {
        for (std::int64_t axis = -x.rank(); axis < x.rank(); ++axis)
          for (std::size_t round = 0; round < 3; ++round) {
            const Cut cut = cuts[k++ % cuts.size()];
            const auto d = static_cast<std::size_t>(axis < 0 ? axis + x.rank() : axis);
            const auto from = taken(cut, x.shape[d]);
            Integers shape = x.shape;
            shape[d] = static_cast<std::int64_t>(from.size());
            const DType t = k % 2 == 0 || cut.end > 1000 || cut.end < -1000 ? DType::int64 : DType::int32;
            const Array y = moved(x, shape, [&](Index i) { return i[d] = from[static_cast<std::size_t>(i[d])], i; });
            cases.push_back(
                {{x, integers({cut.start}, t), integers({cut.end}, t), integers({axis}, t), integers({cut.step}, t)}, {}, {exact(y)}, {1, 2, 3, 4}});
          }
        cases.push_back({{x, integers({0}), integers({0})},
                         {},
                         {exact(Array(x.dtype,
                                      [&] {
                                        Integers s = x.shape;
                                        s[0] = 0;
                                        return s;
                                      }()))},
                         {1, 2}});
      },
      1);
}

void gather(Cases& cases) {
  unsigned seed = 3;
  over(
      "Gather",
      [&](const Array& x) {
        for (std::int64_t axis = -x.rank(); axis < x.rank(); ++axis)
          for (const DType t : declared("Gather", 1))
            for (const Integers& s : std::vector<Integers>{{}, {4}, {2, 3}, {0}}) {
              const auto d = static_cast<std::size_t>(axis < 0 ? axis + x.rank() : axis);
              const std::int64_t n = x.shape[d];
              if (n == 0 && elements(s) != 0) continue;
              const Array indices = random(t, s, seed++, n == 0 ? 0.0 : -static_cast<double>(n), n == 0 ? 0.0 : static_cast<double>(n - 1));
              Integers shape(x.shape.begin(), x.shape.begin() + static_cast<std::ptrdiff_t>(d));
              shape.insert(shape.end(), s.begin(), s.end());
              shape.insert(shape.end(), x.shape.begin() + static_cast<std::ptrdiff_t>(d) + 1, x.shape.end());
              const Expected y = exact(moved(x, shape, [&](const Index& i) {
                const auto at = i.begin() + static_cast<std::ptrdiff_t>(d), after = at + static_cast<std::ptrdiff_t>(s.size());
                const auto index = static_cast<std::int64_t>(indices.at(Index(at, after)));
                Index from(i.begin(), at);
                from.push_back(index < 0 ? index + n : index);
                from.insert(from.end(), after, i.end());
                return from;
              }));
              cases.push_back({{x, indices}, {{"axis", axis}}, {y}});
              if (s.empty()) cases.push_back({{x, indices}, {{"axis", axis}}, {y}, {1}});
              if (s.size() != 1 || s[0] == 0 || elements(x.shape) == 0) continue;
              for (const std::int64_t bad : {n, -n - 1}) {
                Array wrong = indices;
                wrong.values.back() = static_cast<Real>(bad);
                cases.push_back({{x, wrong}, {{"axis", axis}}, {y}, {}, "out of range"});
              }
            }
      },
      1);
}

void gather_elements(Cases& cases) {
  unsigned seed = 3;
  over(
      "GatherElements",
      [&](const Array& x) {
        for (std::int64_t axis = -x.rank(); axis < x.rank(); ++axis)
          for (const DType t : declared("GatherElements", 1)) {
            const auto d = static_cast<std::size_t>(axis < 0 ? axis + x.rank() : axis);
            const auto n = static_cast<double>(x.shape[d]);
            if (n == 0) continue;
            Integers s = x.shape;
            s[d] = 4;
            const Array indices = random(t, s, seed++, -n, n - 1);
            const Expected y = exact(moved(x, s, [&](Index i) {
              const auto index = static_cast<std::int64_t>(indices.at(i));
              i[d] = index < 0 ? index + x.shape[d] : index;
              return i;
            }));
            cases.push_back({{x, indices}, {{"axis", axis}}, {y}});
            if (elements(s) == 0) continue;
            Array wrong = indices;
            wrong.values[0] = static_cast<Real>(x.shape[d]);
            cases.push_back({{x, wrong}, {{"axis", axis}}, {y}, {}, "out of range"});
          }
      },
      1);
}

void gather_nd(Cases& cases) {
  for (const DType t : declared("GatherND")) {
    const Array x = random(t, {2, 3, 5}, 9, -99, 99);
    const Array rows(DType::int64, {2, 2}, {1, -1, 0, 0}), one(DType::int64, {2, 1}, {-2, 1}), batch(DType::int64, {2, 1}, {2, -3}), none(DType::int64, {0, 3});
    const auto wrap = [](Real i, std::int64_t n) { return static_cast<std::int64_t>(i < 0 ? i + static_cast<Real>(n) : i); };
    cases.push_back(
        {{x, rows}, {}, {exact(moved(x, {2, 5}, [&](const Index& i) { return Index{wrap(rows.at({i[0], 0}), 2), wrap(rows.at({i[0], 1}), 3), i[1]}; }))}});
    cases.push_back({{x, one}, {}, {exact(moved(x, {2, 3, 5}, [&](const Index& i) { return Index{wrap(one.at({i[0], 0}), 2), i[1], i[2]}; }))}});
    cases.push_back(
        {{x, batch}, {{"batch_dims", number(1)}}, {exact(moved(x, {2, 5}, [&](const Index& i) { return Index{i[0], wrap(batch.at({i[0], 0}), 3), i[1]}; }))}});
    cases.push_back({{x, none}, {}, {exact(Array(t, {0}))}});
    cases.push_back({{x, Array(DType::int64, {2, 2}, {1, -1, 0, 3})}, {}, {exact(Array(t, {2, 5}))}, {}, "out of range"});
  }
}

// Reductions of scattered updates.
Real reduced(const std::string& how, DType t, Real old, Real update) {
  if (how == "none") return update;
  if (how == "max") return std::max(old, update);
  if (how == "min") return std::min(old, update);
  const Real r = how == "add" ? old + update : old * update;
  return is_real(t) ? rounded(t, r) : wrapped(t, static_cast<Wide>(r));
}

void scatter_elements(Cases& cases) {
  unsigned seed = 3;
  over(
      "ScatterElements",
      [&](const Array& x) {
        for (std::int64_t axis = -x.rank(); axis < x.rank(); ++axis)
          for (const char* how : {"none", "add", "mul", "max", "min"}) {
            const auto d = static_cast<std::size_t>(axis < 0 ? axis + x.rank() : axis);
            if (x.shape[d] == 0 || (x.dtype == DType::boolean && std::string(how) != "none")) continue;
            Integers s = x.shape;
            s[d] = std::string(how) == "none" ? std::min<std::int64_t>(x.shape[d], 2) : 3;
            Array indices(seed % 2 == 0 ? DType::int64 : DType::int32, s);
            for_each(
                s, [&](const Index& i) { indices.at(i) = static_cast<Real>((i[d] + i.back()) % x.shape[d] - (i[d] == 1 && x.shape[d] > 1 ? x.shape[d] : 0)); });
            const Array updates = random(x.dtype, s, seed++, -9, 9);
            Array y = x;
            for_each(s, [&](Index i) {
              const Real u = updates.at(i);
              const auto index = static_cast<std::int64_t>(indices.at(i));
              i[d] = index < 0 ? index + x.shape[d] : index;
              y.at(i) = reduced(how, x.dtype, y.at(i), u);
            });
            cases.push_back({{x, indices, updates}, {{"axis", axis}, {"reduction", std::string(how)}}, {exact(y)}});
            if (elements(s) == 0) continue;
            Array wrong = indices;
            wrong.values.back() = static_cast<Real>(-x.shape[d] - 1);
            cases.push_back({{x, wrong, updates}, {{"axis", axis}, {"reduction", std::string(how)}}, {exact(y)}, {}, "out of range"});
          }
      },
      1);
}

void scatter_nd(Cases& cases) {
  for (const DType t : declared("ScatterND"))
    for (const char* how : {"none", "add", "mul", "max", "min"}) {
      if (t == DType::boolean && std::string(how) != "none") continue;
      const Array x = random(t, {3, 2, 5}, 8, -9, 9), indices(DType::int64, {2, 2}, {2, -1, -3, 0}), updates = random(t, {2, 5}, 4, -9, 9);
      Array y = x;
      for_each({2, 5}, [&](const Index& i) {
        Real& v = y.at(i[0] == 0 ? Index{2, 1, i[1]} : Index{0, 0, i[1]});
        v = reduced(how, t, v, updates.at(i));
      });
      const Attributes a{{"reduction", std::string(how)}};
      cases.push_back({{x, indices, updates}, a, {exact(y)}});
      cases.push_back({{x, Array(DType::int64, {0, 2}), Array(t, {0, 5})}, a, {exact(x)}});
      cases.push_back({{x, Array(DType::int64, {2, 2}, {2, 2, 0, 0}), updates}, a, {exact(y)}, {}, "out of range"});
    }
}

void expand(Cases& cases) {
  over("Expand", [&](const Array& x) {
    Integers longer(x.shape.size() + 1, 1);
    longer[0] = 4;
    for (const Integers& extra : std::vector<Integers>{{}, {1}, longer, x.shape}) {
      const Integers shape = broadcast_shape(x.shape, extra);
      Array y(x.dtype, shape);
      for_each(shape, [&](const Index& i) { y.at(i) = broadcast_at(x, i); });
      cases.push_back({{x, integers(extra)}, {}, {exact(y)}, {1}});
    }
  });
}

void tile(Cases& cases) {
  over("Tile", [&](const Array& x) {
    for (const std::int64_t n : {1, 3, 0}) {
      Integers repeats(x.shape.size(), 1), shape = x.shape;
      for (std::size_t d = 0; d < shape.size(); ++d) shape[d] *= repeats[d] = d % 2 == 0 ? n : 2;
      cases.push_back({{x, integers(repeats)},
                       {},
                       {exact(moved(x, shape,
                                    [&](Index i) {
                                      for (std::size_t d = 0; d < i.size(); ++d) i[d] %= x.shape[d];
                                      return i;
                                    }))},
                       {1}});
    }
  });
}

// The index that a pad mode reads for position p of an axis of n; none: the constant.
std::optional<std::int64_t> padded_index(const std::string& mode, std::int64_t p, std::int64_t n) {
  if (p >= 0 && p < n) return p;
  if (mode == "constant") return std::nullopt;
  if (mode == "edge") return p < 0 ? 0 : n - 1;
  if (mode == "wrap") return ((p % n) + n) % n;
  return p < 0 ? -p : 2 * (n - 1) - p;
}

void pad(Cases& cases) {
  over(
      "Pad",
      [&](const Array& x) {
        for (const char* mode : {"constant", "edge", "reflect", "wrap"}) {
          const bool constant = std::string(mode) == "constant";
          if (!constant && elements(x.shape) == 0) continue;
          const auto last = x.shape.size() - 1;
          std::int64_t before = 2, after = constant ? -1 : 1;
          if (std::string(mode) == "reflect") before = std::min(before, x.shape[last] - 1), after = std::min(after, x.shape[last] - 1);
          if (x.shape[last] + before + after < 0) continue;
          Integers shape = x.shape, pads(2 * x.shape.size(), 0);
          shape[last] += before + after;
          pads[last] = before, pads[2 * last + 1] = after;
          for (const bool named : {false, true}) {
            const Real fill = named && constant ? 1 : 0;
            Array y(x.dtype, shape);
            for_each(shape, [&](Index i) {
              const Index to = i;
              const auto from = padded_index(mode, i[last] - before, x.shape[last]);
              if (from) i[last] = *from;
              y.at(to) = from ? x.at(i) : fill;
            });
            Case c{{x, integers(named ? Integers{before, after} : pads)}, {{"mode", std::string(mode)}}, {exact(y)}, {1, 3}};
            if (named) c.inputs.push_back(scalar(x.dtype, fill)), c.inputs.push_back(integers({-1}, before == 2 ? DType::int64 : DType::int32));
            cases.push_back(c);
          }
        }
      },
      1);
  cases.push_back({{random(DType::float32, {3}, 1), integers({1, 1}), scalar(DType::float32, 2), integers({0}, DType::int32)},
                   {},
                   {exact([&] {
                     Array y = filled(DType::float32, {5}, 2);
                     const Array x = random(DType::float32, {3}, 1);
                     std::copy(x.values.begin(), x.values.end(), y.values.begin() + 1);
                     return y;
                   }())},
                   {1, 3}});
}

void blocks(Cases& cases, const char* op, bool to_space) {
  for (const DType t : declared(op))
    for (const std::int64_t b : {1, 2, 3})
      for (const char* mode : {"DCR", "CRD"}) {
        const Array deep = random(t, {2, 5 * b * b, 3, 1}, 4, -99, 99);
        const Integers wide{2, 5, 3 * b, b};
        Array y(t, wide);
        for_each(wide, [&](const Index& i) {
          const std::int64_t block = (i[2] % b) * b + i[3] % b;
          y.at(i) = deep.at({i[0], std::string(mode) == "DCR" ? block * 5 + i[1] : i[1] * b * b + block, i[2] / b, i[3] / b});
        });
        if (to_space) cases.push_back({{deep}, {{"blocksize", b}, {"mode", std::string(mode)}}, {exact(y)}});
        else if (mode[0] == 'D') cases.push_back({{y}, {{"blocksize", b}}, {exact(deep)}});
      }
}

void trilu(Cases& cases) {
  over(
      "Trilu",
      [&](const Array& x) {
        for (const std::int64_t upper : {0, 1})
          for (const std::int64_t k : {0, 1, -2, 100, -100}) {
            Array y = x;
            for_each(x.shape, [&](const Index& i) {
              const std::int64_t right = i.back() - i[i.size() - 2];
              if (upper != 0 ? right < k : right > k) y.at(i) = 0;
            });
            cases.push_back({{x, scalar(DType::int64, static_cast<Real>(k))}, {{"upper", upper}}, {exact(y)}});
            if (k == 0) cases.push_back({{x}, {{"upper", upper}}, {exact(y)}});
          }
      },
      2);
}

void one_hot(Cases& cases) {
  for (const DType t : declared("OneHot"))
    for (const DType v : declared("OneHot", 2))
      for (const std::int64_t axis : {-1, 0, 1, -2}) {
        const Array indices(t, {4}, {0, 2, is_signed(t) ? -1.0L : 1.0L, 9}), values(v, {2}, {0, 1});
        const bool last = axis == -1 || axis == 1;
        Array y(v, last ? Integers{4, 3} : Integers{3, 4});
        for (std::int64_t k = 0; k < 4; ++k) {
          const Real hot = indices.values[static_cast<std::size_t>(k)] < 0 ? 2 : indices.values[static_cast<std::size_t>(k)];
          if (hot < 3) y.at(last ? Index{k, static_cast<std::int64_t>(hot)} : Index{static_cast<std::int64_t>(hot), k}) = 1;
        }
        for (const DType depth : declared("OneHot", 1)) cases.push_back({{indices, scalar(depth, 3), values}, {{"axis", axis}}, {exact(y)}, {1}});
      }
}

void shapes_of(Cases& cases) {
  over("Shape", [&](const Array& x) {
    const auto shape_from = [&](std::int64_t from, std::int64_t to) {
      return exact(integers(Integers(x.shape.begin() + from, x.shape.begin() + std::max(from, to))));
    };
    cases.push_back({{x}, {}, {shape_from(0, x.rank())}});
    cases.push_back({{x}, {{"start", number(-1)}}, {shape_from(std::max<std::int64_t>(x.rank() - 1, 0), x.rank())}});
    cases.push_back({{x}, {{"end", number(1)}}, {shape_from(0, std::min<std::int64_t>(1, x.rank()))}});
    cases.push_back({{x}, {{"start", number(2)}, {"end", number(-9)}}, {exact(Array(DType::int64, {0}))}});
  });
}

void eye_like(Cases& cases) {
  for (const DType t : declared("EyeLike"))
    for (const DType to : declared("EyeLike"))
      for (const Integers& s : std::vector<Integers>{{3, 3}, {1, 7}, {17, 2}, {0, 3}})
        for (const std::int64_t k : {0, 1, -2, 40}) {
          Array y(to, s);
          for_each(s, [&](const Index& i) { y.at(i) = i[1] - i[0] == k; });
          Case c{{random(t, s, 2)}, {{"dtype", static_cast<std::int64_t>(to)}, {"k", k}}, {exact(y)}};
          if (t == to && k == 0) c.attributes.clear();
          cases.push_back(c);
        }
}

void reverse_sequence(Cases& cases) {
  for (const DType t : declared("ReverseSequence"))
    for (const std::int64_t time : {0, 1})
      for (const Integers& s : std::vector<Integers>{{4, 4}, {5, 4, 3}, {1, 1}, {0, 2}, {3, 0}}) {
        const Array x = random(t, s, 6, -99, 99);
        const std::int64_t steps = s[static_cast<std::size_t>(time)], batch = s[static_cast<std::size_t>(1 - time)];
        Array lengths(DType::int64, {batch});
        for (std::int64_t b = 0; b < batch; ++b) lengths.values[static_cast<std::size_t>(b)] = static_cast<Real>(std::min(b, steps));
        const Expected y = exact(moved(x, s, [&](Index i) {
          const auto length = static_cast<std::int64_t>(lengths.values[static_cast<std::size_t>(i[static_cast<std::size_t>(1 - time)])]);
          std::int64_t& at = i[static_cast<std::size_t>(time)];
          if (at < length) at = length - 1 - at;
          return i;
        }));
        const Attributes a{{"time_axis", time}, {"batch_axis", 1 - time}};
        cases.push_back({{x, lengths}, a, {y}});
        if (batch == 0) continue;
        for (const std::int64_t bad : {steps + 1, std::int64_t{-1}}) {
          lengths.values.back() = static_cast<Real>(bad);
          cases.push_back({{x, lengths}, a, {y}, {}, "out of range"});
        }
      }
}

void bit_cast(Cases& cases) {
  for (const DType t : declared("BitCast"))
    for (const DType to : declared("BitCast"))
      for (const Integers& s : shapes) {
        const Tensor x = tensor_of(t == DType::boolean || to == DType::boolean ? random(t, s, 3, 0, 1) : random(t, s, 3, -99, 99));
        if (bits(t) != bits(to)) continue;
        Tensor y(to, x.shape());
        std::copy(x.bytes().begin(), x.bytes().end(), y.bytes().begin());
        cases.push_back({{array_of(x)}, {{"to", static_cast<std::int64_t>(to)}}, {exact(array_of(y))}});
      }
  const Array half(DType::float16, {3}, {1, -2, 0x1p-24L}), pattern(DType::int16, {3}, {0x3c00, -0x4000, 1});
  cases.push_back({{half}, {{"to", number(static_cast<std::int64_t>(DType::int16))}}, {exact(pattern)}});
  cases.push_back({{pattern}, {{"to", number(static_cast<std::int64_t>(DType::float16))}}, {exact(half)}});
}

void flatten(Cases& cases) {
  over("Flatten", [&](const Array& x) {
    for (std::int64_t axis = -x.rank(); axis <= x.rank(); ++axis) {
      const auto at = x.shape.begin() + (axis < 0 ? axis + x.rank() : axis);
      cases.push_back({{x}, {{"axis", axis}}, {exact(reshaped(x, {elements({x.shape.begin(), at}), elements({at, x.shape.end()})}))}});
    }
  });
}

void reshape(Cases& cases) {
  over("Reshape", [&](const Array& x) {
    const std::int64_t n = elements(x.shape);
    cases.push_back({{x, integers({n})}, {{"allowzero", number(1)}}, {exact(reshaped(x, {n}))}, {1}});
    cases.push_back({{x, integers({1, n, 1})}, {{"allowzero", number(1)}}, {exact(reshaped(x, {1, n, 1}))}, {1}});
    if (n > 0) cases.push_back({{x, integers({-1, 1})}, {}, {exact(reshaped(x, {n, 1}))}, {1}});
    if (x.rank() > 0) cases.push_back({{x, integers(Integers(x.shape.size(), 0))}, {}, {exact(x)}, {1}});
  });
}

void squeeze(Cases& cases) {
  over("Squeeze", [&](const Array& x) {
    Integers rest, ones;
    for (std::size_t d = 0; d < x.shape.size(); ++d)
      if (x.shape[d] == 1) ones.push_back(static_cast<std::int64_t>(d) - (d % 2 == 0 ? x.rank() : 0));
      else rest.push_back(x.shape[d]);
    cases.push_back({{x}, {}, {exact(reshaped(x, rest))}});
    cases.push_back({{x, integers(ones)}, {}, {exact(reshaped(x, rest))}, {1}});
  });
}

void unsqueeze(Cases& cases) {
  over("Unsqueeze", [&](const Array& x) {
    Integers shape = x.shape;
    shape.insert(shape.begin(), 1);
    cases.push_back({{x, integers({0})}, {}, {exact(reshaped(x, shape))}, {1}});
    cases.push_back({{x, integers({-x.rank() - 1})}, {}, {exact(reshaped(x, shape))}, {1}});
    shape.push_back(1);
    cases.push_back({{x, integers({-1, 0})}, {}, {exact(reshaped(x, shape))}, {1}});
  });
}

void constant_of_shape(Cases& cases) {
  for (const DType t : types_in(types::all))
    for (const Integers& s : std::vector<Integers>{{}, {0}, {3, 7}, {1, 0, 2}})
      cases.push_back({{integers(s)}, {{"value", tensor_of(filled(t, {1}, 1))}}, {exact(filled(t, s, 1))}, {0}});
  cases.push_back({{integers({3})}, {}, {exact(Array(DType::float32, {3}))}, {0}});
}

void nonzero(Cases& cases) {
  over(
      "NonZero",
      [&](const Array& x) {
        std::vector<Index> found;
        for_each(x.shape, [&](const Index& i) {
          if (x.at(i) != 0) found.push_back(i);
        });
        Array y(DType::int64, {x.rank(), static_cast<std::int64_t>(found.size())});
        for_each(y.shape, [&](const Index& i) { y.at(i) = static_cast<Real>(found[static_cast<std::size_t>(i[1])][static_cast<std::size_t>(i[0])]); });
        for (const std::set<std::size_t>& constants : {std::set<std::size_t>{0}, {}}) cases.push_back({{x}, {}, {exact(y)}, constants});
      },
      1);
}

void range(Cases& cases) {
  for (const DType t : declared("Range"))
    for (const auto& [start, limit, delta] :
         std::vector<std::array<Real, 3>>{{0, 7, 1}, {1, 10, 3}, {5, -5, -2}, {3, 3, 1}, {4, 0, 1}, {-3, 30, 1}, {0, 1, 0.25L}}) {
      if (!is_real(t) && delta != std::trunc(delta)) continue;
      const auto n = std::max<std::int64_t>(0, static_cast<std::int64_t>(std::ceil((limit - start) / delta)));
      Array y(t, {n});
      for (std::int64_t k = 0; k < n; ++k) y.values[static_cast<std::size_t>(k)] = start + static_cast<Real>(k) * delta;
      cases.push_back({{scalar(t, start), scalar(t, limit), scalar(t, delta)}, {}, {exact(y)}, {0, 1, 2}});
    }
}

const Rows rows({
    {"Transpose", transpose},
    {"Concat", concat},
    {"Split", split},
    {"Slice", slice},
    {"Gather", gather},
    {"GatherElements", gather_elements},
    {"GatherND", gather_nd},
    {"ScatterElements", scatter_elements},
    {"ScatterND", scatter_nd},
    {"Expand", expand},
    {"Tile", tile},
    {"Pad", pad},
    {"Trilu", trilu},
    {"OneHot", one_hot},
    {"Shape", shapes_of},
    {"Size",
     [](Cases& c) { over("Size", [&](const Array& x) { c.push_back({{x}, {}, {exact(scalar(DType::int64, static_cast<Real>(elements(x.shape))))}}); }); }},
    {"DepthToSpace", [](Cases& c) { blocks(c, "DepthToSpace", true); }},
    {"SpaceToDepth", [](Cases& c) { blocks(c, "SpaceToDepth", false); }},
    {"EyeLike", eye_like},
    {"BitCast", bit_cast},
    {"ReverseSequence", reverse_sequence},
    {"Flatten", flatten},
    {"Reshape", reshape},
    {"Squeeze", squeeze},
    {"Unsqueeze", unsqueeze},
    {"ConstantOfShape", constant_of_shape},
    {"NonZero", nonzero},
    {"Range", range},
});

}  // namespace
}  // namespace inferc::test
