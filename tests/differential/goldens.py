"""
Writes what the reference makes of the fixtures: `fixtures/xapi/` from `fixtures/events/`, and the statements of the
sample log. Never from event-router's own output. `tests/differential/run goldens` calls it.
"""
import gzip
import json
import shutil
from pathlib import Path

from reference import Reference

FIXTURES = Path(__file__).resolve().parents[2] / "fixtures"

# What event-router mends: the reference emits these, and should not.
MENDED = {
    "completion/edx.completion.block_completion.changed.text.json": "Python repeats a text that is multiplied",
    "other/not-representable.json": "NaN is not JSON",
}


def main():
    tables = {"users": FIXTURES / "users.csv", "courses": FIXTURES / "courses.csv"}
    reference = Reference("https://courses.example.org", all_events=True, **tables)
    expected = FIXTURES / "xapi"
    shutil.rmtree(expected, ignore_errors=True)
    for path in sorted((FIXTURES / "events").rglob("*.json")):
        name = path.relative_to(FIXTURES / "events")
        out = reference.verdict(json.dumps(json.loads(path.read_text("utf-8"))).encode())["out"]
        if out and str(name) not in MENDED:
            target = expected / name
            target.parent.mkdir(parents=True, exist_ok=True)
            document = out[0] if len(out) == 1 else out
            target.write_text(json.dumps(document, indent=2, ensure_ascii=False) + "\n", "utf-8")

    sample = gzip.decompress((FIXTURES / "sample" / "tracking.log.gz").read_bytes())
    by_default = set(reference.names) - {"edx.grades.problem.submitted", "edx.problem.completed"}
    with open(FIXTURES / "sample" / "tracking.log.xapi.jsonl", "w", encoding="utf-8") as lines:
        for found in reference.verdicts(sample):
            if found["name"] in by_default:
                lines.writelines(json.dumps(statement, ensure_ascii=False) + "\n" for statement in found["out"])


if __name__ == "__main__":
    main()
