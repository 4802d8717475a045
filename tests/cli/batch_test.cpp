#include <cstring>

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "compiler/run/tensor_file.hpp"
#include "compiler/support/mapped_file.hpp"
#include "compiler/support/npz.hpp"
#include "compiler/support/process.hpp"
#include "compiler/support/write_files.hpp"
#include "tests/cli/cli.hpp"
#include "tests/support/heads_by_type.hpp"
#include "tests/support/onnx_writer.hpp"
#include "tests/support/paths.hpp"

// --batch SYM: run_batch() gives the bits of run() event by event.
namespace inferc::test {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t track_width = 14, most_tracks = 40;

// jets.bin: the number of jets, their numbers of tracks, their two features each, and their tracks without padding.
void write_jets(const fs::path& out) {
  const MappedFile file(fs::path(SOURCE_DIR) / "models/jets/test.npz");
  std::map<std::string, Tensor> arrays;
  for (const auto& [name, array] : parse_npz(file.bytes(), "test.npz")) arrays.emplace(name, to_tensor(array, DType::undefined, name));
  const auto counts = arrays.at("n_tracks").as<std::int32_t>();
  const auto features = arrays.at("jet_features").as<float>(), tracks = arrays.at("tracks").as<float>();
  std::string text;
  const auto put = [&](const void* data, std::size_t bytes) { text.append(static_cast<const char*>(data), bytes); };
  const std::uint64_t jets = counts.size();
  put(&jets, sizeof jets);
  for (const std::int32_t n : counts) {
    const auto wide = static_cast<std::uint64_t>(n);
    put(&wide, sizeof wide);
  }
  put(features.data(), features.size() * sizeof(float));
  for (std::size_t j = 0; j < jets; ++j) put(tracks.data() + j * most_tracks * track_width, static_cast<std::size_t>(counts[j]) * track_width * sizeof(float));
  write_file(out, text);
}

// argv[1]: jets in one call; argv[2]: by how many tracks a jet is cut at most.
constexpr std::string_view caller = R"(
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <vector>
#include "net/net.hpp"
template <class T> static std::vector<T> read(std::FILE* f, std::size_t n) {
  std::vector<T> out(n);
  if (n != 0 && std::fread(out.data(), sizeof(T), n, f) != n) std::abort();
  return out;
}
int main(int, char** argv) {
  std::FILE* f = std::fopen("jets.bin", "rb");
  const std::size_t jets = read<std::size_t>(f, 1)[0], chunk = static_cast<std::size_t>(std::atoi(argv[1]));
  std::vector<std::size_t> offsets{0};
  for (const std::size_t n : read<std::size_t>(f, jets)) offsets.push_back(offsets.back() + n);
  const std::vector<float> features = read<float>(f, 2 * jets), tracks = read<float>(f, 14 * offsets.back());
  net::Model model;
  if (model.load("net/net.weights") != net::Status::ok) return 1;
  net::Workspace one(net::max_dims), many(chunk, offsets.back());
  std::vector<float> wanted(4 * jets), got(4 * jets);
  for (std::size_t j = 0; j < jets; ++j) {
    const std::size_t n = offsets[j + 1] - offsets[j];
    if (net::run(model, {n}, {{&features[2 * j], 2}, {tracks.data() + 14 * offsets[j], 14 * n}},
                 {{&wanted[j], 1}, {&wanted[jets + j], 1}, {&wanted[2 * jets + j], 1}, {&wanted[3 * jets + j], 1}}, one) != net::Status::ok) return 2;
  }
  for (std::size_t j = 0; j < jets; j += chunk) {
    const std::size_t m = j + chunk < jets ? chunk : jets - j;
    std::vector<std::size_t> own;
    for (std::size_t e = 0; e <= m; ++e) own.push_back(offsets[j + e] - offsets[j]);
    if (net::run_batch(model, own, {{&features[2 * j], 2 * m}, {tracks.data() + 14 * offsets[j], 14 * own.back()}},
                       {{&got[j], m}, {&got[jets + j], m}, {&got[2 * jets + j], m}, {&got[3 * jets + j], m}}, many) != net::Status::ok) return 3;
  }
  if (std::memcmp(got.data(), wanted.data(), got.size() * sizeof(float)) != 0) return 4;
  float p[4][3] = {};
  const net::Outputs out{p[0], p[1], p[2], p[3]};
  const std::size_t long_event[] = {0, 41}, falling[] = {0, 5, 4}, begins_late[] = {1, 2}, none[] = {0}, three[] = {0, 1, 1, 2};
  const net::Inputs in{features, tracks};
  if (net::run_batch(model, long_event, in, out, many) != net::Status::dim_out_of_bounds) return 5;
  if (net::run_batch(model, falling, in, out, many) != net::Status::dim_out_of_bounds) return 6;
  if (net::run_batch(model, begins_late, in, out, many) != net::Status::dim_mismatch) return 7;
  if (net::run_batch(model, {}, in, out, many) != net::Status::dim_mismatch) return 8;
  if (net::run_batch(model, none, in, out, many) != net::Status::ok) return 9;
  if (net::run_batch(model, three, {{features.data(), 5}, tracks}, out, many) != net::Status::buffer_too_small || many.offender() != 0) return 10;
  net::Workspace small(std::size_t{1}, std::size_t{1});
  if (net::run_batch(model, three, in, out, small) != net::Status::out_of_memory) return 11;
  return 0;
}
)";

