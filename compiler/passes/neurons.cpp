#include "compiler/passes/neurons.hpp"

#include <algorithm>

namespace inferc::neurons {

std::size_t rows_of(const Tensor& t) { return static_cast<std::size_t>(t.shape()[0]); }
std::size_t cols_of(const Tensor& t) { return static_cast<std::size_t>(t.shape()[1]); }

namespace {

bool is_layer(const Node* n) { return n && n->is("FixedLinear", "inferc"); }

Tensor picked_columns(const Tensor& t, const std::vector<std::size_t>& columns) {
  Tensor out(t.dtype(), {t.shape()[0], std::ssize(columns)});
  const std::size_t size = byte_size(t.dtype());
  for (std::size_t r = 0; r < rows_of(t); ++r)
    for (std::size_t c = 0; c < columns.size(); ++c)
      std::copy_n(t.bytes().data() + (r * cols_of(t) + columns[c]) * size, size, out.bytes().data() + (r * columns.size() + c) * size);
  return out;
}
Tensor picked_rows(const Tensor& t, const std::vector<std::size_t>& rows) {
  Tensor out(t.dtype(), {std::ssize(rows), t.shape()[1]});
  const std::size_t size = cols_of(t) * byte_size(t.dtype());
  for (std::size_t r = 0; r < rows.size(); ++r) std::copy_n(t.bytes().data() + rows[r] * size, size, out.bytes().data() + r * size);
  return out;
}

void keep_columns(Graph& graph, Node* layer, const std::vector<std::size_t>& kept) {
  graph.set_input(layer, w, graph.add_constant(picked_columns(*layer->in(w)->constant, kept), layer->in(w)->name));
  if (const Tensor& t = *layer->in(table)->constant; cols_of(t) > 1) graph.set_input(layer, table, graph.add_constant(picked_columns(t, kept)));
  layer->out()->type->shape.back() = Dim(std::ssize(kept));
}

}  // namespace

Node* layer_behind(const Graph& graph, const Node* layer) {
  if (!is_layer(layer)) return nullptr;
  Node* reader = graph.only_user(layer->out());
  return is_layer(reader) && reader->in(x) == layer->out() ? reader : nullptr;
}

void keep_neurons(Graph& graph, Node* layer, Node* reader, const std::vector<std::size_t>& kept) {
  keep_columns(graph, layer, kept);
  graph.set_input(reader, w, graph.add_constant(picked_rows(*reader->in(w)->constant, kept), reader->in(w)->name));
}

}  // namespace inferc::neurons
