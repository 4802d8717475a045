#!/usr/bin/env python3
"""Whole showers of CaloDiffusion: every DDPM step by generated code (examples/fastsim) and by ONNX Runtime, from the same stored noise,
and by PyTorch in float64, which tells how far both are from the exact chain: largest error of a voxel of the first shower over the largest voxel.

    bench/showers.py FASTSIM_DIR ZOO_DIR [--model calo_ds1] [--steps 400] [--batch 1 16] [--core 1] [--json FILE]

FASTSIM_DIR: where examples/fastsim was built; ZOO_DIR: what `python -m models.fill` wrote. PyTorch of requirements-zoo.txt.
"""
import argparse
import json
import math
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import time

import numpy as np
import onnxruntime

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))

from bench.cases import ZOO  # noqa: E402

# network, channels, shape
NETWORKS = {"calo_ds1": ("calodiffusion_ds1", 4, (5, 10, 30)), "calo_ds2": ("calodiffusion_ds2", 3, (45, 16, 9))}


def philox(counter, key):
    """Philox4x32-10, as in examples/fastsim/philox.hpp."""
    c, k = list(counter), list(key)
    for _ in range(10):
        a, b = 0xD2511F53 * c[0], 0xCD9E8D57 * c[2]
        c = [(b >> 32) ^ c[1] ^ k[0], b & 0xFFFFFFFF, (a >> 32) ^ c[3] ^ k[1], a & 0xFFFFFFFF]
        k = [(k[0] + 0x9E3779B9) & 0xFFFFFFFF, (k[1] + 0xBB67AE85) & 0xFFFFFFFF]
    return c


def energies(showers):
    """The conditions that fastsim draws with seed 1."""
    return np.array([np.float32(philox((0, 0, 1, s), (1, 0))[0]) * np.float32(2.0**-32) for s in range(showers)], np.float32)


def images(channels, shape):
    """The channels behind the shower: the places of voxels in r, z and phi."""
    z, phi, r = np.meshgrid(*(np.arange(n, dtype=np.float32) / np.float32(n) for n in shape), indexing="ij")
    return np.stack([r, z, phi][: channels - 1])


def signal_levels(steps):
    level = [math.cos((t / steps + 0.008) / 1.008 * math.pi / 2) ** 2 for t in range(steps + 1)]
    out = [1.0]
    for t in range(1, steps + 1):
        out.append(out[-1] * max(level[t] / level[t - 1], 0.001))
    return out


def chain(predict, noise, steps, dtype):
    """Algorithm 2 of arXiv:2006.11239 in `dtype`; coefficients are rounded to float32, as fastsim's are."""
    signal, x = signal_levels(steps), noise[:, 0].astype(dtype)
    for t in range(steps, 0, -1):
        now, after = signal[t], signal[t - 1]
        alpha = now / after
        scale, share, spread = (dtype(np.float32(v)) for v in (1 / math.sqrt(alpha), (1 - alpha) / math.sqrt(1 - now),
                                                                math.sqrt((1 - alpha) * (1 - after) / (1 - now))))
        x = scale * (x - share * predict(x, dtype(np.float32(t / steps)))) + spread * noise[:, steps + 1 - t].astype(dtype)
    return x


def with_onnxruntime(path, noise, steps, energy, places):
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    count = len(energy)
    full = np.concatenate([np.zeros((count, 1, *places.shape[1:]), np.float32), np.repeat(places[None], count, 0)], 1)

    def predict(x, moment):
        full[:, 0] = x.reshape(full[:, 0].shape)
        return session.run(None, {"x": full, "energy": energy, "time": np.full(count, moment, np.float32)})[0].reshape(x.shape)

    predict(noise[:, 0], np.float32(1))
    start = time.perf_counter()
    out = chain(predict, noise, steps, np.float32)
    return out, (time.perf_counter() - start) / count


def exact(name, noise, steps, energy, places):
    import torch
    from models import export, registry
    torch.set_num_threads(1)
    model = export.built(registry.ENTRIES[name])
    model = model[0].double().eval()
    count = len(energy)
    fixed, e = torch.from_numpy(places).double().expand(count, *places.shape), torch.from_numpy(energy).double()

    def predict(x, moment):
        with torch.no_grad():
            shower = torch.from_numpy(x).reshape(count, 1, *places.shape[1:])
            return model(torch.cat([shower, fixed], 1), e, torch.full((count,), float(moment), dtype=torch.float64)).numpy().reshape(x.shape)

    return chain(predict, noise, steps, np.float64)


def with_generated_code(folder, name, noise, steps):
    with tempfile.TemporaryDirectory() as scratch:
        stored, result = pathlib.Path(scratch, "noise"), pathlib.Path(scratch, "showers")
        noise.tofile(stored)
        count = str(len(noise))
        command = ["./fastsim", "--model", name, "--steps", str(steps), "--showers", count, "--batch", count, "--noise", str(stored), "--out", str(result)]
        text = subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True).stdout
        return np.fromfile(result, np.float32).reshape(len(noise), -1), float(re.search(r"([\d.e+-]+) ms a shower", text)[1]) / 1000


def compare(args, count):
    network, channels, shape = NETWORKS[args.model]
    asked = next(goal for _, model, _, _, goal in ZOO if model == network)  # a whole shower: what a step is asked
    noise = np.random.default_rng(count).standard_normal((count, args.steps + 1, math.prod(shape))).astype(np.float32)
    energy, places = energies(count), images(channels, shape)
    ours, our_seconds = with_generated_code(args.fastsim, args.model, noise, args.steps)
    theirs, their_seconds = with_onnxruntime(args.zoo / f"{network}.torchscript.onnx", noise, args.steps, energy, places)
    wanted = None if args.times_only else exact(network, noise[:1], args.steps, energy[:1], places)

    def error(x):
        return None if wanted is None else float(np.abs(x[:1] - wanted).max() / np.abs(wanted).max())

    return {"model": args.model, "steps": args.steps, "batch": count, "asked": asked, "ours_s": our_seconds, "onnxruntime_s": their_seconds,
            "ratio": their_seconds / our_seconds, "ours_error": error(ours), "onnxruntime_error": error(theirs)}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("fastsim", type=pathlib.Path)
    parser.add_argument("zoo", type=pathlib.Path)
    parser.add_argument("--model", choices=NETWORKS, default="calo_ds1")
    parser.add_argument("--steps", type=int, default=400)
    parser.add_argument("--batch", type=int, nargs="*", default=[1, 16])
    parser.add_argument("--times-only", action="store_true", help="without the exact chain")
    parser.add_argument("--core", type=int, help="run on this core alone")
    parser.add_argument("--json", type=pathlib.Path)
    args = parser.parse_args()
    if args.core is not None:
        os.sched_setaffinity(0, {args.core})
    print("| whole showers | ours, s | ONNX Runtime, s | ratio | asked | error over ONNX Runtime's | asked |\n" + "|---" * 7 + "|", flush=True)
    rows = []
    for count in args.batch:
        rows.append(r := compare(args, count))
        error = "" if r["ours_error"] is None else f"{r['ours_error']:.1e} / {r['onnxruntime_error']:.1e} = {r['ours_error'] / r['onnxruntime_error']:.2f}"
        print(f"| {r['model']}, {r['steps']} steps, batch {count} | {r['ours_s']:.3f} | {r['onnxruntime_s']:.3f} | {r['ratio']:.2f} | {r['asked']} | {error} | 2 |",
              flush=True)
    if args.json:
        args.json.write_text(json.dumps(rows, indent=1) + "\n")


main()
