"""A peer and ours in turn, each in a process of its own."""
import contextlib
import json
import os
import pathlib
import select
import signal
import statistics
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
ROUNDS = 3


class Peer:
    """The process of one peer; what it says, or how it ended without saying anything."""

    def __init__(self, spec, limit, keep=None, command=(sys.executable, "-m", "bench.peer")):
        self.folder, self.errors, self.end = tempfile.TemporaryDirectory(), tempfile.TemporaryFile(), time.monotonic() + limit
        self.limit, compiled = limit, keep or pathlib.Path(self.folder.name)
        sizes = "".join(f"-{name}{n}" for name, n in sorted(spec["sizes"].items()))
        spec = {**spec, "library": str(compiled / f"{pathlib.Path(spec['model']).stem}{sizes}.pt2")}
        environment = {**os.environ, "TORCHINDUCTOR_CACHE_DIR": str(compiled / "inductor"), "OMP_NUM_THREADS": "1"}
        self.process = subprocess.Popen(command, cwd=ROOT, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self.errors, bufsize=0)
        self.ready = self.ask(json.dumps(spec))

    def ask(self, text):
        with contextlib.suppress(BrokenPipeError):
            self.process.stdin.write(text.encode() + b"\n")
        if not select.select([self.process.stdout], [], [], max(0, self.end - time.monotonic()))[0]:
            return {"error": f"not ready within {self.limit:g} s"}
        answer = self.process.stdout.readline()
        return json.loads(answer) if answer else self.ended()

    def ended(self):
        status = self.process.wait()
        if status < 0:
            return {"crashed": signal.Signals(-status).name}
        self.errors.seek(0)
        return {"error": (self.errors.read().decode(errors="replace").strip().splitlines() or [f"exit status {status}"])[-1][:200]}

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()
        self.folder.cleanup()


def combined(rounds):
    """Of the rounds' medians the median, of their minima the least."""
    return {"median": statistics.median(r["median"] for r in rounds), "min": min(r["min"] for r in rounds)}


def in_turn(peer, ours):
    """The peer and ours in turn, each in a process of its own that has the core for itself."""
    if "version" not in peer.ready:
        return peer.ready
    own, theirs = [], []
    for _ in range(ROUNDS):
        own.append(ours())
        theirs.append(peer.ask("measure"))
        if "median" not in theirs[-1]:
            return theirs[-1]
    found = {**peer.ready, **combined(theirs), "samples": sum(r["samples"] for r in theirs)}
    return found if any("error" in r for r in own) else {**found, "ours": combined([r["ours_ns"] for r in own])}
