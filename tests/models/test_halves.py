"""Networks in float16 and bfloat16: generated code against ONNX Runtime and float64, by `inferc verify`.

  python tests/models/test_halves.py INFERC        (numpy, onnx, onnxruntime; exit 77 where they are not installed)
"""
import json
import pathlib
import subprocess
import sys
import tempfile
import unittest

try:
    import numpy as np
    import onnx
    import onnxruntime
    from onnx import TensorProto, helper
except ImportError as missing:
    print(f"skipped: {missing}")
    sys.exit(77)

LIBRARY = next(pathlib.Path(onnxruntime.__file__).parent.glob("capi/libonnxruntime.so.*"))
WIDTH, HEADS = 32, 4


class Network:
    """Nodes and weights of one element type, by name."""

    def __init__(self, dtype, seed):
        self.dtype, self.random = dtype, np.random.default_rng(seed)
        self.nodes, self.weights = [], []

    def node(self, op, *inputs, **attributes):
        out = f"v{len(self.nodes)}"
        self.nodes.append(helper.make_node(op, list(inputs), [out], name=f"n{len(self.nodes)}", **attributes))
        return out

    def constant(self, values, dtype=None):
        name = f"w{len(self.weights)}"
        values = np.asarray(values)
        self.weights.append(helper.make_tensor(name, dtype or self.dtype, values.shape, values.ravel().tolist()))
        return name

    def weight(self, *shape):
        return self.constant(self.random.normal(0, shape[0] ** -0.5, shape))

    def linear(self, x, n_in, n_out):
        return self.node("Add", self.node("MatMul", x, self.weight(n_in, n_out)), self.weight(n_out))

    def norm(self, x):
        return self.node("LayerNormalization", x, self.constant(self.random.uniform(0.5, 1.5, WIDTH)), self.weight(WIDTH), axis=-1)

    def heads(self, x):
        split = self.node("Reshape", x, self.constant([0, 0, HEADS, WIDTH // HEADS], TensorProto.INT64))
        return self.node("Transpose", split, perm=[0, 2, 1, 3])

    def attention(self, x):
        q, k, v = (self.heads(self.linear(x, WIDTH, WIDTH)) for _ in range(3))
        scores = self.node("MatMul", q, self.node("Transpose", k, perm=[0, 1, 3, 2]))
        weights = self.node("Softmax", self.node("Mul", scores, self.constant((WIDTH // HEADS) ** -0.5)), axis=-1)
        mixed = self.node("Transpose", self.node("MatMul", weights, v), perm=[0, 2, 1, 3])
        return self.linear(self.node("Reshape", mixed, self.constant([0, 0, WIDTH], TensorProto.INT64)), WIDTH, WIDTH)

    def gelu(self, x):
        erf = self.node("Erf", self.node("Div", x, self.constant(2 ** 0.5)))
        return self.node("Mul", self.node("Mul", x, self.node("Add", erf, self.constant(1))), self.constant(0.5))

    def transformer(self, x):
        x = self.linear(x, 7, WIDTH)
        for _ in range(2):
            x = self.node("Add", x, self.attention(self.norm(x)))
            x = self.node("Add", x, self.linear(self.gelu(self.linear(self.norm(x), WIDTH, 2 * WIDTH)), 2 * WIDTH, WIDTH))
        pooled = self.node("ReduceMean", x, self.constant([1], TensorProto.INT64), keepdims=0)
        return self.node("Softmax", self.linear(pooled, WIDTH, 3), axis=-1)

    def perceptron(self, x):
        x = self.node("Relu", self.node("Gemm", x, self.weight(16, 64), self.weight(64)))
        x = self.node("Tanh", self.node("Gemm", x, self.weight(64, WIDTH), self.weight(WIDTH)))
        return self.node("Sigmoid", self.node("Gemm", x, self.weight(WIDTH, 5), self.weight(5)))

    def model(self, shape, build):
        y = build(self, "x")
        graph = helper.make_graph(self.nodes, "g", [helper.make_tensor_value_info("x", self.dtype, shape)],
                                  [helper.make_tensor_value_info(y, self.dtype, None)], self.weights)
        return onnx.shape_inference.infer_shapes(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=8))


class Halves(unittest.TestCase):
    def verify(self, model, *dims):
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder) / "model.onnx"
            onnx.save(model, path)
            options = [o for d in dims for o in ("--dim", d)]
            done = subprocess.run([INFERC, "verify", path, *options, "--against", "onnxruntime", "--onnxruntime", LIBRARY, "--json", "-"],
                                  capture_output=True, text=True, timeout=600)
        self.assertTrue(done.stdout, done.stderr)
        checks = json.loads(done.stdout)["checks"]
        self.assertEqual((done.returncode, [c for c in checks if c["verdict"] != "PASS"]), (0, []))
        return checks

    def test_transformer_in_float16(self):
        checks = self.verify(Network(TensorProto.FLOAT16, 1).model(["batch", "n", 7], Network.transformer), "batch=1..3", "n=2..20")
        self.assertTrue(all(o["onnxruntime_error"] for c in checks for o in c["outputs"]), "nothing was compared with ONNX Runtime")

    def test_perceptron_in_float16(self):
        self.verify(Network(TensorProto.FLOAT16, 2).model(["batch", 16], Network.perceptron), "batch=1..5")

    def test_perceptron_in_bfloat16(self):
        """ONNX Runtime lacks most of it on CPUs: float64 decides."""
        self.verify(Network(TensorProto.BFLOAT16, 3).model(["batch", 16], Network.perceptron), "batch=1..5")


if __name__ == "__main__":
    INFERC = pathlib.Path(sys.argv.pop(1)).resolve()
    unittest.main()
