"""Makes the logs whose pages are checked."""

import json
from datetime import datetime, timedelta

# Names that would change the page if they were not escaped, or that do not fit it.
ODD_NAMES = [
    "<script>document.title = 'changed'</script>",
    "<img src=https://example.org/x.png onerror=alert(1)>",
    "</title></style></table>\"'&amp;<!--",
    "control \u0001\u001b[31m\u007f\u0085 characters\n\t",
    "right \u202eto\u2066 left\u200f",
    "zero\u200bwidth\ufeff",
    "مرحبا بالعالم",
    "日本語のイベント",
    "🎓 emoji",
    "W" * 5000,
    "spaces " * 100,
]
NAMES = ["play_video", "pause_video", "problem_check", "edx.course.enrollment.activated", "edx.forum.thread.created"]
NAMES += ["seq_next", "edx.ui.lms.link_clicked", "edx.grades.subsection.grade_calculated", "page_close", "/courses/a/b"]


def event(number, name, time, course):
    return {
        "name": name,
        "event_type": name,
        "event_source": "server",
        "username": f"user{number % 97}",
        "session": f"{number % 613:032x}",
        "context": {"course_id": course, "org_id": course.split(":")[1].split("+")[0], "user_id": number % 97},
        "event": {"id": f"i4x-{number}"},
        "time": time.strftime("%Y-%m-%dT%H:%M:%S.%f+00:00"),
    }


def ten_years():
    """Yields the lines of a log of ten years, with some thousand names and some lost days."""
    start = datetime(2014, 3, 5, 9, 14, 7)
    number = 0
    for day in range(3700):
        # A lost week each year, a lost month, and some single days.
        if day % 365 < 7 and day > 365 or 1000 <= day < 1031 or day % 101 == 50:
            continue
        for nth in range(1 + day * 7919 % 9 + (20 if day % 500 == 0 else 0)):
            number += 1
            name = NAMES[number * number % len(NAMES)] if number % 3 else f"org.example.{number % 2500}.happened"
            course = f"course-v1:Org{number % 7}+Course{number % 143}+{2014 + day // 365}"
            yield json.dumps(event(number, name, start + timedelta(days=day, minutes=nth), course))
    for nth, name in enumerate(ODD_NAMES * 12):
        course = f"course-v1:<b>{'O' * 300}+\u202e{nth % 5}+&"
        yield json.dumps(event(nth, name, start + timedelta(days=nth), course))
    for line in ("{broken", "[1, 2", "<p>not a log</p>", '{"time": "x"}'):
        yield line
    yield json.dumps(event(1, "play_video", start, "course-v1:a+b+c") | {"time": "yesterday"})


def one_day():
    start = datetime(2024, 2, 29, 23, 0)
    for number in range(50):
        yield json.dumps(event(number, NAMES[number % len(NAMES)], start, "course-v1:a+b+c"))


def write(directory):
    """Writes the logs and tables. Returns the names of the pages and the arguments of `inspect` for each."""
    users = directory / "users.csv"
    users.write_text("id,username,email,xapi_id,caliper_id\n" + "".join(f"{n},user{n},,,\n" for n in range(90)))
    courses = directory / "courses.csv"
    courses.write_text("course_id,display_name\ncourse-v1:a+b+c,C\n")
    logs = {"ten-years": ten_years(), "one-day": one_day(), "no-event": ["nothing", "{}"], "no-line": []}
    arguments = {}
    for name, lines in logs.items():
        path = directory / f"{name}.log"
        path.write_text("".join(line + "\n" for line in lines))
        arguments[name] = [path]
    arguments["ten-years"] += ["--users", users, "--courses", courses]
    return arguments
