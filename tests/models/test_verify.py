"""Generated code of zoo models against ONNX Runtime and float64 (rule D of the accuracy policy), by `inferc verify`.

  python tests/models/test_verify.py INFERC        (numpy, onnx, onnxruntime; exit 77 where they are not installed)
"""
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest

try:
    import numpy as np
    import onnx.numpy_helper
    import onnx.parser
    import onnxruntime
except ImportError as missing:
    print(f"skipped: {missing}")
    sys.exit(77)

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))
from models import fill  # noqa: E402
from tests.models.compiled import QUICK  # noqa: E402

AS_USERS_DO = dict(os.environ)
os.environ.setdefault("CXX", QUICK)     # the others: values alone
LIBRARY = next(pathlib.Path(onnxruntime.__file__).parent.glob("capi/libonnxruntime.so.*"))
SMALL = ["jet_mlp", "axol1tl", "acts_duplicate", "superclustering"]
BOTH = [f"{name}.{exporter}" for name in SMALL for exporter in ("torchscript", "dynamo")]


class Verify(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        cls.rows = {r["file"].removesuffix(".onnx"): r for r in fill.fill_all(pathlib.Path(cls.folder.name), [f"{name}.onnx" for name in [*BOTH, "particlenet_hlt_ak4.dynamo"]])}

    @classmethod
    def tearDownClass(cls):
        cls.folder.cleanup()

    def verify(self, name, dims, environment=None):
        model = pathlib.Path(self.folder.name) / f"{name}.onnx"
        options = [o for d in dims for o in ("--dim", d)]
        done = subprocess.run([INFERC, "verify", model, *options, "--against", "onnxruntime", "--onnxruntime", LIBRARY, "--json", "-"], capture_output=True, text=True, timeout=600,
                              env=environment)
        self.assertTrue(done.stdout, done.stderr)
        report = json.loads(done.stdout)
        bad = [c for c in report["checks"] if c["verdict"] != "PASS"]
        self.assertEqual((done.returncode, bad), (0, []), name)
        compared = [o for c in report["checks"] for o in c["outputs"] if o["onnxruntime_error"]]
        self.assertTrue(compared, f"{name}: nothing was compared with ONNX Runtime")
        return report["checks"]

    def test_small_models_of_both_exporters(self):
        for name in BOTH:
            with self.subTest(name=name):
                self.verify(name, self.rows[name]["dims"], AS_USERS_DO)

    def test_quantised_networks_are_counted_against_exact_outputs(self):
        for name, kind in (("pq_mlp_pdp70", "E"), ("pq_residual_softmax", "L")):
            model = ROOT / "tests/data/quantized" / name / "model_exact.onnx"
            run = [INFERC, "verify", model, "--dim", "batch=64", "--against", "onnxruntime", "--onnxruntime", LIBRARY]
            text = subprocess.run(run, capture_output=True, text=True, timeout=600).stdout
            self.assertIn(f"quantised network of class {kind}", text)
            self.assertRegex(text, "  0 of [0-9]+ outputs differ from the exact ones, 0 of [0-9]+ argmaxes")
            report = json.loads(subprocess.run([*run, "--json", "-"], capture_output=True, text=True, timeout=600).stdout)
            self.assertEqual([(c["quantised"]["class"], c["quantised"]["differing"], c["quantised"]["argmax_flips"]) for c in report["checks"]], [(kind, 0, 0)])

    def test_folders_of_quantised_networks_are_counted_against_stored_outputs(self):
        data = ROOT / "tests/data/quantized/pq_mlp_pdp70"
        inputs, outputs = np.load(data / "inputs.npy")[:50], np.load(data / "outputs.npy")[:50].copy()
        for name, wrong in (("right", 0), ("wrong", 2)):
            case = pathlib.Path(self.folder.name) / name
            (case / "test_data_set_0").mkdir(parents=True)
            outputs[:wrong, 0] += 0.125  # one step
            shutil.copy(data / "model_exact.onnx", case / "model.onnx")
            for file, array in (("input_0", inputs), ("output_0", outputs)):
                (case / f"test_data_set_0/{file}.pb").write_bytes(onnx.numpy_helper.from_array(array).SerializeToString())
        done = subprocess.run([INFERC, "verify", *(pathlib.Path(self.folder.name) / n for n in ("right", "wrong")), "--json", "-"], capture_output=True, text=True, timeout=600)
        rows = {r["case"]: r["quantised"] for r in json.loads(done.stdout)["cases"]}
        self.assertEqual([(rows[n]["class"], rows[n]["outputs"], rows[n]["differing"], rows[n]["largest_step"]) for n in ("right", "wrong")], [("E", 250, 0, 0), ("E", 250, 2, 1)])
        self.assertIn("quantised network of class E", done.stderr)
        self.assertIn("2 of 250 outputs differ from the stored ones, by up to 1 steps", done.stderr)

    def test_files_that_onnxruntime_cannot_run_meet_float64_with_their_own_ties(self):
        """Steps that are no powers of two: float32 and float64 put some values on other sides of a tie, and then a step apart."""
        model = ROOT / "tests/data/quantized/qonnx_channel_conv/model_clean.onnx"
        run = [INFERC, "verify", model, "--against", "onnxruntime", "--onnxruntime", LIBRARY]
        done = subprocess.run(run, capture_output=True, text=True, timeout=600)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertIn("quantised network of class T", done.stdout)
        self.assertIn("has a step that is no power of two", done.stdout)
        self.assertRegex(done.stdout, "Round 'Quant_7' .* breaks [0-9]+ ties otherwise than float64 would")
        self.assertIn("float64 alone: onnxruntime runs none of it", done.stdout)

    def test_every_node_of_qonnx_passes(self):
        model = ROOT / "tests/data/quantized/qonnx_nodes/model.onnx"
        done = subprocess.run([INFERC, "verify", model, "--against", "onnxruntime", "--onnxruntime", LIBRARY], capture_output=True, text=True, timeout=600)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertRegex(done.stdout, "0 of [0-9]+ outputs differ from the exact ones")

    def test_results_that_are_all_nan_do_not_pass(self):
        graph = onnx.parser.parse_model("""<ir_version: 8, opset_import: ["" : 17]>
            g (float[4] x) => (float[4] y) { s = Mul(x, x)  n = Neg(s)  y = Sqrt(n) }""")
        path = pathlib.Path(self.folder.name) / "nan.onnx"
        onnx.save(graph, path)
        done = subprocess.run([INFERC, "verify", path, "--against", "onnxruntime", "--onnxruntime", LIBRARY], capture_output=True, text=True, timeout=600)
        self.assertEqual(done.returncode, 1)
        self.assertIn("every output is NaN or infinite", done.stdout)

    def test_a_size_that_ends_onnxruntime_does_not_end_verify(self):
        """ONNX Runtime 1.32 calls terminate() for an LSTM of an empty batch."""
        graph = onnx.parser.parse_model("""<ir_version: 8, opset_import: ["" : 17]>
            g (float[3, batch, 4] x) => (float[1, batch, 8] h) { all, h = LSTM <hidden_size = 8> (x, w, r) }""")
        random = np.random.default_rng(5)
        graph.graph.initializer.extend(onnx.numpy_helper.from_array(random.uniform(-0.5, 0.5, (1, 32, n)).astype(np.float32), name) for name, n in (("w", 4), ("r", 8)))
        path = pathlib.Path(self.folder.name) / "lstm.onnx"
        onnx.save(graph, path)
        for sizes, empty, others in (("0..5", "batch=0", "PASS batch=5: .*onnxruntime's"), ("0", "fixed sizes", "1 passed, 0 failed")):
            done = subprocess.run([INFERC, "verify", path, "--dim", f"batch={sizes}", "--against", "onnxruntime", "--onnxruntime", LIBRARY], capture_output=True, text=True, timeout=600)
            self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
            self.assertRegex(done.stdout, f"PASS {empty}: .*refuses this size")
            self.assertRegex(done.stdout, "onnxruntime: signal 6")
            self.assertRegex(done.stdout, others)

    def test_files_with_quantizelinear_have_a_reference_run(self):
        """The float64 run keeps operators that have no float64 in float32."""
        report = json.loads(subprocess.run([INFERC, "verify", ROOT / "tests/data/quantized/ort_mlp/qdq_u8s8.onnx", "--against", "onnxruntime", "--onnxruntime", LIBRARY, "--json", "-"],
                                           capture_output=True, text=True, timeout=600).stdout)
        self.assertTrue(report["checks"])
        for check in report["checks"]:
            self.assertEqual(check["verdict"], "PASS", check["reason"])

    def test_events_behind_the_first_are_right(self):
        """Sizes nodes with unequal contents were once taken for one: right at fixed sizes, wrong in events 1, 2 of a symbolic N."""
        checks = self.verify("particlenet_hlt_ak4.dynamo", ["N=1..3", "n_pf=16..18", "n_sv=1..2"])
        self.assertIn({"N": 3, "n_pf": 18, "n_sv": 2}, [c["dims"] for c in checks])


if __name__ == "__main__":
    INFERC = sys.argv.pop(1)
    unittest.main()
