"""One generated network: inputs, nodes, outputs, and what ONNX Runtime makes of them."""
import dataclasses

import numpy as np
import onnx
from onnx import helper, numpy_helper

import builder
import layers
import quantised
import rules

# Three sizes of each of the two symbols: an expression of a symbol that is a constant at all three is one.
N_SIZES = ((2, 3, 6), (1, 4, 7), (3, 1, 5), (5, 2, 8), (0, 3, 4))
QUANTISED, WITH_TREES, WITH_EDGES = 7, 3, 5   # of ten networks
WITH_TYPES = 6                                # of fifteen: their rows are a symbol
T_SIZES = ((7, 6, 11), (5, 8, 12), (6, 9, 7), (5, 0, 8))


@dataclasses.dataclass
class Network:
    name: str
    opset: int
    inputs: list                      # builder.Value
    outputs: list
    nodes: list
    constants: dict                   # name -> array
    symbols: dict
    as_nodes: frozenset               # constants written as Constant nodes
    values: dict                      # name -> builder.Value of inputs and results
    exact: bool = False               # all values are on grids: ours and ONNX Runtime's as written are equal
    rows: list = dataclasses.field(default_factory=list)    # rows.Check: calls with other rows

    def declared(self, value):
        dims = [d if isinstance(d, int) else self.symbols.get(d, f"{value.name}_d{a}") for a, d in enumerate(value.dims)]
        return helper.make_tensor_value_info(value.name, builder.element_type(value.dtype), dims)

    def model(self, as_nodes=None):
        as_nodes = self.as_nodes if as_nodes is None else as_nodes
        used = {n for node in self.nodes for n in builder.reads(node)}
        tensors = {n: a for n, a in self.constants.items() if n in used}
        spelt = [helper.make_node("Constant", [], [n], name=f"{n}_node", value=numpy_helper.from_array(np.asarray(a), n))
                 for n, a in tensors.items() if n in as_nodes]
        outputs = [self.declared(v) for v in self.outputs]
        model = builder.to_model([*spelt, *self.nodes], [self.declared(v) for v in self.inputs], outputs,
                                 {n: a for n, a in tensors.items() if n not in as_nodes}, self.opset)
        onnx.checker.check_model(model)
        return model

    def sizes(self):
        return range(len(self.outputs[0].arrays))

    def feed(self, size):
        return {v.name: v.arrays[size] for v in self.inputs}

    def reduced(self, name, outputs, cut=()):
        """The part that `outputs` need, with the values in `cut` given as inputs."""
        by_name = {v.name: v for v in [*self.inputs, *cut]}
        stop, needed, kept = {v.name for v in cut}, {v.name for v in outputs}, []
        for node in reversed(self.nodes):
            if needed & (set(node.output) - stop):
                kept.insert(0, node)
                needed |= builder.reads(node)
        inputs = [v for n, v in by_name.items() if n in needed]
        return Network(name, self.opset, inputs, list(outputs), kept, self.constants, self.symbols, self.as_nodes, self.values)


def add_inputs(b, dynamic):
    symbols = []
    if dynamic:
        b.sizes = 3
        symbols = [b.choose(N_SIZES)] + ([b.choose(T_SIZES)] if b.chance(0.4) else [])
        b.symbols = dict(zip(symbols, ("N", "T")))
    batch = symbols[0] if symbols else b.integer(1, 3)
    length = symbols[1] if len(symbols) > 1 else b.integer(3, 7)
    width = b.choose((4, 6, 8, 16))
    image = [batch, b.choose((3, 4, 8)), b.integer(5, 8), b.integer(5, 8)]
    shapes = [[batch, width], [batch, length, width], image, [batch, b.integer(2, 4), b.integer(6, 10)], [length, width], [width]]
    wanted = {0, 1} | {i for i in (2, 3) if b.chance(0.45)} | {i for i in (4, 5) if b.chance(0.2)}
    for i in sorted(wanted):
        b.input(shapes[i], lambda *s: b.normal(*s))
    if b.chance(0.3):
        b.input([batch, length], lambda *s: b.rng.integers(-4, 5, s))
    if b.chance(0.2):
        b.input([batch, length, 1], lambda *s: b.rng.random(s) < 0.7)
    if b.chance(0.3):
        b.input(b.choose([[batch, width], [batch, length, width]]), lambda *s: b.normal(*s).astype(np.float64))
    if b.chance(0.2):
        b.input([batch, width], lambda *s: b.rng.integers(-4, 5, s).astype(np.int32))


def chosen_outputs(b):
    """Most of what nothing reads, a few inner values; the rest is dead."""
    consumed = {n for node in b.nodes for n in builder.reads(node)}
    made = {n for node in b.nodes for n in node.output}
    inner = [v for v in b.values if v.name in made]
    chosen = [v for v in inner if b.chance(0.08 if v.name in consumed else 0.9)]
    return [v for v in chosen if v.name not in b.rounded] or inner[-1:]


def generate(seed, index):
    """The same network for the same numbers, on any machine with the same numpy and ONNX Runtime."""
    if index % 10 == QUANTISED:
        return generate_quantised(seed, index)
    b = builder.Builder(np.random.default_rng([seed, index]))
    add_inputs(b, dynamic=index % 3 == 0)
    wanted = b.integer(4, 22)
    for _ in range(10 * wanted):
        b.attempt(rules.draw(b))
        if len(b.nodes) >= wanted:
            break
    if index % 10 == WITH_TREES:
        b.attempt(quantised.trees) or b.attempt(quantised.trees)
    if index % 10 == WITH_EDGES:
        b.attempt(layers.edge_convolution) or b.attempt(layers.edge_convolution)
    if index % 15 == WITH_TYPES:
        b.attempt(layers.heads_by_type) or b.attempt(layers.heads_by_type)
    return finished(seed, index, b)


def generate_quantised(seed, index):
    b = quantised.Exact(np.random.default_rng([seed, index]))
    quantised.fill(b, b.choose(N_SIZES) if index // 10 % 3 == 0 else None)
    return finished(seed, index, b, exact=True)


def finished(seed, index, b, exact=False):
    as_nodes = frozenset(n for n in b.constants if b.chance(0.4))
    used = {n for node in b.nodes for n in builder.reads(node)}
    inputs = [v for v in b.inputs if v.name in used]
    return Network(f"seed{seed}_{index:05}", b.opset, inputs, chosen_outputs(b), b.nodes, b.constants, b.symbols, as_nodes, {v.name: v for v in b.values}, exact)
