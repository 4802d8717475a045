"""What the command line makes of grid facts: choices that follow from what nodes compute and not from names, and notes or refusals where nothing is proved.

  python tests/models/test_grid_facts.py INFERC      (numpy, onnx; exit 77 where they are not installed; nothing is built)
"""
import json
import pathlib
import re
import subprocess
import sys
import tempfile
import time
import unittest

try:
    import numpy as np
    import onnx
    from onnx import TensorProto, helper, numpy_helper
except ImportError as missing:
    print(f"skipped: {missing}")
    sys.exit(77)

DATA = pathlib.Path(__file__).resolve().parent.parent / "data" / "quantized"
TAGGER = DATA / "pq_mlp_pdp70/model_exact.onnx"


def call(*words):
    return subprocess.run([INFERC, *map(str, words)], capture_output=True, text=True, timeout=120)


def constant(name, value):
    return numpy_helper.from_array(np.asarray(value), name)


def renamed(model):
    """Other names for every node, value and constant between the inputs and the outputs."""
    kept = {v.name for v in [*model.graph.input, *model.graph.output]}
    new = {}
    name = lambda old: old if not old or old in kept else new.setdefault(old, f"v{len(new)}")
    for i in model.graph.initializer:
        i.name = name(i.name)
    for k, n in enumerate(model.graph.node):
        n.name = f"node_{k}"
        n.input[:], n.output[:] = [name(i) for i in n.input], [name(o) for o in n.output]
    return model


def written_out(model):
    """Quantisers as Mul, Add, Floor, Clip and Div, weights as float32 constants: no name of a quantiser is left."""
    tensors = {i.name: numpy_helper.to_array(i) for i in model.graph.initializer}
    nodes, extra = [], [constant("half", np.float32(0.5))]
    for n in model.graph.node:
        x, y = n.input[0], n.output[0]
        if n.op_type == "DequantizeLinear":
            q, step = tensors[x].astype(np.float32), tensors[n.input[1]]
            extra.append(constant(y, q * step.reshape((-1,) + (1,) * (q.ndim - 1)) if step.size > 1 else q * step.reshape(())))
        elif n.op_type == "Quantize_RND_SAT":
            scale, low, high = (constant(f"{y}.{k}", tensors[i].reshape(())) for k, i in zip("slh", n.input[1:]))
            extra += [scale, low, high]
            for op, inputs, out in (("Mul", [x, scale.name], "a"), ("Add", [f"{y}.a", "half"], "b"), ("Floor", [f"{y}.b"], "c"), ("Clip", [f"{y}.c", low.name, high.name], "d")):
                nodes.append(helper.make_node(op, inputs, [f"{y}.{out}"]))
            nodes.append(helper.make_node("Div", [f"{y}.d", scale.name], [y]))
        else:
            nodes.append(n)
    del model.functions[:], model.graph.node[:], model.graph.initializer[:]
    model.graph.node.extend(nodes)
    model.graph.initializer.extend(extra)
    return model


