// Calorimeter showers by four networks, drawn step by step: CaloDiffusion of data sets 1 and 2 (DDPM or DDIM), CaloDREAM (a flow, by
// Heun's method) and CaloClouds' PointWiseNet (Heun's method between noise levels).
//   fastsim [--model NAME] [--sampler ddpm|ddim|heun] [--steps N] [--showers N] [--batch B] [--threads T] [--seed S]
//           [--generator philox|mt19937] [--noise FILE] [--out FILE] [--check]
// --noise: stored normal numbers, shower by shower: those of the start, then those of each step. --out: the showers.
// --check: the same showers one by one on one thread must have the same bits, and the loop must not have allocated.
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <functional>
#include <new>
#include <optional>
#include <random>
#include <string>
#include <string_view>
#include <thread>

#include "calo_ds1.hpp"
#include "calo_ds2.hpp"
#include "calodream.hpp"
#include "philox.hpp"
#include "pointwise.hpp"
#include "samplers.hpp"

namespace {
std::atomic<std::size_t> allocations{0};
}

void* operator new(std::size_t bytes) {
  ++allocations;
  if (void* p = std::malloc(bytes ? bytes : 1)) return p;
  throw std::bad_alloc();
}
void operator delete(void* p) noexcept { std::free(p); }
void operator delete(void* p, std::size_t) noexcept { std::free(p); }

namespace fastsim {
namespace {

enum class Sampler { ddpm, ddim, heun };

struct Options {
  std::string model = "all";
  std::optional<Sampler> sampler;
  std::size_t steps = 0, showers = 4, batch = 4, threads = 1;
  std::uint64_t seed = 1;
  bool mt19937 = false, check = false;
  std::string noise, out;
};

constexpr std::size_t max_batch = 16;

// The condition of a shower: numbers in [0, 1) that stand for its energy and the like.
void fill_condition(const Options& o, std::size_t shower, std::span<float> out) {
  Philox random(o.seed, static_cast<std::uint32_t>(shower), 1, 0);
  for (float& c : out) c = static_cast<float>(random()) * 0x1p-32f;
}

// Normal numbers for a step of a shower: stored ones, a counter-based generator's, or one of the standard library's for each shower.
class Noise {
 public:
  Noise(const Options& o, std::span<const float> stored, std::size_t size, std::size_t steps) : o_(o), stored_(stored), size_(size), steps_(steps) {
    if (o.mt19937)
      for (std::size_t s = 0; s < o.showers; ++s) engines_.emplace_back(o.seed * 1'000'003 + s);
  }
  // `draw` counts the calls for a shower: 0 is the start.
  void operator()(std::size_t shower, std::size_t draw, std::span<float> out) {
    if (!stored_.empty()) std::copy_n(stored_.data() + (shower * (steps_ + 1) + draw) * size_, size_, out.data());
    else if (o_.mt19937) normal(engines_[shower], out);
    else draw_philox(shower, draw, out);
  }

 private:
  void draw_philox(std::size_t shower, std::size_t draw, std::span<float> out) const {
    Philox generator(o_.seed, static_cast<std::uint32_t>(shower), 0, static_cast<std::uint32_t>(draw));
    normal(generator, out);
  }
  const Options& o_;
  std::span<const float> stored_;
  std::size_t size_, steps_;
  std::vector<std::mt19937_64> engines_;
};

// What a worker needs for a batch; made before the loop.
struct Batch {
  Batch(std::size_t count, std::size_t size, std::size_t stride, std::size_t condition)
      : x(count * stride),
        prediction(count * size),
        first(count * size),
        start(count * size),
        z(size),
        time(count),
        condition(count * condition),
        scaled(count * size) {}
  std::vector<float> x, prediction, first, start, z, time, condition, scaled;
};

// --- the networks. Each says the shape of its showers, prepares a workspace for their conditions, and predicts.

// CaloDiffusion reads the shower and images of the voxels' places as channels.
template <class Model, class Dims, class StaticInputs, class Inputs, class Outputs, class Workspace, std::size_t Channels, std::size_t Z, std::size_t Phi,
          std::size_t R>
struct Diffusion {
  using Network = Model;
  using Scratch = Workspace;
  using Sizes = Dims;
  static constexpr std::size_t size = Z * Phi * R, stride = Channels * size, condition = 1, default_steps = 400;
  static constexpr Sampler sampler = Sampler::ddpm;

