"""Casts from and to the element types that C++ lacks, over every pattern of at most 16 bits, give what ONNX's reference gives.
usage: test_casts.py INFERC"""
import pathlib
import subprocess
import sys
import tempfile

try:
    import ml_dtypes as ml
    import numpy as np
    import onnx
    from onnx import TensorProto as T, helper as h
    from onnx.reference.ops.op_cast import cast_to
except ImportError:
    sys.exit(77)

FLOATS = [T.FLOAT16, T.BFLOAT16, T.FLOAT8E4M3FN, T.FLOAT8E4M3FNUZ, T.FLOAT8E5M2, T.FLOAT8E5M2FNUZ, T.FLOAT4E2M1]
INTEGERS = [T.INT4, T.UINT4, T.INT2, T.UINT2]
NATIVE = [T.FLOAT, T.DOUBLE, T.INT32, T.INT8, T.UINT8, T.BOOL]


def dtype(t):
    return h.tensor_dtype_to_np_dtype(t)


def patterns(t):
    """Every value of the type; of 32 bits and more a sample with all exponents, both neighbours of each tie of float16 and bfloat16."""
    if t in INTEGERS:
        info = ml.iinfo(dtype(t))
        return np.arange(info.min, info.max + 1).astype(dtype(t))
    if t in FLOATS:
        width = {T.FLOAT16: 16, T.BFLOAT16: 16, T.FLOAT4E2M1: 4}.get(t, 8)
        return np.arange(1 << width).astype(np.uint16 if width == 16 else np.uint8).view(dtype(t))
    if t in (T.INT32, T.INT8, T.UINT8, T.BOOL):
        return np.arange(-300, 300).astype(dtype(t))
    bits = np.arange(1 << 16, dtype=np.uint32) << 16
    samples = [bits, bits + 1, bits - 1, bits + 0x8000, bits + 0x8001, bits + 0x7fff]
    samples += [(np.arange(1 << 17, dtype=np.uint32) << 12 | low) + 0x38000000 for low in (0, 1, 0xfff)]
    return np.concatenate(samples).view(np.float32).astype(dtype(t))


def stored(a, t):
    """As INTERFACE.md section 2 has it in .npy."""
    if t in INTEGERS:
        return a.astype(np.int8 if t in (T.INT4, T.INT2) else np.uint8)
    if t == T.BFLOAT16:
        return a.view(np.uint16)
    return a.view(np.uint8) if t in FLOATS and t != T.FLOAT16 else a


def agree(got, expected, x, source, to):
    """Equal bits, but for the sign and payload of NaN; integers where the value fits (ONNX leaves the rest open)."""
    with np.errstate(invalid="ignore"):
        wide = x.astype(np.float64)
    if to in FLOATS + [T.FLOAT, T.DOUBLE]:
        with np.errstate(invalid="ignore"):
            have, want = got.view(dtype(to)).astype(np.float64), expected.astype(np.float64)
        nan = np.isnan(wide) & (to == T.FLOAT4E2M1)
        return ((have == want) & (np.signbit(have) == np.signbit(want))) | (np.isnan(have) & np.isnan(want)) | nan
    if to in INTEGERS or np.issubdtype(dtype(to), np.integer):
        low, high = (ml.iinfo if to in INTEGERS else np.iinfo)(dtype(to)).min, (ml.iinfo if to in INTEGERS else np.iinfo)(dtype(to)).max
        with np.errstate(invalid="ignore"):
            inside = (np.trunc(wide) >= low) & (np.trunc(wide) <= high)
        return (got == stored(expected, to)) | ~inside
    return got == expected


def check(inferc, source):
    targets = [(to, saturate) for to in FLOATS + INTEGERS + NATIVE if to != source for saturate in ((1, 0) if to in FLOATS[2:6] else (1,))]
    x = patterns(source)
    nodes = [h.make_node("Cast", ["x"], [f"y{k}"], to=to, saturate=saturate) for k, (to, saturate) in enumerate(targets)]
    graph = h.make_graph(nodes, "casts", [h.make_tensor_value_info("x", source, [len(x)])],
                         [h.make_tensor_value_info(f"y{k}", to, [len(x)]) for k, (to, _) in enumerate(targets)])
    bad = []
    with tempfile.TemporaryDirectory() as scratch:
        folder = pathlib.Path(scratch)
        onnx.save(h.make_model(graph, opset_imports=[h.make_opsetid("", 25)], ir_version=11), folder / "m.onnx")
        (folder / "in").mkdir()
        np.save(folder / "in" / "input_0.npy", stored(x, source))
        subprocess.run([inferc, "run", folder / "m.onnx", "--inputs", folder / "in", "--outputs", folder / "out"], check=True, stdout=subprocess.DEVNULL)
        for k, (to, saturate) in enumerate(targets):
            got = np.load(folder / "out" / f"output_{k}.npy")
            with np.errstate(all="ignore"):
                expected = cast_to(x.astype(np.int32) if source in INTEGERS else x, to, bool(saturate))
            wrong = ~agree(got, expected, x, source, to)
            name = f"{T.DataType.Name(source)} -> {T.DataType.Name(to)} saturate={saturate}"
            if wrong.any():
                at = int(np.argmax(wrong))
                bad.append(f"{name}: {wrong.sum()} of {len(x)} differ, the first at {x[at]!r}: {got[at]!r} instead of {expected[at]!r}")
    return len(targets), bad


def main():
    done, bad = 0, []
    for source in FLOATS + INTEGERS + [T.FLOAT, T.DOUBLE, T.INT32]:
        count, wrong = check(sys.argv[1], source)
        done += count
        bad += wrong
    print("\n".join(bad))
    print(f"{done} casts, {len(bad)} wrong")
    sys.exit(1 if bad else 0)


main()
