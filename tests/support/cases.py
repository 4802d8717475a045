"""What a test of a domain's operators must hold, and what they refuse."""
import json
import subprocess


def without_case(inferc, domain, cases, elsewhere=()):
    """The domain's operators by `inferc ops` that neither `cases` nor another test (`elsewhere`) takes."""
    rows = json.loads(subprocess.run([inferc, "ops", "--json", "-"], check=True, capture_output=True, text=True).stdout)
    return sorted({row["operator"] for row in rows if row["domain"] == domain} - set(cases) - set(elsewhere))


def not_refused(inferc, folder, refusals):
    """`refusals`: (model, part of the message). Those that `inferc check` takes, or refuses for another reason."""
    out = []
    for k, (model, message) in enumerate(refusals):
        path = folder / f"refused_{k}.onnx"
        path.write_bytes(model.SerializeToString())
        done = subprocess.run([inferc, "check", str(path)], capture_output=True, text=True)
        if done.returncode != 1 or message not in done.stdout + done.stderr:
            out.append(f"not refused by '{message}': {done.stdout}{done.stderr}")
    return out
