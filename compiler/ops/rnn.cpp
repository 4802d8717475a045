#include "compiler/ops/recurrent.hpp"

namespace inferc::op_RNN {
namespace {

const recurrent::Kind kind{1, 1, {"Tanh"}};

void infer(Infer& i) { recurrent::infer(i, kind); }

void lower(Lower& l) {
  const HostKernel kernel =
      recurrent::by_type(l, []<class T, class L>(std::type_identity<T>, std::type_identity<L>) { return host(&ref::rnn<T, max_rank, L>); });
  for (std::size_t k = 0; k < recurrent::directions(l.node); ++k) {
    recurrent::Direction d = recurrent::direction(l, k, kind);
    std::vector<Arg> args{write_view(d.y),   write_view(d.h), write(l.temporary(l.type(0).dtype, {d.hidden})),
                          read_view(d.x),    read(d.w),       read(d.r),
                          read_view(d.bias), read_view(d.h0), d.lengths};
    args.insert(args.end(), d.sizes.begin(), d.sizes.end());
    args.insert(args.end(), d.activations.begin(), d.activations.end());
    Call& c = l.reference("ref::rnn", "kernels/ref/recurrent.hpp", kernel, std::move(args));
    c.may_fault = true;
    c.flops = recurrent::flops(d, kind);
  }
}

}  // namespace

extern const Op op = {.name = "RNN",
                      .inputs = recurrent::ports(),
                      .max_outputs = 2,
                      .attributes = recurrent::attributes({}),
                      .infer = infer,
                      .lower = lower,
                      .versions = "7, 14, 22"};

}  // namespace inferc::op_RNN
