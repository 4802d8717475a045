/* Calls any compiled models through the C twin, rightly and wrongly, knowing nothing of them.
 * usage: any_model (LIBRARY.so NAME N.weights)...
 * Prints a line per model: its name, path, calls, and a digest of the outputs; exits 1 where the contract is broken. */
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "inferc_abi.h"

enum { most_ports = 64, margin = 64 };

typedef struct {
  const inferc_model* table;
  void* model;
  size_t dims[most_ports];
  unsigned char* memory[2 * most_ports]; /* each with a margin of canaries on both sides */
  inferc_input in[most_ports];
  inferc_output out[most_ports];
  size_t measured[most_ports];
  void* scratch;
  inferc_workspace workspace;
} session;

static int broken = 0;

static void expect(int good, const session* s, const char* what) {
  if (good) return;
  broken = 1;
  fprintf(stderr, "%s: %s\n", s->table->name, what);
}

static void* allocate(size_t bytes) {
  void* p = aligned_alloc(64, (bytes + 127) / 64 * 64);
  if (!p) exit(2);
  return p;
}

static size_t bytes_of(const inferc_tensor_info* info, const size_t* shape) {
  size_t bytes = info->element_bytes;
  for (size_t d = 0; d < info->rank; ++d) bytes *= shape[d];
  return bytes;
}

static unsigned char* guarded(size_t bytes) {
  unsigned char* p = allocate(bytes + 2 * margin);
  memset(p, 0xa5, bytes + 2 * margin);
  return p;
}

static void open_model(session* s, const char* library, const char* name, const char* weights) {
  char function[512];
  const inferc_model* (*entry)(void) = NULL;
  void* handle = dlopen(library, RTLD_NOW | RTLD_LOCAL);
  snprintf(function, sizeof(function), "%s_inferc", name);
  void* found = handle ? dlsym(handle, function) : NULL;
  if (!found) {
    fprintf(stderr, "%s: no function %s\n", library, function);
    exit(2);
  }
  memcpy(&entry, &found, sizeof(entry));
  s->table = entry();
  if (s->table->abi_version != INFERC_ABI_VERSION || s->table->input_count > most_ports || s->table->output_count > most_ports) exit(2);
  s->model = allocate(s->table->model_bytes);
  expect(s->table->load(s->model, "/no/such/file") == inferc_bad_weights, s, "a missing weights file was accepted");
  expect(s->table->load_memory(s->model, "12345678", 8) == inferc_bad_weights, s, "eight bytes were accepted as weights");
  if (s->table->load(s->model, weights) != inferc_ok) {
    fprintf(stderr, "%s does not load\n", weights);
    exit(1);
  }
}

static int expect_bad(session* s, const unsigned char* file, size_t bytes, const char* what) {
  unsigned char* model = allocate(s->table->model_bytes);
  const int refused = s->table->load_memory(model, file, bytes) == inferc_bad_weights;
  expect(refused, s, what);
  free(model);
  return refused;
}

/* Every kind of wrong file is refused, and what is loaded already stays as it is. */
static void wrong_weights(session* s, const char* weights, const char* of_another) {
  FILE* f = fopen(weights, "rb");
  if (!f || fseek(f, 0, SEEK_END) != 0) exit(2);
  const size_t bytes = (size_t)ftell(f);
  unsigned char* file = allocate(bytes);
  rewind(f);
  if (fread(file, 1, bytes, f) != bytes) exit(2);
  fclose(f);
  for (size_t k = 0; k < 400; ++k) {
    const size_t at = k < 100 ? k * 3 % bytes : (size_t)(k * 2654435761u) % bytes;
    file[at] ^= (unsigned char)(1u << k % 8);
    if (!expect_bad(s, file, bytes, "a file with a flipped bit was accepted")) fprintf(stderr, "bit %zu of byte %zu\n", k % 8, at);
    file[at] ^= (unsigned char)(1u << k % 8);
    expect_bad(s, file, at, "a file that is cut off was accepted");
  }
  expect_bad(s, NULL, bytes, "null weights were accepted");
  expect_bad(s, file, 0, "no weights were accepted");
  unsigned char* model = allocate(s->table->model_bytes);
  if (strcmp(weights, of_another) != 0) expect(s->table->load(model, of_another) == inferc_bad_weights, s, "weights of another model were accepted");
  expect(s->table->load(model, "/") == inferc_bad_weights, s, "a folder was accepted as weights");
  expect(s->table->load(model, "/dev/zero") == inferc_bad_weights, s, "a device was accepted as weights");
  expect(s->table->load_memory(model, file, bytes) == inferc_ok, s, "the whole file was refused");
  s->table->unload(model);
  memmove(file + 1, file, bytes); /* at any address */
  expect(s->table->load_memory(model, file + 1, bytes) == inferc_ok, s, "the file at an odd address was refused");
  s->table->unload(model);
  free(model);
  free(file);
}

