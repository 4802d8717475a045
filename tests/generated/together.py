"""Many networks as one program, cheap to build: the kernels once for all, equal fused functions once, nothing inlined or optimised.

What `inferc verify` builds is the same text, but each network with kernels of its own, inlined, for sizes that are constants: more than ten
times the time of the compiler. Bits depend on none of it. run_guarded.cpp calls each network with a workspace full of NaN and an unreadable page behind every buffer.
"""
import collections
import json
import os
import pathlib
import re
import shutil
import struct
import subprocess

import numpy as np

import oracle
import rows
import variants

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]
COMPILE_SECONDS, BUILD_SECONDS, RUN_SECONDS = 60, 1800, 600
COMPILERS = ("clang++-19", "clang++-16", "clang++", "g++")      # the quickest first
FLAGS = ["-std=c++20", "-O0", "-ffp-contract=off", "-fno-math-errno", "-fno-exceptions"]
SANITIZED = ["-fsanitize=address", "-g1"]
PATH_FLAGS = {"base": [], "v3": ["-march=x86-64-v3"], "v4": ["-march=x86-64-v4"], "v4q": ["-march=x86-64-v4", "-mavx512vnni", "-mavx512vbmi", "-mavx512bf16"]}
KERNEL_FILE = re.compile(r"^// ---- (kernels/\S+)\n", re.M)
FUSED = re.compile(r"^struct (fused_\d+) \{\n(.*?)^\};\n", re.M | re.S)
SIZES = re.compile(r"  // --- sizes\n(.*?)\n\n", re.S)
NEEDED = re.compile(r"const std::size_t needed = \(?(.*?)\)?(?:\.bytes\(\))?;")
CALL = re.compile(r"^ +// (\w+(?: '|:).*\n)((?: {2,}(?!//).*\n)+)", re.M)       # the nodes, and what computes them
OUTER_CALL = re.compile(r"^(?=  // \w+(?: '|:))", re.M)
NODE = re.compile(r"(\w+) '[^']*'")
KERNEL = re.compile(r"\bcpu::(?:(?:quantized|sparse)::)?[a-z_0-9]+")
SIZE = re.compile(r"\bdim<([1-9]\d*)>\{\}")


class Refused(Exception):
    """The compiler does not take the network."""


class Compiled:
    """The text of one network's calls, and its signature."""

    def __init__(self, inferc, model, folder, name, path, arguments=()):
        done = subprocess.run([inferc, "compile", model, "--isa", path, "--name", name, "-o", folder, *arguments], capture_output=True, text=True, timeout=COMPILE_SECONDS)
        if done.returncode:
            raise Refused(done.stderr.strip() or f"inferc compile ends with {done.returncode}")
        self.model = model
        self.name, self.weights = name, folder / f"{name}.weights"
        manifest = json.loads((folder / f"{name}.json").read_text())
        self.symbols, self.inputs, self.outputs = ([s["name"] for s in manifest["symbols"]], manifest["inputs"], manifest["outputs"])
        self.weight_bytes = manifest["weights_bytes"]
        kernels, self.text = (folder / f"{name}_body.hpp").read_text().split("// ======== the model\n")
        pieces = KERNEL_FILE.split(kernels)[1:]
        self.kernels = dict(zip(pieces[::2], pieces[1::2]))
        self.arena = NEEDED.search((folder / f"{name}.cpp").read_text()).group(1)

    def dims(self, inputs, outputs):
        """The symbols' values by the shapes of arrays."""
        found = {}
        for port, array in zip([*self.inputs, *self.outputs], [*inputs, *outputs]):
            found |= {d: n for d, n in zip(port["shape"], array.shape) if isinstance(d, str)}
        return [found[s] for s in self.symbols]


def calls(text):
    """(operators, fast kernels) of each call."""
    for nodes, code in CALL.findall(text[text.index("// --- calls"):]):
        yield NODE.findall(nodes.split("': ")[0] + "'"), set(KERNEL.findall(code))


