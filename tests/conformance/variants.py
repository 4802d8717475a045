"""Rewrites cases of the ONNX backend tests so that they also test weights and symbolic sizes, which the stored ones never do.

  python tests/conformance/variants.py make MODE INFERC OUT REPORT DATA...    variants of the cases in DATA/*/ that pass in REPORT
  python tests/conformance/variants.py count MODE OUT REPORT                  what became of them; exit 1 below the bar

MODE constant  Every input but the first becomes an initializer: weights are packed, shapes and arithmetic of constants folded.
     dynamic   Dims of inputs become symbols, each of its own; outputs keep their rank alone. All dims are tried first; what
               `inferc check` refuses, as a kernel's size or a number of heads must be known, is tried with fewer, in the order of
               LEVELS. A dim of one among inputs of other dims stays: sizes broadcast where a model says so, not where a number
               happens to be one.
The expected outputs stay as they are. Cases without tensors, or of one input in mode constant, have no variant; one that is refused at
every level is made at the first. OUT/levels.json: {case: level}.
"""
import collections
import json
import pathlib
import shutil
import subprocess
import sys

import onnx

# (name, whether axis `axis` of `rank` of input `k` becomes a symbol)
LEVELS = [
    ("all sizes", lambda k, axis, rank: True),
    ("sizes of the first input", lambda k, axis, rank: k == 0),
    ("all but the last axis, and heads", lambda k, axis, rank: axis < max(rank - 1, 1) and not (rank > 3 and axis == 1)),
    ("the first axis", lambda k, axis, rank: k == 0 and axis == 0),
]
TIMEOUT = 60
STOPPED = "the model stopped with dim_mismatch"
LEAST = {"constant": 1.0, "dynamic": 0.98}     # of the cases that pass as stored


def tensor_inputs(model):
    constants = {i.name for i in model.graph.initializer}
    return [v for v in model.graph.input if v.name not in constants]


def make_constant(model, inputs, folder):
    for data in sorted(folder.glob("test_data_set_*"))[1:]:
        shutil.rmtree(data)
    for k, v in list(enumerate(inputs))[1:]:
        path = folder / "test_data_set_0" / f"input_{k}.pb"
        tensor = onnx.load_tensor(path)
        tensor.name = v.name
        model.graph.initializer.append(tensor)
        model.graph.input.remove(v)
        path.unlink()


def make_dynamic(model, inputs, level):
    shapes = [v.type.tensor_type.shape.dim for v in inputs]
    ones_stay = len(inputs) > 1 and any(d.dim_value != 1 for shape in shapes for d in shape)
    for k, shape in enumerate(shapes):
        for axis, d in enumerate(shape):
            if level(k, axis, len(shape)) and not (ones_stay and d.dim_value == 1):
                d.dim_param = f"d{k}_{axis}"
    for v in model.graph.output:
        for d in v.type.tensor_type.shape.dim:
            d.Clear()
    del model.graph.value_info[:]


def accepted(inferc, folder):
    return subprocess.run([inferc, "check", folder / "model.onnx"], capture_output=True, timeout=TIMEOUT).returncode == 0


def save(model, folder):
    model.ir_version = max(model.ir_version, 4)      # initializers that are no inputs
    onnx.save(model, folder / "model.onnx")


def load(case):
    model = onnx.load(case / "model.onnx", load_external_data=False)
    return model, tensor_inputs(model)


def make(mode, inferc, case, folder):
    """The level, or None where the case has no variant."""
    model, inputs = load(case)
    if not inputs or any(not v.type.HasField("tensor_type") for v in inputs) or (mode == "constant" and len(inputs) < 2):
        return None
    shutil.copytree(case, folder, dirs_exist_ok=True)
    if mode == "constant":
        make_constant(model, inputs, folder)
        save(model, folder)
        return "constant"
    for name, level in [*LEVELS, LEVELS[0]]:
        model, inputs = load(case)
        make_dynamic(model, inputs, level)
        save(model, folder)
        if accepted(inferc, folder):
            return name
    return "refused"


def passed(report):
    worst = {}
    for row in json.loads(pathlib.Path(report).read_text())["cases"]:
        worst.setdefault(row["case"], []).append(row["verdict"])
    return {case for case, verdicts in worst.items() if set(verdicts) == {"PASS"}}


def make_all(mode, inferc, out, report, *data):
    out = pathlib.Path(out)
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir(parents=True)
    good, levels = passed(report), {}
    for case in sorted(c for d in data for c in pathlib.Path(d).iterdir()):
        if case.name in good and (level := make(mode, inferc, case, out / case.name)):
            levels[case.name] = level
    (out / "levels.json").write_text(json.dumps(levels, indent=0))
    return 0


def count(mode, out, report):
    levels, good = json.loads((pathlib.Path(out) / "levels.json").read_text()), passed(report)
    # A run that stops at sizes, as at a symbol that is one and broadcasts, is a refusal; other failures are wrong numbers.
    failed = [r for r in json.loads(pathlib.Path(report).read_text())["cases"] if r["verdict"] == "FAIL" and STOPPED not in r["reason"]]
    by_level = collections.Counter(level for case, level in levels.items() if case in good)
    print(f"{mode}: {len(good)} of {len(levels)} cases that pass as stored" + "".join(f"; {n} with {name}" for name, n in by_level.most_common() if mode == "dynamic"))
    print(*(f"FAIL {r['case']}: {r['reason']}" for r in failed), sep="\n", end="\n" if failed else "")
    return 1 if failed or len(good) < LEAST[mode] * len(levels) else 0


if __name__ == "__main__":
    command, *rest = sys.argv[1:]
    sys.exit({"make": make_all, "count": count}[command](*rest))
