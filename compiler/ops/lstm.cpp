#include "compiler/ops/recurrent.hpp"

namespace inferc::op_LSTM {
namespace {

const recurrent::Kind kind{4, 3, {"Sigmoid", "Tanh", "Tanh"}};

void infer(Infer& i) { recurrent::infer(i, kind); }

void lower(Lower& l) {
  const HostKernel kernel =
      recurrent::by_type(l, []<class T, class L>(std::type_identity<T>, std::type_identity<L>) { return host(&ref::lstm<T, max_rank, L>); });
  for (std::size_t k = 0; k < recurrent::directions(l.node); ++k) {
    recurrent::Direction d = recurrent::direction(l, k, kind);
    const Shape peepholes{1, 1, Dim(3) * d.hidden};
    const Operand p = l.has(7) ? *reshape_view(slice_view(l.in_dense(7), 0, static_cast<std::int64_t>(k), 1), peepholes) : recurrent::zeros(l, peepholes);
    std::vector<Arg> args{write_view(d.y),
                          write_view(d.h),
                          write_view(recurrent::state_out(l, 2, k, d)),
                          write(l.temporary(l.type(0).dtype, {Dim(4) * d.hidden})),
                          read_view(d.x),
                          read(d.w),
                          read(d.r),
                          read_view(d.bias),
                          read_view(d.h0),
                          read_view(recurrent::state_in(l, 6, k, d)),
                          read_view(p),
                          d.lengths};
    args.insert(args.end(), d.sizes.begin(), d.sizes.end());
    args.insert(args.end(), d.activations.begin(), d.activations.end());
    args.push_back(flag(l.has(7)));
    args.push_back(flag(l.node.attr_int("input_forget", 0) != 0));
    Call& c = l.reference("ref::lstm", "kernels/ref/recurrent.hpp", kernel, std::move(args));
    c.may_fault = true;
    c.flops = recurrent::flops(d, kind);
  }
}

bool lower_fast(Lower& l) { return recurrent::lower_fast(l, kind); }

std::vector<Port> ports() {
  std::vector<Port> out = recurrent::ports();
  out.push_back({"initial_c", types::floats, Port::Arity::optional, 'T'});
  out.push_back({"P", types::floats, Port::Arity::optional, 'T'});
  return out;
}

}  // namespace

extern const Op op = {.name = "LSTM",
                      .inputs = ports(),
                      .max_outputs = 3,
                      .attributes = recurrent::attributes({{"input_forget", AttributeKind::integer}}),
                      .infer = infer,
                      .lower = lower,
                      .lower_fast = lower_fast,
                      .versions = "7, 14, 22"};

}  // namespace inferc::op_LSTM
