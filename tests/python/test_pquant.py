"""inferc.pquant: stored descriptions of PQuantML models as ONNX files, bit for bit; live models where pquant-ml is installed.

  python tests/python/test_pquant.py        (numpy, onnx, onnxruntime; exit 77 where they are not installed)
"""
import importlib.util
import json
import os
import pathlib
import sys
import tempfile
import unittest

try:
    import numpy as np
    import onnx
    import onnxruntime
except ImportError as missing:
    print(f"skipped: {missing}")
    sys.exit(77)

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "python"))
import inferc.pquant as pquant  # noqa: E402

DATA = ROOT / "tests" / "data" / "quantized"


def tensors(path):
    """A safetensors file: the size of a JSON header, the header, the elements."""
    raw = path.read_bytes()
    size = int.from_bytes(raw[:8], "little")
    types = {"F32": np.float32, "F64": np.float64, "I8": np.int8, "I16": np.int16, "I32": np.int32, "I64": np.int64, "U8": np.uint8}
    entries = {k: v for k, v in json.loads(raw[8:8 + size]).items() if k != "__metadata__"}
    cut = lambda e: raw[8 + size + e["data_offsets"][0]:8 + size + e["data_offsets"][1]]
    return {k: np.frombuffer(cut(e), types[e["dtype"]]).reshape(e["shape"]) for k, e in entries.items()}


def stored(folder):
    """The description in sidecar.json, which shared/tools/pquant_sidecar.py wrote from the trained model."""
    sidecar = json.loads((folder / "sidecar.json").read_text())
    out = pquant.Description()
    out.nodes, out.inputs, out.outputs = sidecar["nodes"], sidecar["inputs"], sidecar["outputs"]
    out.tensors = tensors(folder / sidecar["weights"])
    return out


def run(model, x):
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    session = onnxruntime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
    return session.run(None, {session.get_inputs()[0].name: x})[0]


class Stored(unittest.TestCase):
    def test_gives_the_answers_of_the_trained_models(self):
        folders = sorted(DATA.glob("pq_*/sidecar.json"))
        self.assertEqual(len(folders), 14)
        for path in folders:
            with self.subTest(path.parent.name):
                model = pquant.build(stored(path.parent))
                for kind in ("", "edge_"):
                    if (path.parent / f"{kind}inputs.npy").exists():
                        got, want = (run(model, np.load(path.parent / f"{kind}inputs.npy")), np.load(path.parent / f"{kind}outputs.npy"))
                        # 27 bits: float32 sums of ONNX Runtime, which inferc does better
                        self.assertLessEqual(np.count_nonzero(got != want), 1 if path.parent.name == "pq_mlp_16bit" else 0)


class Quantiser(unittest.TestCase):
    def test_gives_the_answers_of_every_case(self):
        cases, x, want = json.loads((DATA / "pq_quantizer/cases.json").read_text()), *(np.load(DATA / f"pq_quantizer/{n}.npy") for n in ("inputs", "outputs"))
        self.assertEqual((len(cases), want.shape), (189, (189, 513)))
        for case, row in zip(cases, want):
            with self.subTest(case):
                d = pquant.Description()
                d.inputs = [{"name": "x", "shape": [None]}]
                k, i, f = (np.array(float(case[n])) for n in "kif")
                d.outputs = [d.quantize("x", "y", [None], (k, i, f), case["round"], case["overflow"])]
                np.testing.assert_array_equal(run(pquant.build(d.finish()), x), row)


class Refusals(unittest.TestCase):
    def test_lists_every_problem(self):
        d = pquant.Description()
        eight = [np.array(v) for v in (1.0, 0.0, 7.0)]
        d.quantize("x", "a", [None], eight, "S_RND", "SAT")
        d.quantize("x", "b", [None], eight, "RND", "WRAP_SM")
        d.quantize("x", "c", [None], [np.array(v) for v in (1.0, 8.0, 22.0)], "RND", "SAT")
        with self.assertRaises(pquant.Unsupported) as caught:
            d.finish()
        for text in ("a: stochastic rounding", "b: overflow mode WRAP_SM", "c: 31 bits"):
            self.assertIn(text, str(caught.exception))

    def test_refuses_operations_without_a_form(self):
        d = pquant.Description()
        d.inputs, d.outputs = [{"name": "x", "shape": [None, 2]}], [d.emit("erf", "e", ["x"], [None, 2])]
        with self.assertRaisesRegex(pquant.Unsupported, "e: there is no ONNX form of erf"):
            pquant.build(d)

    def test_refuses_what_is_no_model(self):
        with self.assertRaises(TypeError):
            pquant.export(object(), None, "x.onnx")

    def test_keeps_constants_that_are_off_their_grid(self):
        d = pquant.Description()
        field = d.constant("w", np.array([[0.5, 0.75], [1 / 1024, 0]]), [np.array(v) for v in (1.0, 0.0, 1.0)])
        steps = d.tensors[field["f"]["tensor"]]
        np.testing.assert_array_equal(d.tensors["w"] * 2.0 ** -steps, [[0.5, 0.75], [1 / 1024, 0]])
        np.testing.assert_array_equal(steps.ravel(), [2, 10])


def live_parts():
    os.environ["KERAS_BACKEND"] = "torch"
    import pquant as tool
    import torch
    torch.manual_seed(1)
    return tool.pdp_config(), torch


def live_model():
    config, torch = live_parts()
    from pquant.activations import PQActivation
    from pquant.layers import PQDense, apply_final_compression
    model = torch.nn.Sequential(PQDense(config, 16, 32, in_quant_bits=(1, 3, 4)), PQActivation(config, "relu", in_quant_bits=(1, 3, 4)),
                                PQDense(config, 32, 5, in_quant_bits=(0, 2, 6), quantize_output=True, out_quant_bits=(1, 5, 3)))
    model(torch.randn(64, 16))  # builds the quantisers
    apply_final_compression(model)
    return model.eval(), torch


def live_keras_model(x):
    config, _ = live_parts()
    import keras
    from pquant.core.keras.activations import PQActivation
    from pquant.core.keras.layers import PQDense, apply_final_compression
    keras.utils.set_random_seed(1)
    given = keras.Input((16,))
    y = PQActivation(config, "relu", in_quant_bits=(1, 3, 4))(PQDense(config, 32, in_quant_bits=(1, 3, 4))(given))
    model = keras.Model(given, PQDense(config, 5, in_quant_bits=(0, 2, 6), quantize_output=True, out_quant_bits=(1, 5, 3))(y))
    model(x)  # builds the quantisers
    apply_final_compression(model)
    return model, keras


@unittest.skipUnless(importlib.util.find_spec("pquant") and importlib.util.find_spec("torch"), "pquant-ml is not installed")
class Live(unittest.TestCase):
    x = (np.random.default_rng(1).integers(-128, 129, (500, 16)) / 32).astype(np.float32)  # half steps among them

    def check(self, model, example, want):
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder) / "model.onnx"
            pquant.export(model, example, path)
            np.testing.assert_array_equal(run(onnx.load(path), self.x), want)

    def test_gives_the_answers_of_the_model(self):
        model, torch = live_model()
        with torch.no_grad():
            want = model(torch.from_numpy(self.x)).numpy()
        self.check(model, torch.from_numpy(self.x[:2]), want)

    def test_gives_the_answers_of_a_keras_model(self):
        model, keras = live_keras_model(self.x)
        self.check(model, None, keras.ops.convert_to_numpy(model(self.x, training=False)))


if __name__ == "__main__":
    unittest.main(verbosity=1)
