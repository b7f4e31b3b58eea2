"""
Writes the reference's output for the fixtures: `fixtures/xapi/` and `fixtures/caliper/` from `fixtures/events/`, the same
for the repaired events in `fixtures/repairs/`, and the output for the sample log. No golden is written by event-router. `tests/differential/run goldens FORMAT` runs this program.

The ids of Caliper events are random in the reference. Here they are computed as `src/guide/caliper.md` describes.
"""
import argparse
import gzip
import json
import shutil
import uuid
from pathlib import Path

from reference import Reference

FIXTURES = Path(__file__).resolve().parents[2] / "fixtures"
LMS_ROOT_URL = "https://courses.example.org"
SEND_TIME = "2024-04-01T00:00:00.000Z"
CALIPER = "http://purl.imsglobal.org/ctx/caliper/v1p2"

# Events that the reference emits and event-router rejects, and why.
CORRECTED = {
    "completion/edx.completion.block_completion.changed.text.json": "Python repeats a text that is multiplied",
    "other/not-representable.json": "NaN is not JSON",
    "actor-and-time/user-id-true.json": "true is nobody, not user 1",
    "actor-and-time/user-id-float.json": "1.9 is nobody, not user 1",
    "navigation/edx.ui.lms.link_clicked.object-url.json": "an object is no id",
    "video/play_video.id-in-a-list.json": "an array is no id",
}


def event_id(event):
    namespace = uuid.uuid5(uuid.NAMESPACE_URL, CALIPER)
    return uuid.uuid5(namespace, json.dumps(event, sort_keys=True, ensure_ascii=False)).urn


def enveloped(event, source):
    """The event in the envelope of CaliperEnvelopeProcessor, with a fixed time."""
    return {
        "sensor": LMS_ROOT_URL,
        "sendTime": SEND_TIME,
        "dataVersion": CALIPER,
        "data": [{**event, "id": event_id(source)}],
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("to", choices=["xapi", "caliper"])
    to = parser.parse_args().to
    tables = {"users": FIXTURES / "users.csv", "courses": FIXTURES / "courses.csv"}
    reference = Reference(to, LMS_ROOT_URL, all_events=True, **tables)

    def output(line):
        found = reference.verdict(line)
        if found is None or to == "xapi":
            return found["name"] if found else None, found["out"] if found else []
        source = json.loads(line[line.index(b"{"):]) if found["out"] else None
        return found["name"], [enveloped(event, source) for event in found["out"]]

    repairs = FIXTURES / "repairs"
    for events, expected in (FIXTURES / "events", FIXTURES / to), (repairs / "modern", repairs / to):
        shutil.rmtree(expected, ignore_errors=True)
        for path in sorted(events.rglob("*.json")):
            name = path.relative_to(events)
            _, out = output(json.dumps(json.loads(path.read_text("utf-8"))).encode())
            # Only Caliper has the session as an id.
            is_corrected = str(name) in CORRECTED or (to == "caliper" and name.stem == "session-that-is-a-list")
            if out and not is_corrected:
                target = expected / name
                target.parent.mkdir(parents=True, exist_ok=True)
                document = out[0] if len(out) == 1 else out
                target.write_text(json.dumps(document, indent=2, ensure_ascii=False) + "\n", "utf-8")

    sample = gzip.decompress((FIXTURES / "sample" / "tracking.log.gz").read_bytes())
    with open(FIXTURES / "sample" / f"tracking.log.{to}.jsonl", "w", encoding="utf-8") as lines:
        for line in sample.split(b"\n"):
            name, out = output(line)
            if name in reference.default_names:
                lines.writelines(json.dumps(value, ensure_ascii=False) + "\n" for value in out)


if __name__ == "__main__":
    main()