TEST(Batch, StoredJetsHaveTheBitsOfOneCallEach) {
  const fs::path dir = scratch_dir("batch_gn2");
  const Finished r = cli({"compile", fs::path(SOURCE_DIR) / "models/jets/gn2_small.onnx", "--dim", "n_tracks=0..40", "--batch", "n_tracks", "-o", dir / "net",
                          "--name", "net", "--isa", "base,v3"});
  ASSERT_EQ(r.status, 0) << r.output;
  write_jets(dir / "jets.bin");
  write_file(dir / "caller.cpp", std::string(caller));
  const std::string flags = "c++ -std=c++20 -Wall -Wextra -Wpedantic -Werror -ffp-contract=off -fno-math-errno -O1 -Dalways_inline=unused ";
  shell(flags + "-c net/net.cpp -o net.o && " + flags + "-c caller.cpp -o caller.o && " + flags + "-c net/net_base.cpp -o base.o && " + flags +
            "-march=x86-64-v3 -c net/net_v3.cpp -o v3.o && c++ caller.o net.o base.o v3.o -o caller",
        dir);
  shell("./caller 2000 && ./caller 7 && ./caller 1", dir);
}

// x[n, IN], h[n, HIDDEN] and y[1, OUT], of events with up to 5 * EACH rows.
constexpr std::string_view small_caller = R"(
#include <cstring>
#include <vector>
#include "net/net.hpp"
int main() {
  const std::vector<std::size_t> offsets{0, 0, EACH, EACH, 6 * EACH, 8 * EACH, 8 * EACH};
  const std::size_t events = offsets.size() - 1, rows = offsets.back();
  std::vector<float> x(IN * rows), h(HIDDEN * rows), y(OUT * events), wanted_h(h), wanted_y(y);
  for (std::size_t i = 0; i < x.size(); ++i) x[i] = static_cast<float>(i % 7) - 3;
  net::Model model;
  if (model.load("net/net.weights") != net::Status::ok) return 1;
  net::Workspace one(net::max_dims), many(events, rows);
  for (std::size_t e = 0; e < events; ++e) {
    const std::size_t n = offsets[e + 1] - offsets[e];
    if (net::run(model, {n}, {{x.data() + IN * offsets[e], IN * n}}, {{wanted_h.data() + HIDDEN * offsets[e], HIDDEN * n}, {&wanted_y[OUT * e], OUT}}, one) != net::Status::ok) return 2;
  }
  if (net::run_batch(model, offsets, {x}, {h, y}, many) != net::Status::ok) return 3;
  if (std::memcmp(h.data(), wanted_h.data(), h.size() * sizeof(float)) != 0) return 4;
  return std::memcmp(y.data(), wanted_y.data(), y.size() * sizeof(float)) == 0 ? 0 : 5;
}
)";

