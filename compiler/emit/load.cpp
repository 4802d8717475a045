#include <fmt/format.h>

#include "compiler/emit/parts.hpp"
#include "compiler/emit/writer.hpp"

namespace inferc {
namespace {

// How every N.weights begins, up to its checksum.
std::string file_prefix(const EmitOptions& o) {
  return fmt::format("{{\\\"__metadata__\\\":{{\\\"structure\\\":\\\"{}\\\",\\\"checksum\\\":\\\"", o.structure_sha256);
}

constexpr std::string_view checking = R"(
  namespace {

  // --- weights: 8 bytes with the length of a header, the JSON header (our metadata first), tensors at multiples of 64 bytes

  constexpr std::size_t weight_bytes = $weight_bytes$;
  enum Owner { borrowed, mapped, allocated };

  // FNV-1a over 8-byte words in four interleaved lanes: detects damage, no defence against forgery.
  std::uint64_t checksum(const std::byte* p, std::size_t n) noexcept {
    std::uint64_t h[4] = {1, 2, 3, 4};
    for (std::size_t i = 0; i < n; i += 8) {
      std::uint64_t word = 0;
      std::memcpy(&word, p + i, n - i < 8 ? n - i : 8);
      h[i / 8 % 4] = (h[i / 8 % 4] ^ word) * 0x100000001b3u;
    }
    return ((h[0] * 31 + h[1]) * 31 + h[2]) * 31 + h[3];
  }

  void release(detail::Weights& w) noexcept {
    if (w.owner == mapped) ::munmap(const_cast<std::byte*>(w.file), w.file_bytes);
    if (w.owner == allocated) std::free(const_cast<std::byte*>(w.file));
    w = {};
  }

