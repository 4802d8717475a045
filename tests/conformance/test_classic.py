"""ai.onnx.ml: each operator that `inferc ops` lists gives what ONNX Runtime gives.
usage: test_classic.py INFERC [NAME]"""
import pathlib
import subprocess
import sys
import tempfile

try:
    import numpy as np
    import onnx
    from onnx import TensorProto as T, helper as h, numpy_helper
    import onnxruntime
except ImportError:
    sys.exit(77)
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
from cases import not_refused, without_case
from forest import classifier, regressor

F = np.float32
rng = np.random.default_rng(20261129)
transforms = ("NONE", "SOFTMAX", "LOGISTIC", "SOFTMAX_ZERO")
six = ("BRANCH_LEQ", "BRANCH_LT", "BRANCH_GTE", "BRANCH_GT", "BRANCH_EQ", "BRANCH_NEQ")


def x(*shape):
    return rng.standard_normal(shape).astype(F)


def reals(n):
    return [float(v) for v in x(n)]


def holes(a):
    a[rng.random(a.shape) < 0.3] = np.nan
    return a


def linear():
    for t in transforms:
        yield "LinearRegressor", x(7, 5), {"coefficients": reals(15), "intercepts": reals(3), "targets": 3, "post_transform": t}
        yield "LinearClassifier", x(7, 5), {"coefficients": reals(15), "intercepts": reals(3), "classlabels_ints": [5, -2, 9], "post_transform": t}
    probabilities = (x(6, 4) * F(0.1) + F(0.5))
    yield "LinearRegressor", probabilities, {"coefficients": [1.0, 0, 0, 0, 0, 1.0, 0, 0], "targets": 2, "post_transform": "PROBIT"}
    yield "LinearRegressor", x(7, 5), {"coefficients": reals(5)}
    yield "LinearRegressor", x(5), {"coefficients": reals(5), "intercepts": reals(1)}
    yield "LinearClassifier", x(7, 5), {"coefficients": reals(5), "intercepts": reals(1), "classlabels_ints": [0, 1]}
    yield "LinearClassifier", x(7, 5), {"coefficients": reals(10), "intercepts": reals(2), "classlabels_ints": [0, 1], "post_transform": "LOGISTIC"}
    yield "LinearClassifier", x(7, 5).astype(np.float64), {"coefficients": reals(10), "intercepts": reals(2), "classlabels_ints": [0, 1]}
    yield "LinearClassifier", np.arange(10, dtype=np.int64).reshape(2, 5), {"coefficients": reals(10), "intercepts": reals(2), "classlabels_ints": [0, 1]}


def rows():
    for t in (np.float32, np.float64, np.int32, np.int64):
        a = (x(6, 4) * 5).astype(t)
        yield "Scaler", a, {"offset": reals(4), "scale": reals(4)}
        yield "Scaler", a, {"offset": reals(1), "scale": reals(1)}
        for norm in ("MAX", "L1", "L2"):
            yield "Normalizer", a, {"norm": norm}
    yield "Scaler", np.array([1e9 + 0.5, -1e9 + 3]), {"offset": [1e9, -1e9], "scale": [2.0, 1.0]}
    yield "Normalizer", np.zeros((2, 3), F), {"norm": "L1"}
    yield "Normalizer", x(5), {"norm": "L2"}


