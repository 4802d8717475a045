"""What a generated network is made of: each rule adds one operator, or one spelling of a composite, to a builder.

A rule picks its operands among the builder's values and raises Rejected where none fits; the builder rejects results that are ill
conditioned. Weights scale as 1/sqrt(fan-in) so that values keep their size.
"""
import numpy as np
from onnx import helper

import control as c
import elementwise as e
import layers as l
import movement as m
from common import need


def same_again(b):
    """An equal node once more: what the compiler may join."""
    nodes = [n for n in b.nodes[-8:] if n.op_type not in ("If", "Loop", "Scan")]
    need(nodes)
    node = b.choose(nodes)
    known = {v.name: v for v in b.values}
    operands = [known[n] if n in known else (b.constant(b.constants[n]) if n else None) for n in node.input]
    b.node(node.op_type, operands, len(node.output), **{a.name: helper.get_attribute_value(a) for a in node.attribute})


# (rule, how often)
RULES = [
    (e.unary, 8), (e.positive_unary, 2), (e.binary, 8), (e.with_folded, 2), (e.division, 2), (e.power, 1), (e.variadic, 2), (e.clip, 2), (e.prelu, 1), (e.comparison, 2), (e.where, 3), (e.logic, 1),
    (e.cast, 3), (e.integer_arithmetic, 2),
    (l.linear, 7), (l.pruned, 2), (l.linear_affine, 2), (l.gemm, 3), (l.gram, 2), (l.attention, 7), (l.einsum, 2),
    (l.reduction, 14), (l.integer_reduction, 1), (l.arg_extreme, 2), (l.softmax, 5), (l.cumulative_sum, 1), (l.top_k, 2),
    (l.layer_norm, 2), (l.layer_norm_spelt, 2), (l.rms_norm_spelt, 3), (l.group_norm_spelt, 1), (l.gelu_spelt, 2), (l.gelu, 1), (l.silu_spelt, 1), (l.softmax_spelt, 1),
    (l.batch_norm, 3), (l.instance_norm, 1), (l.convolution, 5), (l.convolution_batch_norm, 2), (l.transposed_convolution, 3), (l.pooling, 3), (l.resize, 1), (l.depth_to_space, 1),
    (l.recurrent, 5),
    (m.concat, 5), (m.split, 3), (m.slices, 4), (m.gather, 3), (m.embedding, 1), (m.gather_elements, 1), (m.gather_nd, 3), (m.reshape, 3), (m.reshape_computed, 2),
    (m.transpose, 4), (m.between_transposes, 2), (m.squeeze, 2), (m.unsqueeze, 2), (m.flatten, 1), (m.expand, 2), (m.tile, 1), (m.pad, 2), (m.trilu, 1), (m.one_hot, 1),
    (m.scatter_elements, 4), (m.scatter_nd, 3), (m.scatter_nd_given, 4), (m.behind_transpose, 4), (e.twins, 2),
    (c.branch, 1), (c.loop, 1), (c.scan, 1),
    (same_again, 1),
]
CHANCES = np.array([w for _, w in RULES], float) / sum(w for _, w in RULES)


def draw(b):
    return RULES[int(b.rng.choice(len(RULES), p=CHANCES))][0]
