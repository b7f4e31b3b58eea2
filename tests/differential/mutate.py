"""
Mutated tracking logs: events of the fixtures whose fields are removed, null, moved, of another type or from another
event, and lines that are damaged as lines of logs are. The same seed gives the same log.
"""
import copy
import json
import random
from pathlib import Path

import times

FIXTURES = Path(__file__).resolve().parents[2] / "fixtures"

VALUES = [
    None, True, False, 0, 1, -1, 7, 9, 404, 0.0, -0.0, 0.5, 1.0, 2.5, 1e16, 1e-7, 1e300, 123456789.123456789,
    2**53 + 1, 2**63, -(10**30), "", " ", "0", "1", "1.0", "7", " +7 ", "1_0", "abc", "correct", "ada", "1984", "None",
    "nan", "inf", "1e400", "a@b@c", "a_b_c", "ünï\u2028cödé \"'\\ 😀\x7f", "'", "x" * 300, "browser", "server",
    [], [1], ["a", None, 1.5, "ü\n"], {}, {"a": 1}, {"id": "x", "answer": ["ü"], "question": "q"},
    float("nan"), float("inf"), float("-inf"),
]
TIMES = [
    "2024-03-05T09:14:07.120334+00:00", "2024-03-05T09:14:07+00:00", "2024-03-05T09:14:07Z", "2024-03-05T09:14:07",
    "2024-03-05 09:14:07+00:00", "2024-03-05T09:14:07.1203349-05:30", "20240305T091407Z", "2024-W10-2T09Z",
    "2024-065T24:00Z", "2024-03-05T23:59:60.0Z", "2024-02-30T00Z", "2024-03-05T09:14:07,25+01", 1709630047, 1709630047.5,
    1709630047.1203345, -1, 0, True, 1e12, "2024-03-05T09:14:07+00:00Z", "2024-03-05T09:14:07-00:00", "12T12Z", "T", "never",
]
COURSES = [
    "course-v1:DemoX+Botany+2024", "course-v1:DemoX+Zoology+2024", "DemoX/Botany/2013", "DemoX/Botany/", "DemoX/Botany",
    "ccx-v1:DemoX+Botany+2024+ccx@3", "ccx-v1:DemoX+Botany+2024", "course-v1:DemoX+Botany", "library-v1:DemoX+Lib",
    "slashes:DemoX+Botany+2024", "course-v1:DemoX+Botany+2024+branch@draft", "course-v1:DemoX+Botany+2024+type@a+block@b",
    "course-v1:DemoX+Bo tany+2024", "course-v1:None+None+None", "a:b:c", "lib:DemoX:x", "", "course-v1:", 5, ["x"],
]
REFERERS = [
    "https://courses.example.org/x?activate_block_id=block-v1%3Ab", "?activate_block_id=", "http://[::1]/?activate_block_id=b",
    "http://[x/", "x#?activate_block_id=b", "?a=1;activate_block_id=b", "?activate_block_id=a+b%ff%C3%A9&activate_block_id=c",
    " \thttp://h/?activate\n_block_id=b", "?Activate_block_id=b", "?activate%5Fblock_id=b", 5, None, "",
]
KEYS = [
    "name", "event", "data", "time", "timestamp", "context", "username", "user_id", "course_id", "id", "session",
    "event_source", "referer", "path", "submission", "response_type", "question", "answer", "answers", "correct",
    "success", "grade", "max_grade", "attempts", "display_name", "problem_id", "module_id", "usage_key", "hint_index",
    "duration", "currentTime", "current_time", "old_time", "mode", "thread_type", "vote_value", "title", "discussion",
]


def nested(depth, starts, ends):
    """A value of `depth` arrays and objects."""
    opening = "".join(starts[level % len(starts)] for level in range(depth))
    closing = "".join(ends[level % len(ends)] for level in reversed(range(depth)))
    return f"{opening}1{closing}"


# JSON texts that Python reads and `json.dumps` does not write, or does not write alike: each as it stands in a line.
TEXTS = [
    "NaN", "Infinity", "-Infinity", "1e400", "-1e400", "1e-400", "-0", "-0.0", "-0e5", "1E5", "1e+22", "5e-324",
    "9223372036854775807", "9223372036854775808", "-9223372036854775809", "1" * 30, "-" + "9" * 400, "7" * 4300,
    "-" + "7" * 4300, "7" * 4301, "8" * 5000, "9223372036854775808.5", "1" * 30 + ".5", "9" * 400 + ".25",
    "9" * 5000 + ".5", "-" + "9" * 5000 + ".5e-4999", "0." + "0" * 400 + "1", "0." + "3" * 5000, "[NaN, -Infinity, -0]",
]
DEPTHS = [2, 20, 126, 127, 128, 199, 200, 201, 300, 500, 700, 800, 850, 890, 895, 905, 950, 1100]
SHAPES = [("[", "]"), (('{"a": ',), "}"), (('{"a": ', "["), ("}", "]"))]

PREFIXES = [
    "", "", "", "2024-03-05 09:14:07,120 INFO 20 [tracking] [user 7] [ip 203.0.113.7] logger.py:41 - ",
    "Mar  5 09:14:07 host [service_variant=lms][tracking][env:sandbox] INFO - ", "\ufeff", "  ", "x { ", "] ",
]


