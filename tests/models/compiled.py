"""A model compiled by `inferc compile` for several code paths, called through the C interface (compiler/run/inferc_abi.h)."""
import ctypes
import json
import os
import pathlib
import subprocess

import numpy as np

Pointer, Size = ctypes.c_void_p, ctypes.c_size_t
QUICK = str(pathlib.Path(__file__).resolve().parents[1] / "support/quick-cxx")


class Refused(Exception):
    """inferc does not take the model: the text on stderr."""


class Buffer(ctypes.Structure):
    _fields_ = [("data", Pointer), ("bytes", Size)]


class Workspace(ctypes.Structure):
    _fields_ = [("data", Pointer), ("bytes", Size), ("offender", Size)]


def function(result, *arguments):
    return ctypes.CFUNCTYPE(result, *arguments)


class Table(ctypes.Structure):  # inferc_model
    _fields_ = [("abi_version", ctypes.c_uint32), ("table_bytes", ctypes.c_uint32), ("name", ctypes.c_char_p), ("tool_version", ctypes.c_char_p),
                ("model_sha256", ctypes.c_char_p), ("weights_file", ctypes.c_char_p), ("symbol_count", Size), ("symbols", Pointer),
                ("measured_count", Size), ("measured", Pointer), ("input_count", Size), ("inputs", Pointer), ("output_count", Size),
                ("outputs", Pointer), ("model_bytes", Size), ("workspace_bytes", function(Size, Pointer)),
                ("input_shape", function(None, Size, Pointer, Pointer)), ("output_shape", function(None, Size, Pointer, Pointer, Pointer)),
                ("load", function(ctypes.c_int, Pointer, ctypes.c_char_p)), ("load_memory", function(ctypes.c_int, Pointer, Pointer, Size)),
                ("unload", function(None, Pointer)), ("isa", function(ctypes.c_char_p, Pointer)),
                ("run", function(ctypes.c_int, Pointer, Pointer, Pointer, Pointer, Pointer, Pointer)), ("text", function(ctypes.c_char_p, ctypes.c_int))]


def aligned(size):
    memory = np.empty(size + 64, np.uint8)
    return memory[-memory.ctypes.data % 64:][:max(size, 1)]


class Compiled:
    """The code of `model` in `folder`, built by $CXX, else by `compiler`."""

    def __init__(self, inferc, model, folder, paths=("base", "v3", "v4"), options=(), compiler="g++"):
        self.folder, self.compiler = pathlib.Path(folder), os.environ.get("CXX", compiler)
        done = subprocess.run([inferc, "compile", model, "-o", folder, "--name", "net", "--isa", ",".join(paths), *options], capture_output=True, text=True)
        self.messages = done.stderr
        if done.returncode:
            raise Refused(done.stderr.strip())
        self.manifest = json.loads((self.folder / "net.json").read_text())
        self.table = ctypes.cast(self.build().net_inferc, ctypes.CFUNCTYPE(ctypes.POINTER(Table)))().contents

    def build(self):
        objects, running = [], []
        for source in self.manifest["sources"]:
            objects.append(source["file"] + ".o")
            command = [self.compiler, "-std=c++20", "-Wall", "-Wextra", "-Wpedantic", "-Werror", "-fPIC", *source["cxxflags"], "-c", source["file"], "-o", objects[-1]]
            running.append(subprocess.Popen(command, cwd=self.folder))
        if any([p.wait() for p in running]):
            raise RuntimeError(f"{self.compiler} refuses the generated code")
        subprocess.run([self.compiler, "-shared", "-o", "net.so", *objects], cwd=self.folder, check=True)
        return ctypes.CDLL(str(self.folder / "net.so"))

    def shape(self, dims, index, output):
        ports = self.manifest["outputs" if output else "inputs"][index]
        sizes = (Size * max(1, len(ports["shape"])))()
        arguments = (None, sizes) if output else (sizes,)
        (self.table.output_shape if output else self.table.input_shape)(index, dims, *arguments)
        return list(sizes)[:len(ports["shape"])]

    def run(self, inputs, path, batch=None):
        """The outputs for `inputs`, arrays with the batch first, `batch` rows a call; on a code path, or None where the CPU lacks it."""
        os.environ["INFERC_ISA"] = path
        model = aligned(self.table.model_bytes)
        self.check(self.table.load(model.ctypes.data, str(self.folder / "net.weights").encode()))
        try:
            if self.table.isa(model.ctypes.data).decode() != path:
                return None
            return self.batches(model, inputs, batch)
        finally:
            self.table.unload(model.ctypes.data)

    def batches(self, model, inputs, batch):
        step = batch if self.table.symbol_count else self.shape(None, 0, False)[0]
        parts = [self.call(model, [x[i:i + step] for x in inputs]) for i in range(0, len(inputs[0]), step)]
        return [np.concatenate(p) if np.ndim(p[0]) else np.array(p) for p in zip(*parts)]

    def call(self, model, inputs):
        dims = (Size * 1)(len(inputs[0]))
        inputs = [np.ascontiguousarray(x) for x in inputs]
        types = {"bool": np.bool_, **{t: np.dtype(t) for t in ("float32", "float64", "int8", "uint8", "int16", "uint16", "int32", "int64")}}
        outputs = [np.empty(self.shape(dims, i, True), types[o["dtype"]]) for i, o in enumerate(self.manifest["outputs"])]
        buffers = [(Buffer * max(1, len(a)))(*(Buffer(x.ctypes.data, x.nbytes) for x in a)) for a in (inputs, outputs)]
        scratch = aligned(self.table.workspace_bytes(dims))
        workspace = Workspace(scratch.ctypes.data, scratch.nbytes, 0)
        self.check(self.table.run(model.ctypes.data, dims, *buffers, None, ctypes.addressof(workspace)))
        return outputs

    def check(self, status):
        if status:
            raise RuntimeError(self.table.text(status).decode())
