"""Every fault of a model file ends with exit 1, lines `error: ...` that name the place, and no output folder; damaged
bytes never crash or hang the compiler; hostile names never reach the generated code.
usage: test_faults.py INFERC [faults|fuzz|names]"""
import os
import pathlib
import random
import shutil
import subprocess
import sys
import tempfile

try:
    import numpy as np
    import onnx
    from onnx import TensorProto as T, helper as h, numpy_helper
except ImportError:
    sys.exit(77)

INFERC = pathlib.Path(sys.argv[1]).resolve()
ROOT = pathlib.Path(__file__).resolve().parents[2]
failures = []


def tensor(name, array):
    return numpy_helper.from_array(np.asarray(array), name)


def value(name, shape, dtype=T.FLOAT):
    return h.make_tensor_value_info(name, dtype, shape)


def model(nodes, inputs, outputs, initializers=(), opset=17, functions=(), imports=None):
    graph = h.make_graph(list(nodes), "g", list(inputs), list(outputs), list(initializers))
    return h.make_model(graph, opset_imports=imports or [h.make_opsetid("", opset)], functions=list(functions), ir_version=8)


def add(w=(1.0, 2.0, 3.0), **more):
    """y = x + w."""
    return model([h.make_node("Add", ["x", "w"], ["y"], name="bias")], [value("x", ["n", 3])], [value("y", ["n", 3])],
                 [tensor("w", np.array(w, np.float32))], **more)


def one(op, inputs, shapes, out_shape, name="it", initializers=(), opset=17, dtype=T.FLOAT, **attributes):
    return model([h.make_node(op, inputs, ["y"], name=name, **attributes)],
                 [value(n, s, dtype) for n, s in zip(inputs, shapes)], [value("y", out_shape)], initializers, opset)


def conv(**attributes):
    return one("Conv", ["x", "w"], [[1, 1, 8, 8]], [1, 1, None, None], "conv",
               [tensor("w", np.ones((1, 1, 3, 3), np.float32))], **attributes)


def edited(m, edit):
    edit(m)
    return m


def external(location, folder, offset=None, length=None, place="initializer"):
    """y = x + w with w's bytes in a file."""
    t = T(name="w", data_type=T.FLOAT, dims=[3], data_location=T.EXTERNAL)
    for key, v in (("location", location), ("offset", offset), ("length", length)):
        if v is not None:
            t.external_data.add(key=key, value=str(v))
    m = add()
    del m.graph.initializer[:]
    if place == "initializer":
        m.graph.initializer.append(t)
    elif place == "constant":
        m.graph.node.insert(0, h.make_node("Constant", [], ["w"], name="constant", value=t))
    else:
        sparse = onnx.SparseTensorProto(values=t, indices=tensor("i", np.array([0, 1, 2], np.int64)), dims=[3])
        m.graph.sparse_initializer.append(sparse)
    return m


def functions_in_circle():
    f = h.make_function("local", "f", ["a"], ["b"], [h.make_node("g", ["a"], ["b"], domain="local")],
                        [h.make_opsetid("", 17), h.make_opsetid("local", 1)])
    g = h.make_function("local", "g", ["a"], ["b"], [h.make_node("f", ["a"], ["b"], domain="local")],
                        [h.make_opsetid("", 17), h.make_opsetid("local", 1)])
    return model([h.make_node("f", ["x"], ["y"], name="call", domain="local")], [value("x", [3])], [value("y", [3])],
                 functions=[f, g], imports=[h.make_opsetid("", 17), h.make_opsetid("local", 1)])


def called(functions, calls, node=None, imports=("", "local")):
    """y = the first of `functions` of x; each is a list of calls of the next, the last is Neg."""
    opsets = [h.make_opsetid(d, 17 if d == "" else 1) for d in imports]
    made = []
    for k in range(functions):
        ends = ["a", *(f"c{i}" for i in range(calls - 1)), "b"]
        op, domain = (f"f{k + 1}", "local") if k + 1 < functions else ("Neg", "")
        made.append(h.make_function("local", f"f{k}", ["a"], ["b"], [h.make_node(op, [i], [o], domain=domain) for i, o in zip(ends, ends[1:])], opsets))
    return model([node or h.make_node("f0", ["x"], ["y"], name="call", domain="local")], [value("x", [3])], [value("y", [3])], functions=made, imports=opsets)


