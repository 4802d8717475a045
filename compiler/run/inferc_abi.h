/* The C twin of a compiled model: one header for all models, C99 and C++.
 *
 * A model N exports one function, `const inferc_model* N_inferc(void)`, which returns a constant table. A program that
 * knows nothing of the model finds in it what the tensors are, how much memory a call needs, and how to make the call:
 *
 *     const inferc_model* m = N_inferc();                      // dlsym(library, "N_inferc")
 *     void* model = aligned_alloc(64, m->model_bytes);         // a multiple of 64
 *     m->load(model, "N.weights");
 *     size_t dims[] = {17};                                    // one for each m->symbols[i]
 *     inferc_workspace w = {memory, m->workspace_bytes(dims), 0};
 *     int status = m->run(model, dims, inputs, outputs, NULL, &w);
 *     m->unload(model);
 *
 * Nothing here allocates except load (which maps or copies weights); run neither allocates, locks nor throws, and may
 * be called from many threads with one model and a workspace each. All text is UTF-8 and lives as long as the code.
 *
 * Compatibility: fields are only ever appended to inferc_model (compare `table_bytes`); any other change raises
 * INFERC_ABI_VERSION, and a reader refuses a version that it does not know.
 */
#ifndef INFERC_ABI_H
#define INFERC_ABI_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define INFERC_ABI_VERSION 1

/* Values of the int that load and run return; the C++ interface's Status has the same numbers. New ones are appended. */
enum inferc_status {
  inferc_ok = 0,
  inferc_bad_weights = 1,        /* missing, damaged, or of another model */
  inferc_dim_out_of_bounds = 2,  /* offender: symbol */
  inferc_dim_mismatch = 3,       /* offender: symbol, or symbol_count + input that gives sizes */
  inferc_buffer_too_small = 4,   /* offender: input, or input_count + output */
  inferc_overlap = 5,            /* offender: as above */
  inferc_index_out_of_range = 6, /* offender: input, where an input held the index */
  inferc_division_by_zero = 7,
  inferc_out_of_memory = 8, /* workspace absent, misaligned or too small */
  inferc_unsupported_cpu = 9,
  inferc_misaligned = 10,   /* a buffer that is not at a multiple of its element size; offender as for buffers */
  inferc_not_prepared = 11, /* the workspace is not prepared for this model and these sizes */
  inferc_bad_strides = 12   /* 0 along an axis that is longer than 1; offender: input */
};

/* A size that the caller chooses for each call. */
typedef struct inferc_symbol {
  const char* name;    /* in the model file */
  const char* member;  /* of Dims in C++ */
  size_t lower, upper; /* inclusive; upper is 2147483647 where unbounded */
} inferc_symbol;

/* A size that a call finds out (such as a number of non-zeros) and writes to `measured`. */
typedef struct inferc_measured {
  const char* name;
  const char* member; /* of Outputs in C++ */
  const char* bound;  /* upper bound as an expression over the symbols */
} inferc_measured;

/* One axis of a tensor. */
typedef struct inferc_dim {
  const char* text;    /* "40", "n_tracks", "2*n_tracks + 1": symbol names as in inferc_symbol.name */
  size_t lower, upper; /* its bounds; equal for a constant */
  int32_t symbol;      /* index into symbols where the axis is that bare symbol, else -1 */
  int32_t measured;    /* index into measured, likewise */
} inferc_dim;

typedef struct inferc_tensor_info {
  const char* name;       /* in the model file */
  const char* member;     /* of Inputs or Outputs in C++ */
  const char* dtype;      /* ONNX's lower-case name: "float32" */
  int32_t onnx_dtype;     /* ONNX's number (TensorProto.DataType) */
  uint32_t element_bytes; /* in memory: 4- and 2-bit types take one byte */
  size_t rank;
  const inferc_dim* dims; /* rank of them */
} inferc_tensor_info;

/* Dense row-major elements. `bytes` may exceed what the call needs; `data` may be null where nothing is needed. */
typedef struct inferc_input {
  const void* data;
  size_t bytes;
} inferc_input;

typedef struct inferc_output {
  void* data;
  size_t bytes;
} inferc_output;

/* One per concurrent call. */
typedef struct inferc_workspace {
  void* data; /* 64-byte aligned; contents need not be kept or cleared between calls, unless the model has a `reset` */
  size_t bytes;
  size_t offender; /* after a failure: see inferc_status; SIZE_MAX where nothing is to be named */
} inferc_workspace;

