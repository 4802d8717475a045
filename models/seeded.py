"""ONNX files whose large float tensors are drawn from a seed instead of stored.

`strip` takes the data out of a model and writes a recipe for each tensor into the model's metadata; `fill` rebuilds the same
bytes from the recipes. A stripped file is refused by every loader (data shorter than dims), it can not be mistaken for a model.

metadata_props["inferc.seeded"] = {"version": 1, "seed": S, "parameters": {P: [shape, centre, half_width]},
                                   "tensors": {T: RECIPE}}
A parameter P is centre + half_width * u with u uniform in [-1, 1), from PCG64 keyed by (S, P): integers times a power of two, so the
values depend on no library's choice of a normal generator. A RECIPE builds an initializer T out of parameters, the way exporters do:
  {"of": [P...]}         concatenated along axis 0
  {"blocks": [i...]}     rows cut into len(blocks) equal blocks, put in this order   (gates of LSTM and GRU)
  {"rows": [a, b]}       rows a to b                                                 (packed projections cut into q, k, v)
  {"perm": [i...]}       axes permuted
  {"of": [], "layered": [n, m], "closed": x}   n by n mask: 0 where the layer j // m of a column is not behind that of the row, else x
  {"norm": [g, b, m, v, eps], "part": "weight" | "bias"}   BatchNorm folded into the convolution that `of` names
applied in this order; the result is reshaped to the dims of T.
Needs numpy and onnx only.
"""
import hashlib
import json

import numpy as np
import onnx

KEY = "inferc.seeded"
SMALLEST = 65                                   # tensors below this number of elements stay in the file
FLOATS = {onnx.TensorProto.FLOAT: np.dtype("<f4"), onnx.TensorProto.DOUBLE: np.dtype("<f8")}


def draw(seed, name, shape, centre, half_width):
    """float32 array: centre + half_width * u, u uniform in [-1, 1) on a grid of 2^-23."""
    key = int.from_bytes(hashlib.sha256(f"{seed}:{name}".encode()).digest()[:16], "little")
    bits = np.random.PCG64(key).random_raw(int(np.prod(shape, dtype=np.int64)))
    u = (bits >> np.uint64(40)).astype(np.float64) * 2.0**-23 - 1
    return (centre + half_width * u).astype(np.float32).reshape(shape)


def folded_norm(weight, bias, norm, eps, part):
    """BatchNorm after a convolution, folded: scale = gamma / sqrt(variance + eps)."""
    gamma, beta, mean, variance = (x.astype(np.float64) for x in norm)
    scale = gamma / np.sqrt(variance + eps)
    if part == "bias":
        return (beta + ((0 if bias is None else bias) - mean) * scale).astype(np.float32)
    return (weight * scale.reshape(-1, *[1] * (weight.ndim - 1))).astype(np.float32)


def build(recipe, value):
    """The tensor of one recipe; value(P) gives a parameter."""
    if "norm" in recipe:
        *names, eps = recipe["norm"]
        parts = [value(p) for p in recipe["of"]]
        return folded_norm(parts[0], parts[1] if len(parts) > 1 else None, [value(p) for p in names], eps, recipe["part"])
    if "layered" in recipe:
        n, per_layer = recipe["layered"]
        layer = np.arange(n) // per_layer
        return np.where(layer <= layer[:, None], np.float32(0), np.float32(recipe["closed"]))
    parts = [value(p) for p in recipe["of"]]
    if "blocks" in recipe:
        order = recipe["blocks"]
        parts = [np.concatenate([np.split(p, len(order))[i] for i in order]) for p in parts]
    x = np.concatenate(parts) if len(parts) > 1 else parts[0]
    if "rows" in recipe:
        x = x[recipe["rows"][0]:recipe["rows"][1]]
    return x.transpose(recipe["perm"]) if "perm" in recipe else x


def tensors(graph):
    """Every tensor that carries data: initializers and Constant nodes, also those of subgraphs."""
    yield from graph.initializer
    for node in graph.node:
        for attribute in node.attribute:
            if attribute.type == onnx.AttributeProto.TENSOR and node.op_type == "Constant":
                attribute.t.name = node.output[0]
                yield attribute.t
            if attribute.type == onnx.AttributeProto.GRAPH:
                yield from tensors(attribute.g)


def is_large(tensor):
    return tensor.data_type in FLOATS and int(np.prod(tensor.dims, dtype=np.int64)) >= SMALLEST


def strip(model, seed, parameters, recipe_of):
    """Replaces large float tensors by recipes. parameters: {P: (shape, centre, half_width)}; recipe_of(array, name) -> RECIPE,
    or None for a constant that stays.

    Raises where a recipe does not give the stored values: exactly, or to 4 units in the last place for folded BatchNorms.
    """
    recipes, used = {}, set()
    value = lambda p: draw(seed, p, *parameters[p])
    for tensor in tensors(model.graph):
        if not is_large(tensor):
            continue
        array = onnx.numpy_helper.to_array(tensor)
        recipe = recipe_of(array, tensor.name)
        if recipe is None:
            continue
        rebuilt = build(recipe, value).reshape(array.shape)
        if not np.allclose(rebuilt, array, rtol=5e-7 if "norm" in recipe else 0, atol=5e-7 if "norm" in recipe else 0):
            raise ValueError(f"recipe {recipe} does not give {tensor.name}: off by {np.abs(rebuilt - array).max()}")
        recipes[tensor.name] = recipe
        used.update(p for p in recipe["of"] + recipe.get("norm", [])[:4])
        for field in ("raw_data", "float_data", "double_data", "external_data", "data_location"):
            tensor.ClearField(field)
    table = {"version": 1, "seed": seed, "parameters": {p: parameters[p] for p in sorted(used)}, "tensors": recipes}
    entry = model.metadata_props.add()
    entry.key, entry.value = KEY, json.dumps(table, separators=(",", ":"))


def fill(model):
    """Puts the data back, in place; the recipes leave the metadata. Returns the model."""
    entries = [p for p in model.metadata_props if p.key == KEY]
    if len(entries) != 1:
        raise ValueError("not a seeded model: no inferc.seeded in its metadata")
    table = json.loads(entries[0].value)
    if table["version"] != 1:
        raise ValueError(f"seeded model of version {table['version']}, this program knows 1")
    model.metadata_props.remove(entries[0])
    value = lambda p: draw(table["seed"], p, *table["parameters"][p])
    for tensor in tensors(model.graph):
        if tensor.name in table["tensors"]:
            array = build(table["tensors"][tensor.name], value)
            tensor.raw_data = np.ascontiguousarray(array, FLOATS[tensor.data_type]).tobytes()
    return model
