"""The table of exceptional values (docs/numerics.md) through generated code: NaN, infinities, empty sums, integer limits, denormals.
usage: test_exceptional.py INFERC

A row is a network of one operator (or of some, HEADS) with its inputs and the results that it must have, bit for bit but for the payload of NaN; or,
where run() must refuse, the words of the status."""
import pathlib
import subprocess
import sys
import tempfile

try:
    import numpy as np
    import onnx
    from onnx import helper as h, numpy_helper
except ImportError:
    sys.exit(77)

nan, inf = np.float32("nan"), np.float32("inf")
i32 = np.iinfo(np.int32)
LARGEST = np.finfo(np.float32).max


def f32(*values):
    return np.array(values, np.float32)


def ints(*values, dtype=np.int32):
    return np.array(values, dtype)


def i64(*values):
    return np.array(values, np.int64)


# A NaN among 18 others, so that whole vectors and their tails meet it.
WITH_NAN = np.where(np.arange(19) % 7 == 3, nan, np.linspace(-2, 2, 19, dtype=np.float32)).astype(np.float32)
IS_NAN = np.isnan(WITH_NAN)


def keeps_nan(result):
    """Whether a result has NaN exactly where the input has it."""
    return bool((np.isnan(result) == IS_NAN).all())


# One tree of one split, at 0, whose leaves give 1 or 2 to the first of two targets: no leaf gives anything to the second.
TREE = {"n_targets": 2, "nodes_treeids": [0, 0, 0], "nodes_nodeids": [0, 1, 2], "nodes_featureids": [0, 0, 0], "nodes_values": [0.0, 0.0, 0.0],
        "nodes_modes": ["BRANCH_LEQ", "LEAF", "LEAF"], "nodes_truenodeids": [1, 0, 0], "nodes_falsenodeids": [2, 0, 0],
        "target_treeids": [0, 0], "target_nodeids": [1, 2], "target_ids": [0, 0], "target_weights": [1.0, 2.0]}


def heads():
    """Inputs and result of HEADS: rows of two types and of none, where the function of a row's own type is infinite, too."""
    x, kind = (np.arange(300 * 16) % 7 - 3).astype(np.float32).reshape(300, 16), (np.arange(300) % 3).astype(np.float32).reshape(300, 1)
    weights = [(np.arange(16 * 64) % k - 2).astype(np.float32).reshape(16, 64) for k in (5, 7)]
    x[::4] = 0
    with np.errstate(divide="ignore"):
        each = [1 / (x @ w + np.float32(0)) for w in weights]
    return [x, kind, f32(1), f32(2), *weights], np.where(kind == 1, each[0], np.where(kind == 2, each[1], np.float32(0)))


# The sum of 1 / (x w) of a row's type, times its mask: what the other type gives is left out, infinite or not.
HEADS = "heads by type"

# name: operator, inputs, result (or a predicate on it), attributes
ROWS = {f"nan_{op}": (op, [WITH_NAN], keeps_nan, {}) for op in
        ("Relu", "Sigmoid", "Tanh", "Exp", "Abs", "Sign", "LeakyRelu", "Elu", "Erf", "Neg", "Floor", "Ceil", "Round", "Softplus", "Selu", "HardSigmoid", "Gelu")}
