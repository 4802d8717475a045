"""Each operator of com.microsoft that `inferc ops` lists gives what ONNX Runtime gives, quantised ones its bits.
usage: test_microsoft.py INFERC [NAME]"""
import pathlib
import platform
import subprocess
import sys
import tempfile

try:
    import numpy as np
    import onnx
    from onnx import helper as h, numpy_helper
    import onnxruntime
except ImportError:
    sys.exit(77)
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
from cases import not_refused, without_case

F = np.float32
rng = np.random.default_rng(20261130)


def x(*shape):
    return rng.standard_normal(shape).astype(F)


def f(v):
    return np.array(v, F)


def q(dtype, *shape):
    low, high = (0, 256) if dtype == np.uint8 else (-128, 128)
    return np.asarray(rng.integers(low, high, shape)).astype(dtype)


def weights(dtype, *shape):
    """Without VNNI, ONNX Runtime's sums of two products saturate at 16 bits where int8 weights exceed 7 bits."""
    return q(dtype, *shape) // np.array(1 if dtype == np.uint8 else 2, dtype)


def floats():
    """(operator, inputs (None: omitted), attributes)"""
    yield "Gelu", [x(4, 5)], {}
    yield "FastGelu", [x(4, 5)], {}
    yield "FastGelu", [x(4, 5), x(5)], {}
    yield "BiasGelu", [x(4, 5), x(5)], {}
    yield "QuickGelu", [x(4, 5)], {}
    yield "QuickGelu", [x(4, 5)], {"alpha": 0.5}
    for activation, more in (("Relu", {}), ("LeakyRelu", {"activation_alpha": 0.2}), ("Sigmoid", {}), ("Tanh", {})):
        yield "FusedGemm", [x(4, 5), x(6, 5), x(6)], {"transB": 1, "alpha": 0.5, "activation": activation} | more
    yield "FusedConv", [x(1, 3, 6, 6), x(4, 3, 3, 3), x(4)], {"activation": "Relu", "pads": [1, 1, 1, 1], "kernel_shape": [3, 3]}
    yield "FusedConv", [x(1, 3, 6, 6), x(4, 3, 3, 3), x(4), x(1, 4, 4, 4)], {"activation": "Relu", "kernel_shape": [3, 3]}
    yield "FusedConv", [x(1, 3, 6, 6), x(4, 3, 3, 3)], {"activation": "Clip", "activation_params": [-0.5, 0.75], "kernel_shape": [3, 3]}
    yield "FusedConv", [x(1, 3, 6, 6), x(4, 3, 3, 3), x(4)], {"activation": "HardSigmoid", "activation_params": [0.3, 0.4], "kernel_shape": [3, 3]}
    yield "FusedMatMul", [x(2, 4, 5), x(2, 5, 3)], {"alpha": 0.25}
    yield "FusedMatMul", [x(2, 5, 4), x(2, 3, 5)], {"transA": 1, "transB": 1}
    yield "LayerNormalization", [x(2, 3, 8), x(8), x(8)], {"epsilon": 1e-5}
    yield "SkipLayerNormalization", [x(2, 3, 8), x(2, 3, 8), x(8), x(8), x(8)], {"epsilon": 1e-5}
    yield "SkipLayerNormalization", [x(2, 3, 8), x(2, 3, 8), x(8)], {}
    yield "SkipSimplifiedLayerNormalization", [x(2, 3, 8), x(2, 3, 8), x(8), x(8)], {"epsilon": 1e-5}
    yield "CDist", [x(7, 3), x(5, 3)], {}
    yield "CDist", [x(7, 3), x(5, 3)], {"metric": "euclidean"}
    yield "CDist", [x(2, 40).astype(np.float64), x(3, 40).astype(np.float64)], {"metric": "euclidean"}
    at = np.array([[0, 1, 2], [5, 3, 0]])
    yield "RotaryEmbedding", [x(2, 3, 8), at, x(6, 2), x(6, 2)], {}
    yield "RotaryEmbedding", [x(2, 2, 3, 4), at, x(6, 2), x(6, 2)], {"interleaved": 1}
    yield "RotaryEmbedding", [x(2, 3, 8), at, x(6, 1), x(6, 1)], {"num_heads": 2, "rotary_embedding_dim": 2}
    yield "Attention", [x(2, 3, 8), x(8, 24), x(24)], {"num_heads": 2}
    yield "Attention", [x(2, 3, 8), x(8, 24), x(24), np.array([[1, 1, 0], [1, 0, 0]], np.int32)], {"num_heads": 4}
    yield "Attention", [x(2, 3, 8), x(8, 24), None, np.array([[1, 0, 1], [1, 1, 1]], np.int32), None, x(2, 2, 3, 3)], {"num_heads": 2, "mask_filter_value": -3.0}
    yield "Attention", [x(2, 3, 6), x(6, 20), x(20)], {"num_heads": 2, "qkv_hidden_sizes": [8, 8, 4], "scale": 0.3}
    bias = x(24)
    yield "MultiHeadAttention", [x(2, 3, 8), x(2, 5, 8), x(2, 5, 8)], {"num_heads": 2}
    yield "MultiHeadAttention", [x(2, 3, 8), x(2, 5, 8), x(2, 5, 8), bias], {"num_heads": 4, "scale": 0.3}
    yield "MultiHeadAttention", [x(2, 3, 8), x(2, 5, 8), x(2, 5, 8), bias, None, x(1, 2, 3, 5)], {"num_heads": 2}


