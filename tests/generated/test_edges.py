"""Each fast kernel on random sizes around the edges of its tiles, compiled, against ONNX Runtime; a table of kernels and their cases.

  python tests/generated/test_edges.py INFERC [--count N] [--seed S] [--jobs J] [--table FILE]

N cases of each rule below; in half of them the first axis is a symbol of three sizes. FILE gets the number of cases of each kernel. Exit 1 where a case fails or a fast kernel has no
case, 77 where numpy, onnx or onnxruntime is missing.
"""
import argparse
import collections
import pathlib
import subprocess
import sys
import tempfile
from functools import partial

try:
    import numpy as np
    import onnx
    import onnxruntime  # noqa: F401
except ImportError as missing:
    print(f"skipped: {missing}")
    sys.exit(77)

import builder
import coverage
import layers as l
import movement as m
import network
import oracle
import quantised as q
import together
from common import F, pruned_weight, reduce_node, weight

EDGES = [e + d for e in (4, 8, 16, 32, 48, 64, 96, 128) for d in (-1, 0, 1)] + [1, 2, 257]
TRIES = 40
builder.MOST_ELEMENTS = 1 << 16


def edge(b, most=300):
    return b.choose([e for e in EDGES if e <= most]) if b.chance(0.7) else b.integer(1, most)


def value(b, *dims, most=130):
    """An input; the first axis is a symbol in a network of several sizes."""
    first = dims[0] if dims else edge(b, most)
    if b.sizes > 1:
        sizes = tuple(edge(b, most) for _ in range(b.sizes))
        if len(set(sizes)) > 1:
            b.symbols[sizes] = "N"
            first = sizes
    x = b.input([first, *dims[1:]], lambda *s: b.normal(*s))
    return backwards(b, x) if len(dims) > 1 and b.chance(0.15) else x


def backwards(b, x):
    """The rows from the last to the first: a view whose rows lie at a negative stride."""
    at = [b.constant(np.int64([v])) for v in (-1, -(1 << 40), len(x.dims) - 2, -1)]
    return b.node("Slice", [x, *at])


def rows(b, most):
    """In part more than one block of a constant number of rows has, which is 96."""
    return b.integer(97, 240) if b.chance(0.3) else edge(b, most)


def product(b):
    k, n = edge(b), edge(b)
    y = b.node("MatMul", [value(b, rows(b, 70), k), weight(b, k, n, fan=k)])
    y = b.node("Add", [y, b.constant(b.normal(n))]) if b.chance(0.5) else y
    b.node("Relu", [y])


def pruned_product(b):
    k, n = b.choose([64, 96, 128, 200, 257]), b.choose([64, 65, 79, 96, 130])
    y = b.node("MatMul", [value(b, b.integer(64, 200), k, most=200), pruned_weight(b, k, n)])
    b.node("Relu", [b.node("Add", [y, b.constant(b.normal(n))]) if b.chance(0.5) else y])


def two_products(b):
    k, n, batch = edge(b, 70), edge(b, 70), b.integer(1, 3)
    x = b.input([batch, rows(b, 40), k], lambda *s: b.normal(*s, scale=k**-0.25))
    turned = b.chance(0.5)
    y = b.input([batch, n, k] if turned else [batch, k, n], lambda *s: b.normal(*s, scale=k**-0.25))
    b.node("MatMul", [x, b.node("Transpose", [y], perm=[0, 2, 1]) if turned else y])


def convolution(b):
    c, k = edge(b, 33), edge(b, 49)
    size, kernel = [b.integer(4, 12) for _ in range(b.choose([1, 2]))], b.integer(2, 3)
    w = weight(b, k, c, *[kernel] * len(size), fan=c * kernel ** len(size))
    b.node("Conv", [value(b, b.integer(1, 2), c, *size, most=4), w], pads=[1] * 2 * len(size), strides=[b.integer(1, 2)] * len(size))


def transposed(b):
    c, k = edge(b, 17), edge(b, 33)
    b.node("ConvTranspose", [value(b, b.integer(1, 2), c, 5, b.integer(3, 8), most=3), weight(b, c, k, 3, 3, fan=c * 9)], strides=[b.integer(1, 2)] * 2)


def normalised_exponentials(b, op, axis):
    b.node(op, [value(b, edge(b, 60), edge(b))], axis=axis)


def norms(b, rule):
    value(b, edge(b, 40), max(edge(b), 4))
    rule(b)


