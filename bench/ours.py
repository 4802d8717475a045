"""What `inferc bench` tells of one network."""
import json
import pathlib
import subprocess
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
PYTHON = ROOT / ".venv/bin/python"
AGAINST = ["--against", "onnxruntime"]


def stored_inputs(model, dims, at, folder):
    """--inputs where the time depends on what the elements are: types of particles, of which each row has one."""
    zoo = json.loads((ROOT / "models/zoo.json").read_text())["models"]
    row = next((r for r in zoo if r["file"] == model.name and any(p["kind"] == "elements" for p in r["inputs"])), None)
    if not row:
        return [word for d in at for word in ("--at", d)]
    sizes = {s: int(n) for s, n in (d.split("=") for d in [*dims, *at] if ".." not in d)}
    script = ("import json, sys, numpy; from models import inputs; row, sizes = map(json.loads, sys.argv[1:3]); "
              "numpy.savez(sys.argv[3], **{p['name']: inputs.draw(p | {'particles': None}, sizes) for p in row['inputs']})")
    path = pathlib.Path(folder) / "inputs.npz"
    subprocess.run([PYTHON, "-c", script, json.dumps(row), json.dumps(sizes), path], cwd=ROOT, check=True)
    return ["--inputs", path]


def measure(inferc, model, dims, at, core, seconds, options=()):
    """The report of `inferc bench` on one core, or {"error"}."""
    with tempfile.NamedTemporaryFile(suffix=".json") as report, tempfile.TemporaryDirectory() as folder:
        command = ["taskset", "-c", str(core), inferc, "bench", model, *options, "--seconds", str(seconds), "--json", report.name]
        command += [word for d in dims for word in ("--dim", d)] + stored_inputs(model, dims, at, folder)
        done = subprocess.run([str(word) for word in command], cwd=ROOT, capture_output=True, text=True)
        if done.returncode != 0:
            return {"error": (done.stderr.strip().splitlines() or ["no output"])[0]}
        return json.loads(pathlib.Path(report.name).read_text()) | {"model": model.name}