class Choices(unittest.TestCase):
    def setUp(self):
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        self.folder = pathlib.Path(scratch.name)

    def saved(self, model, name="model"):
        path = self.folder / f"{name}.onnx"
        onnx.save(model, path)
        return path

    def compiled(self, model, name):
        """The calls without the names of their nodes, the code of the calls, and the weights."""
        out = self.folder / name
        done = call("compile", model, "--name", "net", "-o", out)
        self.assertEqual(done.returncode, 0, done.stderr)
        calls = json.loads((out / "net.json").read_text())["calls"]
        body = (out / "net_body.hpp").read_text()
        code = [re.sub(r"\s*//.*", "", line) for line in body[body.index("inline int body("):].splitlines()]
        return [{k: v for k, v in c.items() if k != "nodes"} for c in calls], [c for c in code if c.strip()], out

    def test_do_not_follow_from_names(self):
        calls, code, folder = self.compiled(TAGGER, "before")
        self.assertEqual([c["kernel"] for c in calls], ["cpu::quantized::to_integer"] + ["cpu::quantized::linear"] * 4)
        # half to even is the only rounding that Floor does not write, and -0.5 is no multiple of the step: ties up are Floor(x + 0.5)
        for name, change in (("renamed", renamed), ("written_out", lambda m: written_out(m)), ("both", lambda m: renamed(written_out(m)))):
            with self.subTest(name):
                other = self.compiled(self.saved(change(onnx.load(TAGGER)), name), name)
                self.assertEqual(other[0][1:], calls[1:])
                self.assertEqual(other[1][-4:], code[-4:])

    def layers(self, model):
        done = call("inspect", model, "--json", "-")
        self.assertEqual(done.returncode, 0, done.stderr)
        return json.loads(done.stdout)["integer_layers"]

    def test_are_printed_with_the_density(self):
        weights = [numpy_helper.to_array(i) for i in onnx.load(TAGGER).graph.initializer if i.name.endswith("weight.q")]
        layers = self.layers(TAGGER)
        self.assertEqual([float(l["density"]) for l in layers], [round(np.count_nonzero(w) / w.size, 2) for w in weights])
        self.assertEqual([l["zeros"] for l in layers], ["kept"] * 4)
        text = call("inspect", TAGGER).stdout
        self.assertRegex(text, r"layer Gemm '2'.* density 0\.28 products Bytes<2> zeros kept")

    def test_tables_are_printed_with_what_is_near_a_boundary(self):
        """PQuantML's softmax: exp and 1/x, all of whose entries are those of real numbers."""
        for network, points in (("pq_residual_softmax", [128, 256]), ("pq_attention", [256, 256])):
            done = call("inspect", DATA / network / "model_exact.onnx", "--json", "-")
            self.assertEqual(done.returncode, 0, done.stderr)
            tables = json.loads(done.stdout)["tables"]
            self.assertEqual([(t["points"], t["near a boundary"]) for t in tables], [(n, []) for n in points])
            self.assertRegex(tables[0]["function"], "Exp 'softmax.exp.function'|Exp 'attention.softmax.exp.function'")

    def pruned(self, zeros, size=256, data=127.0):
        random = np.random.default_rng(3)
        w = random.integers(-100, 101, (size, size)) * (random.random((size, size)) >= zeros)
        nodes = [helper.make_node("Mul", ["x", "s"], ["a"]), helper.make_node("Floor", ["a"], ["b"]), helper.make_node("Clip", ["b", "l", "h"], ["c"]),
                 helper.make_node("Gemm", ["c", "w"], ["y"], transB=1, name="layer")]
        tensors = [constant("s", np.float32(16)), constant("l", np.float32(0)), constant("h", np.float32(data)), constant("w", w.astype(np.float32))]
        info = lambda n: helper.make_tensor_value_info(n, TensorProto.FLOAT, ["batch", size])
        return helper.make_model(helper.make_graph(nodes, "g", [info("x")], [info("y")], tensors), opset_imports=[helper.make_opsetid("", 21)], ir_version=10)

    def test_leave_out_zeros_where_there_are_many(self):
        for zeros, choice in ((0.0, "kept"), (0.3, "kept"), (0.8, "left out for a few rows"), (0.9, "left out")):
            self.assertEqual(self.layers(self.saved(self.pruned(zeros)))[0]["zeros"], choice, zeros)

    def test_take_the_width_that_is_proved(self):
        """Data of 7 and of 8 bits; of 15 and 16 bits with as many of the weights."""
        self.assertRegex(self.layers(self.saved(self.pruned(0.9, data=63.0)))[0]["products"], "Bytes<[12]>")
        self.assertEqual(self.layers(self.saved(self.pruned(0.0, data=255.0)))[0]["products"], "Bytes<0>")
        for data in (32767.0, 65535.0):
            self.assertEqual(self.layers(self.saved(self.pruned(0.0, data=data)))[0]["products"], "Words", data)
        self.assertEqual(self.layers(self.saved(self.pruned(0.0, data=131071.0)))[0]["products"], "Wide", "integers of 32 bits")

    def test_keep_4_bits_two_to_a_byte_where_caches_are_too_small(self):
        halves = np.random.default_rng(5).integers(-8, 8, (1088, 1088)).astype(np.float32)
        for rows, data, products in ((1088, 127.0, "Nibbles<1>"), (1088, 255.0, "Nibbles<0>"), (900, 127.0, "Bytes<2>")):
            model = self.pruned(0.0, 8, data)
            model.graph.input[0].type.tensor_type.shape.dim[1].dim_value = 1088
            next(i for i in model.graph.initializer if i.name == "w").CopyFrom(constant("w", halves[:rows]))
            model.graph.output[0].type.tensor_type.shape.dim[1].dim_value = rows
            self.assertEqual(self.layers(self.saved(model))[0]["products"], products, (rows, data))

    def test_of_weight_values_are_in_the_manifest(self):
        calls = self.compiled(self.saved(self.pruned(0.9, data=63.0)), "facts")[0]
        self.assertEqual([(c.get("products"), c.get("zeros")) for c in calls if "products" in c], [("Bytes<2>", "left out")])

    def test_of_weight_values_are_proved_again_for_new_weights(self):
        def with_weights(change, name):
            model = self.pruned(0.9, data=63.0)
            tensor = next(i for i in model.graph.initializer if i.name == "w")
            w = numpy_helper.to_array(tensor).copy()
            change(w)
            tensor.CopyFrom(constant("w", w))
            return self.saved(model, name)
        def negate(w):
            np.negative(w, out=w)
        def fill(w):
            w[:] = 100
        out = self.compiled(with_weights(lambda w: None, "old"), "code")[2]
        done = call("weights", with_weights(negate, "negated"), "--for", out / "net.json", "-o", self.folder / "new.weights")
        self.assertEqual(done.returncode, 0, done.stderr)
        done = call("weights", with_weights(fill, "dense"), "--for", out / "net.json", "-o", self.folder / "dense.weights")
        self.assertEqual(done.returncode, 1)
        self.assertIn("layer", done.stderr)
        self.assertFalse((self.folder / "dense.weights").exists())

    def test_take_seconds_also_for_many_weights(self):
        """No function holds a term for each weight: the code of 200,000 weights is as long as that of 4,000."""
        begun = time.monotonic()
        large, small = self.compiled(self.saved(self.pruned(0.7, 448), "large"), "large")[1], self.compiled(self.saved(self.pruned(0.7, 64), "small"), "small")[1]
        self.assertLess(time.monotonic() - begun, 60)
        self.assertLess(len(large), len(small) + 20)


