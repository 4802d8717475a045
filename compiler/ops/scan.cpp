#include "compiler/ops/scan.hpp"

#include <fmt/format.h>

#include "compiler/ops/control.hpp"
#include "compiler/ops/format.hpp"

namespace inferc {
namespace {

std::int64_t element(const Node& n, std::string_view attribute, std::size_t k) {
  const auto list = n.attr(attribute, std::vector<std::int64_t>{});
  return k < list.size() ? list[k] : 0;
}

}  // namespace

ScanForm::ScanForm(const Node& n) : body(&n.regions[0]), scanned(static_cast<std::size_t>(n.attr_int("num_scan_inputs", 0))) {
  carried = control::first_capture(n, 0) - scanned;
  collected = n.outputs.size() - carried;
}

std::size_t ScanForm::input_axis(const Node& n, std::size_t k, std::size_t rank) {
  return from_front(element(n, "scan_input_axes", k), static_cast<std::int64_t>(rank));
}
std::size_t ScanForm::output_axis(const Node& n, std::size_t k, std::size_t rank) {
  return from_front(element(n, "scan_output_axes", k), static_cast<std::int64_t>(rank));
}
bool ScanForm::input_reversed(const Node& n, std::size_t k) { return element(n, "scan_input_directions", k) != 0; }
bool ScanForm::output_reversed(const Node& n, std::size_t k) { return element(n, "scan_output_directions", k) != 0; }

}  // namespace inferc

namespace inferc::op_Scan {
namespace {

bool has_body(Infer& i) {
  const auto own = static_cast<std::int64_t>(i.node.regions.size() == 1 ? control::first_capture(i.node, 0) : 0),
             scanned = i.node.attr_int("num_scan_inputs", 0);
  if (scanned < 1 || scanned > own)
    return i.fail(fmt::format("num_scan_inputs is {}, the node has a body and {} inputs", scanned, own), "at least one input is scanned");
  const Region& body = i.node.regions[0];
  const auto carried = static_cast<std::size_t>(own - scanned);
  if (body.graph->inputs().size() != body.captures + static_cast<std::size_t>(own))
    return i.fail(fmt::format("its body takes {} values, the node gives {}", body.graph->inputs().size() - body.captures, own));
  if (body.graph->outputs().size() != i.node.outputs.size() || i.node.outputs.size() < carried)
    return i.fail(fmt::format("its body gives {} values, the node {}", body.graph->outputs().size(), i.node.outputs.size()));
  return true;
}

bool lists_fit(Infer& i) {
  const ScanForm s(i.node);
  for (const auto& [name, count] : {std::pair("scan_input_axes", s.scanned), std::pair("scan_input_directions", s.scanned),
                                    std::pair("scan_output_axes", s.collected), std::pair("scan_output_directions", s.collected)})
    if (const auto list = i.node.attr(name, std::vector<std::int64_t>{}); !list.empty() && list.size() != count)
      return i.fail(fmt::format("{} has {} elements, {} are scanned or collected", name, list.size(), count));
  return true;
}

// The rows that the body gets; their common number is the trip count.
std::optional<Dim> bind_scanned(Infer& i, const ScanForm& s) {
  std::optional<Dim> trips;
  for (std::size_t k = 0; k < s.scanned; ++k) {
    Type row = i.type(s.carried + k);
    const auto axis = i.axis(element(i.node, "scan_input_axes", k), row.rank());
    if (!axis) return std::nullopt;
    trips = trips ? i.unify(*trips, row.shape[*axis]) : row.shape[*axis];
    row.shape.erase(row.shape.begin() + static_cast<std::ptrdiff_t>(*axis));
    control::bind_input(*s.body, s.carried + k, row);
  }
  return trips;
}

void collect(Infer& i, const ScanForm& s, std::size_t k, const Dim& trips) {
  Type type = *s.body->graph->outputs()[s.carried + k]->type;
  if (!control::keeps_size(i, *s.body, s.carried + k, type)) return;
  const auto axis = i.axis(element(i.node, "scan_output_axes", k), type.rank() + 1);
  if (!axis) return;
  type.shape.insert(type.shape.begin() + static_cast<std::ptrdiff_t>(*axis), trips);
  i.out(s.carried + k, type.dtype, type.shape);
}

void infer(Infer& i) {
  if (!has_body(i) || !lists_fit(i)) return;
  const ScanForm s(i.node);
  control::bind_captures(i.node, 0);
  for (std::size_t k = 0; k < s.carried; ++k) control::bind_input(*s.body, k, i.type(k));
  const auto trips = bind_scanned(i, s);
  if (!trips || i.failed()) return;
  static_cast<void>(i.measured(0, 0, SIZE_MAX, *trips));  // the iteration
  if (!i.region(*s.body->graph)) return;
  for (std::size_t k = 0; k < s.carried; ++k) control::carry(i, k, i.type(k), *s.body->graph->outputs()[k]->type);
  for (std::size_t k = 0; k < s.collected && !i.failed(); ++k) collect(i, s, k, *trips);
}

void lower(Lower& l) { internal_error(address(l.node) + ": control flow is lowered by plan"); }

}  // namespace

extern const Op op = {.name = "Scan",
                      .inputs = {{"initial_state_and_scan_inputs", types::any, Port::Arity::variadic}},
                      .min_outputs = 1,
                      .max_outputs = 1 << 20,
                      .attributes = {{"num_scan_inputs", AttributeKind::integer},
                                     {"scan_input_axes", AttributeKind::integers},
                                     {"scan_input_directions", AttributeKind::integers},
                                     {"scan_output_axes", AttributeKind::integers},
                                     {"scan_output_directions", AttributeKind::integers}},
                      .infer = infer,
                      .lower = lower,
                      .versions = "8, 9, 11, 16, 19, 21, 23, 24, 25"};

}  // namespace inferc::op_Scan