def vectors():
    parameters = {"LINEAR": [0.0, 0.0, 0.0], "POLY": [0.3, 0.5, 3.0], "RBF": [0.25, 0.0, 0.0], "SIGMOID": [0.2, -0.1, 0.0]}
    for kernel, p in parameters.items():
        common = {"kernel_type": kernel, "kernel_params": p}
        yield "SVMRegressor", x(9, 4), common | {"coefficients": reals(6), "support_vectors": reals(24), "n_supports": 6, "rho": reals(1)}
        yield "SVMRegressor", x(9, 4), common | {"coefficients": reals(6), "support_vectors": reals(24), "n_supports": 6, "rho": reals(1), "one_class": 1}
        for counts, labels in (([3, 2], [7, 3]), ([2, 3, 1], [4, 2, 0]), ([1, 2, 2, 1], [0, 1, 2, 3])):
            n, c = sum(counts), len(counts)
            own = {"coefficients": reals((c - 1) * n), "support_vectors": reals(4 * n), "vectors_per_class": counts, "rho": reals(c * (c - 1) // 2), "classlabels_ints": labels}
            yield "SVMClassifier", x(9, 4), common | own
            if kernel == "RBF":
                yield "SVMClassifier", x(9, 4), common | own | {"post_transform": "LOGISTIC"}
    yield "SVMRegressor", x(9, 4), {"coefficients": reals(4), "n_supports": 0, "rho": reals(1), "kernel_params": [0.0, 0.0, 0.0]}


def trees():
    r = "TreeEnsembleRegressor"
    for rows in (1, 5, 70, 200):
        yield r, x(rows, 6), regressor(rng, 20, 4, 6)
    yield r, x(150, 6), regressor(rng, 13, 6, 6)
    yield r, x(150, 6), regressor(rng, 13, 9, 6, chance=0.8)
    yield r, x(150, 6), regressor(rng, 13, 5, 6, modes=six[:4])
    yield r, np.round(x(150, 6)), regressor(rng, 13, 5, 6, modes=six, chance=0.9)
    yield r, holes(x(150, 6)), regressor(rng, 13, 5, 6, modes=six[:4], chance=0.9)
    yield r, holes(x(150, 6)), regressor(rng, 13, 6, 6, modes=six[:4], chance=0.9, missing=True)
    for aggregate in ("SUM", "AVERAGE", "MIN", "MAX"):
        yield r, x(70, 6), regressor(rng, 7, 4, 6) | {"aggregate_function": aggregate, "base_values": [0.5]}
        yield r, x(70, 6), regressor(rng, 7, 4, 6, classes=3, one_each=False) | {"aggregate_function": aggregate, "base_values": reals(3)}
    for t in transforms:
        yield r, x(70, 6), regressor(rng, 9, 4, 6, classes=3) | {"post_transform": t}
    yield r, x(20, 6).astype(np.float64), regressor(rng, 9, 4, 6)
    c = "TreeEnsembleClassifier"
    for t in transforms:
        yield c, x(90, 6), classifier(rng, 12, 4, 6, [4, 7, 1], classes=3) | {"post_transform": t}
        yield c, x(90, 6), classifier(rng, 12, 4, 6, [4, 7, 1], classes=3, one_each=False) | {"post_transform": t, "base_values": reals(3)}
        yield c, x(90, 6), classifier(rng, 12, 4, 6, [3, 8]) | {"post_transform": t}
        yield c, x(90, 6), classifier(rng, 12, 4, 6, [3, 8], scale=1 / 12, positive=True) | {"post_transform": t}
    yield c, x(90, 6), classifier(rng, 12, 4, 6, [0, 1]) | {"post_transform": "LOGISTIC", "base_values": [0.25]}
    for t in (np.int32, np.int64):
        yield c, (x(20, 6) * 2).astype(t), classifier(rng, 9, 4, 6, [4, 7, 1], classes=3)
    yield c, x(90, 6).astype(np.float64), classifier(rng, 12, 4, 6, [0, 1]) | {"post_transform": "LOGISTIC"}


def labels():
    """Numbers that are keys, of equal keys the first, and numbers that are none; NaN."""
    whole, reals = np.array([[7, -3, 0], [12, 7, 99]], np.int64), np.array([0.5, -0.0, np.nan, 3, 0.25, np.inf], F)
    yield "LabelEncoder", whole, {"keys_int64s": [7, 12, -3, 7], "values_int64s": [1, 2, 3, 4]}
    yield "LabelEncoder", whole, {"keys_int64s": [7, 12, -3], "values_floats": [0.5, -1.0, 2.0], "default_float": 9.5}
    yield "LabelEncoder", reals, {"keys_floats": [3.0, 0.0, 0.5, np.inf], "values_floats": [1.5, 2.5, 3.5, 4.5]}
    yield "LabelEncoder", reals, {"keys_floats": [0.5, 0.25], "values_int64s": [1, 2], "default_int64": 8}
    four = {"version": 4}
    yield "LabelEncoder", reals, {"keys_floats": [np.nan, 0.5], "values_int64s": [5, 6]} | four
    yield "LabelEncoder", reals.astype(np.float64), {"keys_tensor": np.array([0.25, np.nan]), "values_tensor": np.array([1.0, 2.0]), "default_tensor": np.array([4.0])} | four
    yield "LabelEncoder", whole, {"keys_tensor": np.array([12, 0]), "values_tensor": np.array([3.0, 4.0]), "default_tensor": np.array([6.0])} | four


def missing():
    a = np.array([[1, np.nan, 0], [0, 3, np.nan]], F)
    yield "Imputer", a, {"imputed_value_floats": [9.0], "replaced_value_float": np.nan}
    yield "Imputer", a, {"imputed_value_floats": [7.0, 8.0, 9.0], "replaced_value_float": 0.0}
    yield "Imputer", a[0], {"imputed_value_floats": [7.0, 8.0, 9.0], "replaced_value_float": np.nan}
    yield "Imputer", np.array([[1, -5, 0], [-5, 3, 2]], np.int64), {"imputed_value_int64s": [7, 8, 9], "replaced_value_int64": -5}


def features():
    for t in (np.float32, np.float64, np.int32, np.int64):
        yield "ArrayFeatureExtractor", [(x(3, 5) * 5).astype(t), np.array([4, 0, 4])], {}
    for t in (np.float32, np.float64, np.int64):
        yield "OneHotEncoder", np.array([[3, -2, 0], [7, 3, 1]], t), {"cats_int64s": [7, 3, -2]}
    yield "OneHotEncoder", np.array([2.75, -0.5, -1.5, 9], F), {"cats_int64s": [2, 0, -1]}
    for t in (np.float32, np.float64, np.int32, np.int64):
        yield "FeatureVectorizer", [(x(3, n) * 5).astype(t) for n in (2, 1, 4)], {"inputdimensions": [2, 1, 4]}
    yield "Binarizer", x(3, 5), {"threshold": 0.25}
    yield "Binarizer", x(4), {}


def refused():
    """Operator, inputs, attributes, part of the message."""
    yield "Scaler", x(2, 3), {"scale": [1.0]}, "1 scales and 0 offsets"
    yield "OneHotEncoder", x(2, 3), {"cats_int64s": [1, 2, 1]}, "a category stands twice"
    yield "OneHotEncoder", x(2, 3), {"cats_int64s": [1, 2], "zeros": 0}, "zeros is 0"
    yield "OneHotEncoder", x(2, 3), {"cats_strings": ["a"]}, "it has no categories that are integers"
    yield "FeatureVectorizer", [x(2, 3), x(2, 1)], {"inputdimensions": [3]}, "has 1 elements for 2 inputs"
    yield "FeatureVectorizer", [x(2, 3), x(2, 1)], {"inputdimensions": [3, 2]}, "sizes 1 and 2 differ"
    yield "FeatureVectorizer", x(3), {"inputdimensions": [3]}, "[rows, features] is supported"


def model_of(op, given, attributes):
    """The model of one node, its operands by name."""
    arrays = given if isinstance(given, list) else [given]
    named = {f"x{i}": a for i, a in enumerate(arrays)}
    version = attributes.get("version", 3)
    attributes = {k: numpy_helper.from_array(v) if isinstance(v, np.ndarray) else v for k, v in attributes.items() if k != "version"}
    ys = ["label", "score"] if op.endswith("Classifier") else ["y"]
    graph = h.make_graph([h.make_node(op, list(named), ys, name="it", domain="ai.onnx.ml", **attributes)], "g",
                         [h.make_tensor_value_info(n, h.np_dtype_to_tensor_dtype(a.dtype), a.shape) for n, a in named.items()], [onnx.ValueInfoProto(name=y) for y in ys])
    return h.make_model(graph, opset_imports=[h.make_opsetid("ai.onnx.ml", version), h.make_opsetid("", 17)], ir_version=9), named


def write(folder, op, given, attributes):
    m, named = model_of(op, given, attributes)
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    expected = onnxruntime.InferenceSession(m.SerializeToString(), options, providers=["CPUExecutionProvider"]).run(None, named)
    for y, value in zip(m.graph.output, expected):
        y.CopyFrom(h.make_tensor_value_info(y.name, h.np_dtype_to_tensor_dtype(value.dtype), value.shape))
    data = folder / "test_data_set_0"
    data.mkdir(parents=True)
    (folder / "model.onnx").write_bytes(m.SerializeToString())
    for kind, values in (("input", named.values()), ("output", expected)):
        for i, value in enumerate(values):
            (data / f"{kind}_{i}.pb").write_bytes(numpy_helper.from_array(value).SerializeToString())


def main():
    wanted = sys.argv[2] if len(sys.argv) > 2 else ""
    with tempfile.TemporaryDirectory() as scratch:
        folders = []
        cases = [c for family in (linear, rows, vectors, trees, labels, missing, features) for c in family()]
        # TreeEnsemble is a row of tests/ops/classic_rows_test.cpp.
        if missed := without_case(sys.argv[1], "ai.onnx.ml", [c[0] for c in cases], ["TreeEnsemble"]):
            sys.exit(f"no case of {', '.join(missed)}")
        for k, case in enumerate(cases):
            if wanted not in case[0]:
                continue
            folders.append(pathlib.Path(scratch) / f"{k:03}_{case[0]}")
            write(folders[-1], *case)
        done = subprocess.run([sys.argv[1], "verify", "-j", "1", *map(str, folders)], capture_output=True, text=True)
        bad = [line for line in done.stdout.splitlines() if not line.startswith("PASS")]
        taken = not_refused(sys.argv[1], pathlib.Path(scratch), [(model_of(op, given, attributes)[0], message) for op, given, attributes, message in refused()])
        print("\n".join(bad + taken), done.stderr)
        sys.exit(0 if not taken and done.returncode == 0 and f"{len(folders)} passed, 0 failed, 0 refused" in done.stdout else 1)


main()