void stays_within_its_buffers(const fs::path& model, const std::string& most, const std::string& sizes) {
  const fs::path dir = model.parent_path();
  const Finished r = cli({"compile", model, "--dim", "n=0.." + most, "--batch", "n", "-o", dir / "net", "--name", "net", "--isa", "base"});
  ASSERT_EQ(r.status, 0) << r.output;
  write_file(dir / "caller.cpp", std::string(small_caller));
  shell("c++ -std=c++20 -ffp-contract=off -fsanitize=address,undefined -fno-sanitize-recover=all" + std::string(quick) + sizes +
            " caller.cpp net/net.cpp net/net_base.cpp -o caller && ./caller",
        dir);
}

// A layer over rows, a sum over them, and a layer of one row for each event.
TEST(Batch, StaysWithinItsBuffers) {
  ModelSpec m;
  m.graph.inputs = {f32("x", {"n", 4})};
  m.graph.initializers = {{"w", tensor_of<float>({4, 3}, std::vector<float>{1, 2, 3, 4, 5, 6, -7, 8, 9, 1, -2, 3})},
                          {"v", tensor_of<float>({3, 2}, std::vector<float>{1, 2, 3, 4, 5, -6})},
                          {"rows", tensor_of<std::int64_t>({1}, std::vector<std::int64_t>{0})}};
  m.graph.nodes = {{"MatMul", {"x", "w"}, {"p"}}, {"Relu", {"p"}, {"h"}}, {"ReduceSum", {"h", "rows"}, {"s"}}, {"MatMul", {"s", "v"}, {"y"}}};
  m.graph.outputs = {f32("h", {"n", 3}), f32("y", {1, 2})};
  stays_within_its_buffers(written("batch_bounds", m), "5", "-DIN=4 -DHIDDEN=3 -DOUT=2 -DEACH=1");
}

// The scratch of a layer without zeros is no row of an event.
TEST(Batch, PrunedLayersRunOverAllRowsAtOnce) {
  std::vector<float> w(64 * 64);
  for (std::size_t i = 0; i < w.size(); i += 13) w[i] = static_cast<float>(i % 7) - 3;
  ModelSpec m;
  m.graph.inputs = {f32("x", {"n", 64})};
  m.graph.initializers = {{"w", tensor_of<float>({64, 64}, w)}, {"rows", tensor_of<std::int64_t>({1}, std::vector<std::int64_t>{0})}};
  m.graph.nodes = {{"MatMul", {"x", "w"}, {"p"}}, {"Relu", {"p"}, {"h"}}, {"ReduceSum", {"h", "rows"}, {"y"}}};
  m.graph.outputs = {f32("h", {"n", 64}), f32("y", {1, 64})};
  const fs::path model = written("batch_pruned", m);
  stays_within_its_buffers(model, "100", "-DIN=64 -DHIDDEN=64 -DOUT=64 -DEACH=20");
  const std::string body = text_of(model.parent_path() / "net/net_body.hpp");
  EXPECT_NE(body.substr(body.find("inline int batch_body(")).find("cpu::sparse::gemm(Range{dim<0>{}, std::size_t{rows}}"), std::string::npos);
}

// The rows of a type are those of one event.
TEST(Batch, GroupsTheRowsOfAnEventByType) {
  const fs::path model = written("batch_types", heads_by_type("h", "y"));
  stays_within_its_buffers(model, "100", "-DIN=64 -DHIDDEN=64 -DOUT=64 -DEACH=20");
  EXPECT_NE(text_of(model.parent_path() / "net/net_body.hpp").find("rows_2_d0"), std::string::npos);
}

// A layer over rows, a sum over the rows of an event, and a quotient of whole numbers, which may fail.
ModelSpec layer_and_quotient() {
  ModelSpec m;
  std::vector<float> w(64 * 64);
  for (std::size_t i = 0; i < w.size(); ++i) w[i] = static_cast<float>(static_cast<int>(i * 2654435761U >> 20 & 1023U) - 512) / 4096;
  m.graph.inputs = {f32("x", {"n", 64}), {"by", DType::int32, {"n", 1}}};
  m.graph.initializers = {{"w", tensor_of<float>({64, 64}, w)},
                          {"rows", tensor_of<std::int64_t>({1}, std::vector<std::int64_t>{0})},
                          {"many", tensor_of<std::int32_t>({1, 1}, std::vector<std::int32_t>{1000})}};
  m.graph.nodes = {{"MatMul", {"x", "w"}, {"p"}},
                   {"Relu", {"p"}, {"h"}},
                   {"Softmax", {"h"}, {"y"}, {{"axis", std::int64_t{1}}}},
                   {"ReduceSum", {"y", "rows"}, {"s"}},
                   {"Div", {"many", "by"}, {"q"}}};
  m.graph.outputs = {f32("y", {"n", 64}), f32("s", {1, 64}), {"q", DType::int32, {"n", 1}}};
  return m;
}