def nested(depth):
    graph = h.make_graph([h.make_node("Identity", ["x"], ["z"])], "leaf", [], [value("z", [3])])
    for _ in range(depth):
        graph = h.make_graph([h.make_node("If", ["c"], ["z"], then_branch=graph, else_branch=graph)], "b", [], [value("z", [3])])
        if graph.ByteSize() > 1 << 20:  # both branches double it
            break
    return model([h.make_node("If", ["c"], ["y"], name="deep", then_branch=graph, else_branch=graph)],
                 [value("x", [3]), value("c", [], T.BOOL)], [value("y", [3])])


def field(number, content):
    """A length-delimited field; protobuf's own writers stop at a depth of 100 messages."""
    size, n = b"", len(content)
    while n > 127:
        size, n = size + bytes([n & 127 | 128]), n >> 7
    return bytes([number << 3 | 2]) + size + bytes([n]) + content


def nested_deeper(depth):
    """An If in the first branch of an If ..., `depth` graphs."""
    leaf = h.make_graph([h.make_node("Identity", ["x"], ["z"])], "leaf", [], [value("z", [3])]).SerializeToString()
    other = h.make_attribute("else_branch", h.make_graph([h.make_node("Neg", ["x"], ["z"])], "other", [], [value("z", [3])])).SerializeToString()
    graph, tail = leaf, field(12, value("z", [3]).SerializeToString())
    for _ in range(depth - 1):
        then = field(1, b"then_branch") + field(6, graph) + b"\xa0\x01\x05"       # name, g, type = GRAPH
        graph = field(1, field(1, b"c") + field(2, b"z") + field(3, b"inner") + field(4, b"If") + field(5, then) + field(5, other)) + field(2, b"b") + tail
    inputs = b"".join(field(11, v.SerializeToString()) for v in (value("x", [3]), value("c", [], T.BOOL)))
    return b"\x08\x08" + field(7, graph + inputs) + field(8, h.make_opsetid("", 17).SerializeToString())


def initializer(dims, raw=b"", dtype=T.FLOAT, name="w"):
    m = add()
    del m.graph.initializer[:]
    m.graph.initializer.append(T(name=name, data_type=dtype, dims=dims, raw_data=raw))
    return m


def older_forms():
    """What older operator sets say in attributes, missing or of another type."""
    yield "old_top_k_without_k", model([h.make_node("TopK", ["x"], ["y", "i"], name="it")], [value("x", [4])], [value("y", [None])], opset=9), ["TopK 'it'", "'K'"]
    for op, opset, attributes in (("Clip", 9, {"min": 1}), ("Clip", 9, {"max": "1"}), ("Pad", 9, {"pads": [1, 1], "value": 1}), ("DFT", 17, {"axis": 1.0}),
                                  ("Upsample", 1, {"height_scale": 2, "width_scale": 2.0}),
                                  ("Dropout", 10, {"volume": 11})):
        shape = {"DFT": [1, 8, 1], "Upsample": [1, 1, 4, 4]}.get(op, [4])
        yield f"old_{op}_{'_'.join(attributes)}", one(op, ["x"], [shape], [None] * len(shape), opset=opset, **attributes), ["'it'"]