  // Whether the file is whole and for this code; the tensors then begin at the result.
  const std::byte* tensors(const std::byte* file, std::size_t bytes) noexcept {
    constexpr char prefix[] = "$prefix$";
    constexpr std::size_t length = sizeof(prefix) - 1;
    std::uint64_t header = 0, stored = 0;
    if (!file || bytes < 8 + length + 16) return nullptr;
    std::memcpy(&header, file, 8);
    if (header > bytes - 8 || bytes - 8 - header != weight_bytes || (8 + header) % 64 != 0) return nullptr;
    if (header < length + 16 || std::memcmp(file + 8, prefix, length) != 0) return nullptr;
    for (std::size_t i = 0; i < 16; ++i) {
      const auto c = static_cast<unsigned char>(file[8 + length + i]);
      if (!((c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'))) return nullptr;
      stored = stored * 16 + (c <= '9' ? c - std::uint64_t{'0'} : c - std::uint64_t{'a'} + 10);
    }
    constexpr std::size_t behind = 8 + length + 16;  // the checksum is of all that follows it
    return checksum(file + behind, bytes - behind) == stored ? file + 8 + header : nullptr;
  }

  // Takes over `w.file`.
  Status adopt(detail::Weights& w) noexcept {
    w.path = choose_path();
    w.data = tensors(w.file, w.file_bytes);
    const Status status = !w.data ? Status::bad_weights : w.path < 0 ? Status::unsupported_cpu : Status::ok;
    if (status != Status::ok) release(w);
    return status;
  }
  )";

constexpr std::string_view loading = R"(
  Status load_file(detail::Weights& w, const char* path) noexcept {
    release(w);
    const int descriptor = path ? ::open(path, O_RDONLY | O_CLOEXEC) : -1;
    if (descriptor < 0) return Status::bad_weights;
    struct stat info;
    void* data = MAP_FAILED;
    if (::fstat(descriptor, &info) == 0 && S_ISREG(info.st_mode) && info.st_size > 0)
      data = ::mmap(nullptr, static_cast<std::size_t>(info.st_size), PROT_READ, MAP_PRIVATE | MAP_POPULATE, descriptor, 0);
    ::close(descriptor);
    if (data == MAP_FAILED) return Status::bad_weights;
    w.file = static_cast<const std::byte*>(data);
    w.file_bytes = static_cast<std::size_t>(info.st_size);
    w.owner = mapped;
    return adopt(w);
  }

  Status load_memory(detail::Weights& w, const std::byte* file, std::size_t bytes) noexcept {
    release(w);
    if (!file) return Status::bad_weights;
    const bool aligned = reinterpret_cast<std::uintptr_t>(file) % 64 == 0;
    void* copy = aligned ? nullptr : std::aligned_alloc(64, bytes / 64 * 64 + 64);
    if (!aligned && !copy) return Status::out_of_memory;
    if (copy) std::memcpy(copy, file, bytes);
    w.file = copy ? static_cast<const std::byte*>(copy) : file;
    w.file_bytes = bytes;
    w.owner = copy ? allocated : borrowed;
    return adopt(w);
  }

  }  // namespace

  Model::Model() noexcept : weights_{} {}
  Model::Model(Model&& other) noexcept : weights_(other.weights_) { other.weights_ = {}; }
  Model& Model::operator=(Model&& other) noexcept {
    if (this == &other) return *this;
    release(weights_);
    weights_ = other.weights_;
    other.weights_ = {};
    return *this;
  }
  Model::~Model() { release(weights_); }
  Status Model::load(const char* weights_path) noexcept { return load_file(weights_, weights_path); }
  Status Model::load_bytes(const std::byte* file, std::size_t bytes) noexcept { return load_memory(weights_, file, bytes); }
  const char* Model::isa() const noexcept { return weights_.data ? path_names[weights_.path] : ""; }
  )";

}  // namespace

std::string mangled(const EmitOptions& o, std::string_view name) {
  std::string out = "_ZN";
  const std::string scope = namespace_of(o);
  for (std::size_t at = 0; at <= scope.size();) {
    const std::size_t end = std::min(scope.find("::", at), scope.size());
    out += std::to_string(end - at) + scope.substr(at, end - at);
    at = end + 2;
  }
  return out + std::to_string(name.size()) + std::string(name) + "E";
}

std::string emit_load(const Program& p, const EmitOptions& o) {
  std::string out = fill(checking, {{"weight_bytes", std::to_string(weights_size(p))}, {"prefix", file_prefix(o)}});
  out += "\n" + fill(loading);
  if (o.embed_weights)
    out +=
        "Status Model::load() noexcept {\n  return load_memory(weights_, embedded_weights, static_cast<std::size_t>(embedded_weights_end - "
        "embedded_weights));\n}\n";
  return out;
}

// GNU and clang assemblers look for a file in the current folder only, and know no string functions: the folder of this
// file is taken out of its name character by character.
std::string emit_weights_assembly(const EmitOptions& o) {
  return fill(R"(
    // Generated by inferc $version$. Embeds $name$.weights, which lies beside this file.
        .macro inferc_folder then
        \then ""
        .endm
        .macro inferc_path then, c
        \then "", \c
        .endm
        .macro inferc_set_folder text
        .purgem inferc_folder
        .macro inferc_folder then
        \then "\text"
        .endm
        .endm
        .macro inferc_set_path text
        .purgem inferc_path
        .macro inferc_path then, c
        \then "\text", "\c"
        .endm
        .endm
        .macro inferc_take text, c
        inferc_set_path "\text\c"
        .ifc "\c","/"
        inferc_set_folder "\text\c"
        .endif
        .endm
        .macro inferc_scan file
        .irpc c,"\file"
        inferc_path inferc_take, "\c"
        .endr
        .endm
        .macro inferc_embed folder
        .incbin "\folder\()$name$.weights"
        .endm

        .section .rodata
        .balign 64
        .globl $begin$
        .hidden $begin$
        .globl $end$
        .hidden $end$
        inferc_scan __FILE__
    $begin$:
        inferc_folder inferc_embed
    $end$:
        .section .note.GNU-stack,"",%progbits
    )",
              {{"version", INFERC_VERSION}, {"name", o.name}, {"begin", mangled(o, "embedded_weights")}, {"end", mangled(o, "embedded_weights_end")}});
}

}  // namespace inferc
