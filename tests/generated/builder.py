"""A network under construction, evaluated node by node by ONNX Runtime as it grows.

Every value carries its arrays for each size of the symbols, so a rule sees what it works on and a dimension is symbolic where the
arrays differ. A node stays only if it is well conditioned: finite results of moderate size, and inputs moved by NUDGE of their
largest element leave every integer and bool unchanged (no tie, no rounding decides) and move floats by a bounded factor. The
product of these factors along a path is the value's gain; GAIN_LIMIT bounds what rounding of the first node may become in an output.
"""
import dataclasses
import pathlib
import sys

import numpy as np
import onnx
import onnxruntime
from onnx import helper, numpy_helper

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "python"))
from inferc.pquant import onnx_file  # noqa: E402

NUDGE = 1e-4
TIE_TRIES = 5                     # nudges besides the first where integers depend on floats: one may leave the order of near ones
GAIN_LIMIT = 40.0
LARGEST, SMALLEST = 60.0, 0.05       # of max |y| of a float result
MOST_ELEMENTS = 4096
OPSETS = (13, 15, 17, 18, 20, 22)
IR_VERSION = 9
DOMAINS = {"ai.onnx.ml": 3, onnx_file.DOMAIN: 1}
QUANTISERS = {f.name: f for f in (onnx_file.quantiser(r, o) for r in onnx_file.ROUND for o in onnx_file.OVERFLOW)}


class Rejected(Exception):
    """The rule does not apply here, or its result is ill conditioned."""


@dataclasses.dataclass
class Value:
    name: str
    arrays: list                     # one per size of the symbols
    gain: float = 1.0
    constant: bool = False

    @property
    def dtype(self):
        return self.arrays[0].dtype

    @property
    def rank(self):
        return self.arrays[0].ndim

    @property
    def dims(self):
        """A number where all sizes agree, else the tuple of numbers."""
        return [d[0] if len(set(d)) == 1 else d for d in zip(*(a.shape for a in self.arrays))]

    def static(self, *axes):
        return all(isinstance(self.dims[a], int) for a in axes)

    @property
    def is_float(self):
        return self.dtype.kind == "f"


def session(model, optimised):
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 4
    levels = onnxruntime.GraphOptimizationLevel
    options.graph_optimization_level = levels.ORT_ENABLE_ALL if optimised else levels.ORT_DISABLE_ALL
    return onnxruntime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])


def element_type(dtype):
    return helper.np_dtype_to_tensor_dtype(np.dtype(dtype))


def to_model(nodes, inputs, outputs, constants, opset):
    graph = helper.make_graph(nodes, "generated", inputs, outputs, [numpy_helper.from_array(np.asarray(a), n) for n, a in constants.items()])
    domains = {node.domain for node in nodes} - {""}
    opsets = [helper.make_opsetid("", opset), *(helper.make_opsetid(d, DOMAINS[d]) for d in sorted(domains))]
    functions = [QUANTISERS[n] for n in sorted({node.op_type for node in nodes if node.domain == onnx_file.DOMAIN})]
    return helper.make_model(graph, opset_imports=opsets, ir_version=IR_VERSION, functions=functions)


def reads(node):
    """Names of the values that a node reads, its graphs included."""
    out = set(node.input)
    for attribute in node.attribute:
        inner = attribute.g
        made = {v.name for v in inner.input} | {name for n in inner.node for name in n.output}
        out |= {name for n in inner.node for name in reads(n)} - made
    return out


def largest(array):
    return float(np.abs(array).max()) if array.size else 0.0


