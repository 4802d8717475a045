#include <gtest/gtest.h>

#include "compiler/support/process.hpp"
#include "compiler/support/write_files.hpp"
#include "tests/cli/cli.hpp"
#include "tests/support/onnx_writer.hpp"
#include "tests/support/paths.hpp"

// --strided NAME,...: inputs of any strides give the bits of dense ones.
namespace inferc::test {
namespace {

namespace fs = std::filesystem;

// Of x: a product with weights and a loop over elements. Of z: a softmax and rows that an index picks, which want it dense. Of p: a column.
ModelSpec readers() {
  ModelSpec m;
  std::vector<float> w(14 * 70);
  for (std::size_t i = 0; i < w.size(); ++i) w[i] = static_cast<float>(static_cast<int>(i * 2654435761U >> 20 & 1023U) - 512) / 4096;
  m.graph.inputs = {f32("x", {"n", 14}), f32("z", {"n", 2, 5}), {"pick", DType::int64, {3, 1}}, f32("p", {"n"})};
  m.graph.initializers = {{"w", tensor_of<float>({14, 70}, w)}, {"shift", tensor_of<float>({14}, std::vector<float>(w.begin(), w.begin() + 14))}};
  m.graph.nodes = {{"MatMul", {"x", "w"}, {"a"}},
                   {"Relu", {"a"}, {"product"}},
                   {"Add", {"x", "shift"}, {"s"}},
                   {"Tanh", {"s"}, {"loop"}},
                   {"Gather", {"z", "pick"}, {"picked"}, {{"axis", std::int64_t{0}}}},
                   {"Softmax", {"z"}, {"soft"}, {{"axis", std::int64_t{1}}}},
                   {"Neg", {"p"}, {"negative"}}};
  m.graph.outputs = {f32("product", {"n", 70}), f32("loop", {"n", 14}), f32("picked", {3, 1, 2, 5}), f32("soft", {"n", 2, 5}), f32("negative", {"n"})};
  return m;
}

constexpr std::string_view caller = R"(
#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <iostream>
#include <vector>
#include "dense/dense.hpp"
#include "net/net.hpp"
#include "net/inferc_abi.h"
extern "C" const inferc_model* net_inferc(void);
#define REQUIRE(x) do { if (!(x)) { std::cout << __LINE__ << ": " #x "\n"; return 1; } } while (0)
struct Results {
  std::vector<float> product, loop, picked, soft, negative;
  explicit Results(std::size_t n) : product(70 * n), loop(14 * n), picked(30), soft(10 * n), negative(n) {}
  template <class Outputs> Outputs to() { return {product, loop, picked, soft, negative}; }
  bool operator==(const Results& o) const { return product == o.product && loop == o.loop && picked == o.picked && soft == o.soft && negative == o.negative; }
};
// Elements of a dense tensor by other strides, in no more memory than they span.
template <class T>
std::vector<T> spread(const std::vector<T>& dense, const std::vector<std::size_t>& shape, const std::vector<std::size_t>& strides) {
  std::size_t last = 0;
  for (std::size_t d = 0; d < shape.size(); ++d) last += (shape[d] - 1) * strides[d];
  std::vector<T> out(dense.empty() ? 0 : last + 1, T(-77));
  for (std::size_t i = 0; i < dense.size(); ++i) {
    std::size_t at = 0, left = i;
    for (std::size_t d = shape.size(); d-- > 0; left /= shape[d]) at += left % shape[d] * strides[d];
    out[at] = dense[i];
  }
  return out;
}
int main() {
  dense::Model reference;
  net::Model model;
  REQUIRE(reference.load("dense/dense.weights") == dense::Status::ok && model.load("net/net.weights") == net::Status::ok);
  dense::Workspace one(dense::max_dims);
  net::Workspace other(net::max_dims);
  net::Pool pool(2);
  const inferc_model* c = net_inferc();
  REQUIRE(c->stride_count == 8 && c->strides[2].input == 1 && c->strides[4].axis == 2 && c->strides[7].input == 3 && c->run_strided);
  void* storage = std::aligned_alloc(64, (c->model_bytes + 63) / 64 * 64);
  REQUIRE(c->load(storage, "net/net.weights") == 0);
  std::vector<std::byte> memory(net::workspace_bytes(net::max_dims) + 64);
  void* scratch = memory.data() + (64 - reinterpret_cast<std::uintptr_t>(memory.data()) % 64) % 64;
  for (const std::size_t n : {1, 2, 7, 40, 61}) {
    std::vector<float> x(14 * n), z(10 * n), p(n);
    for (std::size_t i = 0; i < x.size(); ++i) x[i] = static_cast<float>(i * 37 % 101) / 17 - 3;
    for (std::size_t i = 0; i < z.size(); ++i) z[i] = static_cast<float>(i * 53 % 97) / 13 - 4;
    for (std::size_t i = 0; i < n; ++i) p[i] = static_cast<float>(i) - 5;
    const std::vector<std::int64_t> pick{static_cast<std::int64_t>(n) - 1, 0, -1};
    Results wanted(n);
    REQUIRE(dense::run(reference, {n}, {x, z, pick, p}, wanted.to<dense::Outputs>(), one) == dense::Status::ok);
    // Dense; arrays of structures; structures of arrays, with room for more than n; windows that share elements are none here.
    for (const auto& s : std::vector<std::vector<std::size_t>>{{14, 1, 10, 5, 1, 1, 1, 1}, {17, 1, 31, 7, 1, 3, 9, 4}, {1, 64, 1, 320, 64, 5, 1, 2}, {2, 200, 10, 1, 2, 1, 7, 1}}) {
      const std::vector<float> sx = spread(x, {n, 14}, {s[0], s[1]}), sz = spread(z, {n, 2, 5}, {s[2], s[3], s[4]}), sp = spread(p, {n}, {s[7]});
      const std::vector<std::int64_t> spick = spread(pick, {3, 1}, {s[5], s[6]});
      const net::Inputs in{sx, {s[0], s[1]}, sz, {s[2], s[3], s[4]}, spick, {s[5], s[6]}, sp, {s[7]}};
      Results got(n), shared(n), twin(n);
      REQUIRE(net::run(model, {n}, in, got.to<net::Outputs>(), other) == net::Status::ok && got == wanted);
      REQUIRE(net::run(model, {n}, in, shared.to<net::Outputs>(), other, pool) == net::Status::ok && shared == wanted);
      const inferc_input c_in[] = {{sx.data(), 4 * sx.size()}, {sz.data(), 4 * sz.size()}, {spick.data(), 8 * spick.size()}, {sp.data(), 4 * sp.size()}};
      const inferc_output c_out[] = {{twin.product.data(), 280 * n}, {twin.loop.data(), 56 * n}, {twin.picked.data(), 120}, {twin.soft.data(), 40 * n}, {twin.negative.data(), 4 * n}};
      inferc_workspace w = {scratch, c->workspace_bytes(&n), 0};
      REQUIRE(c->run_strided(storage, &n, s.data(), c_in, c_out, nullptr, &w) == 0 && twin == wanted);
      if (s[0] == 14) REQUIRE(c->run(storage, &n, c_in, c_out, nullptr, &w) == 0 && twin == wanted);
      if (n < 2) continue;
      // Every fault is found before anything is written.
      Results before(n), after(n);
      const auto fault = [&](const net::Inputs& bad, net::Status status, std::size_t offender) {
        return net::run(model, {n}, bad, after.to<net::Outputs>(), other) == status && other.offender() == offender && after == before;
      };
      net::Inputs bad = in;
      bad.x_strides[1] = 0;
      REQUIRE(fault(bad, net::Status::bad_strides, 0));
      bad = in;
      bad.p_strides[0] = 0;
      REQUIRE(fault(bad, net::Status::bad_strides, 3));
      bad = in;
      bad.z = bad.z.first(sz.size() - 1);
      REQUIRE(fault(bad, net::Status::buffer_too_small, 1));
      for (const std::size_t wild : {SIZE_MAX, SIZE_MAX / 2, SIZE_MAX / 4, std::size_t{1} << 40}) {
        bad = in;
        bad.z_strides[0] = wild;
        REQUIRE(fault(bad, net::Status::buffer_too_small, 1));
      }
      std::vector<std::int64_t> outside = spick;
      outside[s[5]] = static_cast<std::int64_t>(n);
      bad = in;
      bad.pick = outside;
      REQUIRE(fault(bad, net::Status::index_out_of_range, 2));
      // An output between the elements of an input.
      std::vector<float> room(sx.size() + 70 * n);
      std::copy(sx.begin(), sx.end(), room.begin());
      bad = in;
      bad.x = room;
      net::Outputs out = after.to<net::Outputs>();
      out.negative = {room.data() + 1, n};
      REQUIRE(net::run(model, {n}, bad, out, other) == net::Status::overlap && other.offender() == 8);
    }
    if (n < 2) continue;
    Results got(n);
    REQUIRE(net::run(model, {n}, {x, {}, z, {10, 5, 1}, pick, {1, 1}, p, {1}}, got.to<net::Outputs>(), other) == net::Status::bad_strides);
  }
  Results none(0);
  REQUIRE(net::run(model, {0}, {{}, {}, {}, {}, std::vector<std::int64_t>(3), {1, 1}, {}, {}}, none.to<net::Outputs>(), other) == net::Status::index_out_of_range);
  REQUIRE(std::string_view(net::text(net::Status::bad_strides)) == "bad_strides" && static_cast<int>(net::Status::bad_strides) == inferc_bad_strides);
  c->unload(storage);
  std::free(storage);
}
)";

TEST(Strided, AnyStridesGiveTheBitsOfDenseInputs) {
  const fs::path model = written("strided", readers()), dir = model.parent_path();
  ASSERT_EQ(cli({"compile", model, "--dim", "n=0..64", "-o", dir / "dense", "--name", "dense", "--isa", "base,v3"}).status, 0);
  const Finished r =
      cli({"compile", model, "--dim", "n=0..64", "--strided", "x,z,pick,p", "--threads", "-o", dir / "net", "--name", "net", "--isa", "base,v3"});
  ASSERT_EQ(r.status, 0) << r.output;
  write_file(dir / "caller.cpp", std::string(caller));
  const std::string build = "c++ -std=c++20 -Wall -Wextra -Wpedantic -Werror -ffp-contract=off -fno-math-errno -pthread" + std::string(quick);
  const auto with = [&](const std::string& flags) {
    return build + flags + "-march=x86-64-v3 -c net/net_v3.cpp -o v3.o && " + build + flags + "-march=x86-64-v3 -c dense/dense_v3.cpp -o dense_v3.o && " +
           build + flags + "caller.cpp net/net.cpp net/net_base.cpp v3.o dense/dense.cpp dense/dense_base.cpp dense_v3.o -o caller && " +
           "./caller && INFERC_ISA=base ./caller";
  };
  shell(with("-fsanitize=address,undefined -fno-sanitize-recover=all -g "), dir);
  shell(build + "net/net_selftest.cpp net/net.cpp net/net_base.cpp v3.o -fsanitize=address,undefined -o selftest && ./selftest net/net.weights", dir);
}

TEST(Strided, CopiesOnlyWhatIsWantedDense) {
  const fs::path model = written("strided_calls", readers()), dir = model.parent_path();
  ASSERT_EQ(cli({"compile", model, "--dim", "n=0..64", "--strided", "x,z,p", "-o", dir / "net", "--name", "net", "--isa", "base"}).status, 0);
  const std::string body = text_of(dir / "net/net_body.hpp"), calls = body.substr(body.find("// --- calls"));
  EXPECT_NE(calls.find("cpu::Strided<const float, 2, cpu::Step::any>{in_x, {static_cast<std::ptrdiff_t>(stride_x_0), "), calls.npos) << calls;
  std::size_t copies = 0;
  for (std::size_t at = calls.find("cpu::copy("); at != calls.npos; at = calls.find("cpu::copy(", at + 1)) ++copies;
  EXPECT_EQ(copies, 1U) << calls;
  const std::string manifest = text_of(dir / "net/net.json");
  EXPECT_NE(manifest.find("\"strides\": \"x_strides\""), manifest.npos) << manifest;
  EXPECT_EQ(manifest.find("pick_strides"), manifest.npos);
  const Finished weights = cli({"weights", model, "--for", dir / "net/net.json", "-o", dir / "new.weights"});
  EXPECT_EQ(weights.status, 0) << weights.output;
  EXPECT_EQ(text_of(dir / "new.weights"), text_of(dir / "net/net.weights"));
}

TEST(Strided, GoesWithStaticInputs) {
  ModelSpec m;
  m.graph.inputs = {f32("x", {"n", 3}), f32("s", {3})};
  m.graph.nodes = {{"Exp", {"s"}, {"e"}}, {"Mul", {"x", "e"}, {"y"}}};
  m.graph.outputs = {f32("y", {"n", 3})};
  const fs::path model = written("strided_static", m), dir = model.parent_path();
  const Finished r = cli({"compile", model, "--dim", "n=0..9", "--strided", "x", "--static-input", "s", "-o", dir / "net", "--name", "net", "--isa", "base"});
  ASSERT_EQ(r.status, 0) << r.output;
  write_file(dir / "caller.cpp", std::string(R"(
#include "net/net.hpp"
int main() {
  net::Model model;
  if (model.load("net/net.weights") != net::Status::ok) return 1;
  net::Workspace w(net::max_dims);
  const float s[] = {0, 0, 0}, x[] = {1, 2, 3, 4, 5, 6};
  float y[6] = {};
  if (net::prepare(model, {2}, {s}, w) != net::Status::ok) return 2;
  if (net::run(model, {2}, {x, {1, 2}}, {y}, w) != net::Status::ok) return 3;
  const float wanted[] = {1, 3, 5, 2, 4, 6};
  for (int i = 0; i < 6; ++i)
    if (y[i] != wanted[i]) return 4;
}
)"));
  shell("c++ -std=c++20 -O1 -Wall -Wextra -Wpedantic -Werror -ffp-contract=off caller.cpp net/net.cpp net/net_base.cpp -o caller && ./caller", dir);
}

TEST(Strided, RefusesWhatItCannotBe) {
  ModelSpec m;
  m.graph.inputs = {f32("x", {"n", 3}), f32("h", {3}), f32("scale", {})};
  m.graph.nodes = {{"Mul", {"x", "scale"}, {"a"}}, {"Add", {"a", "h"}, {"y"}}, {"Neg", {"h"}, {"g"}}};
  m.graph.outputs = {f32("y", {"n", 3}), f32("g", {3})};
  const fs::path model = written("strided_refused", m);
  const auto refused = [&](std::vector<std::string> words, int status, const std::string& message) {
    words.insert(words.begin(), {"check", model});
    const Finished r = cli(words);
    EXPECT_EQ(r.status, status) << r.output;
    EXPECT_NE(r.output.find(message), std::string::npos) << r.output;
  };
  refused({"--strided", "k"}, 2, "--strided k: the model has no such input\nhelp: its inputs are x, h, scale");
  refused({"--strided", "x,x"}, 2, "--strided x: named twice");
  refused({"--strided", "x", "--static-input", "x"}, 2, "--strided x: the input is static\nhelp: leave out one of --strided and --static-input");
  refused({"--strided", "h", "--carry", "g=h"}, 2, "--strided h: the input is carried from call to call");
  refused({"--strided", "scale", "--assume", "scale=1"}, 2, "--strided scale: the input is assumed to be of one value");
  refused({"--strided", "scale"}, 1, "--strided scale: f32[] has no axis");
  refused({"--strided", "x", "--outputs", "g"}, 1, "--strided x: no input of what is compiled");
  refused({"--strided", "x", "--batch", "n", "--outputs", "y"}, 1, "--batch with --strided");
  EXPECT_EQ(cli({"check", model, "--strided", "x,h", "--carry", "g=h"}).status, 2);
  EXPECT_EQ(cli({"check", model, "--strided", "x", "--carry", "g=h"}).status, 0);
}

}  // namespace
}  // namespace inferc::test
