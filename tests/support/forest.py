"""Ensembles of decision trees of ai.onnx.ml from a seed: for tests and for measurements.
usage: forest.py OUT.onnx TREES DEPTH FEATURES"""
import sys

import numpy as np
import onnx
from onnx import TensorProto as T, helper as h


def forest(rng, trees, depth, features, classes=1, chance=1.0, modes=("BRANCH_LEQ",), missing=False, one_each=True, scale=1.0, positive=False):
    """Attributes of the nodes, and the leaves as (tree, node, class, weight). A node above the depth is split with `chance`."""
    nodes = {k: [] for k in ("treeids", "nodeids", "featureids", "values", "modes", "truenodeids", "falsenodeids", "missing_value_tracks_true")}
    leaves = []
    for tree in range(trees):
        todo, number = [(0, 0)], 1
        while todo:
            node, level = todo.pop(0)
            split = level < depth and (level == 0 or rng.random() < chance)
            row = (tree, node, int(rng.integers(features)) if split else 0, float(np.float32(rng.standard_normal())) if split else 0.0,
                   str(rng.choice(modes)) if split else "LEAF", number if split else 0, number + 1 if split else 0, int(missing and rng.random() < 0.5))
            for key, value in zip(nodes, row):
                nodes[key].append(value)
            if split:
                todo += [(number, level + 1), (number + 1, level + 1)]
                number += 2
                continue
            for c in [tree % classes] if one_each else range(classes):
                weight = float(np.float32(rng.random() if positive else rng.standard_normal())) * scale
                leaves.append((tree, node, c, weight))
    return {f"nodes_{k}": v for k, v in nodes.items() if k != "missing_value_tracks_true" or missing}, leaves


def leaf_attributes(kind, leaves):
    names = ("treeids", "nodeids", "ids", "weights")
    return {f"{kind}_{n}": list(v) for n, v in zip(names, zip(*leaves))}


def regressor(rng, trees, depth, features, **options):
    nodes, leaves = forest(rng, trees, depth, features, **options)
    return nodes | leaf_attributes("target", leaves) | {"n_targets": options.get("classes", 1)}


def classifier(rng, trees, depth, features, labels, **options):
    nodes, leaves = forest(rng, trees, depth, features, **options)
    return nodes | leaf_attributes("class", leaves) | {"classlabels_int64s": labels}


def main():
    out, trees, depth, features = sys.argv[1], *map(int, sys.argv[2:5])
    attributes = regressor(np.random.default_rng(trees * 100 + depth), trees, depth, features, scale=0.1)
    graph = h.make_graph([h.make_node("TreeEnsembleRegressor", ["x"], ["y"], name="forest", domain="ai.onnx.ml", **attributes)], "forest",
                         [h.make_tensor_value_info("x", T.FLOAT, ["batch", features])], [h.make_tensor_value_info("y", T.FLOAT, ["batch", 1])])
    onnx.save(h.make_model(graph, opset_imports=[h.make_opsetid("ai.onnx.ml", 3), h.make_opsetid("", 17)], ir_version=9), out)


if __name__ == "__main__":
    main()