  static void place_images(Batch& b, std::size_t count) {
    for (std::size_t s = 0; s < count; ++s)
      for (std::size_t v = 0; v < size; ++v) {
        const float place[] = {static_cast<float>(v % R) / R, static_cast<float>(v / (Phi * R)) / Z, static_cast<float>(v / R % Phi) / Phi};
        for (std::size_t c = 1; c < Channels; ++c) b.x[s * stride + c * size + v] = place[c - 1];
      }
  }
  static auto prepare_for(const Model& model, std::size_t count, const Batch& b, Workspace& w) {
    return prepare(model, Dims{count}, StaticInputs{{b.condition.data(), count}}, w);
  }
  static auto predict(const Model& model, std::size_t count, Batch& b, float time, Workspace& w) {
    std::fill_n(b.time.data(), count, time);
    return run(model, Dims{count}, Inputs{{b.x.data(), count * stride}, {b.time.data(), count}}, Outputs{{b.prediction.data(), count * size}}, w);
  }
};
using Ds1 = Diffusion<calo_ds1::Model, calo_ds1::Dims, calo_ds1::StaticInputs, calo_ds1::Inputs, calo_ds1::Outputs, calo_ds1::Workspace, 4, 5, 10, 30>;
using Ds2 = Diffusion<calo_ds2::Model, calo_ds2::Dims, calo_ds2::StaticInputs, calo_ds2::Inputs, calo_ds2::Outputs, calo_ds2::Workspace, 3, 45, 16, 9>;

// The velocity of a flow from noise at time 0 to showers at time 1.
struct Dream {
  using Network = calodream::Model;
  using Scratch = calodream::Workspace;
  using Sizes = calodream::Dims;
  static constexpr std::size_t size = 45 * 16 * 9, stride = size, condition = 46, default_steps = 25;
  static constexpr Sampler sampler = Sampler::heun;

  static void place_images(Batch&, std::size_t) {}
  static std::vector<double> times(std::size_t steps) {
    std::vector<double> out;
    for (std::size_t k = 0; k <= steps; ++k) out.push_back(static_cast<double>(k) / static_cast<double>(steps));
    return out;
  }
  static constexpr double last = 2, start_level = 1;  // every step is corrected
  static auto prepare_for(const Network& model, std::size_t count, const Batch& b, Scratch& w) {
    return calodream::prepare(model, {count}, {{b.condition.data(), count * condition}}, w);
  }
  static auto slope(const Network& model, std::size_t count, Batch& b, double time, Scratch& w) {
    std::fill_n(b.time.data(), count, static_cast<float>(time));
    return calodream::run(model, {count}, {{b.x.data(), count * size}, {b.time.data(), count}}, {{b.prediction.data(), count * size}}, w);
  }
};

// The denoiser D of Karras et al., equations 7 and 8 with sigma_data = 0.5, around the network; the slope is (x - D) / sigma.
struct Clouds {
  using Network = pointwise::Model;
  using Scratch = pointwise::Workspace;
  using Sizes = pointwise::Dims;
  static constexpr std::size_t points = 1000, size = points * 4, stride = size, condition = 2, default_steps = 13;
  static constexpr Sampler sampler = Sampler::heun;
  static constexpr double data = 0.5, last = 0, start_level = 80;

