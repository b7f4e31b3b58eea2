"""
Writes `fixtures/sample/tracking.log.gz`: events of the fixtures after the logger's prefix, implicit URL events,
unsupported events, and some damaged lines, as logs have. The log is the same every time. `tests/differential/run sample`
runs this program.
"""
import datetime
import gzip
import json
import random
from pathlib import Path

FIXTURES = Path(__file__).resolve().parents[2] / "fixtures"
COURSE = "course-v1:DemoX+Botany+2024"
USERS = [(7, "ada"), (9, "grace"), (10, "hopper, j."), (1984, "orwell")]
URLS = [
    f"/courses/{COURSE}/courseware/", f"/courses/{COURSE}/info", f"/courses/{COURSE}/progress", "/jsi18n/", "/dashboard",
    "/event", "/api/user/v1/me", "/heartbeat", "/login_ajax", f"/courses/{COURSE}/discussion/forum/",
    f"/courses/{COURSE}/xblock/block-v1:DemoX+Botany+2024+type@problem+block@p42/handler/xmodule_handler/problem_get",
]
UNSUPPORTED = ["edx.bookmark.listed", "edx.user.settings.viewed", "page_close", "problem_graded", "problem_get"]
TROUBLE = [
    "actor-and-time/no-user", "problem/problem_check.no-referer", "other/no-name",
    "enrollment/edx.course.enrollment.activated.unknown-course", "navigation/edx.ui.lms.outline.selected.no-url",
]


def event(name):
    return json.loads((FIXTURES / "events" / f"{name}.json").read_text("utf-8"))


def main():
    pick = random.Random(20240305)
    plain = []
    for path in sorted((FIXTURES / "events").rglob("*.json")):
        family = path.parent.name
        if family not in ("actor-and-time", "emitted-form", "other") and path.stem == event(f"{family}/{path.stem}")["name"]:
            plain.append(f"{family}/{path.stem}")

    time = datetime.datetime(2024, 3, 5, 8, 0, 0, 120334, tzinfo=datetime.timezone.utc)
    lines = []
    for _ in range(320):
        time += datetime.timedelta(seconds=pick.choice([0, 1, 1, 2, 5, 17]), microseconds=pick.randrange(10**6))
        user_id, username = pick.choice(USERS)
        kind = pick.random()
        if kind < 0.5:
            url = pick.choice(URLS)
            found = {**event("other/implicit-url"), "name": url, "event_type": url}
            course = COURSE if COURSE in url else ""
            found["context"] = {"user_id": 0, "path": url, "course_id": course, "org_id": "DemoX" if course else ""}
        elif kind < 0.93:
            found = event(pick.choice(plain))
        elif kind < 0.96:
            name = pick.choice(UNSUPPORTED)
            found = {**event("other/unsupported"), "name": name, "event_type": name}
        else:
            found = event(pick.choice(TROUBLE))
            if found["context"]["user_id"] is None:
                user_id, username = None, ""
        if found["context"].get("user_id", user_id) is not None:
            found["context"]["user_id"] = user_id
        found["username"] = username
        if isinstance(found["event"], dict) and "user_id" in found["event"]:
            is_text = isinstance(found["event"]["user_id"], str)
            found["event"]["user_id"] = str(user_id) if is_text else user_id
        found["time"] = time.isoformat()
        found["session"] = f"{pick.getrandbits(128):032x}"
        stamp = f"{time:%Y-%m-%d %H:%M:%S},{time.microsecond // 1000:03d}"
        prefix = f"{stamp} INFO {pick.randrange(8, 40)} [tracking] [user {user_id}] [ip 203.0.113.7] logger.py:41 - "
        lines.append(prefix + json.dumps(found))

    lines[40] = lines[40][:200]
    lines[220] += "\r"
    lines.insert(90, "")
    unclosed = '{"name": "edx.course.grade.now_failed", "context": "course_id": "' + COURSE + '"}, "event": {}}'
    lines.insert(140, "2024-03-05 08:10:00,000 INFO 20 [tracking] [user None] [ip None] logger.py:41 - " + unclosed)
    lines.insert(200, "# rotated by hand")
    text = "".join(f"{line}\n" for line in lines).encode()
    at = text.index(b"Firefox", len(text) // 2)
    text = text[:at] + b"Fir\xe9fox" + text[at + len("Firefox"):]
    with open(FIXTURES / "sample" / "tracking.log.gz", "wb") as file:
        with gzip.GzipFile(filename="", mode="wb", fileobj=file, mtime=0) as packed:
            packed.write(text)


if __name__ == "__main__":
    main()
