"""Older forms of operators, as exporters of their time wrote them, give what ONNX's own definitions give.
usage: test_opsets.py INFERC"""
import pathlib
import subprocess
import sys
import tempfile

try:
    import numpy as np
    import onnx
    from onnx import TensorProto as T, helper as h, numpy_helper
    from onnx.reference import ReferenceEvaluator
    import onnxruntime
except ImportError:
    sys.exit(77)

F = np.float32
rng = np.random.default_rng(20261124)


def x(*shape):
    return rng.standard_normal(shape).astype(F)


def cases():
    """(operator, opset, inputs, attributes, number of outputs, further constants)"""
    for v in (7, 9, 11, 12):
        yield "Squeeze", v, [x(1, 3, 1)], {"axes": [0, 2]}, 1, []
        yield "Squeeze", v, [x(1, 3, 1)], {}, 1, []
        yield "Unsqueeze", v, [x(3, 4)], {"axes": [0, 2]}, 1, []
        yield "Split", v, [x(6, 2)], {"axis": 0, "split": [2, 4]}, 2, []
        yield "Split", v, [x(6, 2)], {"axis": 0}, 3, []
        for op in ("ReduceSum", "ReduceMean", "ReduceMax", "ReduceProd", "ReduceL2", "ReduceLogSumExp", "ReduceSumSquare"):
            yield op, v, [x(2, 3, 4)], {"axes": [1], "keepdims": 0}, 1, []
            yield op, v, [x(2, 3, 4)], {}, 1, []
        for op in ("Softmax", "LogSoftmax", "Hardmax"):
            yield op, v, [x(2, 3, 4)], {"axis": 1}, 1, []
            yield op, v, [x(2, 3, 4)], {}, 1, []
    yield "Softmax", 13, [x(2, 3, 4)], {"axis": 1}, 1, []
    for v in (13, 17):
        yield "ReduceMean", v, [x(2, 3, 4)], {"axes": [-1]}, 1, []
        yield "ReduceMax", v, [x(2, 3, 4)], {"axes": [-1]}, 1, []
        yield "Split", v, [x(6, 2)], {"axis": 0}, 2, []
    for v in (7, 9):
        yield "Slice", v, [x(5, 6)], {"starts": [1, -3], "ends": [4, 1000], "axes": [0, 1]}, 1, []
        yield "TopK", v, [x(3, 5)], {"k": 2, "axis": 1}, 2, []
    yield "Slice", 10, [x(5, 6)], {}, 1, [np.array([1]), np.array([5]), np.array([1]), np.array([2])]
    yield "TopK", 10, [x(3, 5)], {"axis": 1}, 2, [np.array([2])]
    yield "Upsample", 7, [x(1, 2, 3, 4)], {"scales": [1.0, 1.0, 2.0, 3.0], "mode": "nearest"}, 1, []
    yield "Upsample", 9, [x(1, 2, 3, 4)], {"mode": "nearest"}, 1, [np.array([1, 1, 2, 2], F)]
    yield "Resize", 10, [x(1, 2, 3, 4)], {"mode": "nearest"}, 1, [np.array([1, 1, 2, 2], F)]
    for v in (7, 10):
        yield "Pad", v, [x(2, 3)], {"pads": [1, 0, 0, 2], "mode": "constant", "value": 1.5}, 1, []
        yield "Pad", v, [x(4, 5)], {"pads": [1, 0, 0, 2], "mode": "reflect"}, 1, []
        yield "Clip", v, [x(4, 5)], {"min": -0.5, "max": 0.25}, 1, []
        yield "Clip", v, [x(4, 5)], {}, 1, []
    yield "Clip", 11, [x(4, 5)], {}, 1, [np.array(-0.5, F), np.array(0.5, F)]
    for v in (7, 10):
        yield "Dropout", v, [x(4, 5)], {"ratio": 0.5}, 1, []
    yield "Dropout", 12, [x(4, 5)], {}, 1, [np.array(0.5, F)]
    statistics = [np.abs(x(3)), x(3), x(3), np.abs(x(3)) + 1]
    for v in (7, 9, 14, 15):
        yield "BatchNormalization", v, [x(2, 3, 4)], {"epsilon": 1e-3}, 1, statistics
    for v in (7, 9, 13):
        yield "Cast", v, [x(3, 4) * 9], {"to": T.INT32}, 1, []
        yield "Gemm", v, [x(2, 3)], {"transB": 1, "alpha": 0.5}, 1, [x(4, 3), x(4)]
        yield "Flatten", v, [x(2, 3, 4)], {"axis": 2}, 1, []
        yield "PRelu", v, [x(2, 3)], {}, 1, [x(3)]
    for v in (8, 9):
        yield "Expand", v, [x(3, 1)], {}, 1, [np.array([2, 3, 4])]
        yield "Sum", v, [x(2, 3), x(1, 3)], {}, 1, []
    yield "Scatter", 9, [x(3, 3)], {"axis": 0}, 1, [np.array([[1, 0, 2]]), x(1, 3)]
    yield "ArgMax", 11, [x(3, 4)], {"axis": 1, "keepdims": 0}, 1, []
    yield "ConstantOfShape", 9, [], {"value": numpy_helper.from_array(np.array([2.5], F))}, 1, [np.array([2, 3])]
    yield "OneHot", 9, [np.array([0, 2], F)], {"axis": -1}, 1, [np.array(3.0, F), np.array([0, 1], F)]
    yield "CumSum", 11, [x(3, 4)], {"reverse": 1}, 1, [np.array(1)]
    for v in (7, 8, 10, 11, 12):
        yield "MaxPool", v, [x(1, 2, 6, 6)], {"kernel_shape": [2, 2], "strides": [2, 2]}, 1, []
    for v in (7, 10, 11):
        yield "AveragePool", v, [x(1, 2, 6, 6)], {"kernel_shape": [3, 3], "pads": [1, 1, 1, 1], "count_include_pad": 1}, 1, []