def bases():
    return [json.loads(path.read_text("utf-8")) for path in sorted((FIXTURES / "events").rglob("*.json"))]


def objects_in(value):
    """Every object of a tree, the tree itself first."""
    found = [value] if isinstance(value, dict) else []
    for child in value.values() if isinstance(value, dict) else value if isinstance(value, list) else []:
        found += objects_in(child)
    return found


class Mutator:
    def __init__(self, seed):
        self.random = random.Random(seed)
        self.bases = bases()
        self.texts = []

    def log(self, lines):
        return b"\n".join(self.line() for _ in range(lines)) + b"\n"

    def line(self):
        pick = self.random
        event = copy.deepcopy(pick.choice(self.bases))
        self.texts = []
        was_text = self.decode(event)
        for _ in range(pick.choice([0, 1, 1, 1, 2, 2, 3, 5])):
            self.mutate(event)
        if was_text != (pick.random() < 0.05):
            self.encode(event)
        if pick.random() < 0.03:
            self.to_emitted_form(event)
        elif pick.random() < 0.02 and "context" in event:
            event["context"] = json.dumps(event["context"])
        if pick.random() < 0.05:
            event = dict(pick.sample(list(event.items()), len(event)))
        text = self.with_texts(json.dumps(event, ensure_ascii=pick.random() < 0.5))
        return self.scratch(pick.choice(PREFIXES) + text if pick.random() < 0.3 else text)

    @staticmethod
    def decode(event):
        if not isinstance(event.get("event"), str):
            return False
        try:
            event["event"] = json.loads(event["event"])
        except ValueError:
            return False
        return True

    @staticmethod
    def encode(event):
        if "event" in event:
            event["event"] = json.dumps(event["event"])

    def to_emitted_form(self, event):
        if "event" in event:
            event["data"] = event.pop("event")
        for key in ("data", "context"):
            if self.random.random() < 0.3 and key in event:
                event[key] = json.dumps(event[key])

    def text(self):
        """A number or a deep value as JSON text."""
        pick = self.random
        if pick.random() < 0.6:
            return pick.choice(TEXTS)
        return nested(pick.choice(DEPTHS), *pick.choice(SHAPES))

    def mark(self):
        """A value that stands for a JSON text until the event is text itself."""
        self.texts.append(self.text())
        return f"(text {len(self.texts) - 1})"

    def with_texts(self, line):
        """The line with the JSON texts, escaped within a string of JSON."""
        for number, text in enumerate(self.texts):
            mark = f"(text {number})"
            line = line.replace(f'"{mark}"', text).replace(f'\\"{mark}\\"', text.replace('"', '\\"'))
        return line

    def mutate(self, event):
        pick = self.random
        target = pick.choice(objects_in(event) or [event])
        key = pick.choice(list(target) or KEYS)
        kind = pick.randrange(13)
        if kind == 0:
            target.pop(key, None)
        elif kind == 1:
            target[key] = None
        elif kind in (2, 3):
            target[key] = copy.deepcopy(pick.choice(VALUES))
        elif kind == 4:
            target[pick.choice(KEYS)] = copy.deepcopy(pick.choice(VALUES))
        elif kind == 5:
            pick.choice(objects_in(event) or [event])[key] = target.pop(key, None)
        elif kind == 6:
            other = pick.choice(self.bases)
            target[key] = copy.deepcopy(pick.choice(list(pick.choice(objects_in(other)).values()) or [1]))
        elif kind == 7:
            event[pick.choice(["time", "timestamp"])] = pick.choice(TIMES) if pick.random() < 0.5 else times.form(pick)
        elif kind == 8 and isinstance(event.get("context"), dict):
            event["context"]["course_id"] = pick.choice(COURSES)
        elif kind == 9:
            event["referer"] = pick.choice(REFERERS)
            event["event_source"] = pick.choice(["browser", "server", None])
        elif kind == 10:
            event["name"] = pick.choice(self.bases).get("name", "x")
        elif kind == 11 and isinstance(event.get("event"), dict):
            known = [key for key in event["event"] if pick.random() < 0.5] or [key]
            for key in known:
                event["event"][key] = copy.deepcopy(pick.choice(VALUES))
        elif kind == 12:
            target[key] = self.mark()

    def scratch(self, text):
        """Damages the text of a line, sometimes."""
        pick = self.random
        line = text.encode("utf-8", "surrogatepass")
        if pick.random() > 0.06:
            return line
        at = pick.randrange(len(line) + 1)
        return [
            lambda: line[:at],
            lambda: line[:at] + bytes([pick.randrange(256)]) + line[at:],
            lambda: line[:at] + line[at + 1:],
            lambda: line + pick.choice([b"\r", b" \t", b"\xc2\xa0", b"\x1c", b" x", b",", b"}"]),
            lambda: line.replace(b'"context"', b'"name": "other", "context"', 1),
            lambda: line.replace(b"{", b'{"session": "first", "session": "last", ', 1),
            lambda: line.replace(b": 1", b": -0", 1),
            lambda: line.replace(b"0.5", b"1e400", 1),
            lambda: pick.choice([b"", b" ", b"\xef\xbb\xbf", b"\t\r", b"# comment", b"[1]", b"{}", b"null", b'{"event": 1}']),
            lambda: line.replace(b"ada", b"\\ud83d\\ude00", 1),
        ][pick.randrange(10)]().replace(b"\n", b"")