def expanded_early():
    """Operators that other nodes stand for before their attributes would be looked at."""
    node, x = h.make_node, [value("x", [2])]
    made = node("SequenceConstruct", ["x", "x"], ["s"])
    for name, attributes, word in (("nowhere", {}, "'axis'"), ("float_axis", {"axis": 0.0}, "'axis'"), ("new_axis_2", {"axis": 0, "new_axis": 2}, "'new_axis'"),
                                   ("volume", {"axis": 0, "volume": 11}, "'volume'")):
        yield f"sequence_joined_{name}", model([made, node("ConcatFromSequence", ["s"], ["y"], name="it", **attributes)], x, [value("y", [4])]), ["ConcatFromSequence 'it'", word]
    pick = node("SequenceAt", ["s", "k"], ["y"])
    yield "sequence_split_by_float_axis", model([node("SplitToSequence", ["x"], ["s"], name="it", axis=0.0), pick], x, [value("y", None)],
                                                [tensor("k", np.array(0))]), ["SplitToSequence 'it'", "'axis'"]
    qkv, preview = [value(n, [1, 2, 3, 4]) for n in "qkv"], [h.make_opsetid("", 17), h.make_opsetid("ai.onnx.preview", 1)]
    for key, wrong in (("scale", 1), ("softmax_precision", 1.0), ("volume", 11)):
        yield f"flex_attention_{key}", model([node("FlexAttention", ["q", "k", "v"], ["y"], name="it", domain="ai.onnx.preview", **{key: wrong})], qkv,
                                             [value("y", [1, 2, 3, 4])], imports=preview), ["FlexAttention 'it'", f"'{key}'"]
    yield "flex_attention_of_four", model([node("FlexAttention", ["q", "k", "v", "q"], ["y"], name="it", domain="ai.onnx.preview")], qkv,
                                          [value("y", [1, 2, 3, 4])], imports=preview), ["FlexAttention 'it'", "4 inputs"]
    yield "sequence_of_too_many_inputs", model([made, node("SequenceInsert", ["s", "x", "k", "x"], ["t"], name="it"), node("SequenceAt", ["t", "k"], ["y"])], x,
                                               [value("y", None)], [tensor("k", np.array(0))]), ["SequenceInsert 'it'", "too many"]
    yield "mask_narrower_before_24", one("Attention", ["q", "k", "v", "m"], [[1, 2, 3, 4], [1, 2, 5, 4], [1, 2, 5, 4], [3, 4]], [1, 2, 3, 4], opset=23), ["Attention 'it'", "4", "5"]
    yield "constant_of_another_type", model([node("Constant", [], ["c"], name="it", value_int=1.5), node("Add", ["x", "c"], ["y"])], x, [value("y", [2])]), ["'it'", "'value_int'"]
    yield "constant_by_another_name", model([node("Constant", [], ["c"], name="it", volume=1.5), node("Add", ["x", "c"], ["y"])], x, [value("y", [2])]), ["'it'", "'volume'"]
    tree = {"n_targets": 1, "nodes_featureids": [0], "nodes_modes": tensor("m", np.zeros(1, np.uint8)), "nodes_splits": tensor("s", np.zeros(1, np.float32)),
            "nodes_truenodeids": [0], "nodes_falsenodeids": [1], "nodes_trueleafs": [1], "nodes_falseleafs": [1], "leaf_targetids": [0, 0],
            "leaf_weights": tensor("w", np.ones(2, np.float32))}
    yield "trees_without_roots", model([node("TreeEnsemble", ["x"], ["y"], name="it", domain="ai.onnx.ml", **tree)], [value("x", [3, 1])], [value("y", [3, 1])],
                                       imports=[h.make_opsetid("ai.onnx.ml", 5)]), ["TreeEnsemble 'it'", "'tree_roots'"]
    body = h.make_graph([node("Add", ["a", "b"], ["c"]), node("Identity", ["c"], ["d"])], "body", [value("a", [2]), value("b", [2])], [value("c", [2]), value("d", [2])])
    yield "old_scan_of_nothing", model([node("Scan", ["", "i", "x"], ["y", "z"], name="it", body=body)], [value("i", [1, 2]), value("x", [1, 3, 2])],
                                       [value("y", None), value("z", None)], opset=8), ["Scan 'it'"]


def integer_layers():
    """Layers on bytes, which are looked at before types are known."""
    constants = {"a": np.uint8(3), "s": np.float32(0.5), "w": np.ones((2, 2), np.uint8), "k": np.ones((2, 1, 2, 2), np.int8), "f": np.float32(1)}

    def layer(op, operands, shape, **attributes):
        return model([h.make_node(op, operands, ["y"], name="it", **attributes)], [value("x", shape, T.UINT8)],
                     [value("y", None, T.UINT8 if op[0] == "Q" else T.INT32)], [tensor(k, v) for k, v in constants.items()])

    whole = ["x", "s", "a", "w", "s", "a", "s", "a"]
    for k in range(8):
        yield f"integer_layer_without_{k}", layer("QLinearMatMul", [*whole[:k], "", *whole[k + 1:]], [1, 2]), ["QLinearMatMul 'it'", "is missing"]
    yield "integer_layer_zero_of_float", layer("QLinearMatMul", ["x", "s", "f", "w", "s", "a", "s", "a"], [1, 2]), ["QLinearMatMul 'it'", "'a_zero_point'"]
    yield "integer_convolution_without_weights", layer("ConvInteger", ["x", ""], [1, 1, 4, 4]), ["ConvInteger 'it'", "'w'"]
    for groups in (0, -1, 3, 1 << 62):
        yield f"integer_convolution_group_{groups}", layer("ConvInteger", ["x", "k"], [1, 1, 4, 4], group=groups), ["ConvInteger 'it'"]


