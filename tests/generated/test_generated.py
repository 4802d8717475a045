"""Generated networks: code compiled from them against ONNX Runtime, and equal code from equal networks.

  python tests/generated/test_generated.py INFERC [--count N] [--first I] [--seed S] [--keep DIR] [--jobs J] [--together PATH [--live LIVE_BUFFERS] | --passes PASS_RESULTS] [--table FILE]

Network I of seed S is the same on every run. Without --seed, networks 0..N-1 of seed 1; --seed day is the date of today, as 20261231. A network that fails is stored in DIR as a
backend-test folder, whole and shrunk, with the numbers that make it again. With --together many networks are one
program for one code path (together.py), which also runs parts of batches, rows in another order, the network in float64, and with
constants as inputs. With --passes nothing is compiled: the program pass_results
runs each graph before and after each pass; of 800 networks or more, too few calls of a fast kernel are a failure. FILE gets the
number of calls of each. Exit 1 on any failure, 77 where numpy, onnx or onnxruntime is missing.
"""
import argparse
import collections
import datetime
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

import coverage
import isolate
import metamorphic
import oracle
import shrink
import together

BATCH, TOGETHER = 100, 200        # networks at a time; as one program
RENAMED_EVERY = 10                # of these, one has its names changed
SHRINK_AT_MOST = 12
ENOUGH_TO_COVER = 800             # networks of which each fast kernel must get its share
SET_ASIDE_AT_MOST = 0.05          # of the networks: more would say that the generator is at fault


class Tally:
    def __init__(self):
        self.counts, self.operators, self.changes = collections.Counter(), collections.Counter(), collections.Counter()
        self.worst, self.failures, self.set_aside = 0.0, [], []
        self.oracles = collections.Counter()
        self.coverage = coverage.Coverage()

    def line(self):
        c = self.counts
        return (f"{c['passed']} passed, {c['failed']} failed, {c['set aside']} set aside; {c['dynamic']} with symbols; {sum(self.operators.values())} nodes of "
                f"{len(self.operators)} operators") + (f"; largest error {self.worst:.1e} of max |y|" if self.worst else "")

    def closing(self):
        return [f"set aside: {text}" for text in self.set_aside] + [f"{name} changed {count}" for name, count in self.changes.items()] + [
            f"compared, {name}: {count}" for name, count in self.oracles.items()] + self.coverage.table()


def settled(seed, indices, tally):
    out = []
    for n, problem in isolate.settled(seed, indices):
        if problem:
            tally.counts["set aside"] += 1
            tally.set_aside.append(problem)
            continue
        tally.counts["dynamic"] += bool(n.symbols)
        tally.operators.update(node.op_type for node in n.nodes)
        tally.coverage.add(n)
        out.append(n)
    return out


def judge_passes(args, networks, folder, tally):
    found, counts = oracle.judge_passes(args.passes, networks, folder)
    tally.changes.update(counts["changed"])
    tally.coverage.kernels.update(counts["kernel"])
    tally.coverage.fused.update(counts["fused"])
    return {n.name: (found.get(n.name), 0.0) for n in networks}


def judge_code(args, networks, folder):
    found = oracle.judge(args.inferc, networks, folder, args.jobs)
    return {n.name: (found[n.name][0] or metamorphic.check(args.inferc, n), found[n.name][1]) for n in networks}


def judge_together(args, networks, folder, tally):
    out = {}
    for j in together.judge(args.inferc, networks, folder, args.together, args.live):
        number = int(j.network.name.split("_")[1])
        if not j.problem and number % RENAMED_EVERY == 0:
            tally.oracles["other names"] += 1
            j.problem = metamorphic.check(args.inferc, j.network)
        tally.oracles.update(j.counts)
        tally.coverage.kernels.update(j.kernels)
        tally.coverage.fused.update(j.fused)
        out[j.network.name] = (j.problem, j.worst)
    return out


def run_batch(args, indices, tally):
    networks = settled(args.seed, indices, tally)
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        found = (judge_passes(args, networks, folder, tally) if args.passes else
                 judge_together(args, networks, folder, tally) if args.together else judge_code(args, networks, folder))
    for n in networks:
        problem, worst = found[n.name]
        tally.counts["failed" if problem else "passed"] += 1
        tally.worst = max(tally.worst, worst)
        if problem:
            tally.failures.append((n, problem))
            print(f"FAIL {n.name}: {problem}", flush=True)


def seed_number(text):
    return int(datetime.datetime.now(datetime.timezone.utc).strftime("%Y%m%d") if text == "day" else text)


def keep(args, n, problem):
    again = f"test_generated.py INFERC --seed {args.seed} --first {int(n.name.split('_')[1])} --count 1"
    print(f"stored: {oracle.store(n, args.keep, f'{problem}{chr(10)}{again}')}")
    judge = (lambda networks, folder: {c.name: (oracle.judge_passes(args.passes, networks, folder)[0].get(c.name), 0.0) for c in networks}) if args.passes else (
        lambda networks, folder: oracle.judge(args.inferc, networks, folder, args.jobs))
    if small := shrink.shrink(n, judge):
        where = oracle.store(small[0], args.keep, f"{small[1]}\n{again}")
        print(f"shrunk to {', '.join(node.op_type for node in small[0].nodes)}: {where}: {small[1]}", onnx.helper.printable_graph(small[0].model().graph), sep="\n", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("inferc")
    parser.add_argument("--count", type=int, default=60)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--seed", type=seed_number, default=1)
    parser.add_argument("--keep", type=pathlib.Path)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--together", choices=list(together.PATH_FLAGS), help="the code path: many networks as one program (together.py), other oracles besides")
    parser.add_argument("--live", help="the program live_buffers: with --together, the address sanitizer guards every buffer of the arena")
    parser.add_argument("--passes", help="the program pass_results")
    parser.add_argument("--table", type=pathlib.Path)
    args = parser.parse_args()
    tally, start = Tally(), time.monotonic()
    print(f"seed {args.seed}", flush=True)
    batch = TOGETHER if args.together else BATCH
    for low in range(args.first, args.first + args.count, batch):
        run_batch(args, range(low, min(low + batch, args.first + args.count)), tally)
        print(f"{tally.line()}; {time.monotonic() - start:.0f} s", flush=True)
    print(*tally.closing(), sep="\n", flush=True)
    if args.table:
        coverage.store(tally.coverage.kernels, args.table)
    for n, problem in tally.failures[:SHRINK_AT_MOST] if args.keep else []:
        keep(args, n, problem)
    few = args.count < 20 or tally.counts["set aside"] <= SET_ASIDE_AT_MOST * args.count
    rare = tally.coverage.rare() if args.passes and args.count >= ENOUGH_TO_COVER else []
    print(*(f"FAIL coverage: {line}" for line in rare), sep="\n", end="\n" if rare else "", flush=True)
    return 0 if tally.counts["passed"] and not tally.failures and few and not rare else 1


if __name__ == "__main__":
    sys.exit(main())