ROWS |= {
    "nan_clip": ("Clip", [WITH_NAN, np.float32(-1), np.float32(1)], keeps_nan, {}),
    "nan_max_left": ("Max", [WITH_NAN, np.zeros(19, np.float32)], keeps_nan, {}),
    "nan_max_right": ("Max", [np.zeros(19, np.float32), WITH_NAN], keeps_nan, {}),
    "nan_min_left": ("Min", [WITH_NAN, np.zeros(19, np.float32)], keeps_nan, {}),
    "nan_min_right": ("Min", [np.zeros(19, np.float32), WITH_NAN], keeps_nan, {}),
    "nan_reduce_max": ("ReduceMax", [f32(1, nan, 2)], f32(nan), {}),
    "nan_reduce_min": ("ReduceMin", [f32(1, nan, 2)], f32(nan), {}),
    "nan_reduce_max_long": ("ReduceMax", [WITH_NAN], f32(nan), {}),
    "nan_max_pool": ("MaxPool", [f32(1, nan, 2, 5).reshape(1, 1, 4)], f32(nan, nan, 5).reshape(1, 1, 3), {"kernel_shape": [2]}),
    "nan_arg_max": ("ArgMax", [f32(1, nan, 2, nan)], i64(1), {"keepdims": 1}),
    "nan_top_k": ("TopK", [f32(1, nan, 2, nan, 3), i64(3)], f32(nan, nan, 3), {}),
    "nan_top_k_smallest": ("TopK", [f32(1, nan, 2), i64(2)], f32(1, 2), {"largest": 0}),
    "ties_top_k": ("TopK", [f32(5, 7, 7, 5, 7), i64(4)], i64(1, 2, 4, 0), {}),
    "ties_arg_max": ("ArgMax", [f32(2, 5, 5, 1)], i64(1), {"keepdims": 1}),
    "ties_arg_max_last": ("ArgMax", [f32(2, 5, 5, 1)], i64(2), {"keepdims": 1, "select_last_index": 1}),
    "softmax_all_minus_inf": ("Softmax", [f32(-inf, -inf, -inf)], f32(nan, nan, nan), {}),
    "softmax_plus_inf": ("Softmax", [f32(0, inf, 1)], lambda y: bool(np.isnan(y[1])), {}),
    "softmax_large": ("Softmax", [f32(1e38, 1e38)], f32(0.5, 0.5), {}),
    "clip_min_above_max": ("Clip", [f32(-3, 0, 3), np.float32(2), np.float32(-1)], f32(-1, -1, -1), {}),
    "empty_sum": ("ReduceSum", [np.zeros((2, 0), np.float32), i64(1)], f32(0, 0).reshape(2, 1), {}),
    "empty_max": ("ReduceMax", [np.zeros((2, 0), np.float32), i64(1)], f32(-inf, -inf).reshape(2, 1), {}),
    "empty_min": ("ReduceMin", [np.zeros((2, 0), np.float32), i64(1)], f32(inf, inf).reshape(2, 1), {}),
    "empty_prod": ("ReduceProd", [np.zeros((2, 0), np.float32), i64(1)], f32(1, 1).reshape(2, 1), {}),
    "empty_mean": ("ReduceMean", [np.zeros((2, 0), np.float32), i64(1)], f32(nan, nan).reshape(2, 1), {}),
    "empty_product": ("MatMul", [np.zeros((2, 0), np.float32), np.zeros((0, 3), np.float32)], np.zeros((2, 3), np.float32), {}),
    "empty_product_and_bias": ("Gemm", [np.zeros((2, 0), np.float32), np.zeros((0, 3), np.float32), f32(1, 2, 3)], f32(1, 2, 3, 1, 2, 3).reshape(2, 3), {}),
    "div_least_by_minus_one": ("Div", [ints(i32.min, 7, -7), ints(-1, -2, 2)], ints(i32.min, -3, -3), {}),
    "mod_least_by_minus_one": ("Mod", [ints(i32.min, 7, -7), ints(-1, -2, 2)], ints(0, -1, 1), {}),
    "mod_fmod": ("Mod", [ints(7, -7, i32.min), ints(-2, 2, -1)], ints(1, -1, 0), {"fmod": 1}),
    "add_wraps": ("Add", [ints(i32.max), ints(1)], ints(i32.min), {}),
    "sub_wraps": ("Sub", [ints(i32.min), ints(1)], ints(i32.max), {}),
    "mul_wraps": ("Mul", [ints(1 << 30), ints(4)], ints(0), {}),
    "neg_wraps": ("Neg", [ints(i32.min)], ints(i32.min), {}),
    "abs_wraps": ("Abs", [ints(i32.min)], ints(i32.min), {}),
    "cast_to_int32": ("Cast", [f32(nan, inf, -inf, 3e9, -3e9, 2.9, -2.9)], ints(i32.min, i32.min, i32.min, i32.min, i32.min, 2, -2), {"to": onnx.TensorProto.INT32}),
    "cast_to_half": ("Cast", [f32(65520, 65519, -65520, 1e-8)], np.array([inf, 65504, -inf, 0], np.float16), {"to": onnx.TensorProto.FLOAT16}),
    "shift_by_width": ("BitShift", [ints(1, 255, dtype=np.uint8), ints(8, 200, dtype=np.uint8)], ints(0, 0, dtype=np.uint8), {"direction": "LEFT"}),
    "shift_right_by_width": ("BitShift", [ints(1 << 31, 5, dtype=np.uint32), ints(32, 31, dtype=np.uint32)], ints(0, 0, dtype=np.uint32), {"direction": "RIGHT"}),
    "round_ties": ("Round", [f32(0.5, 1.5, 2.5, -0.5, -1.5, -2.5)], f32(0, 2, 2, -0.0, -2, -2), {}),
    "quantize_saturates": ("QuantizeLinear", [f32(inf, -inf, 1e9, -1e9, 0.5, 1.5, -0.5), np.float32(1), np.int8(0)], ints(127, -128, 127, -128, 0, 2, 0, dtype=np.int8), {}),
    "nan_quantize": ("QuantizeLinear", [f32(nan, inf, 1), np.float32(1), np.int8(5)], ints(-128, 127, 6, dtype=np.int8), {}),
    "nan_quantize_unsigned": ("QuantizeLinear", [f32(nan, -inf, 1), np.float32(1), np.uint8(0)], ints(0, 0, 1, dtype=np.uint8), {}),
    "nan_global_max_pool": ("GlobalMaxPool", [f32(1, nan, 2, 5).reshape(1, 1, 4)], f32(nan).reshape(1, 1, 1), {}),
    "div_least_int8": ("Div", [ints(-128, dtype=np.int8), ints(-1, dtype=np.int8)], ints(-128, dtype=np.int8), {}),
    "div_least_int64": ("Div", [i64(-(1 << 63)), i64(-1)], i64(-(1 << 63)), {}),
    "mod_least_int64": ("Mod", [i64(-(1 << 63)), i64(-1)], i64(0), {}),
    "cast_to_int64": ("Cast", [f32(nan, inf, -inf, 1e30)], i64(*[-(1 << 63)] * 4), {"to": onnx.TensorProto.INT64}),
    "softmax_minus_inf_first": ("Softmax", [f32(-inf, 0, 0)], f32(0, 0.5, 0.5), {}),
    "denormals_add": ("Add", [f32(1e-40, -1e-40), f32(1e-40, 2e-40)], f32(1e-40, -1e-40) + f32(1e-40, 2e-40), {}),
    "denormals_matmul": ("MatMul", [f32(1e-40).reshape(1, 1), f32(1).reshape(1, 1)], f32(1e-40).reshape(1, 1), {}),
    "neg_zero": ("Neg", [f32(0, -0.0)], f32(-0.0, 0), {}),
    "one_hot_out_of_range": ("OneHot", [i64(1, 7, -9), i64(3)[0], f32(0, 1)], f32(0, 1, 0, 0, 0, 0, 0, 0, 0).reshape(3, 3), {}),
    "tree_min_of_nothing": ("TreeEnsembleRegressor", [f32(-1, 1).reshape(2, 1)], f32(1, LARGEST, 2, LARGEST).reshape(2, 2), TREE | {"aggregate_function": "MIN"}),
    "tree_max_of_nothing": ("TreeEnsembleRegressor", [f32(-1, 1).reshape(2, 1)], f32(1, -LARGEST, 2, -LARGEST).reshape(2, 2), TREE | {"aggregate_function": "MAX"}),
    "infinite_head_of_another_type": (HEADS, *heads(), {}),
    "div_floats_by_zero": ("Div", [f32(1, -1, 0), f32(0, 0, 0)], f32(inf, -inf, nan), {}),
}
# name: operator, inputs, an array of the result's type, words of the status
REFUSED = {
    "div_by_zero": ("Div", [ints(1, 2), ints(1, 0)], ints(0, 0), "division_by_zero"),
    "mod_by_zero": ("Mod", [ints(1, 2), ints(1, 0)], ints(0, 0), "division_by_zero"),
    "gather_out_of_range": ("Gather", [f32(1, 2, 3), i64(0, 3)], f32(0, 0), "index"),
    "gather_elements_out_of_range": ("GatherElements", [f32(1, 2, 3), i64(-4, 1)], f32(0, 0), "index"),
    "gather_nd_out_of_range": ("GatherND", [f32(1, 2, 3), i64(-4).reshape(1, 1)], f32(0), "index"),
    "scatter_nd_out_of_range": ("ScatterND", [f32(1, 2, 3), i64(3).reshape(1, 1), f32(9)], f32(0, 0, 0), "index"),
    "scatter_out_of_range": ("ScatterElements", [f32(1, 2, 3), i64(0, 5), f32(9, 9)], f32(0, 0, 0), "index"),
    "top_k_above_size": ("TopK", [f32(1, 2, 3), i64(4)], f32(0, 0, 0), "dim_mismatch"),
    "top_k_negative": ("TopK", [f32(1, 2, 3), i64(-1)], f32(0, 0, 0), "dim_mismatch"),
    "slice_step_zero": ("Slice", [f32(1, 2, 3), i64(0), i64(2), i64(0), i64(0)], f32(0, 0), "dim_mismatch"),
    "reshape_other_size": ("Reshape", [f32(1, 2, 3, 4), i64(3, 2)], f32(0, 0, 0, 0).reshape(2, 2), "dim_mismatch"),
    "expand_other_size": ("Expand", [f32(1, 2, 3), i64(2, 4)], f32(0, 0, 0, 0, 0, 0).reshape(2, 3), "dim_mismatch"),
    "range_delta_zero": ("Range", [i64(0)[0], i64(4)[0], i64(0)[0]], i64(0, 0, 0, 0), "dim_mismatch"),
    "tile_negative": ("Tile", [f32(1, 2, 3), i64(-2)], f32(0, 0, 0, 0, 0, 0), "dim_mismatch"),
}
# Operands that give sizes are weights here.
WEIGHTS = {"ReduceSum": (1,), "ReduceMax": (1,), "ReduceMin": (1,), "ReduceProd": (1,), "ReduceMean": (1,), "OneHot": (1,), "Clip": (1, 2), "QuantizeLinear": (1, 2), HEADS: (2, 3, 4, 5)}