def groups(b):
    value(b, b.integer(1, 3), 2 * edge(b, 17), edge(b, 40), most=4)
    l.group_norm_spelt(b)


def reductions(b, op):
    x = value(b, edge(b, 60), edge(b, 40 if op == "ReduceProd" else 300))
    positive = b.node("Add", [b.node("Abs", [b.node("Mul", [x, b.constant(F(0.2))])]), b.constant(F(0.8))]) if op == "ReduceProd" else b.node("Abs", [x])
    reduce_node(b, op, positive, [b.integer(0, 1)], b.integer(0, 1))


def attention(b, masked=False):
    value(b, 2, edge(b, 49), 2 * edge(b, 33), most=4)
    l.attention(b, masked)


def recurrent(b, op, gates, **attributes):
    b.sizes = 1
    h, k, d = edge(b, 33), edge(b, 20), b.integer(1, 2)
    x = b.input([b.integer(1, 5), edge(b, 9), k], lambda *s: b.normal(*s))
    b.node(op, [x, weight(b, d, gates * h, k, fan=k), weight(b, d, gates * h, h, fan=h)], 2, direction="bidirectional" if d == 2 else "forward", hidden_size=h, **attributes)


def top_k(b):
    x = value(b, edge(b, 40), edge(b, 130))
    b.node("TopK", [x, b.ints(min(x.dims[1], edge(b, 40)))], 2, axis=1)


def gather(b):
    x = value(b, edge(b, 60), edge(b, 60))
    b.node("Gather", [x, b.constant(b.indices(x.dims[1], edge(b, 60)))], axis=1)


def picked_rows(b):
    """Read in their table by the product or the loop behind."""
    x, rows = value(b, edge(b, 60), edge(b)), edge(b, 60)
    y = b.node("Gather", [x, b.constant(b.indices(min(a.shape[0] for a in x.arrays), rows))], axis=0)
    if b.chance(0.5):
        k = edge(b, 40)
        other = b.node("MatMul", [b.input([rows, k], lambda *s: b.normal(*s)), weight(b, k, x.dims[1], fan=k)])
    else:
        other = b.constant(b.normal(x.dims[1]))
    b.node("Relu", [b.node("Add", [y, other])])


def gather_nd(b):
    x, rows = value(b, edge(b, 60), edge(b, 60)), edge(b, 60)
    least = min(a.shape[0] for a in x.arrays)
    b.node("GatherND", [x, b.constant(np.stack([b.indices(least, rows), b.indices(x.dims[1], rows)], axis=1))])


def scatters(b, rule):
    b.sizes = 1
    b.input([edge(b, 60), edge(b, 60)], lambda *s: b.normal(*s))
    rule(b)


def maps(b):
    x = value(b, edge(b, 60), edge(b))
    y = b.node("Mul", [b.node("Sigmoid", [x]), b.constant(b.normal(*b.choose([(x.dims[1],), (1, 1)])))])
    b.node("Add", [y, b.node("Tanh", [x])])


def quantised_layer(b, rule):
    q.quantise(b, value(b, edge(b, 70), edge(b, 130)))
    rule(b)


def quantised_sum(b):
    """Of two layers' results: what layers do not make integers is added in float32."""
    q.quantise(b, value(b, edge(b, 70), b.integer(2, 9)))
    for _ in range(4):
        q.linear(b)
    x = b.quantised()
    y = b.quantised(lambda v: v.dims == x.dims and v.name != x.name)
    q.quantise(b, b.node("Add", [x, y]))


def quantised_row(b):
    b.sizes = 1
    q.quantise(b, b.input([b.integer(1, 3), edge(b, 130)], q.with_ties(b)))
    q.sparse(b)


def quantised_rows(b):
    q.quantise(b, value(b, edge(b, 200), edge(b, 70), most=200))
    q.pruned(b)


def quantised_image(b):
    q.quantise(b, value(b, b.integer(1, 3), edge(b, 17), *[b.integer(3, 9) for _ in range(b.integer(1, 2))], most=4))
    q.convolution(b)


def quantised_channels(b):
    sizes = [b.integer(4, 9) for _ in range(b.integer(1, 2))]
    q.quantise(b, value(b, b.integer(1, 3), b.integer(2, 5), *sizes, most=4))
    q.depthwise(b)


def decision_trees(b):
    value(b, edge(b, 130), edge(b, 33))
    q.trees(b)


