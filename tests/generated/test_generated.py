"""Generated networks: code compiled from them against ONNX Runtime, and equal code from equal networks.

  python tests/generated/test_generated.py INFERC [--count N] [--first I] [--seed S] [--keep DIR] [--jobs J]

Network I of seed S is the same on every run. Without --seed, networks 0..N-1 of seed 1. A network that fails is stored in DIR as a
backend-test folder, whole and shrunk, with the numbers that make it again. Exit 1 on any failure, 77 where numpy, onnx or
onnxruntime is missing.
"""
import argparse
import collections
import pathlib
import sys
import tempfile
import time

try:
    import numpy  # noqa: F401
    import onnx  # noqa: F401
    import onnxruntime  # noqa: F401
except ImportError as missing:
    print(f"skipped: {missing}")
    sys.exit(77)

import metamorphic
import network
import oracle
import shrink

BATCH = 100
SHRINK_AT_MOST = 12


class Tally:
    def __init__(self):
        self.counts, self.operators = collections.Counter(), collections.Counter()
        self.worst, self.failures, self.set_aside = 0.0, [], []

    def line(self):
        c = self.counts
        return (f"{c['passed']} passed, {c['failed']} failed, {c['set aside']} set aside; {c['dynamic']} with symbols; {sum(self.operators.values())} nodes of "
                f"{len(self.operators)} operators; largest error {self.worst:.1e} of max |y|")


def settled(seed, indices, tally):
    out = []
    for index in indices:
        n = network.generate(seed, index)
        if problem := oracle.settle(n):
            tally.counts["set aside"] += 1
            tally.set_aside.append(f"{n.name}: {problem}")
            continue
        tally.counts["dynamic"] += bool(n.symbols)
        tally.operators.update(node.op_type for node in n.nodes)
        out.append(n)
    return out


def run_batch(args, indices, tally):
    networks = settled(args.seed, indices, tally)
    with tempfile.TemporaryDirectory() as folder:
        found = oracle.judge(args.inferc, networks, pathlib.Path(folder), args.jobs)
    for n in networks:
        problem, worst = found[n.name]
        problem = problem or metamorphic.check(args.inferc, n)
        tally.counts["failed" if problem else "passed"] += 1
        tally.worst = max(tally.worst, worst)
        if problem:
            tally.failures.append((n, problem))
            print(f"FAIL {n.name}: {problem}", flush=True)


def keep(args, n, problem):
    again = f"test_generated.py INFERC --seed {args.seed} --first {int(n.name.split('_')[1])} --count 1"
    print(f"stored: {oracle.store(n, args.keep, f'{problem}{chr(10)}{again}')}")
    if small := shrink.shrink(args.inferc, n, args.jobs):
        where = oracle.store(small[0], args.keep, f"{small[1]}\n{again}")
        print(f"shrunk to {', '.join(node.op_type for node in small[0].nodes)}: {where}: {small[1]}", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("inferc")
    parser.add_argument("--count", type=int, default=60)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--keep", type=pathlib.Path)
    parser.add_argument("--jobs", type=int, default=2)
    args = parser.parse_args()
    tally, start = Tally(), time.monotonic()
    for low in range(args.first, args.first + args.count, BATCH):
        run_batch(args, range(low, min(low + BATCH, args.first + args.count)), tally)
        print(f"{tally.line()}; {time.monotonic() - start:.0f} s", flush=True)
    for text in tally.set_aside:
        print(f"set aside: {text}")
    for n, problem in tally.failures[:SHRINK_AT_MOST] if args.keep else []:
        keep(args, n, problem)
    return 1 if tally.failures or not tally.counts["passed"] else 0


if __name__ == "__main__":
    sys.exit(main())