def faults(folder):
    data = folder / "model"
    (data / "good.bin").write_bytes(b"\0" * 12)
    yield "cycle", model([h.make_node("Add", ["x", "b"], ["a"], name="first"), h.make_node("Neg", ["a"], ["b"], name="second")],
                         [value("x", [3])], [value("b", [3])]), ["cycle", "'first'"]
    yield "function_recursion", functions_in_circle(), ["calls itself", "'f'"]
    yield "functions_nested_deeper", called(70, 1), ["nested deeper than 64"]
    yield "functions_called_too_often", called(40, 2), ["too often"]
    yield "function_of_too_many_inputs", called(1, 1, h.make_node("f0", ["x", "x"], ["y"], domain="local")), ["'f0'", "2"]
    yield "function_of_too_many_outputs", called(1, 1, h.make_node("f0", ["x"], ["y", "z"], domain="local")), ["'f0'", "2"]
    yield "function_twice", edited(called(1, 1), lambda m: m.functions.append(m.functions[0])), ["'f0'", "twice"]
    yield "missing_input", edited(add(), lambda m: m.graph.node[0].input.__setitem__(1, "nowhere")), ["'bias'", "'nowhere'"]
    yield "missing_initializer", edited(add(), lambda m: m.graph.ClearField("initializer")), ["'bias'", "'w'"]
    yield "double_definition", edited(add(), lambda m: m.graph.node.append(h.make_node("Neg", ["x"], ["y"], name="again"))), ["'again'", "'y'"]
    yield "output_is_nothing", edited(add(), lambda m: setattr(m.graph.output[0], "name", "nothing")), ["'nothing'"]
    yield "wrong_dtype", edited(add(), lambda m: m.graph.initializer[0].CopyFrom(tensor("w", np.arange(3)))), ["Add 'bias'"]
    yield "no_graph", onnx.ModelProto(ir_version=8, opset_import=[h.make_opsetid("", 17)]), ["graph"]
    yield "negative_dim", edited(add(), lambda m: setattr(m.graph.input[0].type.tensor_type.shape.dim[1], "dim_value", -3)), ["'x'"]
    yield "huge_dim", edited(add(), lambda m: setattr(m.graph.input[0].type.tensor_type.shape.dim[1], "dim_value", 1 << 62)), ["'x'"]
    yield "overflowing_dims", edited(add(), lambda m: m.graph.input[0].CopyFrom(value("x", [1 << 31, 1 << 31, 3]))), ["Add 'bias'", "2^40"]
    yield "initializer_negative", initializer([-3]), ["'w'"]
    yield "initializer_2_62", initializer([1 << 62]), ["'w'"]
    yield "initializer_overflow", initializer([1 << 31, 1 << 31, 4]), ["'w'"]
    yield "initializer_short", initializer([3], b"\0" * 8), ["'w'"]
    yield "initializer_long", initializer([3], b"\0" * 16), ["'w'"]
    yield "initializer_no_data", initializer([3]), ["'w'"]
    yield "initializer_no_dtype", initializer([3], b"\0" * 12, 0), ["'w'"]
    yield "initializer_dtype_99", initializer([3], b"\0" * 12, 99), ["'w'"]
    yield "initializer_2_39_short", initializer([1 << 37], b"\0" * 8), ["'w'"]
    yield "initializer_2_39_no_data", initializer([1 << 37]), ["'w'"]
    yield "sparse_2_39", edited(external("good.bin", None, place="sparse"), lambda m: m.graph.sparse_initializer[0].dims.__setitem__(0, 1 << 37)), ["'w'"]
    for version in (0, 28, 999, -1):
        yield f"opset_{version}", add(opset=version), [str(version)]
    yield "no_opset", edited(add(), lambda m: m.ClearField("opset_import")), ["operator set"]
    yield "no_ir_version", edited(add(), lambda m: m.ClearField("ir_version")), ["IR"]
    yield "ir_version_99", edited(add(), lambda m: setattr(m, "ir_version", 99)), ["99"]
    yield "unknown_domain", edited(add(), lambda m: setattr(m.graph.node[0], "domain", "com.example")), ["com.example", "'bias'"]
    yield "unknown_operator", edited(add(), lambda m: setattr(m.graph.node[0], "op_type", "Frobnicate")), ["Frobnicate 'bias'"]
    yield "unknown_attribute", edited(add(), lambda m: m.graph.node[0].attribute.append(h.make_attribute("volume", 11))), ["volume", "'bias'"]
    yield "attribute_of_wrong_kind", one("Softmax", ["x"], [[2, 3]], [2, 3], axis="last"), ["axis", "'it'"]
    yield "axis_1e9", one("Softmax", ["x"], [[2, 3]], [2, 3], axis=10**9), ["1000000000", "'it'"]
    yield "axis_min", one("Concat", ["x"], [[2, 3]], [2, 3], axis=-(1 << 63)), ["'it'"]
    yield "perm_twice", one("Transpose", ["x"], [[2, 3]], [2, 3], perm=[0, 0]), ["'it'"]
    for name in ("strides", "dilations"):
        for v in (0, -1, 1 << 40, 1 << 62):
            yield f"conv_{name}_{v}", conv(**{name: [v, v]}), ["Conv 'conv'"]
    for v in (0, -3, 1 << 40):
        yield f"kernel_{v}", conv(kernel_shape=[v, v]), ["Conv 'conv'"]
        yield f"pool_kernel_{v}", one("MaxPool", ["x"], [[1, 1, 8, 8]], [1, 1, None, None], "pool", kernel_shape=[v, v]), ["MaxPool 'pool'"]
        yield f"pool_strides_{v}", one("AveragePool", ["x"], [[1, 1, 8, 8]], [1, 1, None, None], "pool", kernel_shape=[2, 2],
                                       strides=[v if v <= 0 else -v, 1]), ["AveragePool 'pool'"]
    for v in (-1, 1 << 62):
        yield f"conv_pads_{v}", conv(pads=[v, v, v, v]), ["Conv 'conv'"]
    for v in (0, -2, 5):
        yield f"conv_group_{v}", conv(group=v), ["Conv 'conv'"]
    yield "conv_rank", one("Conv", ["x", "w"], [[8]], [1], "conv", [tensor("w", np.ones((1, 1, 3, 3), np.float32))]), ["Conv 'conv'"]
    yield from older_forms()
    yield from expanded_early()
    yield from integer_layers()
    yield "one_of_many_left_out", one("Sum", ["x", ""], [[3]], [3]), ["Sum 'it'", "input 1"]
    yield "reshape_of_one_operand", one("Reshape", ["x"], [[2]], [2], dtype=T.INT64), ["Reshape 'it'", "'shape'"]
    yield "output_of_another_type", edited(add(), lambda m: setattr(m.graph.output[0].type.tensor_type, "elem_type", T.INT64)), ["'y'", "float32", "int64"]
    yield "output_of_no_type", edited(add(), lambda m: setattr(m.graph.output[0].type.tensor_type, "elem_type", 99)), ["'y'", "99"]
    yield "operator_of_a_newer_opset", one("Gelu", ["x"], [[3]], [3]), ["Gelu", "'it'", "20", "17"]
    yield "operator_of_ours", edited(add(), lambda m: setattr(m.graph.node[0], "domain", "inferc")), ["'bias'", "'inferc'"]
    yield "attribute_twice", edited(one("Softmax", ["x"], [[2, 3]], [2, 3], axis=0),
                                    lambda m: m.graph.node[0].attribute.append(h.make_attribute("axis", 1))), ["'it'", "'axis'", "twice"]
    yield "neither_yes_nor_no", one("ReduceSum", ["x"], [[2, 3]], [None, None], keepdims=3), ["'it'", "'keepdims'"]
    yield "mask_wider_than_the_keys", one("Attention", ["q", "k", "v", "m"], [[1, 2, 3, 4], [1, 2, 5, 4], [1, 2, 5, 4], [3, 6]], [1, 2, 3, 4], opset=23), ["Attention 'it'", "6", "5"]
    yield "reshape_mismatch", one("Reshape", ["x", "s"], [[2, 3]], [4], initializers=[tensor("s", np.array([4]))]), ["Reshape 'it'"]
    yield "reshape_two_open", one("Reshape", ["x", "s"], [[2, 3]], [4], initializers=[tensor("s", np.array([-1, -1]))]), ["Reshape 'it'"]
    yield "reshape_2_62", one("Reshape", ["x", "s"], [[2, 3]], [4], initializers=[tensor("s", np.array([1 << 62, 1 << 62]))]), ["Reshape 'it'"]
    axes = [tensor("a", np.array([1]))]
    yield "axes_as_input_of_11", one("Squeeze", ["x", "a"], [[2, 1]], [2], initializers=axes, opset=11), ["'it'", "2 inputs", "operator set 11"]
    yield "axes_as_input_of_17", one("ReduceMean", ["x", "a"], [[2, 3]], [2, 1], initializers=axes, opset=17), ["'it'", "2 inputs", "operator set 17"]
    yield "split_as_input_of_12", one("Split", ["x", "a"], [[1]], [1], initializers=axes, opset=12), ["'it'", "2 inputs", "operator set 12"]
    for op in ("Squeeze", "Unsqueeze", "ReduceSum"):
        yield f"axes_of_rank_2_{op}", one(op, ["x", "a"], [[2, 1]], None, initializers=[tensor("a", np.array([[1]]))]), [f"{op} 'it'", "'axes'", "rank 2"]
    yield "slice_step_0", one("Slice", ["x", "a", "b", "c", "d"], [[9]], [None], initializers=[
        tensor(k, np.array([v])) for k, v in zip("abcd", (0, 9, 0, 0))]), ["Slice 'it'"]
    yield "gather_range", one("Gather", ["x", "i"], [[5]], [1], initializers=[tensor("i", np.array([5]))]), ["Gather 'it'", "5"]
    yield "topk_more_than_there_are", model([h.make_node("TopK", ["x", "k"], ["y", "i"], name="top")], [value("x", [4])], [value("y", [None])],
                                            [tensor("k", np.array([5]))]), ["TopK 'top'"]
    yield "topk_negative", model([h.make_node("TopK", ["x", "k"], ["y", "i"], name="top")], [value("x", [4])], [value("y", [None])],
                                 [tensor("k", np.array([-1]))]), ["TopK 'top'"]
    yield "expand_mismatch", one("Expand", ["x", "s"], [[2, 3]], [4, 3], initializers=[tensor("s", np.array([4, 3]))]), ["Expand 'it'"]
    yield "tile_negative", one("Tile", ["x", "r"], [[2]], [None], initializers=[tensor("r", np.array([-1]))]), ["Tile 'it'"]
    yield "tile_2_62", one("Tile", ["x", "r"], [[8]], [None], initializers=[tensor("r", np.array([1 << 62]))]), ["Tile 'it'"]
    yield "constant_of_shape_2_62", one("ConstantOfShape", ["s"], [], [None], initializers=[tensor("s", np.array([1 << 62, 8]))]), ["ConstantOfShape 'it'"]
    yield "range_delta_0", one("Range", ["a", "b", "c"], [], [None], initializers=[
        tensor(k, np.array(v)) for k, v in zip("abc", (0, 9, 0))]), ["Range 'it'"]
    yield "matmul_mismatch", one("MatMul", ["x", "w"], [[2, 3]], [2, 2], initializers=[tensor("w", np.ones((4, 2), np.float32))]), ["MatMul 'it'"]
    yield "two_at_once", model([h.make_node("Frobnicate", ["x"], ["a"], name="first"), h.make_node("Softmax", ["x"], ["b"], name="second", axis=7),
                                h.make_node("Add", ["a", "b"], ["y"])], [value("x", [2, 3])], [value("y", [2, 3])]), ["'first'", "'second'"]
    (folder / "secret.bin").write_bytes(b"\0" * 12)
    (data / "short.bin").write_bytes(b"\0" * 8)
    (data / "hard.bin").write_bytes(b"\0" * 12)
    os.link(data / "hard.bin", folder / "hard2.bin")
    os.symlink(folder / "secret.bin", data / "link.bin")
    os.symlink(folder, data / "dir")
    os.mkfifo(data / "pipe")
    (data / "folder").mkdir()
    for place in ("initializer", "constant", "sparse"):
        for name, location in (("parent", "../secret.bin"), ("absolute", str(folder / "secret.bin")), ("symlink", "link.bin"), ("symlinked_folder", "dir/secret.bin"),
                               ("hardlink", "hard.bin"), ("device", "/dev/zero"), ("pipe", "pipe"), ("folder", "folder"), ("missing", "nothing.bin"),
                               ("short", "short.bin"), ("empty", ""), ("inner_parent", "folder/../../secret.bin")):
            yield f"external_{place}_{name}", external(location, data, place=place), ["external data"]
        for name, offset, length in (("negative_offset", -4, 12), ("offset_beyond", 100, 12), ("offset_2_63", (1 << 63) - 1, 12), ("length_short", 0, 8),
                                     ("length_long", 0, 16), ("length_negative", 0, -12), ("offset_text", "x", 12), ("length_2_62", 0, 1 << 62)):
            yield f"external_{place}_{name}", external("good.bin", data, offset, length, place), ["external data"]