def copies(b):
    x = value(b, edge(b, 40), edge(b, 60), edge(b, 9))
    b.node("Concat", [b.node("Transpose", [x], perm=[0, 2, 1]), b.node("Transpose", [b.node("Neg", [x])], perm=[0, 2, 1])], axis=2)


RULES = {f.__name__: f for f in (product, pruned_product, two_products, convolution, transposed, groups, attention, top_k, gather, picked_rows, gather_nd, maps, copies)}
RULES["attention_masked"] = partial(attention, masked=True)
RULES |= {f"{op}_{axis}": partial(normalised_exponentials, op=op, axis=axis) for op in ("Softmax", "LogSoftmax") for axis in (0, 1)}
RULES |= {op: partial(reductions, op=op) for op in [*l.REDUCTIONS, "ReduceLogSum"]}
RULES |= {f.__name__: partial(norms, rule=f) for f in (l.layer_norm, l.rms_norm_spelt)}
RULES |= {"LSTM": partial(recurrent, op="LSTM", gates=4), "GRU": partial(recurrent, op="GRU", gates=3),
          "GRU_linear": partial(recurrent, op="GRU", gates=3, linear_before_reset=1)}
RULES["decision_trees"] = decision_trees
EXACT = {"quantised_linear": partial(quantised_layer, rule=q.linear), "quantised_activation": partial(quantised_layer, rule=q.activation), "quantised_function": partial(quantised_layer, rule=q.function),
         "quantised_sparse": quantised_row, "quantised_pruned": quantised_rows, "quantised_convolution": quantised_image, "quantised_sum": quantised_sum,
         "quantised_channels": quantised_channels, "quantised_columns": partial(quantised_layer, rule=q.function_by_column)}
RULES |= {f.__name__: partial(scatters, rule=f) for f in (m.scatter_elements, m.scatter_nd, m.scatter_nd_given)}


def made(rule, seed, index):
    for attempt in range(TRIES):
        b = (q.Exact if rule in EXACT else builder.Builder)(np.random.default_rng([seed, *rule.encode(), index, attempt]))
        b.opset = q.OPSET if rule in EXACT else 20
        b.sizes = 3 if index % 2 else 1
        if b.attempt((RULES | EXACT)[rule]) and b.nodes:
            used = {n for node in b.nodes for n in builder.reads(node)}
            n = network.Network(f"{rule}_{index:03}", b.opset, [v for v in b.inputs if v.name in used], network.chosen_outputs(b)[-2:], b.nodes, b.constants, b.symbols,
                                frozenset(), {v.name: v for v in b.values}, rule in EXACT)
            if not oracle.settle(n):
                return n
    raise RuntimeError(f"{rule} {index}: no case in {TRIES} tries")


def kernels_of(inferc, n, folder):
    onnx.save(n.model(), folder / "net.onnx")
    done = subprocess.run([inferc, "compile", folder / "net.onnx", "--isa", "base", "--name", "net", "-o", folder / "out"], capture_output=True, text=True, timeout=120)
    if done.returncode:
        return set()                   # the verdict says why
    text = (folder / "out" / "net_body.hpp").read_text()
    return {name for _, kernels in together.calls(text) for name in kernels}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("inferc")
    parser.add_argument("--count", type=int, default=4)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--table", type=pathlib.Path)
    args = parser.parse_args()
    networks = [made(rule, args.seed, i) for rule in RULES | EXACT for i in range(args.count)]
    calls = collections.Counter()
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        for n in networks:
            calls.update(kernels_of(args.inferc, n, folder))
        verdicts = oracle.judge(args.inferc, networks, folder, args.jobs)
    failed = {n: problem for n, (problem, _) in verdicts.items() if problem}
    print(*(f"FAIL {n}: {problem}" for n, problem in failed.items()), sep="\n", end="\n" if failed else "")
    wanted = sorted(coverage.known_kernels())
    print(*(f"{k:28}{calls[k]:>6} cases" for k in wanted), sep="\n")
    if args.table:
        coverage.store(calls, args.table)
    empty = [k for k in wanted if not calls[k]]
    print(*(f"FAIL no case of {k}" for k in empty), sep="\n", end="\n" if empty else "")
    print(f"{len(networks) - len(failed)} passed, {len(failed)} failed; {len(wanted) - len(empty)} of {len(wanted)} fast kernels have cases")
    return 1 if failed or empty else 0


if __name__ == "__main__":
    sys.exit(main())