def oldest():
    """Forms before operator set 7, which no other tool runs, with what they mean."""
    a, b, c = x(2, 3, 4, 5), x(3, 4), x(3)
    yield "Add", 6, [a, b], {"broadcast": 1, "axis": 1}, [a + b[:, :, None]]
    yield "Add", 6, [a, b[:, :1].copy()], {"broadcast": 1, "axis": 1}, [a + b[:, :1, None]]
    yield "Mul", 1, [a, x(5) * 0 + 2], {"broadcast": 1, "consumed_inputs": [0, 0]}, [a * F(2)]
    yield "Sub", 6, [a, np.array([2], F)], {"broadcast": 1, "axis": 0}, [a - F(2)]
    yield "Greater", 1, [a, c], {"broadcast": 1, "axis": 1}, [a > c[:, None, None]]
    yield "PRelu", 6, [a, c], {}, [np.where(a < 0, a * c[:, None, None], a)]
    yield "PRelu", 1, [a, c[:1].copy()], {"consumed_inputs": [0, 0]}, [np.where(a < 0, a * c[0], a)]
    yield "Cast", 1, [a * 9], {"to": "INT32"}, [(a * 9).astype(np.int32)]
    yield "Cast", 1, [a], {"to": "DOUBLE"}, [a.astype(np.float64)]
    yield "Reshape", 1, [a], {"shape": [0, -1, 10], "consumed_inputs": [0]}, [a.reshape(2, 6, 10)]
    yield "Pad", 1, [b], {"paddings": [0, 1, 2, 0], "value": 1.5}, [np.pad(b, ((0, 2), (1, 0)), constant_values=F(1.5))]
    yield "Concat", 1, [a, a], {}, [np.concatenate([a, a], 1)]
    yield "Selu", 1, [c], {}, [F(1.0507) * np.where(c > 0, c, F(1.6732) * np.expm1(c))]
    yield "Upsample", 1, [a], {"height_scale": 2.0, "width_scale": 3.0, "mode": "nearest"}, [a.repeat(2, 2).repeat(3, 3)]
    yield "BatchNormalization", 6, [a, c, c + 1, c * 2, c * c + 1], {"is_test": 1, "epsilon": 0.0}, [((a - (c * 2)[:, None, None]) / np.sqrt(c * c + 1)[:, None, None] * c[:, None, None] + (c + 1)[:, None, None]).astype(F)]
    for v in (1, 6):
        yield "Dropout", v, [a], {"is_test": 1, "ratio": 0.25}, [a, np.ones_like(a)]
    for v in (7, 9):
        yield "Dropout", v, [a], {}, [a, np.ones_like(a)]
    yield "Dropout", 10, [a], {}, [a, np.ones(a.shape, bool)]
    yield "Dropout", 13, [a], {}, [a, np.ones(a.shape, bool)]


