"""
Compares event-router with the reference on mutated logs, line by line, as JSON values.

    tests/differential/run [LINES] [SEED]

Both agree if the outcome is the same and, for an emitted event, the statements are the same: numbers by value and kind,
ids to the bit. Corrections that event-router makes are recognized by their reason and the event, and counted by name.
"""
import argparse
import collections
import hashlib
import itertools
import json
import math
import re
import subprocess
import sys
import tempfile
from pathlib import Path

from mutate import Mutator
from reference import Reference
from times import is_complete

FIXTURES = Path(__file__).resolve().parents[2] / "fixtures"


NOBODY = "unknown@example.com"


def canonical(value):
    return json.dumps(value, sort_keys=True)


def is_finite(value):
    """Whether no float of a tree is NaN or infinite. Without recursion, since a tree may be as deep as Python reads."""
    values = [value]
    while values:
        value = values.pop()
        if isinstance(value, float) and not math.isfinite(value):
            return False
        values += value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return True


def without_ids(events):
    """Caliper events without their ids, which are random in the reference."""
    return [{key: value for key, value in event.items() if key != "id"} for event in events]


def depth(line):
    """The greatest number of brackets that are open at a time in a line, also within its strings."""
    changes = (1 if byte in b"{[" else -1 if byte in b"]}" else 0 for byte in line)
    return max(itertools.accumulate(changes), default=0)


def correction(line, verdict, ours, args):
    """The name of the correction or limit that explains a difference, or None."""
    reason = ours["reason"]
    if reason == "not-json" and "nesting deeper than 900" in ours["detail"] and depth(line) > 900:
        return "nesting is read to a depth of 900"
    if verdict["outcome"] != "emitted":
        return None
    if reason == "not-representable" and not is_finite(verdict["out"]):
        return "NaN and Infinity are not JSON"
    if reason == "wrong-type" and "the user of the event is" in ours["detail"]:
        return "true and 1.9 are nobody"
    if reason == "wrong-type" and re.search("is an (object|array), not an id", ours["detail"]):
        return "an object or array is no id"
    if reason == "wrong-type" and "`data.completion` is a string" in ours["detail"]:
        return "text is not multiplied"
    if args.to == "caliper" and reason == "bad-timestamp" and not is_complete(verdict["time"]):
        return "a time is not filled from the clock and the zone of the machine"
    if args.actor and reason in ("no-user", "unknown-user", "no-email"):
        nobody = [NOBODY, hashlib.sha1(NOBODY.encode()).hexdigest(), hashlib.sha1(b"").hexdigest()]
        actor = verdict["out"][0]["actor"]
        if actor.get("mbox", "").removeprefix("mailto:") in nobody or actor.get("mbox_sha1sum") in nobody:
            return "the unknown user is not unknown@example.com"
    return None


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("binary")
    parser.add_argument("lines", nargs="?", type=int, default=20_000)
    parser.add_argument("seed", nargs="?", type=int, default=1)
    parser.add_argument("--to", choices=["xapi", "caliper"], default="xapi")
    parser.add_argument("--events", choices=["default", "all"], default="all")
    parser.add_argument("--actor", choices=["mbox", "mbox-sha1sum"])
    parser.add_argument("--lms-root-url", default="https://courses.example.org")
    args = parser.parse_args()

    log = Mutator(args.seed).log(args.lines)
    users, courses = str(FIXTURES / "users.csv"), str(FIXTURES / "courses.csv")
    reference = Reference(args.to, args.lms_root_url, users, courses, args.actor or "external-id", all_events=args.events == "all")
    comparable = without_ids if args.to == "caliper" else list
    with tempfile.NamedTemporaryFile(suffix=".log") as file:
        file.write(log)
        file.flush()
        command = [
            args.binary, "explain", "--json", "--to", args.to, "--events", args.events, "--lms-root-url", args.lms_root_url,
            "--users", users, "--courses", courses, file.name,
        ]
        if args.to == "caliper":
            command += ["--envelope", "none"]
        if args.actor:
            command += ["--actor", args.actor]

        def rows(framing):
            explained = subprocess.run([*command, "--framing", framing], check=True, stdout=subprocess.PIPE).stdout
            return {row["line"]: row for row in map(json.loads, explained.splitlines())}

        # The reference reads one event a line. `auto` reads more in lines that are unparsable otherwise, and only there.
        ours, auto = rows("lines"), rows("auto")
    changed = [line for line, row in ours.items() if row["outcome"] != "unparsable" and auto[line] != row]
    assert not changed, f"read in another way with --framing auto: {changed}"

    lines = log.split(b"\n")
    tally = collections.Counter()
    differences = []
    for verdict in reference.verdicts(log):
        row = ours.pop(verdict["line"], None)
        tally[verdict["outcome"]] += 1
        same = row is not None and row["outcome"] == verdict["outcome"] and row["name"] == verdict["name"]
        if same and canonical(comparable(row["out"])) == canonical(comparable(verdict["out"])):
            tally["agree"] += 1
        elif row is not None and (name := correction(lines[verdict["line"] - 1], verdict, row, args)):
            tally["corrected"] += 1
            tally[f"corrected: {name}"] += 1
        else:
            differences.append((verdict, row))
    differences += [({"line": line, "outcome": "blank"}, row) for line, row in ours.items()]

    for verdict, row in differences[:20]:
        print("---", lines[verdict["line"] - 1].decode("utf-8", "backslashreplace")[:2000])
        print("reference   ", canonical(verdict)[:2000])
        print("event-router", canonical(row)[:2000])
    compared = tally["agree"] + tally["corrected"] + len(differences)
    share = 1 - len(differences) / compared
    print(dict(tally))
    print(f"{args.to}, {args.events} events, seed {args.seed}, {args.actor or 'external-id'}: {compared} lines, {len(differences)} unexplained differences, {share:.4%} agree")
    sys.exit(bool(differences))


if __name__ == "__main__":
    main()
