#include <fmt/format.h>

#include "compiler/ops/content.hpp"
#include "compiler/ops/fourier.hpp"

namespace inferc::op_STFT {
namespace {

enum : std::size_t { signal, frame_step, window, frame_length };

std::optional<std::int64_t> positive(Infer& i, std::size_t input, const char* name) {
  const auto value = i.integers(input);
  if (!value) return std::nullopt;
  if (value->size() == 1 && (*value)[0] > 0) return (*value)[0];
  return i.fail(fmt::format("input '{}' must be one positive number", name)), std::nullopt;
}

bool onesided(const Node& n) { return n.attr_int("onesided", 1) != 0; }

Dim frames(const Dim& length, const Dim& size, std::int64_t step) { return floor_div(length - size, Dim(step)) + Dim(1); }

// Step or length that are read at run time.
void infer_declared(Infer& i, const Shape& x) {
  auto out = i.declared(i.known(frame_step) ? frame_length : frame_step);
  if (!out || !content::has_elements(i, frame_step, 1) || (i.has(frame_length) && !content::has_elements(i, frame_length, 1))) return;
  if (i.has(window) && !i.known(frame_length)) {
    i.fail("input 'frame_length' is not known before run time beside a window", "leave it out: the window has the length");
    return;
  }
  const auto differ = [&](const Dim& a, const Dim& b) { return i.symbols().decide_equal(a, b) == false; };
  if (out->size() != 3 + 1 || differ((*out)[0], x[0]) || differ((*out)[3], 2)) {
    content::refuse_declared(i, *out);
    return;
  }
  (*out)[0] = i.unify((*out)[0], x[0]);
  (*out)[3] = i.unify((*out)[3], 2);
  i.out(0, i.dtype(signal), std::move(*out));
}

void infer(Infer& i) {
  const Shape& x = i.shape(signal);
  if (x.size() != 3 || !(x[2].is(1) || x[2].is(2))) {
    i.fail(fmt::format("the signal is {}, [batch, length, 1 or 2] is defined", text(i.type(signal))));
    return;
  }
  if (onesided(i.node) && x[2].is(2)) {
    i.fail("onesided takes a real signal", "set attribute 'onesided' to 0");
    return;
  }
  if (!i.known(frame_step) || !i.known(frame_length)) return infer_declared(i, x);
  const auto step = positive(i, frame_step, "frame_step");
  if (!step) return;
  if (i.has(window) && i.rank(window) != 1) {
    i.fail(fmt::format("the window is {}, its rank must be 1", text(i.type(window))));
    return;
  }
  Dim n = i.has(window) ? i.shape(window)[0] : x[1];
  if (i.has(frame_length)) {
    const auto stated = positive(i, frame_length, "frame_length");
    if (!stated) return;
    n = i.has(window) ? i.unify(n, Dim(*stated)) : Dim(*stated);
  }
  if (!i.symbols().provably_le(1, n) || !i.symbols().provably_le(n, x[1])) {
    i.fail(fmt::format("frames of {} do not fit a signal of {}", n.text(), x[1].text()), "bound the signal's length with --dim SYM=LO..HI");
    return;
  }
  i.out(0, i.dtype(signal), {x[0], frames(x[1], n, *step), onesided(i.node) ? floor_div(n, Dim(2)) + Dim(1) : n, Dim(2)});
}

void lower_given(Lower& l) {
  const Shape &x = l.shape(signal), &y = l.out_type().shape;
  const bool read_length = !l.known(frame_length), half = onesided(l.node);
  const Dim size = l.has(frame_length) && !read_length ? l.content(frame_length)[0] : l.has(window) ? l.shape(window)[0] : x[1];
  const Operand length = read_length ? l.in_dense(frame_length) : l.weight(Tensor(DType::int64, {0}));
  const DType step_type = l.type(frame_step).dtype;
  const std::vector<Arg> given{read(l.in_dense(frame_step)), read(length), runtime_size(length.size()), runtime_size(size)};
  std::vector<Arg> check = given;
  check.insert(check.end(), {runtime_size(x[1]), runtime_size(y[1]), runtime_size(y[2]), flag(half)});
  l.guard("ref::stft_fits",
          by_dtype(step_type, IndexTypes{},
                   [&]<class I>(std::type_identity<I>) {
                     return by_dtype(length.dtype, IndexTypes{}, []<class L>(std::type_identity<L>) { return host(&ref::stft_fits<I, L>); });
                   }),
          check);
  const Dim most = half ? Dim(2) * y[2] : y[2];
  std::vector<Arg> args{write(l.out_dense()), fourier::scratch(l, l.type(signal).dtype, most), read(l.in_dense(signal)),
                        l.has(window) ? read(l.in_dense(window)) : Arg(TypeArg{"ref::Constantly<1>{}"})};
  args.insert(args.end(), given.begin(), given.end());
  args.insert(args.end(), {runtime_size(x[0]), runtime_size(x[1]), runtime_size(x[2]), runtime_size(y[1]), runtime_size(y[2]), flag(half)});
  const HostKernel kernel = by_dtype(l.type(signal).dtype, FloatTypes{}, [&]<class T>(std::type_identity<T>) {
    return by_dtype(step_type, IndexTypes{}, [&]<class I>(std::type_identity<I>) {
      return by_dtype(length.dtype, IndexTypes{}, [&]<class L>(std::type_identity<L>) {
        return l.has(window) ? host(&ref::stft_given<T, const T*, I, L>) : host(&ref::stft_given<T, ref::Constantly<1>, I, L>);
      });
    });
  });
  Call& c = l.reference("ref::stft_given", "kernels/ref/dft_given.hpp", kernel, std::move(args));
  c.may_fault = true;
  c.flops = product(y) * fourier::flops(most);
}

void lower(Lower& l) {
  if (!l.known(frame_step) || !l.known(frame_length)) return lower_given(l);
  const Shape &x = l.shape(signal), &y = l.out_type().shape;
  const Dim n = l.has(frame_length) ? l.content(frame_length)[0] : l.has(window) ? l.shape(window)[0] : x[1];
  const HostKernel kernel = by_dtype(l.type(signal).dtype, FloatTypes{}, [&]<class T>(std::type_identity<T>) {
    return l.has(window) ? host(&ref::stft<T, const T*>) : host(&ref::stft<T, ref::Constantly<1>>);
  });
  l.reference("ref::stft", "kernels/ref/dft.hpp", kernel,
              {write(l.out_dense()), fourier::scratch(l, l.type(signal).dtype, n), read(l.in_dense(signal)),
               l.has(window) ? read(l.in_dense(window)) : Arg(TypeArg{"ref::Constantly<1>{}"}), runtime_size(x[0]), runtime_size(x[1]), runtime_size(x[2]),
               runtime_size(y[1]), runtime_size(l.content(frame_step)[0]), runtime_size(n), runtime_size(y[2])})
      .flops = product(y) * fourier::flops(n);
}

}  // namespace

extern const Op op = {.name = "STFT",
                      .inputs = {{"signal", types::floats, Port::Arity::required, 'T'},
                                 {"frame_step", types::index},
                                 {"window", types::floats, Port::Arity::optional, 'T'},
                                 {"frame_length", types::index, Port::Arity::optional}},
                      .attributes = {{"onesided", AttributeKind::integer}},
                      .infer = infer,
                      .lower = lower,
                      .versions = "17"};

}  // namespace inferc::op_STFT
