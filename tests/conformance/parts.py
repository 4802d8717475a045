"""`inferc verify` over many cases, part by part: a run that was stopped goes on with the first part that it had not finished.

  python tests/conformance/parts.py INFERC REPORT.json FOLDER... [-- VERIFY OPTION...]

FOLDER: a folder of cases. What is finished stands in REPORT.json.parts until all parts are, and counts as long as INFERC and the cases are
the same. Exit 1 where a case fails."""
import hashlib
import json
import pathlib
import shutil
import subprocess
import sys

CASES = 200


def cases_of(folders):
    return [case for folder in folders for case in sorted(pathlib.Path(folder).iterdir()) if (case / "model.onnx").exists()]


def state_of(inferc, cases, options):
    """Of what a finished part depends on, without reading the data again."""
    facts = [str(inferc.stat().st_mtime_ns), str(inferc.stat().st_size), *options, *map(str, cases)]
    return hashlib.sha256("\n".join(facts).encode()).hexdigest()


def finish(inferc, part, cases, options):
    """The report of a part, run unless it is there already."""
    if not part.exists():
        fresh = part.with_suffix(".new")
        status = subprocess.run([inferc, "verify", *cases, *options, "--json", fresh]).returncode
        if status > 1:
            sys.exit(status)
        fresh.rename(part)
    return json.loads(part.read_text())


def main():
    words = sys.argv[1:]
    options = words[words.index("--") + 1:] if "--" in words else []
    inferc, report, *folders = words[:words.index("--")] if "--" in words else words
    inferc, report, cases = pathlib.Path(inferc).resolve(), pathlib.Path(report), cases_of(folders)
    parts = pathlib.Path(f"{report}.parts") / state_of(inferc, cases, options)[:16]
    parts.mkdir(parents=True, exist_ok=True)
    found = len(list(parts.glob("*.json")))
    if found:
        print(f"going on behind {found * CASES} cases of a run that was stopped", flush=True)
    reports = [finish(inferc, parts / f"{at:05}.json", cases[at:at + CASES], options) for at in range(0, len(cases), CASES)]
    whole = {"cases": [case for r in reports for case in r["cases"]]} | {key: sum(r[key] for r in reports) for key in ("passed", "failed", "refused")}
    report.write_text(json.dumps(whole, indent=1) + "\n")
    shutil.rmtree(parts.parent)
    print(f"{whole['passed']} passed, {whole['failed']} failed, {whole['refused']} refused")
    return 1 if whole["failed"] else 0


if __name__ == "__main__":
    sys.exit(main())
