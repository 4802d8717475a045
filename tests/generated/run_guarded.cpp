// Calls networks that stand together in one program (together.py), each call in a process of its own:
//   networks RUNS FOLDER
// RUNS holds the number of calls, and for each the network, sizes, bytes of inputs and outputs, and the inputs. Every buffer ends where an
// unreadable page begins; scratch and outputs are full of NaN before the call. Prints what becomes of each call; its outputs are FOLDER/result_K.bin.
#include "run_guarded.hpp"

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#if defined(__SANITIZE_ADDRESS__)
#define INFERC_SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define INFERC_SANITIZED 1
#endif
#endif
#ifdef INFERC_SANITIZED
extern "C" void __asan_poison_memory_region(const volatile void* place, std::size_t bytes);
extern "C" void __asan_unpoison_memory_region(const volatile void* place, std::size_t bytes);
#endif

void only_live([[maybe_unused]] const std::byte* arena, [[maybe_unused]] std::size_t bytes, [[maybe_unused]] std::initializer_list<Window> live) {
#ifdef INFERC_SANITIZED
  __asan_poison_memory_region(arena, bytes);
  for (const Window& w : live) __asan_unpoison_memory_region(arena + w.offset, w.bytes);
#endif
}

namespace {

#ifdef INFERC_SANITIZED
// The sanitizer guards both sides.
std::byte* guarded(std::size_t bytes) {
  void* place = nullptr;
  if (::posix_memalign(&place, 64, bytes) != 0) ::_exit(3);
  return static_cast<std::byte*>(std::memset(place, 0xff, bytes));
}
#else
constexpr std::size_t page = 4096;

std::byte* guarded(std::size_t bytes) {
  const std::size_t whole = (bytes + page - 1) / page * page;
  void* const place = ::mmap(nullptr, whole + page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (place == MAP_FAILED || ::mprotect(static_cast<std::byte*>(place) + whole, page, PROT_NONE) != 0) ::_exit(3);
  std::memset(place, 0xff, whole);
  return static_cast<std::byte*>(place) + (whole - bytes);
}
#endif

std::vector<char> content(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

class Reader {
 public:
  explicit Reader(const std::vector<char>& bytes) : at_(bytes.data()) {}
  std::size_t number() {
    std::int64_t n = 0;
    std::memcpy(&n, take(sizeof n), sizeof n);
    return static_cast<std::size_t>(n);
  }
  std::vector<std::size_t> numbers() {
    std::vector<std::size_t> out(number());
    for (std::size_t& n : out) n = number();
    return out;
  }
  const char* take(std::size_t bytes) { return at_ += bytes, at_ - bytes; }

 private:
  const char* at_;
};

struct Call {
  std::size_t network;
  std::vector<std::size_t> dims, input_bytes, output_bytes;
  std::vector<const char*> inputs;
};

Call next_call(Reader& r) {
  Call c{r.number(), r.numbers(), r.numbers(), r.numbers(), {}};
  for (const std::size_t n : c.input_bytes) c.inputs.push_back(r.take(n));
  return c;
}

// The tensors stand at the end of the file.
const std::byte* weights_of(const Network& n) {
  const std::vector<char> file = content(n.weights);
  if (file.size() < n.weight_bytes) ::_exit(4);
  std::byte* const out = guarded(n.weight_bytes);
  std::memcpy(out, file.data() + (file.size() - n.weight_bytes), n.weight_bytes);
  return out;
}

int perform(const Call& c, const std::string& path) {
  const Network& n = networks[c.network];
  std::vector<const void*> inputs;
  std::vector<void*> outputs;
  for (std::size_t i = 0; i < c.inputs.size(); ++i) inputs.push_back(std::memcpy(guarded(c.input_bytes[i]), c.inputs[i], c.input_bytes[i]));
  for (const std::size_t bytes : c.output_bytes) outputs.push_back(guarded(bytes));
  std::size_t measured[64] = {};
  const int fault = n.run(c.dims.data(), inputs.data(), outputs.data(), guarded(n.arena_bytes(c.dims.data())), weights_of(n), measured);
  if (fault != 0) return 5;
  std::ofstream file(path, std::ios::binary);
  for (std::size_t o = 0; o < outputs.size(); ++o) file.write(static_cast<const char*>(outputs[o]), static_cast<std::streamsize>(c.output_bytes[o]));
  return file.good() ? 0 : 6;
}

void isolated(std::size_t k, const Call& c, const std::string& folder) {
  const pid_t child = ::fork();
  if (child == 0) {
    ::alarm(60);
    ::_exit(perform(c, folder + "/result_" + std::to_string(k) + ".bin"));
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  if (WIFSIGNALED(status)) std::printf("%zu ended by signal %d\n", k, WTERMSIG(status));
  else if (WEXITSTATUS(status) != 0) std::printf("%zu ended with %d\n", k, WEXITSTATUS(status));
  else std::printf("%zu ok\n", k);
  std::fflush(stdout);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) return 2;
  const std::vector<char> bytes = content(argv[1]);
  Reader reader(bytes);
  const std::size_t count = reader.number();
  for (std::size_t k = 0; k < count; ++k) isolated(k, next_call(reader), argv[2]);
  return 0;
}
