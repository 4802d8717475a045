"""The generator's own parts: the same network twice, comparisons that find differences, a shrinker that finds the node at fault.

  python tests/generated/test_machinery.py        (numpy, onnx, onnxruntime; exit 77 where they are not installed)
"""
import pathlib
import sys
import tempfile
import types
import unittest

try:
    import numpy as np
    import onnx  # noqa: F401
    import onnxruntime  # noqa: F401
except ImportError as missing:
    print(f"skipped: {missing}")
    sys.exit(77)

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "conformance"))
import builder
import coverage
import elementwise
import metamorphic
import mutants
import network
import oracle
import quantised
import quick
import rows
import shrink
import together
import variants

COUNT = 40


def node_types(n):
    return [node.op_type for node in n.nodes]


class Generator(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.networks = [network.generate(11, i) for i in range(COUNT)]

    def test_same_numbers_same_network(self):
        for i in range(3):
            again = network.generate(11, i)
            self.assertEqual(again.model().SerializeToString(), self.networks[i].model().SerializeToString())
            for a, b in zip(again.inputs, self.networks[i].inputs):
                self.assertTrue(all((x == y).all() for x, y in zip(a.arrays, b.arrays)))

    def test_networks_vary(self):
        self.assertEqual(COUNT, len({n.model().SerializeToString() for n in self.networks}))
        self.assertGreater(len({t for n in self.networks for t in node_types(n)}), 50)
        self.assertGreaterEqual(sum(bool(n.symbols) for n in self.networks), COUNT // 3)
        self.assertGreater(sum(len(n.as_nodes) > 0 for n in self.networks), COUNT // 3)
        consumed = [{name for node in n.nodes for name in node.input} for n in self.networks]
        self.assertTrue(any(v.name in used for n, used in zip(self.networks, consumed) for v in n.outputs), "no inner value is an output")

    def test_values_are_finite_and_moderate(self):
        for n in self.networks:
            for v in n.outputs:
                self.assertLessEqual(v.gain, builder.GAIN_LIMIT)
                self.assertTrue(all(np.isfinite(a).all() for a in v.arrays if a.dtype.kind == "f"))

    def test_ill_conditioned_nodes_are_rejected(self):
        b = builder.Builder(np.random.default_rng(1))
        x = b.input([4], lambda *s: np.array([1, 1, 0.5, 2], np.float32))
        self.assertRaises(builder.Rejected, b.node, "Greater", [x, b.constant(np.float32(1))])
        self.assertRaises(builder.Rejected, b.node, "Log", [b.node("Neg", [x])])
        self.assertRaises(builder.Rejected, b.node, "Sub", [x, x])
        self.assertTrue(b.attempt(lambda b: b.node("Greater", [x, b.constant(np.float32(0.7))])))

    def test_rejected_rules_leave_nothing(self):
        b = builder.Builder(np.random.default_rng(2))
        b.input([3, 8], lambda *s: b.normal(*s))

        def rule(b):
            b.node("Add", [b.values[0], b.constant(b.normal(8))])
            raise builder.Rejected("on purpose")
        self.assertFalse(b.attempt(rule))
        self.assertEqual((len(b.values), b.nodes, b.constants), (1, [], {}))

    def test_renaming_goes_there_and_back(self):
        model = self.networks[0].model()
        other, back = metamorphic.renamed(model)
        self.assertNotIn(b"gen_t", other.SerializeToString())
        self.assertEqual(sorted(back.values()), sorted({*metamorphic.NAME.findall(model.SerializeToString().decode("latin-1"))}))


class Comparison(unittest.TestCase):
    def test_differences_are_found(self):
        y = np.linspace(-2, 2, 9, dtype=np.float32)
        self.assertIsNone(oracle.difference(y, y.copy()))
        self.assertIsNone(oracle.difference(y + np.float32(1e-6), y))
        for wrong in (y + np.float32(4e-5), y.astype(np.float64), y[:8], np.full_like(y, np.nan), np.full_like(y, np.inf)):
            self.assertIsNotNone(oracle.difference(wrong, y))
        self.assertIsNotNone(oracle.difference(np.array([1, 2]), np.array([1, 3])))
        self.assertIsNotNone(oracle.difference(np.array([True]), np.array([False])))

    def test_stored_results_of_the_suite_are_met_by_its_rule(self):
        f = np.float32
        self.assertIsNone(quick.difference(f([1.0005, np.nan, 1e-8]), f([1, np.nan, 0])))
        for ours, stored in ((f([1.0011]), f([1])), (f([2e-7]), f([0])), (f([np.nan]), f([1])), (np.array([1]), np.array([2])), (np.array([True]), np.array([False]))):
            self.assertIsNotNone(quick.difference(ours, stored))
        self.assertEqual(quick.ulps(f([1, -0.0, np.nan]), f([np.nextafter(f(1), f(2)), 0, np.nan])), 1)
        self.assertEqual(quick.ulps(f([1e-45]), f([-1e-45])), 2)
        self.assertIsNone(quick.ulps(np.array([1]), np.array([2])))

    def test_a_missing_result_fails(self):
        self.assertEqual(oracle.verdict(network.generate(11, 1), [], None)[0], "no verdict")


def judge(networks, folder):
    return {n.name: ("wrong" if "Tanh" in node_types(n) else None, 0.0) for n in networks}


class Shrinker(unittest.TestCase):
    def test_the_node_at_fault_remains(self):
        b = builder.Builder(np.random.default_rng(3))
        x = b.input([3, 8], lambda *s: b.normal(*s))
        for op in ("Abs", "Sigmoid", "Tanh", "Relu", "Sin"):
            x = b.node(op, [x])
        for _ in range(20):
            b.attempt(elementwise.binary)
        whole = network.Network("whole", b.opset, b.inputs, [b.values[-1]], b.nodes, b.constants, {}, frozenset(), {v.name: v for v in b.values})
        small, problem = shrink.shrink(whole, judge)
        self.assertEqual((node_types(small), problem), (["Tanh"], "wrong"))

    def test_a_network_that_passes_has_no_failing_part(self):
        b = builder.Builder(np.random.default_rng(4))
        x = b.input([3, 8], lambda *s: b.normal(*s))
        y = b.node("Sin", [b.node("Abs", [x])])
        self.assertIsNone(shrink.shrink(network.Network("whole", b.opset, [x], [y], b.nodes, {}, {}, frozenset(), {v.name: v for v in b.values}), judge))


class Mutants(unittest.TestCase):
    def test_each_changes_one_place(self):
        self.assertGreaterEqual(len(mutants.MUTANTS), 10)
        for number, (_, file, text, other) in enumerate(mutants.MUTANTS):
            self.assertNotEqual(mutants.source(number), (mutants.PASSES / file).read_text())


class Quantised(unittest.TestCase):
    def test_values_are_on_grids(self):
        b = quantised.Exact(np.random.default_rng(8))
        quantised.fill(b, None)
        known = {v.name: v for v in b.values}
        self.assertGreater(len(b.grid), 3)
        for name, (step, largest) in b.grid.items():
            integers = known[name].arrays[0].astype(np.float64) / step
            self.assertTrue((integers == np.round(integers)).all() and np.abs(integers).max(initial=0) <= largest, name)

    def test_any_difference_counts(self):
        n = network.generate(11, network.QUANTISED)
        self.assertTrue(n.exact)
        self.assertIsNotNone(oracle.difference(np.float32([1, 1 + 1e-6]), np.float32([1, 1]), oracle.allowed(n)))

    def test_a_network_in_ten_has_trees(self):
        made = [network.generate(11, network.WITH_TREES + 10 * i) for i in range(8)]
        self.assertGreater(sum("TreeEnsembleRegressor" in node_types(n) for n in made), 3)


class Rows(unittest.TestCase):
    def made(self, op):
        b = builder.Builder(np.random.default_rng(5))
        b.sizes, b.symbols = 3, {(2, 3, 6): "N"}
        x = b.input([(2, 3, 6), 4], lambda *s: b.normal(*s))
        if op == "LayerNormalization":  # of a factor that all rows give, which it divides away
            factor = b.node("ReduceMean", [b.node("Softmax", [x], axis=0), b.ints(1)])
            y = b.node(op, [b.node("MatMul", [factor, b.constant(b.normal(1, 4))]), b.constant(np.ones(4, np.float32))], epsilon=1e-12)
        else:
            y = b.node(op, [x], **({"axis": 0} if op == "Softmax" else {}))
        return network.Network("n", b.opset, [x], [y], b.nodes, b.constants, b.symbols, frozenset(), {v.name: v for v in b.values})

    def test_rows_that_depend_on_each_other_are_known(self):
        self.assertEqual([[0], [0], [0]], [c.same for c in rows.independent(self.made("Tanh"))])
        self.assertEqual([], [c for op in ("Softmax", "LayerNormalization") for c in rows.independent(self.made(op)) if c.same])

    def test_other_bits_are_found(self):
        n = self.made("Tanh")
        check, whole = rows.independent(n)[0], [n.outputs[0].arrays[2]]
        part = [whole[0][check.order]]
        self.assertIsNone(rows.problem(check, whole, part))
        self.assertIn("other bits", rows.problem(check, whole, [np.nextafter(part[0], np.float32(9))]))


class Together(unittest.TestCase):
    TEXT = """struct fused_1 {
  neg
};
struct fused_2 {
  fused_1 twice
};
  // --- calls
  // MatMul 'a' + Add 'b': f32[2]
  cpu::gemm(x, cpu::epilogue<fused_2>(y));
  // Neg 'c'
  cpu::map<fused_1>(x);
"""

    def test_equal_functions_become_one(self):
        p = together.Program()
        first, second = p.share_fused(self.TEXT), p.share_fused(self.TEXT.replace("fused_1", "fused_7"))
        self.assertEqual((first, 2), (second, len(p.fused)))
        self.assertIn("shared_0 twice", "".join(p.fused))

    def test_calls_are_counted(self):
        self.assertEqual([(["MatMul", "Add"], {"cpu::gemm", "cpu::epilogue"}), (["Neg"], {"cpu::map"})], list(together.calls(self.TEXT)))

    def test_all_of_a_network_becomes_float64(self):
        made = [n for n in (network.generate(11, i) for i in range(9)) if variants.has_float64(n) and not n.exact]
        self.assertGreater(len(made), 5)
        for n in made:
            wide = variants.in_float64(n.model())
            onnx.checker.check_model(wide, full_check=True)
            self.assertFalse([v.name for v in [*wide.graph.input, *wide.graph.output] if v.type.tensor_type.elem_type == onnx.TensorProto.FLOAT])

    def test_values_on_a_step_have_no_float64(self):
        def judged(op, *values):
            x = types.SimpleNamespace(arrays=[np.float32(values)])
            return variants.has_float64(types.SimpleNamespace(nodes=[onnx.helper.make_node(op, ["x"], ["y"])], values={"x": x}))
        self.assertTrue(judged("Floor", 0.5, 0, -0.25))
        self.assertFalse(judged("Floor", 0.5, np.tanh(np.float32(10))))
        self.assertFalse(judged("Round", 0.25, 1.5))
        self.assertTrue(judged("Tanh", 1))

    def test_constants_become_inputs(self):
        n = next(n for n in (network.generate(11, i) for i in range(20)) if variants.given_constants(n))
        names = variants.given_constants(n)
        model = variants.with_given_constants(n, names)
        plain, given = builder.session(n.model(), False), builder.session(model, False)
        self.assertEqual(set(names), {v.name for v in model.graph.input} - {v.name for v in n.inputs})
        for a, b in zip(plain.run(None, n.feed(0)), given.run(None, n.feed(0) | {c: n.constants[c] for c in names})):
            self.assertIsNone(oracle.difference(np.asarray(b), np.asarray(a)))


class Network:
    """As together.Compiled, of calls that are written here."""
    name, weights, weight_bytes, model, kernels = "n", "/dev/null", 0, "", {"kernels/none.hpp": "namespace inferc {}\n"}

    def __init__(self, *calls):
        self.arena = "128"
        lines = "".join(f"  // Neg 'n': a call\n  {c}\n" for c in calls)
        self.text = (f"int body(const std::size_t* dims, const void* const* inputs, void* const* outputs, std::byte* arena, const std::byte*, std::size_t*) noexcept {{\n"
                     f"  float* const x = (float*)inputs[0], *const y = (float*)outputs[0], *const t = (float*)arena;\n  // --- calls\n{lines}  return 0;\n}}\n")

    def dims(self, inputs, outputs):
        return []


class Guards(unittest.TestCase):
    """Two calls, t[0..4) in use at both."""

    def ended(self, live, *calls):
        with tempfile.TemporaryDirectory() as name:
            folder, program = pathlib.Path(name), together.Program(live and folder_program(name, live))
            n = Network(*calls)
            index = program.add(n)
            x = np.ones(4, np.float32)
            return together.call(together.build(program, folder, "base", together.SANITIZED if live else []), [together.Run(index, n, [x], [x])], folder)[0]

    def test_results_come_back(self):
        outputs, ended = self.ended(None, "t[3] = x[3] + 1;", "y[3] = t[3];")
        self.assertIsNone(ended)
        self.assertEqual(outputs[0][3], 2)
        self.assertTrue(np.isnan(outputs[0][:3]).all(), "what no call writes is no number")

    def test_nothing_behind_a_buffer_can_be_read(self):
        for call in ("y[0] = x[4];", "y[4] = x[0];", "y[0] = t[32];"):
            self.assertIn("signal", self.ended(None, call)[1])

    def test_nothing_outside_what_is_in_use_can_be_read(self):
        self.assertIsNone(self.ended("{0, 16}, ", "t[3] = x[3];", "y[3] = t[3];")[1])
        for call in ("y[3] = t[4];", "t[8] = x[0];", "y[0] = x[4];"):
            self.assertIn("AddressSanitizer", self.ended("{0, 16}, ", "t[3] = x[3];", call)[1])


def folder_program(folder, line):
    """Stands for live_buffers: the same line for both calls."""
    path = pathlib.Path(folder) / "live"
    path.write_text(f"#!/bin/sh\nprintf '%s\\n%s\\n' '{line}' '{line}'\n")
    path.chmod(0o755)
    return path


class Coverage(unittest.TestCase):
    def test_knows_the_fast_kernels_of_the_sources(self):
        known = coverage.known_kernels()
        self.assertTrue({"cpu::gemm", "cpu::conv", "cpu::softmax"} <= known, known)
        self.assertTrue({"cpu::trees", "cpu::quantized::sparse_linear", "cpu::quantized::blocks_linear", "cpu::softmax_columns"} <= known, known)

    def test_counts_what_networks_hold(self):
        b = builder.Builder(np.random.default_rng(4))
        x = b.input([2, 3], lambda *s: b.normal(*s))
        y = b.node("Relu", [x])
        b.node("Add", [y, y])
        made = network.Network("n", b.opset, b.inputs, b.values[-1:], b.nodes, {}, {}, frozenset(), {v.name: v for v in b.values})
        c = coverage.Coverage()
        c.add(made)
        self.assertEqual((c.rows["Relu"]["float32"], c.rows["Relu"]["fan-out"], c.rows["Add"]["all"]), (1, 0, 1))
        self.assertTrue(any(line.startswith("cpu::gemm") for line in c.rare()))
        c.kernels["cpu::nothing"] = coverage.LEAST
        c.kernels["cpu::quantized::Bytes<0>"] = coverage.LEAST  # a kind of products
        self.assertEqual([line for line in c.rare() if "no known kernel" in line], ["cpu::nothing: no known kernel"])


if __name__ == "__main__":
    unittest.main()
