"""Products of bench/kernels_bench.cpp as shares of the peak of fma of the same run."""
import json
import statistics
import subprocess
import sys

SHAPES = [(8, 64, 64), (40, 32, 64), (40, 64, 64), (40, 128, 128), (40, 256, 256), (40, 512, 256), (40, 256, 512), (1000, 64, 64), (1000, 128, 128), (1000, 256, 512)]


def name_of(shape):
    return "gemm<" + ", ".join(map(str, shape)) + ">"


def rates(program, core, seconds, shapes):
    """GFLOP/s of every shape and of "fma_peak": the median of nine runs in random order, as the clock is faster now and then."""
    wanted = "^(fma_peak|" + "|".join(map(name_of, shapes)) + ")$"
    done = subprocess.run(["taskset", "-c", str(core), program, f"--benchmark_filter={wanted}", "--benchmark_format=json", "--benchmark_repetitions=9",
                           "--benchmark_enable_random_interleaving=true", f"--benchmark_min_time={seconds / 10}"], capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"{program} failed\n{done.stderr[-2000:]}")
    found = {}
    for b in json.loads(done.stdout)["benchmarks"]:
        if b.get("run_type") == "iteration":
            name = b.get("run_name", b["name"])
            found.setdefault(name, []).append(b["GFLOP/s"])
    return {name: statistics.median(of) for name, of in found.items()}