class Builder:
    def __init__(self, rng):
        self.rng = rng
        self.opset = int(rng.choice(OPSETS))
        self.inputs, self.values, self.nodes, self.constants = [], [], [], {}
        self.rounded = set()         # names of values of a quantised network that float32 rounds: ours are exact
        self.symbols = {}            # the tuple of numbers -> its name
        self.sizes = 1
        self.count = 0

    # --- chance

    def chance(self, p):
        return bool(self.rng.random() < p)

    def integer(self, low, high):
        """low..high, both included."""
        if low > high:
            raise Rejected("nothing to choose from")
        return int(self.rng.integers(low, high + 1))

    def choose(self, items):
        return items[int(self.rng.integers(len(items)))]

    def normal(self, *shape, scale=1.0):
        return (self.rng.standard_normal(shape) * scale).astype(np.float32)

    def indices(self, dim, shape):
        """Into an axis of at least `dim` elements, negative ones included."""
        if dim == 0:
            raise Rejected("an empty axis")
        return self.rng.integers(-dim, dim, shape)

    # --- leaves

    def fresh(self, letter):
        self.count += 1
        return f"gen_{letter}{self.count:03}"

    def input(self, dims, make):
        """A graph input; an entry of dims is a number or one of self.symbols."""
        arrays = [make(*(d if isinstance(d, int) else d[i] for d in dims)) for i in range(self.sizes)]
        value = Value(self.fresh("x"), arrays)
        self.inputs.append(value)
        self.values.append(value)
        return value

    def constant(self, array):
        array = np.asarray(array)
        name = self.fresh("w")
        self.constants[name] = array
        return Value(name, [array] * self.sizes, constant=True)

    def ints(self, *numbers):
        return self.constant(np.array(numbers, np.int64))

    # --- nodes

    def node(self, op, inputs, outputs=1, captures=(), **attributes):
        """The result, or a tuple of them; "" among the inputs is an absent one. `captures`: what graphs among the attributes read."""
        names = [self.fresh("t") for _ in range(outputs)]
        node = helper.make_node(op, [i.name if i else "" for i in inputs], names, name=self.fresh("n"), **attributes)
        given = {i.name: i for i in [*inputs, *captures] if i}
        results, gain = self.evaluate(node, given)
        values = [Value(n, [r[k] for r in results], gain) for k, n in enumerate(names)]
        self.nodes.append(node)
        self.values.extend(values)
        return values[0] if outputs == 1 else tuple(values)

    def evaluate(self, node, given):
        free = [v for v in given.values() if not v.constant]
        try:
            model = to_model([node], [helper.make_tensor_value_info(v.name, element_type(v.dtype), None) for v in free],
                             [helper.make_empty_tensor_value_info(n) for n in node.output],
                             {v.name: v.arrays[0] for v in given.values() if v.constant}, self.opset)
            run = session(model, False).run
            results, gain = [], 1.0
            for i in range(self.sizes):
                feed = {v.name: v.arrays[i] for v in free}
                results.append([np.asarray(r) for r in run(None, feed)])
                self.check_size(results[-1])
                moved = self.rng, *[np.random.default_rng(k) for k in range(TIE_TRIES) if any(r.dtype.kind != "f" for r in results[-1])]
                gain = max([gain, *(self.factor(results[-1], run(None, {n: self.nudged(a, g) for n, a in feed.items()})) for g in moved)])
        except Exception as problem:  # ONNX Runtime's own types derive from Exception only
            raise problem if isinstance(problem, Rejected) else Rejected(str(problem)) from problem
        gain *= max([1.0, *(v.gain for v in free)])
        if gain > GAIN_LIMIT:
            raise Rejected("gain")
        return results, gain

    @staticmethod
    def nudged(array, generator):
        if array.dtype.kind != "f":
            return array
        noise = generator.uniform(-1, 1, array.shape) * NUDGE * largest(array)
        return np.asarray(array + noise, array.dtype)

    @staticmethod
    def check_size(results):
        for r in results:
            if r.size > MOST_ELEMENTS:
                raise Rejected("size")
            if r.dtype.kind == "f" and r.size and not (np.isfinite(r).all() and SMALLEST <= largest(r) <= LARGEST):
                raise Rejected("range")
            if r.dtype.kind in "iu" and largest(r) > 1e6:
                raise Rejected("range")

    @staticmethod
    def factor(results, moved):
        out = 1.0
        for a, b in zip(results, moved):
            b = np.asarray(b)
            if a.dtype.kind != "f":
                if a.shape != b.shape or not (a == b).all():
                    raise Rejected("tie")
            elif a.size:
                out = max(out, largest(a.astype(np.float64) - b) / (NUDGE * largest(a)))
        if not np.isfinite(out):
            raise Rejected("range")
        return out

    # --- picking

    def pick(self, accept=lambda v: v.is_float, recent=8):
        """A value that is accepted, young ones first so that networks become deep."""
        found = [v for v in self.values if accept(v)]
        if not found:
            raise Rejected("nothing fits")
        return self.choose(found[-recent:] if self.chance(0.8) else found)

    def axis(self, value, accept=lambda dim: True):
        found = [a for a, d in enumerate(value.dims) if accept(d)]
        if not found:
            raise Rejected("no such axis")
        axis = self.choose(found)
        return axis, (axis - value.rank if self.chance(0.4) else axis)     # as counted from the front, and as written

    # --- trying a rule

    def attempt(self, rule):
        kept = len(self.values), len(self.nodes), len(self.inputs), dict(self.constants)
        try:
            rule(self)
            return True
        except Rejected:
            del self.values[kept[0]:], self.nodes[kept[1]:], self.inputs[kept[2]:]
            self.constants = kept[3]
            return False