def run(*words, seconds=60):
    return subprocess.run([str(INFERC), *map(str, words)], capture_output=True, timeout=seconds)


def problem(name, text):
    failures.append(name)
    print(f"{name}: {text}")


def refuse(name, path, wanted):
    out = path.parent / "out"
    try:
        r = run("compile", path, "-o", out)
    except subprocess.TimeoutExpired:
        return problem(name, "hangs")
    lines = r.stderr.decode("utf-8", "replace").splitlines()
    if out.exists():
        shutil.rmtree(out)
        return problem(name, f"exit {r.returncode}, wrote an output folder")
    if r.returncode != 1:
        return problem(name, f"exit {r.returncode} {lines[:2]}")
    if not lines or not all(line.startswith(("error: ", "help: ")) for line in lines):
        return problem(name, f"lines {lines[:3]}")
    missing = [w for w in wanted if w not in r.stderr.decode("utf-8", "replace")]
    if missing:
        return problem(name, f"does not say {missing}: {lines[:2]}")


def test_faults(folder):
    (folder / "model").mkdir()
    path = folder / "model" / "m.onnx"
    count = 0
    for name, m, wanted in faults(folder):
        path.write_bytes(m.SerializeToString())
        refuse(name, path, wanted)
        count += 1
    whole = add().SerializeToString()
    for n in list(range(0, len(whole), 3)):
        path.write_bytes(whole[:n])
        r = run("check", path)
        if r.returncode not in (0, 1):
            problem(f"cut at {n}", f"exit {r.returncode}")
        count += 1
    deep = nested(12)
    path.write_bytes(deep.SerializeToString())
    if run("check", path).returncode not in (0, 1):
        problem("nested", "crashed")
    path.write_bytes(nested_deeper(60))
    if (r := run("check", path)).returncode != 0:
        problem("nested 60", r.stderr)
    overloaded = called(1, 1)
    overloaded.functions.append(h.make_function("local", "f0", ["a"], ["b"], [h.make_node("NoSuch", ["a"], ["b"])], [h.make_opsetid("", 17)]))
    overloaded.functions[1].overload = "other"
    path.write_bytes(overloaded.SerializeToString())
    if (r := run("check", path)).returncode != 0:
        problem("overloaded function", r.stderr)
    path.write_bytes(one("Neg", ["x"], [[2, 3]], [2, 5]).SerializeToString())
    if (r := run("check", path)).returncode != 0 or b"warning: output 'y' is f32[2, 3], the file declares the shape [2, 5]" not in r.stderr:
        problem("declared shape", r.stderr)
    for depth in (70, 5000):
        path.write_bytes(nested_deeper(depth))
        refuse(f"nested {depth}", path, ["nested deeper than 64"])
    path.write_bytes(b"\x3a\xff\xff\xff\x7f" * 100000)
    refuse("lengths", path, [])
    path.write_bytes(b"\x0b" * 1000000)
    refuse("groups", path, [])
    print(f"{count} faults")


