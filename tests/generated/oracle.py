"""Networks written as backend-test folders, compiled and run by `inferc verify`, compared with ONNX Runtime.

One process of `inferc verify` builds many networks as one program. Its verdict says that a network was compiled, built and run; the
numbers are compared here from the outputs that it keeps.

TOLERANCE. Both sides round each node in an order of their own, by some units of 2^-24 = 6e-8 of the largest element; the builder's
GAIN_LIMIT of 40 bounds what becomes of one rounding: 40 * 6e-8 * 4 units = 1e-5 of max |y|. ONNX Runtime with and without its
optimiser must agree to half of that, else the network is ill conditioned and set aside.
"""
import json
import pathlib
import subprocess

import numpy as np
import onnx
from onnx import numpy_helper

import builder

TOLERANCE = 1e-5
TIMEOUT = 3000


def write_case(network, folder):
    case = folder / network.name
    for i in network.sizes():
        data = case / f"test_data_set_{i}"
        data.mkdir(parents=True, exist_ok=True)
        for what, values in (("input", network.inputs), ("output", network.outputs)):
            for k, v in enumerate(values):
                (data / f"{what}_{k}.pb").write_bytes(numpy_helper.from_array(v.arrays[i], v.name).SerializeToString())
    onnx.save(network.model(), case / "model.onnx")
    return case


def allowed(network):
    return 0.0 if network.exact else TOLERANCE


def difference(ours, peer, tolerance=TOLERANCE):
    """None where equal by the rule above, else what differs."""
    if ours.dtype != peer.dtype or ours.shape != peer.shape:
        return f"{ours.dtype}{list(ours.shape)} instead of {peer.dtype}{list(peer.shape)}"
    if peer.dtype.kind != "f":
        return None if (ours == peer).all() else f"{(ours != peer).sum()} of {peer.size} elements differ"
    error = relative_error(ours, peer)
    return None if error <= tolerance else f"off by {error:.2e} of max |y|"


def relative_error(ours, peer):
    if not peer.size:
        return 0.0
    off, most = builder.largest(ours.astype(np.float64) - peer), builder.largest(peer)
    error = off / most if most else off
    return error if np.isfinite(error) else np.inf


def peer_results(network):
    """ONNX Runtime's outputs as is and optimised, for each size."""
    model = network.model()
    names = [v.name for v in network.outputs]
    # Its optimiser quantises weights again: other numbers.
    plain, optimised = (builder.session(model, o and not network.exact) for o in (False, True))
    return [[s.run(names, network.feed(i)) for s in (plain, optimised)] for i in network.sizes()]


def settle(network):
    """Stores what ONNX Runtime gives as the expected outputs; a reason where its optimiser fails or changes them."""
    try:
        results = peer_results(network)
    except Exception as problem:  # ONNX Runtime's own types derive from Exception only
        return f"ONNX Runtime fails: {str(problem)[:200]}"
    for i, (plain, optimised) in enumerate(results):
        for v, a, b in zip(network.outputs, plain, optimised):
            if problem := difference(np.asarray(b), np.asarray(a), TOLERANCE / 2):
                return f"{v.name}: ONNX Runtime optimised against not: {problem}"
            v.arrays[i] = np.asarray(a)
    return None


def compare(network, kept):
    """(problem or None, largest error of a float output)"""
    worst = 0.0
    for i in network.sizes():
        for k, v in enumerate(network.outputs):
            ours = np.load(kept / network.name / f"test_data_set_{i}" / f"output_{k}.npy")
            if problem := difference(ours, v.arrays[i], allowed(network)):
                return f"size {i}, output {k} ({v.name}): {problem}", worst
            if ours.dtype.kind == "f":
                worst = max(worst, relative_error(ours, v.arrays[i]))
    return None, worst


def judge(inferc, networks, folder, jobs):
    """{name: (problem or None, largest error)}"""
    cases, kept, report = folder / "cases", folder / "outputs", folder / "report.json"
    for network in networks:
        write_case(network, cases)
    done = subprocess.run([inferc, "verify", cases, "-j", str(jobs), "--keep-outputs", kept, "--json", report], capture_output=True, text=True, timeout=TIMEOUT)
    if done.returncode not in (0, 1):
        raise RuntimeError(f"inferc verify: exit {done.returncode}: {done.stderr[:1000]}")
    rows = {(r["case"], r["set"]): r for r in json.loads(report.read_text())["cases"]}
    return {n.name: verdict(n, [r for (case, _), r in rows.items() if case == n.name], kept) for n in networks}


def verdict(network, rows, kept):
    """A case that ran has its outputs kept: what counts is their comparison here, not the suite's looser one."""
    if not rows:
        return "no verdict", 0.0
    missing = [r for r in rows if not (kept / network.name / r["set"] / "output_0.npy").exists()]
    if missing:
        return f"{missing[0]['verdict']}: {missing[0]['reason']}", 0.0
    return compare(network, kept)


def judge_passes(program, networks, folder):
    """({name: problem} of those that fail, {what: {name: count}} that the program counts)"""
    for network in networks:
        write_case(network, folder)
    done = subprocess.run([program, folder], capture_output=True, text=True, timeout=TIMEOUT)
    lines = [line.split(maxsplit=2) for line in done.stdout.splitlines()]
    problems = {name.rstrip(":"): problem for kind, name, problem in lines if kind == "FAIL"}
    if done.returncode != (1 if problems else 0):
        raise RuntimeError(f"{program}: exit {done.returncode}: {done.stderr[:1000]}")
    counts = {kind: {} for kind in ("changed", "kernel", "fused")}
    for kind, count, name in lines:
        if kind in counts:
            counts[kind][name] = int(count)
    return problems, counts


def store(network, folder, note):
    case = write_case(network, pathlib.Path(folder))
    (case / "note.txt").write_text(note + "\n")
    return case