// Events in order, from long to short, alone, none, empty; workspaces with room for all workers, some, one.
constexpr std::string_view pool_caller = R"(
#include <algorithm>
#include <cstring>
#include <vector>
#include "net/net.hpp"
struct Results {
  std::vector<float> y, s;
  std::vector<std::int32_t> q;
  Results(std::size_t events, std::size_t rows) : y(64 * rows + 1), s(64 * events + 1), q(rows + 1) {}
  net::Outputs to() { return {y, s, q}; }
  bool operator==(const Results& o) const {
    return std::memcmp(y.data(), o.y.data(), 4 * y.size()) == 0 && std::memcmp(s.data(), o.s.data(), 4 * s.size()) == 0 && q == o.q;
  }
};
int main() {
  net::Model model;
  if (model.load("net/net.weights") != net::Status::ok) return 1;
  std::vector<std::vector<std::size_t>> cases{{}, {3}, {0}, {0, 0, 0}, {0, 0, 40, 0}, {40, 1}, {1, 40}};
  for (std::size_t m = 50; m < 52; ++m) {
    std::vector<std::size_t> counts;
    for (std::size_t e = 0; e < m; ++e) counts.push_back(e * 2654435761u % 41);
    cases.push_back(counts);
    std::sort(counts.begin(), counts.end());
    cases.push_back(counts);
    std::reverse(counts.begin(), counts.end());
    cases.push_back(counts);
  }
  net::Pool pools[] = {net::Pool(1), net::Pool(2), net::Pool(3), net::Pool(5)};
  for (const std::vector<std::size_t>& counts : cases) {
    std::vector<std::size_t> offsets{0};
    for (const std::size_t n : counts) offsets.push_back(offsets.back() + n);
    const std::size_t events = counts.size(), rows = offsets.back();
    std::vector<float> x(64 * rows);
    std::vector<std::int32_t> by(rows);
    for (std::size_t i = 0; i < x.size(); ++i) x[i] = static_cast<float>(i % 13) - 6;
    for (std::size_t i = 0; i < rows; ++i) by[i] = static_cast<std::int32_t>(i % 7) + 1;
    const net::Inputs in{x, by};
    Results wanted(events, rows);
    net::Workspace plain(events, rows);
    if (net::run_batch(model, offsets, in, wanted.to(), plain) != net::Status::ok) return 2;
    for (net::Pool& pool : pools)
      for (const std::size_t room : {pool.workers(), std::size_t{2}, std::size_t{1}}) {
        Results got(events, rows);
        net::Workspace shared(events, rows, room);
        if (shared.bytes() < net::batch_workspace_bytes(events, rows, room)) return 3;
        for (int repeat = 0; repeat < 3; ++repeat)
          if (net::run_batch(model, offsets, in, got.to(), shared, pool) != net::Status::ok) return 4;
        if (!(got == wanted)) return 5;
        if (rows == 0) continue;
        std::vector<std::int32_t> zero = by;
        zero[rows - 1] = 0;
        if (net::run_batch(model, offsets, {x, zero}, got.to(), shared, pool) != net::Status::division_by_zero) return 6;
      }
  }
  const std::size_t falling[] = {0, 5, 4}, two[] = {0, 1, 2};
  Results out(3, 5);
  const std::vector<float> x(64 * 5);
  const std::vector<std::int32_t> by(5, 1);
  net::Workspace room(std::size_t{2}, std::size_t{2}, std::size_t{2}), small(std::span<std::byte>{});
  if (net::run_batch(model, falling, {x, by}, out.to(), room, pools[1]) != net::Status::dim_out_of_bounds) return 7;
  if (net::run_batch(model, two, {{x.data(), 127}, by}, out.to(), room, pools[1]) != net::Status::buffer_too_small || room.offender() != 0) return 8;
  if (net::run_batch(model, two, {x, by}, out.to(), small, pools[1]) != net::Status::out_of_memory) return 9;
  return 0;
}
)";