/* Buffers for dims that lie `more` above their lower bounds; inputs are zero. */
static void make_buffers(session* s, size_t more) {
  const inferc_model* m = s->table;
  size_t shape[16];
  for (size_t i = 0; i < m->symbol_count; ++i) {
    const size_t room = m->symbols[i].upper - m->symbols[i].lower;
    s->dims[i] = m->symbols[i].lower + (more < room ? more : room);
  }
  for (size_t i = 0; i < m->input_count; ++i) {
    m->input_shape(i, s->dims, shape);
    const size_t bytes = bytes_of(&m->inputs[i], shape);
    s->memory[i] = guarded(bytes);
    s->in[i].data = memset(s->memory[i] + margin, 0, bytes);
    s->in[i].bytes = bytes;
  }
  for (size_t i = 0; i < m->output_count; ++i) {
    m->output_shape(i, s->dims, NULL, shape);
    s->out[i].bytes = bytes_of(&m->outputs[i], shape);
    s->memory[m->input_count + i] = guarded(s->out[i].bytes);
    s->out[i].data = s->memory[m->input_count + i] + margin;
  }
  s->workspace.bytes = m->workspace_bytes(s->dims);
  s->scratch = allocate(s->workspace.bytes);
  memset(s->scratch, 0xff, s->workspace.bytes); /* NaN where read before it is written */
  s->workspace.data = s->scratch;
}

static void free_buffers(session* s) {
  for (size_t i = 0; i < s->table->input_count + s->table->output_count; ++i) free(s->memory[i]);
  free(s->scratch);
}

static int run(session* s) { return s->table->run(s->model, s->dims, s->in, s->out, s->measured, &s->workspace); }

static int outputs_untouched(const session* s) {
  for (size_t o = 0; o < s->table->output_count; ++o)
    for (size_t b = 0; b < s->out[o].bytes; ++b)
      if (s->memory[s->table->input_count + o][margin + b] != 0xa5) return 0;
  return 1;
}

static int margins_untouched(const session* s) {
  for (size_t i = 0; i < s->table->input_count + s->table->output_count; ++i) {
    const size_t bytes = i < s->table->input_count ? s->in[i].bytes : s->out[i - s->table->input_count].bytes;
    for (size_t b = 0; b < margin; ++b)
      if (s->memory[i][b] != 0xa5 || s->memory[i][margin + bytes + b] != 0xa5) return 0;
  }
  return 1;
}

static void refused(session* s, int status, size_t offender, const char* what) {
  const int got = run(s);
  if (got != status || s->workspace.offender != offender) {
    broken = 1;
    fprintf(stderr, "%s: %s: %s, offender %ld\n", s->table->name, what, s->table->text(got), (long)s->workspace.offender);
  }
  expect(outputs_untouched(s), s, what);
}

static void wrong_dims(session* s) {
  const inferc_model* m = s->table;
  for (size_t i = 0; i < m->symbol_count; ++i) {
    const size_t good = s->dims[i];
    s->dims[i] = m->symbols[i].upper + 1;
    refused(s, inferc_dim_out_of_bounds, i, "a dim above its bound");
    expect(m->workspace_bytes(s->dims) == SIZE_MAX, s, "workspace_bytes of dims out of bounds");
    s->dims[i] = SIZE_MAX;
    refused(s, inferc_dim_out_of_bounds, i, "a dim of SIZE_MAX");
    s->dims[i] = m->symbols[i].lower - 1;
    if (m->symbols[i].lower > 0) refused(s, inferc_dim_out_of_bounds, i, "a dim below its bound");
    s->dims[i] = good;
  }
}

static void wrong_buffers(session* s) {
  const inferc_model* m = s->table;
  for (size_t i = 0; i < m->input_count; ++i) {
    const inferc_input good = s->in[i];
    if (good.bytes == 0) continue;
    s->in[i].bytes -= 1;
    refused(s, inferc_buffer_too_small, i, "a short input");
    s->in[i] = good, s->in[i].data = NULL;
    refused(s, inferc_buffer_too_small, i, "a null input");
    s->in[i] = good, s->in[i].data = (const unsigned char*)good.data + 1;
    if (m->inputs[i].element_bytes > 1) refused(s, inferc_misaligned, i, "a misaligned input");
    s->in[i] = good;
  }
  for (size_t o = 0; o < m->output_count; ++o) {
    const inferc_output good = s->out[o];
    if (good.bytes == 0) continue;
    s->out[o].bytes -= 1;
    refused(s, inferc_buffer_too_small, m->input_count + o, "a short output");
    s->out[o] = good, s->out[o].data = NULL;
    refused(s, inferc_buffer_too_small, m->input_count + o, "a null output");
    s->out[o] = good, s->out[o].data = (unsigned char*)good.data + 1;
    if (m->outputs[o].element_bytes > 1) refused(s, inferc_misaligned, m->input_count + o, "a misaligned output");
    for (size_t i = 0; i < m->input_count; ++i) {
      s->out[o].data = s->memory[i] + margin;
      if (s->in[i].bytes > 0) refused(s, inferc_overlap, m->input_count + o, "an output on an input");
    }
    s->out[o] = good;
  }
}