def test_fuzz(folder):
    seeds = [add().SerializeToString(), conv().SerializeToString(), functions_in_circle().SerializeToString(), nested(3).SerializeToString()]
    jets = ROOT / "models" / "jets"
    seeds.append((jets / "jet_mlp.onnx").read_bytes())
    zoo = ROOT / "models" / "zoo"
    seeds += [(zoo / n).read_bytes() for n in ("deepsets.torchscript.onnx", "axol1tl.dynamo.onnx", "ticl_gnn_h32_k2.torchscript.onnx")]
    rng = random.Random(20261124)
    path = folder / "m.onnx"
    count = 3000
    for i in range(count):
        data = bytearray(rng.choice(seeds))
        for _ in range(rng.randint(1, 6)):
            kind, at = rng.randrange(4), rng.randrange(len(data))
            if kind == 0:
                data[at] = rng.randrange(256)
            elif kind == 1:
                data[at] ^= 1 << rng.randrange(8)
            elif kind == 2:
                del data[at:at + rng.randint(1, 8)]
            else:
                data[at:at] = bytes(rng.choice((0, 0x7f, 0x80, 0xff)) for _ in range(rng.randint(1, 10)))
            if not data:
                data = bytearray(b"\0")
        path.write_bytes(data)
        try:
            r = run("check", path, seconds=30)
        except subprocess.TimeoutExpired:
            problem(f"mutant {i}", "hangs")
            continue
        if r.returncode not in (0, 1):
            problem(f"mutant {i}", f"exit {r.returncode}")
            (pathlib.Path(tempfile.gettempdir()) / f"inferc_mutant_{i}.onnx").write_bytes(data)
    print(f"{count} damaged files")


