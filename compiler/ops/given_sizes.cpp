#include "compiler/ops/content.hpp"

namespace inferc::op_GivenSizes {
namespace {

// The sizes were given by the pass that made the node.
void infer(Infer& i) {
  const Value* v = i.node.out();
  if (!v) return;
  if (!v->content) {
    i.fail("a GivenSizes has no sizes");
    return;
  }
  std::vector<Dim> sizes = *v->content;
  if (!content::has_elements(i, 0, sizes.size())) return;
  i.out(0, i.dtype(0), i.shape(0));
  i.out_content(0, std::move(sizes));
}

void lower(Lower& l) {
  content::guard_sizes(l, 0, *l.node.out()->content);
  l.view(0, l.in(0));
}

}  // namespace

// An input whose elements are sizes: those of its output's content, or the run stops before anything is written.
extern const Op op = {.name = "GivenSizes", .domain = "inferc", .inputs = {{"sizes", types::index}}, .infer = infer, .lower = lower};

}  // namespace inferc::op_GivenSizes