  static void place_images(Batch&, std::size_t) {}
  static std::vector<double> times(std::size_t steps) { return karras_levels(steps, 0.002, start_level); }
  static auto prepare_for(const Network& model, std::size_t count, const Batch& b, Scratch& w) {
    return pointwise::prepare(model, {count}, {{b.condition.data(), count * condition}}, w);
  }
  static auto slope(const Network& model, std::size_t count, Batch& b, double sigma, Scratch& w) {
    const double norm = std::sqrt(sigma * sigma + data * data);
    const auto in = static_cast<float>(1 / norm), skip = static_cast<float>(data * data / (norm * norm)), out = static_cast<float>(sigma * data / norm);
    for (std::size_t i = 0; i < count * size; ++i) b.scaled[i] = in * b.x[i];
    std::fill_n(b.time.data(), count, static_cast<float>(std::log(sigma) / 4));
    const auto status = pointwise::run(model, {count}, {{b.scaled.data(), count * size}, {b.time.data(), count}}, {{b.prediction.data(), count * size}}, w);
    const auto inverse = static_cast<float>(1 / sigma);
    for (std::size_t i = 0; i < count * size; ++i) b.prediction[i] = (b.x[i] - (skip * b.x[i] + out * b.prediction[i])) * inverse;
    return status;
  }
};

// --- a batch of showers

template <class Net>
bool draw_diffusion(const typename Net::Network& model, const CosineSchedule& schedule, std::size_t steps, Sampler sampler, std::size_t first,
                    std::size_t count, Noise& noise, Batch& b, typename Net::Scratch& w) {
  const Showers x{b.x.data(), count, Net::size, Net::stride}, prediction{b.prediction.data(), count, Net::size, Net::size};
  const auto predict = [&](float time) { return static_cast<int>(Net::predict(model, count, b, time, w)) == 0; };
  if (sampler == Sampler::ddim) return ddim(schedule, steps, x, prediction, predict);
  return ddpm(schedule, x, prediction, b.z, predict, [&](std::size_t t, std::size_t s, std::span<float> z) { noise(first + s, schedule.steps() + 1 - t, z); });
}

template <class Net>
bool draw_flow(const typename Net::Network& model, std::span<const double> times, std::size_t count, Batch& b, typename Net::Scratch& w) {
  const auto rows = [&](std::vector<float>& v) { return Showers{v.data(), count, Net::size, Net::size}; };
  const auto slope = [&](double t) { return static_cast<int>(Net::slope(model, count, b, t, w)) == 0; };
  return heun(times, Net::last, rows(b.x), rows(b.prediction), rows(b.first), rows(b.start), slope);
}

// Times and schedules of a run.
struct Course {
  std::optional<CosineSchedule> schedule;
  std::vector<double> times;
  std::size_t steps;
  Sampler sampler;
};

template <class Net>
Course course_of(const Options& o) {
  Course out{{}, {}, o.steps ? o.steps : Net::default_steps, o.sampler.value_or(Net::sampler)};
  if constexpr (Net::sampler == Sampler::ddpm) {
    out.schedule.emplace(out.sampler == Sampler::ddim ? std::max(out.steps, Net::default_steps) : out.steps);
    if (out.sampler == Sampler::heun) out.sampler = Sampler::ddpm;
  } else {
    out.times = Net::times(out.steps);
    out.sampler = Sampler::heun;
  }
  return out;
}

template <class Net>
bool draw_batch(const Options& o, const typename Net::Network& model, const Course& course, std::size_t first, std::size_t count, Noise& noise, Batch& b,
                typename Net::Scratch& w, std::span<float> out) {
  for (std::size_t s = 0; s < count; ++s) {
    fill_condition(o, first + s, {b.condition.data() + s * Net::condition, Net::condition});
    noise(first + s, 0, {b.x.data() + s * Net::stride, Net::size});
  }
  if (static_cast<int>(Net::prepare_for(model, count, b, w)) != 0) return false;
  if constexpr (Net::sampler == Sampler::ddpm) {
    Net::place_images(b, count);
    if (!draw_diffusion<Net>(model, *course.schedule, course.steps, course.sampler, first, count, noise, b, w)) return false;
  } else {
    for (std::size_t i = 0; i < count * Net::size; ++i) b.x[i] *= static_cast<float>(Net::start_level);
    if (!draw_flow<Net>(model, course.times, count, b, w)) return false;
  }
  for (std::size_t s = 0; s < count; ++s) std::copy_n(b.x.data() + s * Net::stride, Net::size, out.data() + (first + s) * Net::size);
  return true;
}

struct Result {
  std::vector<float> showers;
  double seconds = 0;
  std::size_t allocated = 0;
  bool ok = true;
};

// Workers take batches in turn; each has a workspace and buffers of its own.
template <class Net>
Result draw_all(const Options& o, const typename Net::Network& model, std::span<const float> stored, std::size_t batch, std::size_t threads) {
  const Course course = course_of<Net>(o);
  Result out{std::vector<float>(o.showers * Net::size)};
  Noise noise(o, stored, Net::size, course.sampler == Sampler::ddpm ? course.steps : 0);
  std::atomic<std::size_t> next{0}, ready{0}, done{0};
  std::atomic<bool> ok{true}, begun{false}, ended{false};
  const auto work = [&] {
    typename Net::Scratch workspace(typename Net::Sizes{batch});
    Batch b(batch, Net::size, Net::stride, Net::condition);
    ++ready;
    begun.wait(false);
    for (std::size_t first; (first = next.fetch_add(batch)) < o.showers;)
      if (!draw_batch<Net>(o, model, course, first, std::min(batch, o.showers - first), noise, b, workspace, out.showers)) ok = false;
    ++done;
    ended.wait(false);
  };
  std::vector<std::jthread> workers;
  for (std::size_t t = 0; t < threads; ++t) workers.emplace_back(work);
  while (ready < threads) std::this_thread::yield();
  const std::size_t before = allocations;
  const auto start = std::chrono::steady_clock::now();
  begun = true;
  begun.notify_all();
  while (done < threads) std::this_thread::sleep_for(std::chrono::microseconds(100));
  out.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  out.allocated = allocations - before;
  ended = true;
  ended.notify_all();
  out.ok = ok;
  return out;
}

std::vector<float> read_floats(const std::string& path) {
  std::ifstream in(path, std::ios::binary | std::ios::ate);
  std::vector<float> out(in ? static_cast<std::size_t>(in.tellg()) / sizeof(float) : 0);
  in.seekg(0);
  in.read(reinterpret_cast<char*>(out.data()), static_cast<std::streamsize>(out.size() * sizeof(float)));
  return out;
}

std::uint64_t digest(std::span<const float> values) {
  std::uint64_t hash = 0xcbf29ce484222325u;
  for (const float v : values) {
    std::uint32_t bits;
    std::memcpy(&bits, &v, sizeof bits);
    hash = (hash ^ bits) * 0x100000001b3u;
  }
  return hash;
}

template <class Net>
bool simulate(const char* name, const Options& o) {
  if (o.model != "all" && o.model != name) return true;
  typename Net::Network model;
  if (static_cast<int>(model.load((std::string(name) + ".weights").c_str())) != 0) return std::printf("%s: the weights do not load\n", name), false;
  const std::size_t steps = course_of<Net>(o).steps, batch = std::min(o.batch, max_batch);
  const std::vector<float> stored = o.noise.empty() ? std::vector<float>() : read_floats(o.noise);
  if (!o.noise.empty() && stored.size() < o.showers * (course_of<Net>(o).sampler == Sampler::ddpm ? steps + 1 : 1) * Net::size)
    return std::printf("%s: %s holds too few numbers\n", name, o.noise.c_str()), false;
  const Result r = draw_all<Net>(o, model, stored, batch, o.threads);
  if (!r.ok) return std::printf("%s: a call failed\n", name), false;
  std::printf("%s: %zu showers of %zu steps, %zu at a time on %zu threads (%s): %.4g ms a shower, bits %016llx\n", name, o.showers, steps, batch, o.threads,
              model.isa(), 1e3 * r.seconds / static_cast<double>(o.showers), static_cast<unsigned long long>(digest(r.showers)));
  if (!o.out.empty())
    std::ofstream(o.out, std::ios::binary)
        .write(reinterpret_cast<const char*>(r.showers.data()), static_cast<std::streamsize>(r.showers.size() * sizeof(float)));
  if (!o.check) return true;
  const Result alone = draw_all<Net>(o, model, stored, 1, 1);
  const bool same = alone.ok && std::memcmp(alone.showers.data(), r.showers.data(), r.showers.size() * sizeof(float)) == 0;
  if (!same) std::printf("%s: one by one the showers have other bits\n", name);
  if (r.allocated != 0 || alone.allocated != 0) std::printf("%s: the loop allocated %zu times\n", name, r.allocated + alone.allocated);
  return same && r.allocated == 0 && alone.allocated == 0;
}

std::optional<Sampler> sampler_called(std::string_view name) {
  if (name == "ddpm") return Sampler::ddpm;
  if (name == "ddim") return Sampler::ddim;
  return name == "heun" ? std::optional(Sampler::heun) : std::nullopt;
}

// False for words that mean nothing.
bool parse(int argc, char** argv, Options& o) {
  for (int i = 1; i < argc; ++i) {
    const std::string_view word = argv[i];
    if (word == "--check") {
      o.check = true;
      continue;
    }
    if (i + 1 == argc) return false;
    const std::string value = argv[++i];
    const auto number = [&] { return static_cast<std::size_t>(std::strtoull(value.c_str(), nullptr, 10)); };
    if (word == "--model") o.model = value;
    else if (word == "--sampler" && sampler_called(value)) o.sampler = sampler_called(value);
    else if (word == "--steps") o.steps = number();
    else if (word == "--showers") o.showers = number();
    else if (word == "--batch") o.batch = number();
    else if (word == "--threads") o.threads = number();
    else if (word == "--seed") o.seed = number();
    else if (word == "--generator") o.mt19937 = value == "mt19937";
    else if (word == "--noise") o.noise = value;
    else if (word == "--out") o.out = value;
    else return false;
  }
  return o.showers > 0 && o.batch > 0 && o.threads > 0;
}

}  // namespace
}  // namespace fastsim

int main(int argc, char** argv) {
  using namespace fastsim;
  Options o;
  if (!parse(argc, argv, o)) return std::puts("fastsim: wrong options; the first lines of fastsim.cpp list them"), 2;
  bool ok = simulate<Ds1>("calo_ds1", o);
  ok = simulate<Ds2>("calo_ds2", o) && ok;
  ok = simulate<Dream>("calodream", o) && ok;
  ok = simulate<Clouds>("pointwise", o) && ok;
  return ok ? 0 : 1;
}