class Program:
    """The source of many networks together. With the program live_buffers, every call may reach what is in use then, and nothing else."""

    def __init__(self, live=None):
        self.kernels, self.fused, self.models, self.table = {}, {}, [], []
        self.live, self.guarded_calls = live, 0

    def add(self, c):
        # What a file needs stands before it in every network, so that new files go to the end.
        for file, text in c.kernels.items():
            if self.kernels.setdefault(file, text) != text:
                raise RuntimeError(f"{file} differs between networks")
        text = self.share_fused(self.guarded(c.text, c.model) if self.live else c.text)
        sizes = SIZES.search(text)
        # Kernels of quantised networks take what fits their registers from constants.
        text = "\n".join(line if "quantized::" in line else SIZE.sub(r"std::size_t{\1}", line) for line in text.split("\n"))
        index = len(self.table)
        self.models.append(f"namespace case_{index} {{\nnamespace {{\n{text}\n"
                           f"std::size_t arena_bytes([[maybe_unused]] const std::size_t* dims) {{\n{sizes.group(1) if sizes else ''}\n  return {c.arena};\n}}\n}}\n}}\n")
        self.table.append(f'{{"{c.weights}", {c.weight_bytes}, case_{index}::body, case_{index}::arena_bytes}},\n')
        return index

    def guarded(self, text, model):
        """Before each call the rest of the arena is poisoned."""
        head, calls = text.split("// --- calls\n")
        lines = subprocess.run([self.live, model], capture_output=True, text=True, check=True, timeout=COMPILE_SECONDS).stdout.splitlines()
        parts = OUTER_CALL.split(calls)          # before the first, then each
        if len(parts) != len(lines) + 1:
            raise RuntimeError(f"{model}: {len(parts) - 1} calls in the text, {len(lines)} in the program")
        self.guarded_calls += len(lines)
        guards = [f"  only_live(arena, arena_bytes(dims), {{{line}}});\n{part}" for line, part in zip(lines, parts[1:])]
        return f"std::size_t arena_bytes(const std::size_t*);\n{head}// --- calls\n{parts[0]}{''.join(guards)}"

    def share_fused(self, text):
        names = {}
        rename = lambda part: re.sub(r"\bfused_\d+\b", lambda m: names.get(m.group(), m.group()), part)
        for name, content in FUSED.findall(text):
            names[name] = self.fused.setdefault(rename(content), f"shared_{len(self.fused)}")
        return rename(FUSED.sub("", text))

    def source(self):
        head = "".join(f"#include <{h}>\n" for h in ("bit", "cstddef", "cstdint", "limits", "type_traits", "utility"))
        fused = "".join(f"struct {name} {{\n{content}}};\n" for content, name in self.fused.items())
        kernels = "".join(self.kernels.values())
        text = (f'{head}#include "run_guarded.hpp"\nnamespace {{\n{kernels}\nusing namespace inferc;\n{fused}}}\n{"".join(self.models)}\n'
                f'const Network networks[] = {{\n{"".join(self.table)}}};\n')
        return text.replace("[[gnu::always_inline]]", "")


class NotCompiled(RuntimeError):
    """What the compiler says."""


def build(program, folder, path, flags=()):
    """The executable."""
    source = folder / "networks.cpp"
    source.write_text(program.source())
    # Every g++ brings the sanitizer's run-time library; clang's is a package of its own.
    compiler = os.environ.get("CXX") or next(c for c in (reversed(COMPILERS) if flags else COMPILERS) if shutil.which(c))
    command = [compiler, *FLAGS, *PATH_FLAGS[path], *flags, "-w", f"-I{HERE}", source, HERE / "run_guarded.cpp", "-o", folder / "networks"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=BUILD_SECONDS)
    if done.returncode:
        raise NotCompiled(done.stderr[:3000])
    return folder / "networks"


class Run:
    """A call of network `index`; the shapes and element types of `like` are those of the outputs."""

    def __init__(self, index, compiled, inputs, like):
        self.index, self.inputs, self.like = index, [np.ascontiguousarray(a) for a in inputs], [np.asarray(a) for a in like]
        self.dims = compiled.dims(self.inputs, self.like)

    def bytes(self):
        sizes = [len(self.dims), *self.dims, len(self.inputs), *(a.nbytes for a in self.inputs), len(self.like), *(a.nbytes for a in self.like)]
        return struct.pack(f"<{len(sizes) + 1}q", self.index, *sizes) + b"".join(a.tobytes() for a in self.inputs)

    def results(self, path):
        data = path.read_bytes()
        out, at = [], 0
        for a in self.like:
            out.append(np.frombuffer(data[at:at + a.nbytes], a.dtype).reshape(a.shape))
            at += a.nbytes
        return out


def call(executable, runs, folder):
    """For each run (outputs, None) or (None, what happened)."""
    (folder / "runs.bin").write_bytes(struct.pack("<q", len(runs)) + b"".join(r.bytes() for r in runs))
    done = subprocess.run([executable, folder / "runs.bin", folder], capture_output=True, text=True, timeout=RUN_SECONDS)
    if done.returncode:
        raise RuntimeError(f"{executable}: exit {done.returncode}: {done.stderr[:1000]}")
    said = dict(line.split(" ", 1) for line in done.stdout.splitlines())
    return [(None, said[str(i)] + done.stderr[:2000]) if said[str(i)] != "ok" else (r.results(folder / f"result_{i}.bin"), None) for i, r in enumerate(runs)]