HOSTILE = ["*/ #error", "a\nb", "back\\", "tri??/graph", "\\u0041", "x" * 5000, "class", "_Reserved", "__a", "1st", "", "a.b", "a_b", "a b", "EOF", "INT_MAX", "Dims",
           "in", "out", "i", "offender", "Inputs", "Status", "run", "$name$", "%s%n", "//", "\"", "'", "\x01\x7f", "π", "std", "size", "data", "dims", "Workspace"]


def test_names(folder):
    for k in range(0, len(HOSTILE), 6):
        names = [n for n in HOSTILE[k:k + 6] if n]
        x, y = [f"{n}" for n in names], [n + "!" for n in names]
        nodes = [h.make_node("Relu", [a], [b], name=a) for a, b in zip(x, y)]
        m = model(nodes, [value(n, [n + " dim" if i % 2 else n, 2]) for i, n in enumerate(x)], [value(n, [None, 2]) for n in y])
        m.producer_name = m.graph.name = m.doc_string = names[0]
        h.set_model_props(m, {n: n for n in names})
        data = m.SerializeToString()
        if k == 0:
            data = data.replace(b"tri??/graph", b"\xff\xfei??/graph")  # no UTF-8
        path, out = folder / "m.onnx", folder / f"out{k}"
        path.write_bytes(data)
        r = run("compile", path, "-o", out, "--name", "m", "--isa", "base", *(["--dim", f"{names[0]}=0..9"] if k else []))
        if r.returncode != 0:
            problem(f"names {names}", r.stderr[:300])
            continue
        for compiler in ("g++", "clang++-16"):
            line = (f"{compiler} -std=c++20 -Wall -Wextra -Wpedantic -Werror -O1 -ffp-contract=off m.cpp m_base.cpp m_selftest.cpp -o m_{compiler} && ./m_{compiler}")
            if subprocess.run(["which", compiler], capture_output=True).returncode:
                continue
            b = subprocess.run(line, shell=True, cwd=out, capture_output=True, text=True, errors="replace")
            if b.returncode != 0:
                problem(f"names {names} {compiler}", (b.stderr + b.stdout)[:600])


def main():
    parts = {"faults": test_faults, "fuzz": test_fuzz, "names": test_names}
    for part in sys.argv[2:] or parts:
        with tempfile.TemporaryDirectory() as folder:
            parts[part](pathlib.Path(folder))
    print(f"{len(failures)} failed")
    sys.exit(1 if failures else 0)


main()