/* A size that the elements of an input repeat: run returns inferc_dim_mismatch where they differ. */
typedef struct inferc_told {
  const char* size; /* as inferc_dim.text */
  size_t input, element;
} inferc_told;

/* A stride that run_strided takes: from one index along an axis of an input to the next. */
typedef struct inferc_stride {
  size_t input, axis;
} inferc_stride;

typedef struct inferc_model {
  uint32_t abi_version; /* INFERC_ABI_VERSION of the code */
  uint32_t table_bytes; /* sizeof(inferc_model) of the code */
  const char* name;
  const char* tool_version;
  const char* model_sha256; /* 64 hexadecimal digits */
  const char* weights_file; /* the name that inferc gave it: "N.weights" */

  size_t symbol_count;
  const inferc_symbol* symbols;
  size_t measured_count;
  const inferc_measured* measured;
  size_t input_count;
  const inferc_tensor_info* inputs;
  size_t output_count;
  const inferc_tensor_info* outputs;

  /* Bytes of a loaded model; its storage is 64-byte aligned and does not move between load and unload. */
  size_t model_bytes;

  /* All functions are noexcept. `dims` has symbol_count entries and may be null where there are none. */

  /* Bytes of scratch for these dims, which must lie within their bounds; SIZE_MAX where they do not. */
  size_t (*workspace_bytes)(const size_t* dims);

  /* The rank sizes of input or output `index` for these dims. `measured`, of measured_count entries, is what run
   * wrote; null: the bounds, to allocate by. */
  void (*input_shape)(size_t index, const size_t* dims, size_t* shape);
  void (*output_shape)(size_t index, const size_t* dims, const size_t* measured, size_t* shape);

  /* Makes a model in raw storage. A null path stands for weights embedded in the code. After a failure the storage
   * holds no model and is not to be unloaded. */
  int (*load)(void* model, const char* weights_path);
  /* The same from memory: copied, or borrowed until unload when 64-byte aligned. */
  int (*load_memory)(void* model, const void* weights, size_t bytes);
  void (*unload)(void* model);

  /* The code path in use: "base", "v3", "v4" ... */
  const char* (*isa)(const void* model);

  /* `measured` may be null where measured_count is 0. Outputs must not overlap each other, an input or the workspace.
   * A fault in dims, buffers, or the indices in an input is found before anything is written; after any other failure
   * the outputs are unspecified. */
  int (*run)(const void* model, const size_t* dims, const inferc_input* inputs, const inferc_output* outputs, size_t* measured, inferc_workspace* workspace);

  /* "buffer_too_small" ...; "unknown status" for a number it does not know. */
  const char* (*text)(int status);

  /* Null where the model keeps no state between calls. Else the workspace holds it, at any sizes the same: reset writes the
   * initial values and comes before the first run; the same memory then serves run after run. A run that fails leaves it as it was. */
  int (*reset)(const void* model, inferc_workspace* workspace);

  size_t told_count;
  const inferc_told* told;

  /* Inputs that `prepare` takes and run does not: what they decide stays in the workspace. `prepare` is null where there are none,
   * else it comes before the first run in this memory, and again for other sizes. `static_places`: where each stands among all
   * inputs of the model file. */
  size_t static_input_count;
  const inferc_tensor_info* static_inputs;
  const size_t* static_places;
  int (*prepare)(const void* model, const size_t* dims, const inferc_input* static_inputs, inferc_workspace* workspace);

  /* Where in the workspace counters of 64 bits stand: runs, their nanoseconds, and for each call the ticks of the processor's time
   * stamp; the caller zeroes them. SIZE_MAX: there are none. */
  size_t profile_at, profile_calls;

  /* Inputs that may be structures of arrays, or arrays of structures. run_strided takes one stride in elements for each entry of
   * `strides`, and no bytes of these inputs beyond the last element; run takes them dense. Null where there are none. */
  size_t stride_count;
  const inferc_stride* strides;
  int (*run_strided)(const void* model, const size_t* dims, const size_t* strides, const inferc_input* inputs, const inferc_output* outputs, size_t* measured,
                     inferc_workspace* workspace);
} inferc_model;

#ifdef __cplusplus
}
#endif

#endif
