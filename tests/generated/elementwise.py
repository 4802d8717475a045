"""Rules that add operators on each element, in pairs with broadcasting."""
import numpy as np

from builder import element_type
from common import broadcast_shape, broadcasts, F, need, partner, ranks, swapped

UNARY = [("Abs", {}), ("Neg", {}), ("Exp", {}), ("Tanh", {}), ("Sigmoid", {}), ("Relu", {}), ("Erf", {}), ("Softplus", {}), ("Softsign", {}), ("Elu", {"alpha": 0.7}),
         ("Selu", {}), ("Celu", {"alpha": 1.5}), ("LeakyRelu", {"alpha": 0.1}), ("HardSigmoid", {}), ("HardSwish", {}), ("Sin", {}), ("Cos", {}), ("Atan", {}),
         ("Asinh", {}), ("Sinh", {}), ("Cosh", {}), ("Identity", {}), ("ThresholdedRelu", {"alpha": 0.3}), ("Floor", {}), ("Ceil", {}), ("Round", {}), ("Sign", {}), ("Mish", {})]


def unary(b):
    op, attributes = b.choose(UNARY)
    b.node(op, [b.pick()], **attributes)


def positive_unary(b):
    x = b.node("Abs", [b.pick(ranks(1, 2, 3, 4))])
    x = b.node("Add", [x, b.constant(F(b.rng.uniform(0.3, 1.0)))])
    b.node(b.choose(["Sqrt", "Log", "Reciprocal"]), [x])


def binary(b):
    x = b.pick()
    b.node(b.choose(["Add", "Sub", "Mul", "Min", "Max", "Add", "Mul"]), swapped(b, [x, partner(b, x)]))


def with_folded(b):
    """A value and arithmetic on constants alone."""
    x = b.pick(ranks(1, 2, 3, 4))
    w = b.constant(b.normal(*broadcast_shape(b, x)))
    for _ in range(b.integer(1, 2)):
        op = b.choose(["Mul", "Add", "Neg", "Tanh", "Exp"])
        w = b.node(op, [w, b.constant(F(0.7))] if op in ("Mul", "Add") else [w])
    b.node(b.choose(["Add", "Mul"]), swapped(b, [x, w]))


def division(b):
    x, y = b.pick(ranks(1, 2, 3, 4)), b.pick(ranks(1, 2, 3, 4))
    need(broadcasts(x, y))
    y = b.node("Add", [b.node(b.choose(["Abs", "Softplus"]), [y]), b.constant(F(0.5))])
    b.node("Div", [x, y])


def power(b):
    x = b.pick(ranks(1, 2, 3, 4))
    exponent = b.choose([F(2), F(3), F(0.5), np.int64(2)])
    if exponent == 0.5:
        x = b.node("Add", [b.node("Abs", [x]), b.constant(F(0.2))])
    b.node("Pow", [x, b.constant(exponent)])


def variadic(b):
    x = b.pick(ranks(1, 2, 3, 4))
    others = [partner(b, x) for _ in range(b.integer(1, 2))]
    b.node(b.choose(["Sum", "Mean", "Max", "Min"]), [x, *others])


def clip(b):
    x = b.pick()
    low, high = (b.constant(np.asarray(s * b.rng.uniform(0.2, 1.5), x.dtype)) for s in (-1, 1))
    b.node("Clip", [x, *b.choose([(low, high), (low,), (None, high)])])


def prelu(b):
    x = b.pick(ranks(2, 3, 4))
    b.node("PRelu", [x, b.constant(np.abs(b.normal(*broadcast_shape(b, x), scale=0.3)))])


def comparison(b):
    x = b.pick(lambda v: v.dtype != bool)
    return b.node(b.choose(["Less", "Greater", "LessOrEqual", "GreaterOrEqual", "Equal"]), [x, partner(b, x)])


def where(b):
    condition = b.pick(lambda v: v.dtype == bool) if b.chance(0.5) else comparison(b)
    x = b.pick(lambda v: v.dtype != bool and broadcasts(condition, v))
    b.node("Where", [condition, *swapped(b, [x, partner(b, x)])])


def logic(b):
    x = b.pick(lambda v: v.dtype == bool)
    if b.chance(0.3):
        b.node("Not", [x])
    else:
        b.node(b.choose(["And", "Or", "Xor"]), [x, partner(b, x)])


CASTS = {"f": [np.int64, np.int32, np.float64, np.float32, np.bool_, np.int8], "i": [np.float32, np.int64, np.int32, np.float64], "b": [np.float32, np.int64, np.int32, np.uint8],
         "u": [np.float32, np.int64]}


def cast(b):
    x = b.pick(lambda v: True)
    b.node("Cast", [x], to=element_type(b.choose(CASTS[x.dtype.kind])))


def integer_arithmetic(b):
    x = b.pick(lambda v: v.dtype in (np.int64, np.int32))
    op = b.choose(["Add", "Sub", "Mul", "Div", "Mod", "Abs", "Neg", "Max", "Min"])
    b.node(op, [x] if op in ("Abs", "Neg") else [x, b.constant(b.rng.integers(1, 5, broadcast_shape(b, x)).astype(x.dtype))])


def twins(b):
    """The same operator on the same value, with other attributes."""
    x = b.pick(ranks(1, 2, 3, 4))
    op = b.choose(["LeakyRelu", "Elu", "ThresholdedRelu"])
    low, high = (b.node(op, [x], alpha=a) for a in (0.2, 0.9))
    b.node("Sub", [low, b.node("Mul", [high, b.constant(F(0.3))])])
