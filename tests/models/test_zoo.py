"""The zoo without PyTorch: seeded weights are the same everywhere, and every model runs in ONNX Runtime.

  python tests/models/test_zoo.py        (numpy, onnx, onnxruntime; exit 77 where they are not installed)
"""
import hashlib
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

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))
from models import fill, inputs, seeded  # noqa: E402

# sha256 of the filled tensors of one model: another machine, Python or numpy must give these bytes.
DIGEST = {"gn2.torchscript.onnx": "79632dd51be7e4285ab7015b1d41b520e51eb31dc0722cfb58fe26c02686088d"}
LARGEST_MFLOP = 3000                                   # size of a call that a unit test may take
SATURATED = 1 - 1e-4


def session(path):
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 3
    return onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])


def digest(model):
    total = hashlib.sha256()
    for tensor in seeded.tensors(model.graph):
        total.update(tensor.name.encode() + tensor.raw_data)
    return total.hexdigest()


class Seeded(unittest.TestCase):
    def test_fill_gives_the_same_bytes(self):
        for name, expected in DIGEST.items():
            path = ROOT / "models" / "zoo" / name
            self.assertEqual(digest(seeded.fill(onnx.load(path))), expected, name)

    def test_draw_is_uniform_around_the_centre(self):
        x = seeded.draw(7, "w", [100, 100], 1.0, 0.5)
        self.assertTrue((x >= 0.5).all() and (x < 1.5).all())
        self.assertAlmostEqual(float(x.mean()), 1.0, delta=0.01)
        self.assertAlmostEqual(float(x.std()), 0.5 / 3**0.5, delta=0.005)
        self.assertEqual(x.ravel()[:3].tolist(), [1.4280011653900146, 0.7188001275062561, 1.293044924736023])

    def test_recipes(self):
        w = np.arange(24, dtype=np.float32).reshape(6, 4)
        value = {"w": w, "b": w[:, 0]}.__getitem__
        self.assertTrue((seeded.build({"of": ["w"], "rows": [2, 4], "perm": [1, 0]}, value) == w[2:4].T).all())
        self.assertTrue((seeded.build({"of": ["b", "b"], "blocks": [2, 0, 1]}, value)[:6] == w[[4, 5, 0, 1, 2, 3], 0]).all())

    def test_a_stripped_file_is_refused(self):
        with self.assertRaises(Exception):
            session(str(ROOT / "models" / "zoo" / "gn2.torchscript.onnx"))

    def test_a_file_without_recipes_is_refused(self):
        with self.assertRaises(ValueError):
            seeded.fill(onnx.ModelProto())

    def test_the_listing_names_every_file(self):
        files = {p.name for p in (ROOT / "models" / "zoo").glob("*.onnx")}
        self.assertEqual(files, {row["file"] for row in fill.listing()})
        self.assertLess(sum(p.stat().st_size for p in (ROOT / "models" / "zoo").glob("*.onnx")), 5_000_000)


class Runs(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        cls.out = pathlib.Path(cls.folder.name)
        cls.rows = fill.fill_all(cls.out)
        cls.sessions = {row["file"]: session(str(cls.out / row["file"])) for row in cls.rows}

    @classmethod
    def tearDownClass(cls):
        cls.folder.cleanup()

    def results(self, row, sizes):
        return self.sessions[row["file"]].run(None, inputs.feed(row, sizes))

    def small_sizes(self, row):
        return [s for i, s in enumerate(row["sizes"]) if i or row["mflop"] < LARGEST_MFLOP]

    def test_outputs_are_finite_at_every_size(self):
        for row in self.rows:
            for sizes in self.small_sizes(row):
                with self.subTest(file=row["file"], sizes=sizes):
                    for output in self.results(row, sizes):
                        self.assertTrue(np.isfinite(output).all())

    def test_outputs_depend_on_inputs_and_are_not_saturated(self):
        for row in self.rows:
            sizes = row["sizes"][0] if row["mflop"] < LARGEST_MFLOP else row["sizes"][1]
            with self.subTest(file=row["file"]):
                first = self.results(row, sizes)
                second = self.sessions[row["file"]].run(None, inputs.feed(row, sizes, seed=2))
                floats = [(a, b) for a, b in zip(first, second) if a.dtype == np.float32]
                self.assertTrue(all(np.abs(a - b).max() > 1e-6 * np.abs(a).max() for a, b in floats))
                if row["outputs"][0] in ("probabilities", "p_b", "ID_pred", "softmax", "score", "voxels"):
                    whole = np.concatenate([a.ravel() for a, _ in floats])
                    inner = (whole < SATURATED) if whole.max() <= 1 else np.ones(1, bool)
                    self.assertGreater(inner.mean(), 0.9)

    def test_both_exports_agree(self):
        files = {row["file"]: row for row in self.rows}
        for row in self.rows:
            other = files.get(row["file"].replace(".torchscript.", ".dynamo."))
            if row["exporter"] != "torchscript" or other is None:
                continue
            for sizes in [s for s in self.small_sizes(row) if s in other["sizes"]]:
                with self.subTest(name=row["name"], sizes=sizes):
                    for a, b in zip(self.results(row, sizes), self.results(other, sizes)):
                        self.assertEqual(a.shape, b.shape)
                        if a.size:
                            np.testing.assert_allclose(a, b, rtol=2e-4, atol=2e-4 * float(np.abs(a).max()))


if __name__ == "__main__":
    unittest.main()