def pairs(t, zeros):
    """Operands of QLinearAdd and QLinearMul: scales that make no ties, some that do, and shapes that broadcast."""
    shapes = [((4, 70), (4, 70)), ((4, 30), (30,)), ((4, 1), (4, 30)), ((4, 30), (4, 1)), ((1, 4, 1), (3, 1, 1)), ((2, 3, 1), (2, 1, 4)), ((), (5,)), ((1,), (1, 1))]
    for a, b in shapes:
        for scales in ((0.1137, 0.0713, 0.2091), (0.1, 0.05, 0.2), (0.3, 0.15, 0.25), (0.25, 0.5, 0.125)):
            yield q(t, *a), f(scales[0]), zeros[0], q(t, *b), f(scales[1]), zeros[1], f(scales[2]), zeros[2]


def pools(t, zeros):
    for scales in ((0.0517, 0.0613), (0.1, 0.05), (0.3, 0.2), (0.25, 0.5)):
        one = [q(t, 2, 3, 9, 8), f(scales[0]), zeros[0], f(scales[1]), zeros[1]]
        yield "QLinearGlobalAveragePool", one, {}
        yield "QLinearGlobalAveragePool", [q(t, 5, 40, 4, 4), *one[1:]], {}
        yield "QLinearAveragePool", one, {"kernel_shape": [9, 8]}
        yield "QLinearAveragePool", [q(t, 2, 5, 11), *one[1:]], {"kernel_shape": [3], "strides": [2]}
        for kernel in ([2, 2], [3, 2]):
            yield "QLinearAveragePool", one, {"kernel_shape": kernel, "strides": [2, 2]}
            for inside in (0, 1):
                yield "QLinearAveragePool", one, {"kernel_shape": kernel, "strides": [2, 2], "pads": [1, 0, 1, 1], "count_include_pad": inside, "ceil_mode": 1}


