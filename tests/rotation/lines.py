"""The lines of the log. The time of the event numbers a line, and becomes the timestamp of its statement."""
import gzip
import json
import random
from collections import Counter
from datetime import datetime, timedelta, timezone

START = datetime(2024, 3, 5, tzinfo=timezone.utc)
# Random digits, so that lines hardly get smaller when they are compressed.
PADDING = "".join(random.Random(1).choices("0123456789abcdefghijklmnopqrstuvwxyz", k=200_000))
COURSE = "course-v1:DemoX+Botany+2024"


def line(number):
    time = (START + timedelta(milliseconds=number)).isoformat(timespec="microseconds")
    padding = number * 37 % (len(PADDING) - 200)
    event = {
        "name": "edx.course.enrollment.activated",
        "context": {"user_id": 9, "course_id": COURSE, "org_id": "DemoX"},
        "username": "grace",
        "event": {"course_id": COURSE, "user_id": 9, "mode": "honor"},
        "agent": PADDING[padding : padding + 200],
        "time": time,
        "event_source": "server",
    }
    prefix = f"{time[:10]} {time[11:19]},{time[20:23]} INFO 27 [tracking] [user 9] [ip 203.0.113.7] logger.py:41 - "
    return f"{prefix}{json.dumps(event)}\n".encode()


def number(time):
    return (datetime.fromisoformat(time) - START) // timedelta(milliseconds=1)


def numbers_of_statements(directory):
    """Returns how often the output files have a statement of each line."""
    texts = (path.read_text() for path in directory.rglob("*.jsonl"))
    return Counter(number(json.loads(row)["timestamp"]) for text in texts for row in text.splitlines())


def numbers_of_log(path):
    """Returns the numbers of the complete lines of a log, which may be packed."""
    content = path.read_bytes()
    if path.suffix == ".gz":
        content = gzip.decompress(content)
    numbers = []
    for text in content.split(b"\n")[:-1]:
        try:
            numbers.append(number(json.loads(text[text.index(b"{") :])["time"]))
        except ValueError:
            # The second half of a line whose first half was truncated.
            pass
    return numbers