VARIANTS = ("float64", "constants given")


class Judged:
    """One network among those of a program: its calls, and what their results say."""

    def __init__(self, network):
        self.network, self.problem, self.worst = network, None, 0.0
        self.expected = []                     # (what, run, how to compare its outputs)
        self.counts, self.kernels, self.fused = collections.Counter(), collections.Counter(), collections.Counter()

    def plan(self, inferc, program, folder, path, number):
        n, name = self.network, f"case_{len(program.table)}"
        compiled = self.compiled(inferc, n.model(), program, folder / name, name, path)
        for operators, kernels in calls(compiled.text):
            self.kernels.update(kernels)
            self.fused.update(operators if len(operators) > 1 else [])
        for i in n.sizes():
            self.expect("size", compiled, [v.arrays[i] for v in n.inputs], [v.arrays[i] for v in n.outputs])
        for check in n.rows:
            self.expect("rows", compiled, check.inputs, check.outputs, check)
        self.plan_variant(inferc, program, folder, path, VARIANTS[number % (2 * len(VARIANTS))] if number % (2 * len(VARIANTS)) < len(VARIANTS) and not n.exact else None)

    def plan_variant(self, inferc, program, folder, path, what):
        n, name = self.network, f"case_{len(program.table)}"
        wide = lambda a: a.astype(np.float64) if a.dtype == np.float32 else a
        if what == "float64" and variants.has_float64(n):
            compiled = self.compiled(inferc, variants.in_float64(n.model()), program, folder / name, name, path)
            for i in n.sizes():
                self.expect(what, compiled, [wide(v.arrays[i]) for v in n.inputs], [wide(v.arrays[i]) for v in n.outputs])
        elif what == "constants given" and (names := variants.given_constants(n)):
            compiled = self.compiled(inferc, variants.with_given_constants(n, names), program, folder / name, name, path)
            for i in n.sizes():
                self.expect(what, compiled, [*(v.arrays[i] for v in n.inputs), *(n.constants[c] for c in names)], [v.arrays[i] for v in n.outputs])

    @staticmethod
    def compiled(inferc, model, program, folder, name, path):
        folder.mkdir()
        (folder / "net.onnx").write_bytes(model.SerializeToString())
        out = Compiled(inferc, folder / "net.onnx", folder, name, path)
        out.index = program.add(out)
        return out

    def expect(self, what, compiled, inputs, outputs, check=None):
        self.expected.append((what, Run(compiled.index, compiled, inputs, outputs), check))

    def judge(self, results):
        whole = [outputs for (what, _, _), (outputs, _) in zip(self.expected, results) if what == "size"]
        for (what, run, check), (outputs, ended) in zip(self.expected, results):
            problem = ended or (rows.problem(check, whole[check.size], outputs) if check else self.different(run, outputs))
            self.counts[what] += 1
            if problem:
                self.problem = self.problem or f"{what}: {problem}"

    def different(self, run, outputs):
        for k, (ours, peer) in enumerate(zip(outputs, run.like)):
            if problem := oracle.difference(ours, peer, oracle.allowed(self.network)):
                return f"output {k} ({self.network.outputs[k].name}): {problem}"
            if ours.dtype.kind == "f":
                self.worst = max(self.worst, oracle.relative_error(ours, peer))
        return None


def judge(inferc, networks, folder, path, live=None):
    """[Judged] of networks that were settled; with `live`, the program live_buffers, under the address sanitizer."""
    program, out = Program(live), [Judged(n) for n in networks]
    for number, j in enumerate(out):
        try:
            j.plan(inferc, program, folder, path, number)
        except Refused as refused:
            j.problem = f"refused: {refused}"
    try:
        executable = build(program, folder, path, SANITIZED if live else [])
    except NotCompiled as wrong:
        if len(networks) > 1:  # which one?
            half, parts = len(networks) // 2, (folder / "first", folder / "second")
            for part in parts:
                part.mkdir()
            return judge(inferc, networks[:half], parts[0], path, live) + judge(inferc, networks[half:], parts[1], path, live)
        out[0].problem = f"does not compile: {wrong}"
        return out
    results = call(executable, [run for j in out for _, run, _ in j.expected], folder)
    for j in out:
        mine, results = results[:len(j.expected)], results[len(j.expected):]
        j.judge(mine)
    return out