def integers():
    """Quantised ones, by the formulas of ONNX Runtime, which decide ties."""
    for t in (np.uint8, np.int8):
        z = [np.array(v, t) for v in (3, 7, 11)]
        for operands in pairs(t, z):
            yield "QLinearAdd", list(operands), {}
            yield "QLinearMul", [*operands[:6], f(operands[6] * 10), operands[7]], {}
        yield from pools(t, z)
        one = [q(t, 2, 3, 8, 8), f(0.0517), z[0]]
        yield "QLinearSigmoid", [*one, f(1 / 256), np.array(0 if t == np.uint8 else -128, t)], {}
        yield "QLinearLeakyRelu", [*one, f(0.04), z[1]], {"alpha": 0.1}
        for opset, axis in ((12, 1), (13, -1), (13, 1)):
            yield "QLinearSoftmax", [q(t, 3, 5, 20), f(0.0713), z[0], f(1 / 256), np.array(0 if t == np.uint8 else -128, t)], {"opset": opset, "axis": axis}
        yield "QLinearConcat", [f(0.1), z[0], q(t, 2, 20), f(0.07), z[1], q(t, 2, 30), f(0.13), z[2]], {"axis": 1}
        yield "DequantizeLinear", [q(t, 3, 5), f(0.0713), z[0]], {}
        yield "DequantizeLinear", [q(t, 3, 5), f([0.1, 0.02, 0.3]), q(t, 3)], {"axis": 0}
        yield "DequantizeLinear", [q(t, 3, 5).astype(np.int16 if t == np.int8 else np.uint16), f(0.0713), z[0].astype(np.int16 if t == np.int8 else np.uint16)], {}
        yield "DequantizeLinear", [q(t, 3, 5).astype(np.int32), f(0.0713)], {}
        yield "DequantizeLinear", [q(t, 3, 5), np.float16([0.1, 0.02, 0.3, 0.5, 0.25]), q(t, 5)], {}
        yield "QuantizeLinear", [x(3, 5), f(0.0713), z[0]], {}
        yield "QuantizeLinear", [x(3, 5).astype(np.float16), np.array(0.0713, np.float16), z[0]], {}
        yield "QuantizeLinear", [x(3, 5), f([0.1, 0.02, 0.3]), q(t, 3)], {"axis": 0}
        yield "QuantizeLinear", [x(3, 5) * 1000, f(0.0713), z[0].astype(np.int16 if t == np.int8 else np.uint16)], {}
        yield "MatMulIntegerToFloat", [q(t, 3, 4), weights(np.int8, 4, 5), f(0.1), f(0.2), z[0], None, x(5)], {}
        yield "MatMulIntegerToFloat", [q(t, 2, 3, 9), weights(np.int8, 9, 5), f(0.1), x(5), z[1], q(np.int8, 5)], {}
        yield "MatMulIntegerToFloat", [q(np.uint8, 3, 4), weights(t, 4, 5), f(0.1), x(5), None, z[2]], {}
        yield "DynamicQuantizeMatMul", [x(3, 4), weights(t, 4, 5), f(0.2), None, x(5)], {}
        yield "DynamicQuantizeMatMul", [x(2, 3, 9), weights(t, 9, 5), x(5), q(t, 5)], {}
        either = [np.array([[True], [False], [True]]), q(t, 3, 20), f(0.1), z[0], q(t, 20), f(0.23), z[1]]
        yield "QLinearWhere", [*either, f(0.19), z[2]], {}
        yield "QLinearWhere", [*either, f(0.5), z[2]], {}
        yield "QGemm", [q(t, 4, 9), f(0.1), z[0], q(t, 9, 6), f(0.03), z[1], q(np.int8, 6).astype(np.int32), f(0.9), z[2]], {}
        yield "QGemm", [q(t, 4, 9), f(0.1), z[0], q(t, 6, 9), f(0.03), z[1], None], {"transB": 1, "alpha": 0.5}


def session(m):
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    return onnxruntime.InferenceSession(m.SerializeToString(), options, providers=["CPUExecutionProvider"])


def refused():
    """Operator, inputs, attributes, part of the message."""
    yield "FusedMatMul", [x(2, 3), x(3, 4)], {"transBatchA": 1}, "transBatchA and transBatchB are not supported"
    yield "CDist", [x(2, 3), x(4, 3)], {"metric": "cosine"}, "metric 'cosine' is not supported"
    yield "CDist", [x(2, 3), x(1, 4, 3)], {}, "both must be of rank 2"
    yield "RotaryEmbedding", [x(2, 3, 8), np.array([0]), x(6, 2), x(6, 2)], {}, "position_ids is i64[1]"
    yield "RotaryEmbedding", [x(2, 3, 8), np.zeros((2, 3), int), x(6, 2), x(6, 2)], {"is_packed_batching": 1}, "is_packed_batching is not supported"
    yield "RotaryEmbedding", [x(2, 3, 8), np.zeros((2, 3), int), x(6, 2), x(6, 2)], {"scale": 0.5}, "scale 0.5 is not supported"
    yield "Attention", [x(2, 3, 8), x(8, 24), x(24)], {"num_heads": 2, "unidirectional": 1}, "unidirectional and do_rotary are not supported"
    yield "Attention", [x(2, 3, 8), x(8, 24), x(24), np.array([3, 2], np.int32)], {"num_heads": 2}, "mask_index is i32[2]"
    yield "Attention", [x(2, 3, 8), x(8, 24), x(24)], {"num_heads": 2, "qkv_hidden_sizes": [8, 8, 4]}, "qkv_hidden_sizes and the columns"
    yield "DequantizeLinear", [q(np.int8, 3, 5), x(4), q(np.int8, 4)], {"axis": 0}, "sizes 4 and 3 differ"
    yield "QuantizeLinear", [x(3, 5), x(4), q(np.int8, 4)], {"axis": 0}, "sizes 4 and 3 differ"
    yield "MatMulIntegerToFloat", [q(np.int8, 3, 4), q(np.int8, 5, 6), f(0.1), f(0.2)], {}, "sizes 4 and 5 differ"
    yield "MatMulIntegerToFloat", [q(np.int8, 3, 4), q(np.int8, 4, 6), x(3), f(0.2)], {}, "a_scale is f32[3], a scalar is defined"
    yield "MatMulIntegerToFloat", [q(np.int8, 3, 4), q(np.int8, 4, 6), f(0.1), x(3, 1)], {}, "b_scale is f32[3, 1], one element or one for each column of B is defined"
    yield "MatMulIntegerToFloat", [q(np.int8, 3, 4), q(np.int8, 4), f(0.1), f(0.2)], {}, "B is i8[4], a matrix is supported"
    yield "DynamicQuantizeMatMul", [x(3, 4), q(np.int8, 5, 6), f(0.2)], {}, "sizes 4 and 5 differ"
    yield "DynamicQuantizeMatMul", [x(3, 4), q(np.int8, 4, 6), f(0.2), None, x(3)], {}, "sizes 3 and 6 differ"
    yield "QLinearWhere", [np.array(True), q(np.int8, 3), x(3), q(np.int8, 3), q(np.int8, 3), f(0.1), q(np.int8), f(0.1), q(np.int8)], {}, "must be scalars"


