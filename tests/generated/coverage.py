"""What generated networks cover: operator x element type x symbolic sizes x fan-out, and of what they become fast kernels and fusions."""
import collections
import functools
import json
import pathlib
import re

ROOT = pathlib.Path(__file__).resolve().parents[2]
KERNEL = re.compile(r'"(cpu::[a-z_0-9]+(?:::[a-z_0-9]+)*)"')
LEAST = 20                        # instances of each fast kernel in what `make test` runs
FUNCTORS = {"cpu::multiply_add"}  # of cpu::layer_norm: no kernel


@functools.cache
def known_kernels():
    """Of the names in the operators' sources, and what these make of them for other axes."""
    named = {k for path in sorted((ROOT / "compiler" / "ops").glob("*.cpp")) for k in KERNEL.findall(path.read_text())} - FUNCTORS
    text = "".join(path.read_text() for path in sorted((ROOT / "kernels" / "cpu").glob("*.hpp")))
    return named | {f"{k}_columns" for k in named if f" {k.removeprefix('cpu::')}_columns(" in text}


def unknown(calls):
    """Fast kernels that are called, and that known_kernels() does not see; the types among their template arguments are none."""
    return sorted(k for k in calls if k not in known_kernels() | FUNCTORS and KERNEL.fullmatch(f'"{k}"'))


def store(calls, path):
    """For scripts/kernel-table."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({k: calls[k] for k in sorted(known_kernels())}, indent=0))


class Coverage:
    def __init__(self):
        self.rows = collections.defaultdict(collections.Counter)
        self.kernels, self.fused = collections.Counter(), collections.Counter()

    def add(self, network):
        readers = collections.Counter(name for node in network.nodes for name in set(node.input))
        for node in network.nodes:
            values = [network.values[n] for n in [*node.input, *node.output] if n in network.values]
            row = self.rows[node.op_type]
            row["all"] += 1
            row[str(values[-1].dtype)] += 1
            row["symbolic"] += any(not isinstance(d, int) for v in values for d in v.dims)
            row["fan-out"] += any(readers[n] > 1 for n in node.output)

    def table(self):
        dtypes = sorted({k for row in self.rows.values() for k in row} - {"all", "symbolic", "fan-out"})
        lines = [f"{'operator':28}" + "".join(f"{c:>9}" for c in ["all", *dtypes, "symbolic", "fan-out", "fused"])]
        for op, row in sorted(self.rows.items()):
            counts = [row["all"], *(row[d] for d in dtypes), row["symbolic"], row["fan-out"], self.fused[op]]
            lines.append(f"{op:28}" + "".join(f"{n or '':>9}" for n in counts))
        return lines + [f"{'fast kernel':28}{'calls':>9}"] + [f"{k:28}{self.kernels[k]:>9}" for k in sorted(known_kernels())]

    def rare(self):
        """Fast kernels that too few of the networks' calls are, and those that no table would show."""
        return [f"{k}: {self.kernels[k]} calls, {LEAST} are wanted" for k in sorted(known_kernels()) if self.kernels[k] < LEAST] + [
            f"{k}: no known kernel" for k in unknown(self.kernels)]