class WrongInput(unittest.TestCase):
    def checked(self, nodes, tensors, shape=(2, 3), functions=(), domains=(), into="float"):
        info = lambda n: helper.make_tensor_value_info(n, TensorProto.FLOAT, shape)
        y = helper.make_tensor_value_info("y", getattr(TensorProto, into.upper()), None)
        graph = helper.make_graph(nodes, "g", [info("x")], [y], tensors)
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid(d, v) for d, v in (("", 21), *domains)], ir_version=10, functions=list(functions))
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder) / "model.onnx"
            onnx.save(model, path)
            done = call("check", path)
        return done.returncode, done.stdout + done.stderr

    def quantised(self, scale, low, high):
        """By the model-local function of the tagger's file."""
        function = onnx.load(TAGGER).functions[0]
        node = helper.make_node("Quantize_RND_SAT", ["x", "s", "l", "h"], ["y"], domain="inferc.fixed", name="q")
        tensors = [constant(k, np.asarray(v, np.float32)) for k, v in zip("slh", (scale, low, high))]
        return self.checked([node], tensors, functions=[function], domains=[("inferc.fixed", 1)])

    def test_a_scale_that_is_no_power_of_two_is_noted(self):
        status, text = self.quantised(3, -4, 4)
        self.assertEqual(status, 0, text)
        self.assertIn("no power of two", text)

    def test_bounds_off_the_grid_are_noted(self):
        status, text = self.quantised(4, -4, 3.5)
        self.assertEqual(status, 0, text)
        self.assertIn("a bound is no integer", text)

    def test_parameters_that_do_not_broadcast_are_refused(self):
        status, text = self.quantised([1, 2, 4, 8], -4, 4)
        self.assertEqual(status, 1, text)
        self.assertIn("error:", text)

    def test_a_missing_zero_point_is_0(self):
        scale = constant("s", np.float32(0.5))
        status, text = self.checked([helper.make_node("QuantizeLinear", ["x", "s"], ["q"]), helper.make_node("DequantizeLinear", ["q", "s"], ["y"])], [scale])
        self.assertEqual(status, 0, text)

    def test_a_missing_zero_point_of_a_product_is_refused(self):
        tensors = [constant("s", np.float32(0.5)), constant("w", np.ones((3, 2), np.int8)), constant("z", np.uint8(0))]
        nodes = [helper.make_node("QuantizeLinear", ["x", "s", "z"], ["q"]), helper.make_node("QLinearMatMul", ["q", "s", "z", "w", "s", "", "s", "z"], ["y"], name="product")]
        status, text = self.checked(nodes, tensors, into="uint8")
        self.assertEqual(status, 1, text)
        self.assertIn("product", text)

    def test_more_than_32_bits_are_refused(self):
        tensors = [constant("s", np.float32(0.5)), constant("z", np.float32(0)), constant("bits", np.float32(33))]
        node = helper.make_node("Quant", ["x", "s", "z", "bits"], ["y"], domain="qonnx.custom_op.general", name="wide", signed=1, narrow=0, rounding_mode="ROUND")
        status, text = self.checked([node], tensors, domains=[("qonnx.custom_op.general", 1)])
        self.assertEqual(status, 1, text)
        self.assertIn("wide", text)

    def layer(self, data, weight, behind=True):
        """Integers up to `data`, three of them times `weight`, and with `behind` to 16 bits again."""
        function = onnx.load(TAGGER).functions[0]
        quantise = lambda x, y, low, high: helper.make_node("Quantize_RND_SAT", [x, "s", low, high], [y], domain="inferc.fixed", name=y)
        nodes = [quantise("x", "q", "l", "h"), helper.make_node("MatMul", ["q", "w"], ["p" if behind else "y"], name="layer")]
        nodes += [quantise("p", "y", "low", "high")] if behind else []
        tensors = [constant(k, np.float32(v)) for k, v in {"s": 1, "l": -data, "h": data, "low": -32768, "high": 32767}.items()]
        tensors.append(constant("w", np.full((3, 2), weight, np.float32)))
        return self.checked(nodes, tensors, functions=[function], domains=[("inferc.fixed", 1)])

    def test_sums_beyond_32_bits_take_64_and_are_noted(self):
        status, text = self.layer(2 ** 19 - 1, 2 ** 14 - 1)
        self.assertEqual(status, 0, text)
        self.assertIn(f"warning: MatMul 'layer' (opset 21): its sums, or what follows them, may reach {3 * (2 ** 19 - 1) * (2 ** 14 - 1)}, 36 bits with the sign: they are computed in 64-bit integers", text)
        self.assertIn("help: ", text)

    def test_integers_of_more_than_16_bits_are_noted(self):
        status, text = self.layer(2 ** 19 - 1, 2 ** 9 - 1)
        self.assertEqual(status, 0, text)
        self.assertIn("MatMul 'layer' (opset 21): its data or weights have more than 16 bits: they are multiplied in 64-bit integers", text)

    def test_sums_that_no_integer_takes_are_in_float64_and_noted(self):
        status, text = self.layer(2 ** 19 - 1, 2 ** 14 - 1, behind=False)
        self.assertEqual(status, 0, text)
        self.assertIn("MatMul 'layer' (opset 21): its sums may take more than the 24 bits of float32: they are computed in float64", text)

    def test_sums_beyond_53_bits_are_noted(self):
        status, text = self.layer(2 ** 30, 2 ** 24 - 1)
        self.assertEqual(status, 0, text)
        self.assertIn("MatMul 'layer' (opset 21): its sums may take more than 53 bits: they are computed in float32, which rounds them", text)

    def test_sums_that_32_bits_hold_are_not_noted(self):
        for data, weight in ((127, 127), (32767, 20000)):
            status, text = self.layer(data, weight)
            self.assertEqual(status, 0, text)
            self.assertNotIn("warning", text)

    def test_sums_of_a_product_of_integers_that_may_wrap_are_noted(self):
        x = helper.make_node("Cast", ["x"], ["q"], to=TensorProto.UINT8)
        status, text = self.checked([x, helper.make_node("MatMulInteger", ["q", "w"], ["y"], name="product")], [constant("w", np.full((40000, 1), 255, np.uint8))], (2, 40000), into="int32")
        self.assertEqual(status, 0, text)
        self.assertRegex(text, r"warning: MatMulInteger 'product'.* may leave 32 bits")

    def test_a_body_that_is_not_the_canonical_one_is_compiled_as_written(self):
        function = onnx.load(TAGGER).functions[0]
        next(n for n in function.node if n.op_type == "Floor").op_type = "Ceil"
        node = helper.make_node("Quantize_RND_SAT", ["x", "s", "l", "h"], ["y"], domain="inferc.fixed", name="q")
        tensors = [constant(k, np.float32(v)) for k, v in zip("slh", (4, -4, 3))]
        status, text = self.checked([node], tensors, functions=[function], domains=[("inferc.fixed", 1)])
        self.assertEqual(status, 0, text)
        self.assertIn("warning:", text)


if __name__ == "__main__":
    INFERC = sys.argv.pop(1)
    unittest.main()