def reference(m, feed):
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    try:
        return onnxruntime.InferenceSession(m.SerializeToString(), options, providers=["CPUExecutionProvider"]).run(None, feed)
    except Exception:  # ONNX Runtime has no kernel for the form: ONNX's own definition
        return ReferenceEvaluator(m).run(None, feed)


def write(folder, op, version, arrays, attributes, outputs, constants, expected=None):
    names = [f"x{i}" for i in range(len(arrays))] + [f"c{i}" for i in range(len(constants))]
    ys = [f"y{i}" for i in range(outputs)]
    graph = h.make_graph([h.make_node(op, names, ys, name="it", **attributes)], "g",
                         [h.make_tensor_value_info(n, h.np_dtype_to_tensor_dtype(a.dtype), a.shape) for n, a in zip(names, arrays)],
                         [onnx.ValueInfoProto(name=y) for y in ys],
                         [numpy_helper.from_array(c, n) for c, n in zip(constants, names[len(arrays):])])
    m = h.make_model(graph, opset_imports=[h.make_opsetid("", version)], ir_version=7)
    if expected is None:
        expected = reference(m, dict(zip(names, arrays)))
    for y, value in zip(graph.output, expected):
        y.CopyFrom(h.make_tensor_value_info(y.name, h.np_dtype_to_tensor_dtype(np.asarray(value).dtype), np.asarray(value).shape))
    m.graph.CopyFrom(graph)
    data = folder / "test_data_set_0"
    data.mkdir(parents=True)
    (folder / "model.onnx").write_bytes(m.SerializeToString())
    for kind, values in (("input", arrays), ("output", expected)):
        for i, value in enumerate(values):
            (data / f"{kind}_{i}.pb").write_bytes(numpy_helper.from_array(np.asarray(value)).SerializeToString())


def main():
    with tempfile.TemporaryDirectory() as scratch:
        folders = []
        for k, case in enumerate(cases()):
            folder = pathlib.Path(scratch) / f"{k:03}_{case[0]}_{case[1]}"
            try:
                write(folder, *case)
                folders.append(folder)
            except Exception as e:
                print(f"skipped {folder.name}: no reference: {str(e)[:150]}")
        for k, (op, version, arrays, attributes, expected) in enumerate(oldest()):
            folder = pathlib.Path(scratch) / f"old_{k:03}_{op}_{version}"
            write(folder, op, version, arrays, attributes, len(expected), [], expected)
            folders.append(folder)
        done = subprocess.run([sys.argv[1], "verify", "-j", "1", *map(str, folders)], capture_output=True, text=True)
        bad = [line for line in done.stdout.splitlines() if not line.startswith("PASS")]
        print("\n".join(bad), done.stderr)
        sys.exit(0 if done.returncode == 0 and f"{len(folders)} passed, 0 failed, 0 refused" in done.stdout else 1)


main()