def outputs_of(op, result):
    """Its name is y; of TopK an array of integers is the second output."""
    return ["y"] if op != "TopK" else ["", "y"] if result.dtype == np.int64 else ["y", "indices"]


def nodes_of(op, names, attributes, result):
    if op != HEADS:
        return [h.make_node(op, names, outputs_of(op, result), domain="ai.onnx.ml" if op.startswith("Tree") else "", **attributes)]
    x, kind, *rest = names
    out = []
    for t, (number, weight) in enumerate(zip(rest[:2], rest[2:])):
        out += [h.make_node("MatMul", [x, weight], [f"a{t}"]), h.make_node("Reciprocal", [f"a{t}"], [f"f{t}"]), h.make_node("Equal", [kind, number], [f"is{t}"]),
                h.make_node("Cast", [f"is{t}"], [f"m{t}"], to=onnx.TensorProto.FLOAT), h.make_node("Mul", [f"f{t}", f"m{t}"], [f"p{t}"])]
    return [*out, h.make_node("Add", ["p0", "p1"], ["y"])]


def model(op, inputs, attributes, result):
    names = [f"x{i}" for i in range(len(inputs))]
    weights = WEIGHTS.get(op, ())
    if op == "ArgMax" or op.startswith("Reduce"):
        attributes = {"keepdims": 1} | attributes
    ports = [h.make_tensor_value_info(n, h.np_dtype_to_tensor_dtype(a.dtype), a.shape) for i, (n, a) in enumerate(zip(names, inputs)) if i not in weights]
    constants = [numpy_helper.from_array(np.asarray(a), n) for i, (n, a) in enumerate(zip(names, inputs)) if i in weights]
    y = h.make_tensor_value_info("y", h.np_dtype_to_tensor_dtype(result.dtype), result.shape)
    return h.make_model(h.make_graph(nodes_of(op, names, attributes, result), "row", ports, [y], constants),
                        opset_imports=[h.make_opsetid("", 21), h.make_opsetid("ai.onnx.ml", 3)], ir_version=10)


