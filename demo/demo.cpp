// inferc_demo NAME FOLDER JETS: builds the generated code of a tagger in FOLDER, runs the stored jets of the folder JETS
// through it and reports. Exit status 1: an output off the reference, or a decision that depends on how it was computed.
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <future>
#include <memory>
#include <optional>

#include <fmt/format.h>

#include "compiler/cli/peer.hpp"
#include "compiler/run/loaded_model.hpp"
#include "compiler/run/measure.hpp"
#include "compiler/support/diagnostics.hpp"
#include "demo/jets.hpp"

namespace inferc::demo {
namespace {

namespace fs = std::filesystem;
using cli::Peer;

constexpr int b_flavour = 5;
constexpr double largest_allowed = 1e-5;  // of a probability against the reference
constexpr std::size_t wide_batch = 100, threads = 4;
constexpr char isa_variable[] = "INFERC_ISA";

template <class... A>
void say(fmt::format_string<A...> text, A&&... arguments) {
  std::puts(fmt::format(text, std::forward<A>(arguments)...).c_str());
  std::fflush(stdout);
}

struct Tagger {
  std::string name;
  fs::path onnx;
  const Jets& jets;
  bool batched;  // takes several jets in a call

  [[nodiscard]] std::vector<Tensor> inputs(std::size_t first, std::size_t count) const {
    if (!batched) return {jets.rows("jet_features", first, 1).reshaped({1, 2}), jets.jet_tracks(first)};
    return {jets.rows("pf_points", first, count), jets.rows("pf_features", first, count), jets.rows("pf_mask", first, count)};
  }
  [[nodiscard]] std::vector<Tensor> outputs(std::size_t count) const {
    if (batched) return {Tensor(DType::float32, {static_cast<std::int64_t>(count), 4})};
    std::vector<Tensor> out;
    for (int i = 0; i < 4; ++i) out.emplace_back(DType::float32, std::vector<std::int64_t>{});
    return out;
  }
  [[nodiscard]] std::string call(std::size_t jet) const { return batched ? "64 constituents" : fmt::format("{} tracks", jets.tracks(jet)); }
};

Tagger tagger_of(const std::string& name, const fs::path& folder, const Jets& jets) {
  if (name != "gn2_small" && name != "particlenet_lite") throw UserError(fmt::format("no such tagger: {}", escape(name)));
  return {name, folder / (name + ".onnx"), jets, name == "particlenet_lite"};
}

// Puts the outputs of a call for the jets from `first` on into their places.
void store(Scores& scores, std::size_t first, const std::vector<Tensor>& outputs) {
  auto* to = scores.at(first).data();
  for (const Tensor& t : outputs) {
    std::memcpy(to, t.bytes().data(), t.bytes().size());
    to += t.size();
  }
}

Scores run_all(const LoadedModel& model, const Tagger& t, std::size_t batch = 1) {
  Scores out(t.jets.size());
  for (std::size_t i = 0; i < out.size(); i += batch) {
    const std::size_t count = std::min(batch, out.size() - i);
    store(out, i, run_model(model, t.inputs(i, count)));
  }
  return out;
}

// The same jets dealt out to threads that share the model.
Scores run_threads(const LoadedModel& model, const Tagger& t) {
  Scores out(t.jets.size());
  const auto work = [&](std::size_t first) {
    for (std::size_t i = first; i < out.size(); i += threads) store(out, i, run_model(model, t.inputs(i, 1)));
  };
  std::vector<std::future<void>> pool;
  for (std::size_t k = 0; k < threads; ++k) pool.push_back(std::async(std::launch::async, work, k));
  for (auto& f : pool) f.get();
  return out;
}

Scores run_peer(const ort::Library& library, const Tagger& t, ort::Optimization level, std::size_t batch = 1) {
  Peer peer(library, {t.onnx}, level, t.inputs(0, batch), t.outputs(batch));
  Scores out(t.jets.size());
  for (std::size_t i = 0; i < out.size(); i += batch) {
    const std::size_t count = std::min(batch, out.size() - i);
    peer.bind(t.inputs(i, count), t.outputs(count));
    peer.run();
    store(out, i, peer.outputs());
  }
  return out;
}

// The model on the newest code path that is not newer than `path`.
std::unique_ptr<LoadedModel> load_path(const BuiltModel& built, const char* path) {
  const char* const before = std::getenv(isa_variable);
  const std::optional<std::string> kept = before ? std::optional<std::string>(before) : std::nullopt;
  ::setenv(isa_variable, path, 1);
  auto out = std::make_unique<LoadedModel>(built);
  kept ? ::setenv(isa_variable, kept->c_str(), 1) : ::unsetenv(isa_variable);
  return out;
}

std::string grouped(std::size_t n) { return n < 1000 ? std::to_string(n) : fmt::format("{},{:03}", grouped(n / 1000), n % 1000); }

std::string counts(const Change& c, std::size_t jets) {
  return fmt::format("{} of {} (jets with other bits: {})", grouped(c.decisions), grouped(jets), grouped(c.jets));
}

// Each way of running the same jets against the plain one; the number of decisions that depend on it.
std::size_t report_changes(const BuiltModel& built, const LoadedModel& model, const Tagger& t, const Scores& plain, double cut) {
  std::size_t changed = 0;
  const auto line = [&](const std::string& what, const Scores& other) {
    const Change c = compare_scores(plain, other, cut);
    changed += c.decisions;
    say("  decisions changed by {:<38} {}", what + ":", counts(c, plain.size()));
  };
  for (const char* path : {"base", "v3", "v4"}) {
    if (model.isa() == path) continue;
    const auto limited = load_path(built, path);
    if (limited->isa() == path) line(fmt::format("code path ({} for {})", path, model.isa()), run_all(*limited, t));
    else say("  code path {}: not compared, this machine does not run it", path);
  }
  if (t.batched) line(fmt::format("batch ({} for 1)", wide_batch), run_all(model, t, wide_batch));
  else say("  batch: the network takes one jet a call");
  line(fmt::format("threads ({} sharing the model for 1)", threads), run_threads(model, t));
  say("  decisions changed by code path / batch / threads: {} of {}", grouped(changed), grouped(plain.size()));
  return changed;
}

void report_peer_changes(const ort::Library& library, const Tagger& t, const Scores& reference, double cut) {
  const Scores plain = run_peer(library, t, ort::Optimization::all);
  say("  ONNX Runtime {}: largest difference from the stored reference {:.2g}; its decisions changed", library.version(),
      compare_scores(plain, reference, cut).largest);
  const auto line = [&](const std::string& what, const Scores& other) {
    say("  {:<59} {}", "  by " + what + ":", counts(compare_scores(plain, other, cut), plain.size()));
  };
  line("optimization (basic for all)", run_peer(library, t, ort::Optimization::basic));
  if (t.batched) line(fmt::format("batch ({} for 1)", wide_batch), run_peer(library, t, ort::Optimization::all, wide_batch));
}

void report_examples(const Scores& got, const Scores& reference) {
  say("  {:>5}  {:<42} {:<42}", "jet", "p_b p_c p_u p_tau of the generated code", "of the stored reference");
  const auto text = [](const Probabilities& p) { return fmt::format("{:.7f} {:.7f} {:.7f} {:.7f}", p[0], p[1], p[2], p[3]); };
  for (std::size_t i = 0; i < 4; ++i) say("  {:>5}  {:<42} {:<42}", i, text(got[i]), text(reference[i]));
}

// The jet with a middle number of tracks.
std::size_t typical_jet(const Jets& jets) {
  std::vector<std::size_t> order(jets.size());
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
  const auto middle = order.begin() + static_cast<std::ptrdiff_t>(order.size() / 2);
  std::nth_element(order.begin(), middle, order.end(), [&](std::size_t a, std::size_t b) { return jets.tracks(a) < jets.tracks(b); });
  return *middle;
}

void report_time(const LoadedModel& model, const Tagger& t, const ort::Library* library, std::size_t batch) {
  const std::size_t jet = batch == 1 ? typical_jet(t.jets) : 0;
  const auto inputs = t.inputs(jet, batch);
  BoundCall call(model, resolve_symbols(model.signature(), inputs), inputs);
  call.require(call.run());
  std::vector<Contestant> contestants{{"generated code", [&](std::size_t n) {
                                         while (n--) (void)call.run();
                                       }}};
  std::unique_ptr<Peer> peers[2];
  for (int i = 0; library && i < 2; ++i) {
    peers[i] = std::make_unique<Peer>(*library, cli::PeerModel{t.onnx}, i == 0 ? ort::Optimization::all : ort::Optimization::basic, inputs, t.outputs(batch));
    contestants.push_back({"ONNX Runtime", [p = peers[i].get()](std::size_t n) {
                             while (n--) p->run();
                           }});
  }
  const Pinned pinned;
  const auto times = measure(contestants, {0.5, false});
  const auto us = [&](double ns) { return ns / 1000 / static_cast<double>(batch); };
  const double ours = us(times[0].median_ns);
  std::string line = fmt::format("  time per jet ({}, {} a call, one core, {}): {:.1f} us", t.call(jet), batch, model.isa(), ours);
  if (library) {
    const double theirs = us(std::min(times[1].median_ns, times[2].median_ns));
    line += fmt::format("; ONNX Runtime {} {:.1f} us (ratio {:.2f})", library->version(), theirs, theirs / ours);
  }
  say("{}; workspace of the call {} bytes", line, call.workspace_bytes());
}

std::unique_ptr<ort::Library> open_peer() {
  try {
    return std::make_unique<ort::Library>(ort::find_library());
  } catch (const UserError& e) {
    say("  {}: its times and decisions are left out", e.problems().front().message);
    return nullptr;
  }
}

BuiltModel build(const fs::path& folder) {
  const BuildOptions options = build_options();
  say("  building the generated code with {} ...", options.compiler.front());
  const BuiltModel built = build_model(folder, options);
  if (built.from_cache) say("  built by an earlier run");
  else say("  built in {:.1f} s", built.seconds);
  return built;
}

bool report(const std::string& name, const fs::path& folder, const fs::path& data) {
  const Jets jets(data / "test.npz");
  const Tagger t = tagger_of(name, data, jets);
  const Scores reference = read_reference(data / (name + ".expected.npz"));
  const BuiltModel built = build(folder);
  const LoadedModel model(built);
  say("  running {} jets, code path {} ...", grouped(jets.size()), model.isa());
  const Scores scores = run_all(model, t);
  report_examples(scores, reference);
  const double cut = cut_at_one_percent(jets, scores);
  const Change off = compare_scores(scores, reference, cut);
  const bool close = off.largest <= largest_allowed;
  say("  largest difference over all jets: {:.2g} ({} {:g}); decisions unlike the reference's: {}", off.largest, close ? "at most" : "MORE THAN",
      largest_allowed, off.decisions);
  say("  b-tagging efficiency at 1 % light mistag (D_b > {:.3f}): {:.3f}; by the reference's outputs {:.3f}", cut, efficiency(jets, scores, b_flavour, cut),
      efficiency(jets, reference, b_flavour, cut_at_one_percent(jets, reference)));
  const auto library = open_peer();
  report_time(model, t, library.get(), 1);
  if (t.batched) report_time(model, t, library.get(), wide_batch);
  say("  weights {} bytes ({})", fs::file_size(built.weights), built.weights.string());
  const std::size_t changed = report_changes(built, model, t, scores, cut);
  if (library) report_peer_changes(*library, t, reference, cut);
  return close && off.decisions == 0 && changed == 0;
}

}  // namespace
}  // namespace inferc::demo

int main(int argc, char** argv) {
  if (argc != 4) return std::fputs("usage: inferc_demo NAME FOLDER JETS\n", stderr), 3;
  try {
    return inferc::demo::report(argv[1], argv[2], argv[3]) ? 0 : 1;
  } catch (const std::exception& e) {
    return std::fprintf(stderr, "inferc_demo: %s\n", e.what()), 1;
  }
}