def model_of(op, arrays, attributes):
    """The model of one node, its operands by name."""
    names = ["" if a is None else f"x{i}" for i, a in enumerate(arrays)]
    fixed = {f"x{i}": arrays[i] for i in (1, 3) if op == "QLinearSoftmax"}    # scales that must be known
    named = {n: a for n, a in zip(names, arrays) if n and n not in fixed}
    domain, opset = ("", 12) if op == "LayerNormalization" else ("com.microsoft", 17)    # ONNX's own, which optimisers write into older files too
    graph = h.make_graph([h.make_node(op, names, ["y"], name="it", domain=domain, **attributes)], "g",
                         [h.make_tensor_value_info(n, h.np_dtype_to_tensor_dtype(a.dtype), a.shape) for n, a in named.items()],
                         [onnx.ValueInfoProto(name="y")], [numpy_helper.from_array(a, n) for n, a in fixed.items()])
    return h.make_model(graph, opset_imports=[h.make_opsetid("com.microsoft", 1), h.make_opsetid("", opset)], ir_version=8), named


def write(folder, op, arrays, attributes):
    m, named = model_of(op, arrays, attributes)
    value = session(m).run(None, named)[0]
    m.graph.output[0].CopyFrom(h.make_tensor_value_info("y", h.np_dtype_to_tensor_dtype(value.dtype), value.shape))
    data = folder / "test_data_set_0"
    data.mkdir(parents=True)
    (folder / "model.onnx").write_bytes(m.SerializeToString())
    for name, a in [(f"input_{i}", a) for i, a in enumerate(named.values())] + [("output_0", value)]:
        (data / f"{name}.pb").write_bytes(numpy_helper.from_array(a).SerializeToString())
    return value


# ONNX Runtime has other formulas for other CPUs, whose results may be one unit apart.
EXACT = platform.machine() == "x86_64" and "avx2" in pathlib.Path("/proc/cpuinfo").read_text()


def near(folder, expected, kept):
    actual = np.load(kept / folder.name / "test_data_set_0" / "output_0.npy")
    if EXACT or expected.dtype not in (np.uint8, np.int8):
        return False
    apart = np.abs(actual.astype(int) - expected.astype(int))
    return apart.max() <= 1 and (apart > 0).sum() <= max(1, apart.size // 1000)


def main():
    wanted = sys.argv[2] if len(sys.argv) > 2 else ""
    cases = [*floats(), *integers()]
    if missed := without_case(sys.argv[1], "com.microsoft", [c[0] for c in cases]):
        sys.exit(f"no case of {', '.join(missed)}")
    with tempfile.TemporaryDirectory() as scratch:
        kept, expected = pathlib.Path(scratch) / "kept", {}
        for k, case in enumerate(c for c in cases if wanted in c[0]):
            folder = pathlib.Path(scratch) / f"{k:03}_{case[0]}"
            expected[folder] = write(folder, *case)
        done = subprocess.run([sys.argv[1], "verify", "-j", "1", "--keep-outputs", str(kept), *map(str, expected)], capture_output=True, text=True)
        verdict = dict(line.split(" ", 1)[::-1] for line in done.stdout.splitlines() if line.startswith("PASS"))
        bad = [f for f in expected if f.name not in verdict and not (f" {f.name}:" in done.stdout and "REFUSED" not in done.stdout and near(f, expected[f], kept))]
        taken = not_refused(sys.argv[1], pathlib.Path(scratch), [(model_of(*case[:3])[0], case[3]) for case in refused()])
        print("\n".join([line for line in done.stdout.splitlines() if not line.startswith("PASS")] + taken), done.stderr)
        sys.exit(0 if expected and not bad and not taken else 1)


main()
