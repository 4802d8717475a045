#!/usr/bin/env python3
"""Networks with weights of 16 bits (--precision bf16) against ours in float32 and OpenVINO in bfloat16: times, and errors against float64.

    .venv-bench/bin/python bench/bf16.py INFERC [--only SUBSTRING] [--core N] [--seconds S] [--json FILE]

.venv-bench is made by scripts/bench-peers --install. OpenVINO rounds activations, too (INFERENCE_PRECISION_HINT bf16), and multiplies in units
for bfloat16 where the processor has them; ours multiplies in float32. An error is the largest over the outputs, of the largest element of its output.
"""
import argparse
import json
import pathlib
import subprocess
import sys
import tempfile

import numpy as np
import torch

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))
from bench.cases import BF16, fixed  # noqa: E402
from bench.ours import measure  # noqa: E402
from bench.turns import Peer, combined, in_turn  # noqa: E402
from models import export, fill, inputs, registry  # noqa: E402


def exact(name, feed):
    """PyTorch in float64."""
    model = export.built(registry.ENTRIES[name])[0].double()
    arguments = [torch.from_numpy(x).double() if x.dtype == np.float32 else torch.from_numpy(x) for x in feed.values()]
    with torch.inference_mode():
        out = model(*arguments)
    return [x.numpy() for x in (out if isinstance(out, (tuple, list)) else [out])]


def error(found, wanted):
    return max(float(np.abs(f - w).max() / np.abs(w).max()) for f, w in zip(found, wanted))


def results(inferc, model, dims, feed, folder, precision):
    """What generated code computes."""
    np.savez(folder / "inputs.npz", **feed)
    command = [inferc, "run", model, *[w for d in dims for w in ("--dim", d)], "--precision", precision, "--inputs", folder / "inputs.npz",
               "--outputs", folder / precision]
    subprocess.run([str(word) for word in command], check=True, capture_output=True)
    return [np.load(path) for path in sorted((folder / precision).glob("output_*.npy"), key=lambda p: int(p.stem.split("_")[1]))]


def row_of(args, folder, name, asked):
    network, dims = fixed(name)
    listed = fill.fill_all(folder, [f"{network}.torchscript.onnx"])[0]
    model, sizes = folder / listed["file"], {s: int(n) for s, n in (d.split("=") for d in dims)}
    feed = inputs.feed(listed, sizes)
    wanted = exact(network, feed)
    errors = {f"ours_{p}_error": error(results(args.inferc, model, dims, feed, folder, p), wanted) for p in ("f32", "bf16")}
    float32 = []

    def ours():
        float32.append(measure(args.inferc, model, dims, [], args.core, args.seconds)["ours_ns"])
        return measure(args.inferc, model, dims, [], args.core, args.seconds, ["--precision", "bf16"])
    spec = {"peer": "openvino-bf16", "model": str(model), "listed": listed, "sizes": sizes, "core": args.core, "seconds": args.seconds,
            "outputs": str(folder / "openvino.npz")}
    with Peer(spec, 600) as peer:
        found = in_turn(peer, ours)
        errors["openvino_bf16_error"] = error(list(np.load(spec["outputs"]).values()), wanted)
    return {"case": name, "asked": asked, "openvino": found["version"], "ours_f32_ns": combined(float32), "ours_bf16_ns": found["ours"],
            "openvino_bf16_ns": {key: found[key] for key in ("median", "min")}, **errors}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("inferc", type=pathlib.Path)
    parser.add_argument("--only", default="", help="cases whose name holds this")
    parser.add_argument("--core", type=int, default=0)
    parser.add_argument("--seconds", type=float, default=0.5, help="for each round of each")
    parser.add_argument("--json", type=pathlib.Path)
    args = parser.parse_args()
    args.inferc, rows = args.inferc.resolve(), []
    head = ["case", "ours float32, us", "ours bf16, us", "OpenVINO bf16, us", "ratio", "asked", "error of ours float32 / bf16", "of OpenVINO bf16"]
    print("| " + " | ".join(head) + " |\n" + "|---" * len(head) + "|", flush=True)
    for name, asked in BF16.items():
        if args.only in name:
            with tempfile.TemporaryDirectory() as folder:
                rows.append(r := row_of(args, pathlib.Path(folder), name, asked))
            us = [r[key]["median"] / 1000 for key in ("ours_f32_ns", "ours_bf16_ns", "openvino_bf16_ns")]
            print(f"| {name} | {us[0]:.0f} | {us[1]:.0f} | {us[2]:.0f} | {us[2] / us[1]:.2f} | {asked} | {r['ours_f32_error']:.1e} / {r['ours_bf16_error']:.1e} | "
                  f"{r['openvino_bf16_error']:.1e} |", flush=True)
    if args.json:
        args.json.write_text(json.dumps(rows, indent=1) + "\n")


main()
