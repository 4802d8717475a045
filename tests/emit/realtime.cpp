// What gn2_small promises to a real-time caller, on the code path that INFERC_ISA names: prints the path and the bits of
// every output. Linked with a second model, whose objects come before or after. usage: realtime ISA GN2.weights MLP.weights
#include <dlfcn.h>
#include <fenv.h>
#include <pthread.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <vector>

#include "gn2_small.hpp"
#include "inferc_abi.h"
#include "jet_mlp.hpp"

extern "C" const inferc_model *gn2_small_inferc(void), *jet_mlp_inferc(void);

static thread_local long counted = 0;

extern "C" {
void* __libc_malloc(std::size_t);
void* __libc_calloc(std::size_t, std::size_t);
void* __libc_realloc(void*, std::size_t);
void* __libc_memalign(std::size_t, std::size_t);
void __libc_free(void*);

void* malloc(std::size_t size) { return ++counted, __libc_malloc(size); }
void* calloc(std::size_t n, std::size_t size) { return ++counted, __libc_calloc(n, size); }
void* realloc(void* p, std::size_t size) { return ++counted, __libc_realloc(p, size); }
void* memalign(std::size_t alignment, std::size_t size) { return ++counted, __libc_memalign(alignment, size); }
void* aligned_alloc(std::size_t alignment, std::size_t size) { return ++counted, __libc_memalign(alignment, size); }
void free(void* p) { ++counted, __libc_free(p); }

#define FORWARD(name, declared, passed)                                                  \
  int name declared noexcept {                                                           \
    static const auto next = reinterpret_cast<int(*) declared>(dlsym(RTLD_NEXT, #name)); \
    return ++counted, next passed;                                                       \
  }
FORWARD(pthread_mutex_lock, (pthread_mutex_t * m), (m))
FORWARD(pthread_once, (pthread_once_t * o, void (*f)()), (o, f))
FORWARD(pthread_rwlock_rdlock, (pthread_rwlock_t * l), (l))
FORWARD(pthread_create, (pthread_t * t, const pthread_attr_t* a, void* (*f)(void*), void* x), (t, a, f, x))
}

namespace {

void require(bool held, const char* what) {
  if (held) return;
  std::fprintf(stderr, "realtime: %s\n", what);
  std::exit(1);
}

std::vector<float> numbers(std::size_t n, unsigned seed) {
  std::vector<float> out(n);
  for (float& x : out) {
    seed = seed * 1664525u + 1013904223u;
    x = static_cast<float>(seed >> 8) / 8388608.0f - 1.0f;
  }
  return out;
}

struct Bits {
  float value[4];
};

// One call on scratch that holds `poison` everywhere; invalid operations, divisions by zero and overflows trap.
Bits call(const gn2_small::Model& model, std::size_t tracks, const std::vector<float>& jet, const std::vector<float>& features, gn2_small::Workspace& workspace,
          std::vector<std::byte>& memory, int poison) {
  std::memset(memory.data(), poison, memory.size());
  Bits out{};
  std::memset(&out, poison, sizeof out);
  float* const p = out.value;
  std::fenv_t before, after;
  feclearexcept(FE_ALL_EXCEPT);
  feenableexcept(FE_INVALID | FE_DIVBYZERO | FE_OVERFLOW);
  fegetenv(&before);
  const long start = counted;
  const gn2_small::Status status = run(model, {tracks}, {jet, features}, {{p, 1}, {p + 1, 1}, {p + 2, 1}, {p + 3, 1}}, workspace);
  const long during = counted - start;
  fegetenv(&after);
  fedisableexcept(FE_ALL_EXCEPT);
  require(status == gn2_small::Status::ok, text(status));
  require(during == 0, "a call allocated or locked");
  require(before.__control_word == after.__control_word && (before.__mxcsr & ~0x3fu) == (after.__mxcsr & ~0x3fu),
          "a call changed the floating-point environment");
  return out;
}

void check(const gn2_small::Model& model, std::size_t tracks) {
  const std::vector<float> jet = numbers(2, 1), features = numbers(tracks * 14, 2);
  std::vector<std::byte> memory(gn2_small::workspace_bytes({tracks}) + 64);
  auto* const aligned = reinterpret_cast<std::byte*>((reinterpret_cast<std::uintptr_t>(memory.data()) + 63) / 64 * 64);
  gn2_small::Workspace workspace(std::span(aligned, gn2_small::workspace_bytes({tracks})));
  const Bits clean = call(model, tracks, jet, features, workspace, memory, 0);
  const Bits poisoned = call(model, tracks, jet, features, workspace, memory, 0xff);  // every float a NaN
  require(std::memcmp(&clean, &poisoned, sizeof clean) == 0, "old bytes of the workspace reached an output");
  unsigned bits[4];
  std::memcpy(bits, &clean, sizeof bits);
  for (const float x : clean.value) require(x > 0 && x < 1, "a probability is none");
  std::printf("gn2_small %zu: %08x %08x %08x %08x\n", tracks, bits[0], bits[1], bits[2], bits[3]);
}

}  // namespace

int main(int argc, char** argv) {
  require(argc == 4, "usage: realtime ISA GN2.weights MLP.weights");
  gn2_small::Model gn2;
  jet_mlp::Model mlp;
  require(gn2.load(argv[2]) == gn2_small::Status::ok && mlp.load(argv[3]) == jet_mlp::Status::ok, "weights were refused");
  require(std::strcmp(gn2.isa(), argv[1]) == 0, "isa() names another path");
  require(std::strcmp(mlp.isa(), argv[1]) == 0, "isa() names another path");
  require(std::strcmp(gn2_small_inferc()->name, "gn2_small") == 0 && std::strcmp(jet_mlp_inferc()->name, "jet_mlp") == 0, "the C twins are mixed up");
  for (const std::size_t tracks : {0u, 1u, 40u}) check(gn2, tracks);
}
