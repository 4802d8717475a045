"""A failing network made smaller while it still fails: outputs one by one, then nodes from the front."""
import tempfile
import pathlib

import oracle

MOST_CANDIDATES = 40
MOST_ROUNDS = 6


def shrink(network, judge):
    """The smallest failing part found and its problem, or None where no part fails alone. `judge`: oracle.judge with its program."""
    best = smallest_failing(judge, single_outputs(network))
    for _ in range(MOST_ROUNDS if best else 0):
        smaller = smallest_failing(judge, cuts(best[0]))
        if not smaller:
            break
        best = smaller
    return best


def single_outputs(network):
    """Each node's results alone."""
    values = network.values
    return [network.reduced(f"{network.name}_of{k}", [values[n] for n in node.output if n in values]) for k, node in enumerate(network.nodes)]


def cuts(network):
    """Each value inside given as an input."""
    made = [n for node in network.nodes for n in node.output]
    values, final = network.values, {v.name for v in network.outputs}
    out = [network.reduced(f"{network.name}_cut{k}", network.outputs, [values[n]]) for k, n in enumerate(made) if n not in final and n in values]
    return [n for n in out if len(n.nodes) < len(network.nodes)]


def smallest_failing(judge, candidates):
    candidates = sorted((c for c in candidates if c.nodes), key=lambda c: len(c.nodes))[-MOST_CANDIDATES:]
    candidates = [c for c in candidates if not oracle.settle(c)]
    if not candidates:
        return None
    with tempfile.TemporaryDirectory() as folder:
        found = judge(candidates, pathlib.Path(folder))
    failing = [(c, found[c.name][0]) for c in candidates if found[c.name][0]]
    return failing[0] if failing else None