def write_case(folder, op, inputs, result, attributes):
    data = folder / "test_data_set_0"
    data.mkdir(parents=True)
    (folder / "model.onnx").write_bytes(model(op, inputs, attributes, result).SerializeToString())
    given = [a for i, a in enumerate(inputs) if i not in WEIGHTS.get(op, ())]
    for kind, arrays in (("input", given), ("output", [result])):
        for k, a in enumerate(arrays):
            (data / f"{kind}_{k}.pb").write_bytes(numpy_helper.from_array(np.asarray(a)).SerializeToString())


def same(got, wanted):
    if got.shape != wanted.shape or got.dtype != wanted.dtype:
        return False
    if wanted.dtype.kind != "f":
        return bool((got == wanted).all())
    equal = (got == wanted) & (np.signbit(got) == np.signbit(wanted))
    return bool((equal | (np.isnan(got) & np.isnan(wanted))).all())


def check_rows(inferc, folder):
    for name, (op, inputs, result, attributes) in ROWS.items():
        write_case(folder / "rows" / name, op, inputs, result if isinstance(result, np.ndarray) else inputs[0], attributes)
    run = subprocess.run([inferc, "verify", folder / "rows", "--keep-outputs", folder / "kept"], capture_output=True, text=True)
    wrong = []
    for name, (_, inputs, result, _) in ROWS.items():
        files = list((folder / "kept" / name).rglob("output_0.npy"))
        if not files:
            wrong.append(f"{name}: no result; " + next((line for line in run.stdout.splitlines() if f" {name}" in line), run.stderr[-300:]))
            continue
        got = np.load(files[0])
        if not (same(got, result) if isinstance(result, np.ndarray) else result(got)):
            wrong.append(f"{name}: {got.ravel()[:20]}, wanted {result.ravel()[:20] if isinstance(result, np.ndarray) else result.__doc__ or 'NaN'}")
    return wrong


def check_refusals(inferc, folder):
    wrong = []
    for name, (op, inputs, result, words) in REFUSED.items():
        case = folder / "refused" / name
        (case / "in").mkdir(parents=True)
        (case / "model.onnx").write_bytes(model(op, inputs, {}, result).SerializeToString())
        for k, a in enumerate(inputs):
            np.save(case / "in" / f"input_{k}.npy", a)
        run = subprocess.run([inferc, "run", case / "model.onnx", "--inputs", case / "in", "--outputs", case / "out"], capture_output=True, text=True)
        if run.returncode != 1 or words not in run.stderr + run.stdout:
            wrong.append(f"{name}: exit {run.returncode}, {(run.stderr + run.stdout)[-300:]}")
    return wrong


def main():
    with tempfile.TemporaryDirectory() as temporary:
        folder = pathlib.Path(temporary)
        wrong = check_rows(sys.argv[1], folder) + check_refusals(sys.argv[1], folder)
    for line in wrong:
        print(line)
    print(f"{len(ROWS) + len(REFUSED) - len(wrong)} of {len(ROWS) + len(REFUSED)} rows hold")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
