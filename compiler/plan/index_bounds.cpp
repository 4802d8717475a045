#include "compiler/plan/index_bounds.hpp"

#include <algorithm>

namespace inferc {
namespace {

bool is_index_type(DType t) { return (is_integer(t) && bit_width(t) >= 8) || t == DType::boolean; }

// Of floats only to types that hold every index.
bool keeps_indices(DType from, DType to) {
  if (from == to) return true;
  if (from == DType::float32 || from == DType::float64) return to == DType::int32 || to == DType::int64;
  return is_index_type(from) && is_index_type(to) && to != DType::boolean;
}

bool changes_values(DType from, DType to) { return is_float(from) || bit_width(to) < bit_width(from) || is_signed(from) != is_signed(to); }

// Each element once: dims of size 1 and constant repetitions left out, contiguous neighbours joined.
Operand normal(const Operand& v) {
  Operand out = v;
  out.shape.clear();
  out.strides.clear();
  for (std::size_t d = 0; d < v.shape.size(); ++d) {
    const bool repeated = v.strides[d].is(0) && v.shape[d].is_constant() && !v.shape[d].is(0);
    if (v.shape[d].is(1) || repeated) continue;
    if (!out.shape.empty() && out.strides.back() == v.strides[d] * v.shape[d]) {
      out.shape.back() = out.shape.back() * v.shape[d];
      out.strides.back() = v.strides[d];
    } else {
      out.shape.push_back(v.shape[d]);
      out.strides.push_back(v.strides[d]);
    }
  }
  return out;
}

// Strides that the caller gives are known before the first call.
bool is_found_out(const Dim& d, const Symbols& symbols, const std::vector<StridePort>& given) {
  std::vector<std::string> names;
  collect_symbols(d, names);
  return std::any_of(names.begin(), names.end(), [&](const std::string& n) {
    return symbols.is_measured(n) && std::none_of(given.begin(), given.end(), [&](const StridePort& s) { return s.symbol == n; });
  });
}

// Bounds that are known only after some calls are left to the kernel.
bool measured_somewhere(const IndexBound& b, const Symbols& symbols, const std::vector<StridePort>& given) {
  std::vector<Dim> dims{b.low, b.high, b.indices.offset};
  dims.insert(dims.end(), b.indices.shape.begin(), b.indices.shape.end());
  dims.insert(dims.end(), b.indices.strides.begin(), b.indices.strides.end());
  return std::any_of(dims.begin(), dims.end(), [&](const Dim& d) { return is_found_out(d, symbols, given); });
}

class Search {
 public:
  Search(const Builder& builder, const Unsure& unsure)
      : builder_(builder), moves_(sure(builder.moves(), unsure.moves)), bounds_(sure(builder.index_bounds(), unsure.bounds)) {}
  std::vector<IndexBound> run() {
    for (const IndexBound& b : bounds_) follow(b, false, 0);
    return std::move(found_);
  }

 private:
  template <class T>
  static std::vector<T> sure(const std::vector<T>& all, const std::vector<std::pair<std::size_t, std::size_t>>& left_out) {
    std::vector<T> out;
    for (std::size_t k = 0; k < all.size(); ++k)
      if (std::none_of(left_out.begin(), left_out.end(), [&](const auto& part) { return part.first <= k && k < part.second; })) out.push_back(all[k]);
    return out;
  }
  bool whole(const Operand& v) const { return is_dense(v) && v.offset.is(0) && v.size() == builder_.buffers()[v.buffer.index].size; }

  void follow(const IndexBound& b, bool changed, int depth) {
    IndexBound here = b;
    here.indices = normal(b.indices);
    const Space space = builder_.buffers()[here.indices.buffer.index].space;
    if (space == Space::input && std::find(found_.begin(), found_.end(), here) == found_.end()) found_.push_back(here);
    if (space == Space::input || space == Space::weight || depth == 8) return;
    for (const Move& m : moves_)
      if (m.to.buffer == here.indices.buffer && keeps_indices(m.from.dtype, m.to.dtype)) through(m, here, changed, depth);
  }

  // The elements that the move wrote into the window; where it wrote others, too, only if both sides are dense. Two casts
  // that change values are one too many.
  void through(const Move& m, IndexBound b, bool changed, int depth) {
    const bool cast = m.from.dtype != m.to.dtype && changes_values(m.from.dtype, m.to.dtype);
    if (cast && changed) return;
    if (cast) b.as = m.to.dtype;
    if (whole(b.indices) || normal(m.to) == b.indices) {
      b.indices = m.from;
    } else if (whole(m.to) && is_dense(m.from)) {
      b.indices.offset = b.indices.offset + m.from.offset;
      b.indices.buffer = m.from.buffer;
      b.indices.dtype = m.from.dtype;
    } else {
      return;
    }
    follow(b, changed || cast, depth + 1);
  }

  const Builder& builder_;
  const std::vector<Move> moves_;
  const std::vector<IndexBound> bounds_;
  std::vector<IndexBound> found_;
};

}  // namespace

std::vector<IndexBound> input_bounds(const Builder& builder, const Symbols& symbols, const Unsure& unsure, const std::vector<StridePort>& given) {
  std::vector<IndexBound> out = Search(builder, unsure).run();
  std::erase_if(out, [&](const IndexBound& b) { return measured_somewhere(b, symbols, given); });
  return out;
}

}  // namespace inferc