static void wrong_workspace(session* s) {
  const inferc_workspace good = s->workspace;
  if (good.bytes > 0) {
    s->workspace.bytes -= 1;
    refused(s, inferc_out_of_memory, SIZE_MAX, "a short workspace");
    s->workspace = good, s->workspace.data = NULL;
    refused(s, inferc_out_of_memory, SIZE_MAX, "a null workspace");
    s->workspace = good, s->workspace.data = (unsigned char*)good.data + 4;
    refused(s, inferc_out_of_memory, SIZE_MAX, "a misaligned workspace");
  }
  s->workspace = good;
}

static void null_arguments(session* s) {
  const inferc_model* m = s->table;
  expect(m->run(NULL, s->dims, s->in, s->out, s->measured, &s->workspace) == inferc_bad_weights, s, "no model");
  expect(m->run(s->model, s->dims, s->in, s->out, s->measured, NULL) == inferc_out_of_memory, s, "no workspace");
  if (m->symbol_count > 0) {
    expect(m->run(s->model, NULL, s->in, s->out, s->measured, &s->workspace) == inferc_dim_out_of_bounds, s, "no dims");
    expect(m->workspace_bytes(NULL) == SIZE_MAX, s, "workspace_bytes without dims");
  }
  if (m->input_count > 0) expect(m->run(s->model, s->dims, NULL, s->out, s->measured, &s->workspace) == inferc_buffer_too_small, s, "no inputs");
  if (m->output_count > 0) expect(m->run(s->model, s->dims, s->in, NULL, s->measured, &s->workspace) == inferc_buffer_too_small, s, "no outputs");
  expect(outputs_untouched(s), s, "null arguments");
}

/* A 64- or 32-bit integer input that holds something huge: either it is no index, or it is refused at once. */
static size_t huge_integers(session* s) {
  const inferc_model* m = s->table;
  size_t indices = 0;
  for (size_t i = 0; i < m->input_count; ++i) {
    const size_t width = m->inputs[i].element_bytes;
    if ((m->inputs[i].onnx_dtype != 6 && m->inputs[i].onnx_dtype != 7) || s->in[i].bytes == 0) continue;
    unsigned char* last = s->memory[i] + margin + s->in[i].bytes - width;
    memset(last, 0x7f, width);
    const int status = run(s);
    if (status == inferc_index_out_of_range && s->workspace.offender != SIZE_MAX) { /* else an index that the model computes */
      ++indices;
      expect(s->workspace.offender == i, s, "the input with a bad index is not named");
      expect(outputs_untouched(s), s, "outputs were written before a bad index was found");
    }
    expect(margins_untouched(s), s, "a bad index left a buffer");
    memset(last, 0, width);
    for (size_t o = 0; o < m->output_count; ++o) memset(s->out[o].data, 0xa5, s->out[o].bytes);
  }
  return indices;
}

static unsigned long long digest(const session* s) {
  unsigned long long h = 1469598103934665603ull;
  for (size_t o = 0; o < s->table->output_count; ++o)
    for (size_t b = 0; b < s->out[o].bytes; ++b) h = (h ^ ((const unsigned char*)s->out[o].data)[b]) * 1099511628211ull;
  return h;
}

static void exercise(session* s, size_t more, unsigned long long* result) {
  make_buffers(s, more);
  wrong_dims(s);
  wrong_buffers(s);
  wrong_workspace(s);
  null_arguments(s);
  const size_t indices = huge_integers(s);
  const int status = run(s);
  expect(margins_untouched(s), s, "a call wrote beyond its buffers");
  if (status != inferc_ok && status != inferc_index_out_of_range && status != inferc_dim_mismatch) expect(0, s, "a right call failed");
  *result = status == inferc_ok ? digest(s) : 0;
  printf("%s %s +%zu: %s %016llx, %zu inputs of indices\n", s->table->name, s->table->isa(s->model), more, s->table->text(status), *result, indices);
  free_buffers(s);
}

int main(int argc, char** argv) {
  static session sessions[16];
  static unsigned long long first[16], again;
  const size_t count = (size_t)(argc - 1) / 3;
  if (count == 0 || count > 16) return 2;
  for (size_t i = 0; i < count; ++i) open_model(&sessions[i], argv[3 * i + 1], argv[3 * i + 2], argv[3 * i + 3]);
  for (size_t i = 0; i < count; ++i) wrong_weights(&sessions[i], argv[3 * i + 3], argv[3 * ((i + 1) % count) + 3]);
  for (size_t i = 0; i < count; ++i) exercise(&sessions[i], 0, &again);
  for (size_t i = 0; i < count; ++i) exercise(&sessions[i], 5, &first[i]);
  for (size_t i = count; i-- > 0;) { /* in the other order, with all loaded: the same bits */
    exercise(&sessions[i], 5, &again);
    expect(again == first[i], &sessions[i], "a second call gave other bits");
  }
  for (size_t i = 0; i < count; ++i) {
    sessions[i].table->unload(sessions[i].model);
    free(sessions[i].model);
  }
  return broken;
}
