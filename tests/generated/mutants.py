"""Faults that a pass could have, each one edit of its source: the generated networks must find every one.

  python tests/generated/mutants.py source NUMBER OUT             writes the changed source of a pass
  python tests/generated/mutants.py find FOLDER [--count N]       runs the programs FOLDER/mutant_NUMBER, pass_results linked with these
  python tests/generated/mutants.py number                        how many there are
Exit 1 where an edit no longer applies, or a fault is not found.
"""
import argparse
import pathlib
import sys
import tempfile

PASSES = pathlib.Path(__file__).resolve().parents[2] / "compiler" / "passes"
SEED, COUNT, BATCH = 3, 600, 50

# (what is wrong, file, text, in its place)
MUTANTS = [
    ("a factor behind a layer leaves the bias as it is", "fold_affine.cpp", "Value* b = edit(n->op, {add->in(1), n->in(1)});",
     'Value* b = n->is("Mul") ? add->in(1) : edit(n->op, {add->in(1), n->in(1)});'),
    ("a constant that is subtracted is added", "fold_affine.cpp", 'if (n.is("Sub")) return edit("Neg", {n.in(1)});', ""),
    ("a divisor becomes a factor", "fold_affine.cpp", 'if (!n.is("Div")) return n.in(1);', 'if (!n.is("Gemm")) return n.in(1);'),
    ("the axis of Concat and Softmax does not move with the Transpose", "sink_transposes.cpp",
     "before->permutation[static_cast<std::size_t>(axis_of(*n, -1))]", "axis_of(*n, -1)"),
    ("dims behind a gathered axis do not make room", "sink_transposes.cpp", "return d > p[axis] ? d + added : d;", "return d > p[axis] ? d : d + 0 * added;"),
    ("a reduction behind a Transpose drops other axes", "sink_transposes.cpp", "keeps ? p : without(p, before)", "keeps ? p : without(p, *axes)"),
    ("Gemm loses beta", "to_linear.cpp", '|| n->attr("beta", 1.0f) != 1.0f', ""),
    ("a pointwise convolution loses its strides", "to_linear.cpp", 'all_equal(n, "strides", 1) && ', ""),
    ("nodes of other attributes count as equal", "canonicalise.cpp", "return a.attributes == b.attributes;", "return true;"),
    ("the parts of a split layer take the first rows of the weights", "split_linear.cpp", "first += *count;", "first += 0 * *count;"),
    ("a side of a sum that broadcasts keeps its rows when a layer is split", "split_linear.cpp", "v->type->shape == t.leaf->type->shape ||", "v != nullptr ||"),
    ("each type takes the first part of a product", "group_rows_by_type.cpp", "t * columns, columns)(parts)", "0 * t * columns, columns)(parts)"),
    ("every Gelu becomes the one of tanh", "recognise_gelu.cpp", "std::string(approximate)", 'std::string(approximate ? "tanh" : "none")'),
    ("attention loses the scale of the scores", "recognise_attention.cpp", ' * factor(*m, "scale")', ""),
    ("LayerNormalization takes a fixed epsilon", "recognise_normalisation.cpp", 'static_cast<float>(*scalar_value(m["epsilon"]))', "m.values.empty() ? 0.0f : 1e-5f"),
]


def source(number):
    what, file, text, other = MUTANTS[number]
    whole = (PASSES / file).read_text()
    if whole.count(text) != 1:
        raise SystemExit(f"mutant {number} ({what}): '{text}' stands {whole.count(text)} times in {file}, not once")
    return whole.replace(text, other)


def found_by(program, networks, folder):
    """What the program says of the first network that tells, or None."""
    import oracle
    try:
        problems, _ = oracle.judge_passes(program, networks, folder)
    except RuntimeError as ended:      # by an internal error of the compiler, say
        return str(ended)
    return next((f"{name}: {problem}" for name, problem in problems.items()), None)


def find(programs, count):
    import isolate
    left = dict(enumerate(programs))
    for low in range(0, count, BATCH):
        networks = [n for n, _ in isolate.settled(SEED, range(low, low + BATCH)) if n]
        for number in list(left):
            with tempfile.TemporaryDirectory() as folder:
                if problem := found_by(left[number], networks, pathlib.Path(folder)):
                    print(f"found within {low + BATCH} networks: {MUTANTS[number][0]}: {problem[:150]}", flush=True)
                    del left[number]
        if not left:
            break
    for number in left:
        print(f"FAIL not found by {count} networks: {MUTANTS[number][0]}")
    print(f"{len(programs) - len(left)} of {len(programs)} mutants found")
    return 1 if left else 0


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("command", choices=["source", "find", "number"])
    parser.add_argument("rest", nargs="*")
    parser.add_argument("--count", type=int, default=COUNT)
    args = parser.parse_args()
    if args.command == "number":
        print(len(MUTANTS))
    elif args.command == "source":
        pathlib.Path(args.rest[1]).write_text(source(int(args.rest[0])))
    else:
        return find([pathlib.Path(args.rest[0]) / f"mutant_{i}" for i in range(len(MUTANTS))], args.count)
    return 0


if __name__ == "__main__":
    sys.exit(main())