TEST(Batch, WorkersOfAPoolGiveTheSameBits) {
  const fs::path model = written("batch_pool", layer_and_quotient()), dir = model.parent_path();
  const Finished r = cli({"compile", model, "--dim", "n=0..40", "--batch", "n", "--threads", "-o", dir / "net", "--name", "net", "--isa", "v3"});
  ASSERT_EQ(r.status, 0) << r.output;
  write_file(dir / "caller.cpp", std::string(pool_caller));
  const std::string build = "c++ -std=c++20 -Wall -Wextra -Wpedantic -Werror -ffp-contract=off -fno-math-errno -O1 ";
  const auto with = [&](const std::string& flags) {
    return build + flags + "-march=x86-64-v3 -c net/net_v3.cpp -o v3.o && " + build + flags + "-pthread caller.cpp net/net.cpp v3.o -o caller && ./caller";
  };
  shell(with("-fno-exceptions "), dir);
  shell(with("-fsanitize=thread -g -Dalways_inline=unused "), dir);
  shell(with("-fsanitize=address,undefined -fno-sanitize-recover=all -g -Dalways_inline=unused "), dir);
}

TEST(Batch, LayersRunOverAllRowsAtOnce) {
  const fs::path dir = scratch_dir("batch_layers");
  ASSERT_EQ(cli({"compile", fs::path(SOURCE_DIR) / "models/jets/gn2_small.onnx", "--dim", "n_tracks=0..40", "--batch", "n_tracks", "-o", dir / "net", "--name",
                 "net", "--isa", "base"})
                .status,
            0);
  const std::string body = text_of(dir / "net/net_body.hpp");
  const std::string batch = body.substr(body.find("inline int batch_body("));
  std::size_t products = 0;
  for (std::size_t at = batch.find("cpu::gemm(Range{dim<0>{}, std::size_t{rows}}"); at != batch.npos;
       at = batch.find("cpu::gemm(Range{dim<0>{}, std::size_t{rows}}", at + 1))
    ++products;
  EXPECT_GE(products, 10U) << batch;
}

TEST(Batch, RefusesWhatHasNoRows) {
  ModelSpec m;
  m.graph.inputs = {f32("x", {"n", 3}), f32("y", {"m", 3})};
  m.graph.initializers = {{"flip", tensor_of<std::int64_t>({2}, std::vector<std::int64_t>{1, 0})}};
  m.graph.nodes = {{"Transpose", {"x"}, {"columns"}, {{"perm", std::vector<std::int64_t>{1, 0}}}},
                   {"MatMul", {"x", "columns"}, {"pairs"}},
                   {"Neg", {"y"}, {"z"}},
                   {"Neg", {"x"}, {"w"}}};
  m.graph.outputs = {f32("pairs", {"n", "n"}), f32("z", {"m", 3}), f32("w", {"n", 3})};
  const fs::path model = written("batch_refused", m);
  const auto refused = [&](std::vector<std::string> words, int status, const std::string& message) {
    words.insert(words.begin(), {"check", model});
    const Finished r = cli(words);
    EXPECT_EQ(r.status, status) << r.output;
    EXPECT_NE(r.output.find(message), std::string::npos) << r.output;
  };
  refused({"--batch", "k"}, 2, "--batch: the model has no symbol 'k'\nhelp: its symbols are n, m");
  refused({"--batch", "n"}, 1, "the size m is open, too\nhelp: --dim m=N fixes it");
  refused({"--batch", "n"}, 1, "'pairs' is f32[n, n], which has no rows for each n\nhelp: --outputs NAME,... leaves it out");
  EXPECT_EQ(cli({"check", model, "--batch", "n", "--outputs", "w"}).status, 0);
}

}  // namespace
}  // namespace inferc::test
