#include "compiler/cli/allocations.hpp"

#include <cerrno>
#include <cstdlib>

// glibc takes the program's malloc family for the whole process, libraries opened later included. Sanitizers bring
// their own.
#if defined(__GLIBC__) && !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer) || __has_feature(memory_sanitizer)
#define INFERC_SANITIZED
#endif
#endif
#ifndef INFERC_SANITIZED
#define INFERC_COUNTS_ALLOCATIONS
#endif
#endif

#ifdef INFERC_COUNTS_ALLOCATIONS

namespace {
thread_local std::size_t count = 0;
}

extern "C" {
void* __libc_malloc(std::size_t);
void* __libc_calloc(std::size_t, std::size_t);
void* __libc_realloc(void*, std::size_t);
void* __libc_memalign(std::size_t, std::size_t);

void* malloc(std::size_t size) { return ++count, __libc_malloc(size); }
void* calloc(std::size_t n, std::size_t size) { return ++count, __libc_calloc(n, size); }
void* realloc(void* p, std::size_t size) { return ++count, __libc_realloc(p, size); }
void* memalign(std::size_t alignment, std::size_t size) { return ++count, __libc_memalign(alignment, size); }
void* aligned_alloc(std::size_t alignment, std::size_t size) { return ++count, __libc_memalign(alignment, size); }
int posix_memalign(void** out, std::size_t alignment, std::size_t size) {
  ++count;
  void* const p = __libc_memalign(alignment, size);
  if (!p) return ENOMEM;
  *out = p;
  return 0;
}
}

#endif

namespace inferc::cli {

std::optional<std::size_t> allocations() {
#ifdef INFERC_COUNTS_ALLOCATIONS
  return count;
#else
  return std::nullopt;
#endif
}

}  // namespace inferc::cli
