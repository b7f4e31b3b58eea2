"""Checks the pages of `event-router inspect --html`. `run` says how.

    check.py EVENT_ROUTER CHROMIUM [--pictures DIR]
"""

import json
import os
import subprocess
import sys
import tempfile
import unicodedata
from pathlib import Path

import logs
from browser import Browser

HERE = Path(__file__).resolve().parent
SAMPLE = HERE.parents[1] / "fixtures" / "sample" / "tracking.log.gz"
# The most event names, courses and gaps that a page lists.
MOST = {"events": 500, "courses": 100, "organizations": 100, "missing_days": 200}
# The functions of page.js, an object in parentheses.
FUNCTIONS = (HERE / "page.js").read_text().strip()
# The heights of bars in the units of the chart.
HIGHEST_BAR, LEAST_BAR = 1000, 8


class Page:
    """A page, and the JSON of the same run."""

    def __init__(self, browser, inspection):
        self.browser, self.inspection = browser, inspection
        self.problems = []

    def run(self, name, *arguments):
        return self.browser.run(f"(...all) => {FUNCTIONS}[{json.dumps(name)}](...all)", *arguments)

    def expect(self, holds, text):
        if not holds:
            self.problems.append(text)

    def at(self, pointer):
        """Returns the value at a JSON pointer, or `None`."""
        value = self.inspection
        for key in pointer.strip("/").split("/"):
            try:
                value = value[int(key)] if isinstance(value, list) else value[key]
            except (KeyError, IndexError, ValueError, TypeError):
                return None
        return value

    def check_numbers(self):
        numbers = self.run("numbers")
        seen = set()
        for number in numbers:
            value, text = number["value"], number["text"]
            if "at" in number:
                seen.add(number["at"])
                expected = self.at(number["at"])
                self.expect(value == plain(expected), f"{number['at']} is {value} and not {expected}")
            else:
                expected = self.sum_of(number)
                self.expect(value == str(expected), f"{number} is {value} and not {expected}")
            self.expect(shows(text, value), f"{number} shows {text}")
        missing = sorted(set(self.pointers()) - seen)
        self.expect(not missing, f"the page lacks {len(missing)} numbers: {missing[:5]}")
        sums = sum(1 for number in numbers if "days" in number and number["family"] == "")
        self.expect(bool(self.inspection["days"]) == bool(sums), "no numbers by day")

    def pointers(self):
        """Yields the pointers of the numbers that a page must have."""
        found = self.inspection
        yield from ("/lines/all", "/lines/events", "/lines/unparsable", "/files/inputs")
        yield from ("/files/stored_bytes", "/files/unpacked_bytes", "/users/count", "/sessions/count")
        yield from ("/courses/count", "/organizations/count")
        yield from (f"/{key}" for key in ("first_time", "last_time") if found[key])
        yield from (f"/{key}" for key in ("events_without_time", "events_of_other_days") if found[key])
        yield from ("/files/failed",) if found["files"]["failed"] else ()
        for nth in range(min(len(found["events"]), MOST["events"])):
            yield from (f"/events/{nth}/{key}" for key in ("count", "share", "xapi", "caliper"))
        for key in ("courses", "organizations"):
            yield from (f"/{key}/top/{nth}/count" for nth in range(min(len(found[key]["top"]), MOST[key])))
        for nth in range(min(len(found["missing_days"]), MOST["missing_days"])):
            yield from (f"/missing_days/{nth}/{key}" for key in ("from", "to", "days"))
        yield from (f"/unparsable/{nth}/count" for nth in range(len(found["unparsable"])))
        yield from (f"/form/{key}" for key, value in found["form"].items() if isinstance(value, int))
        yield from (f"/form/repairs/{nth}/events" for nth in range(len(found["form"]["repairs"])))
        if found["lines"]["all"]:
            yield from (f"/recommended/leaves_out/{nth}/count" for nth in range(len(found["recommended"]["leaves_out"])))
        for key, table in found["tables"].items():
            if table and table["lacking_events"]:
                yield from (f"/tables/{key}/lacking_events", f"/tables/{key}/lacking/count")

    def sum_of(self, number):
        """Returns the sum of numbers of the JSON that a number of the page stands for."""
        found = self.inspection
        if "missingDays" in number:
            return sum(gap["days"] for gap in found["missing_days"])
        if "familyTotal" in number:
            family = number["familyTotal"]
            rest = found["other_events"]["count"] if family == "other" else 0
            return rest + sum(event["count"] for event in found["events"] if (event["family"] or "other") == family)
        if "rest" in number and number["rest"] == "names":
            return found["other_events"]["count"] + sum(event["count"] for event in found["events"][MOST["events"] :])
        if "rest" in number:
            top = found[number["rest"]]
            return top["other_events"] + sum(row["count"] for row in top["top"][MOST[number["rest"]] :])
        first, last = number.get("days", number.get("daysWithEvents", "/")).split("/")
        days = [day for day in found["days"] if first <= day["date"] <= last]
        if "daysWithEvents" in number:
            return len(days)
        family = number["family"]
        return sum(day["families"].get(family, 0) if family else day["events"] for day in days)

    def check_contents(self):
        found, shown = self.inspection, self.run("contents")
        days = {day["date"]: f"{day['events']:,}" for day in found["days"]}
        squares = [day["title"].split(": ") for day in shown["days"]]
        with_events = {day: text for day, text in squares if text != "missing"}
        self.expect(with_events == days, "the calendar does not show the days with events")
        crossed = [day["level"] == "missing" for day in shown["days"]]
        self.expect(crossed == [text == "missing" for _, text in squares], "squares are not crossed out as their titles say")
        missing = sum(gap["days"] for gap in found["missing_days"])
        self.expect(sum(crossed) == missing, f"the calendar shows {sum(crossed)} missing days and not {missing}")
        bars = [(int(bar["title"].split(": ")[1].split(" (")[0].replace(",", "")), bar["height"]) for bar in shown["bars"]]
        highest = max((events for events, _ in bars), default=0)
        self.expect(sum(events for events, _ in bars) == sum(day["events"] for day in found["days"]), "bars lack events")
        for events, height in bars:
            expected = max(LEAST_BAR, HIGHEST_BAR * events / highest)
            self.expect(abs(height - expected) <= 1, f"a bar of {events} events is {height} high and not {expected}")
        command = found["recommended"]["command"] if found["lines"]["all"] else ""
        self.expect(shown["command"] == command, f"the command is {shown['command']}")
        names = [event["name"] for event in found["events"]]
        courses = [row["id"] for row in found["courses"]["top"]]
        for texts, values in ((shown["names"], names), (shown["courses"], courses)):
            for text, value in zip(texts, values):
                start = text.removesuffix("…")
                whole = value.isprintable() and len(value) <= 120
                self.expect(text == value if whole else "\\u{" in text or value.startswith(start), f"{value!r} is shown as {text!r}")
                unseen = [c for c in text if unicodedata.category(c) in ("Cc", "Cf", "Zl", "Zp")]
                self.expect(not unseen, f"{value!r} is shown with {unseen}")


def plain(value):
    """Returns a value of the JSON as the page has it."""
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() else repr(value)
    return str(value)


def shows(text, value):
    """Returns whether a text shows a value as people read it."""
    text = text.replace("\xa0", " ").strip()
    words = {"default": "yes", "on-request": "on request", "no": "no"}
    if value in words:
        return text == words[value]
    if text.endswith("%"):
        share = 100 * float(value)
        return 0 < share < 0.1 if text.startswith("<") else abs(float(text[:-2]) - share) < 0.0501
    number, _, unit = text.partition(" ")
    factor = {"kB": 1e3, "MB": 1e6, "GB": 1e9, "B": 1}.get(unit)
    if factor:
        return abs(float(number) * factor - int(value)) <= 0.051 * factor or abs(float(number) * factor / int(value) - 1) < 0.006
    if value.isdigit():
        return text == f"{int(value):,}"
    return text == value or text == value.rstrip("Z").replace("T", " ")


def check(browser, path, inspection, pictures):
    """Returns the problems of a page."""
    page = Page(browser, inspection)
    size = path.stat().st_size
    page.expect(size < 1_000_000, f"the page has {size} bytes")
    backgrounds = set()
    for width in (360, 1400):
        for dark in (False, True):
            browser.open(path.as_uri(), width, dark)
            view = f"at {width} pixels, in {'dark' if dark else 'light'}"
            requests = browser.requests()
            page.expect(requests == [path.as_uri()], f"requests {view}: {requests}")
            # The tables of a usual log fit without scrolling.
            strict = path.stem == "sample" or width > 1000
            for problem in page.run("layout", strict):
                page.expect(False, f"{view}: {problem}")
            contrast = page.run("contrast")
            backgrounds.add(contrast["page"])
            for problem in contrast["wrong"]:
                page.expect(False, f"{view}: {problem}")
            if pictures:
                browser.screenshot(pictures / f"{path.stem}-{width}-{'dark' if dark else 'light'}.png", width)
            if width == 360 and not dark:
                page.run("openDetails")
                for problem in page.run("layout", False):
                    page.expect(False, f"{view}, with all tables: {problem}")
    page.expect(len(backgrounds) == 2, "light and dark have the same background")
    page.check_numbers()
    page.check_contents()
    page.problems += page.run("markup")
    return page.problems


def inspect(event_router, arguments, html):
    """Writes a page, and returns the JSON of the same run."""
    command = [event_router, "inspect", "--quiet", "--json", "--html", html, *arguments]
    run = subprocess.run(command, capture_output=True, text=True)
    if run.returncode != 0:
        raise SystemExit(f"{' '.join(map(str, command))} ended with exit code {run.returncode}\n{run.stderr}")
    return json.loads(run.stdout)


def main(event_router, chromium, option=None, pictures=None):
    if option not in (None, "--pictures") or (option and not pictures):
        raise SystemExit(__doc__)
    pictures = pictures and Path(pictures)
    if pictures:
        pictures.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as directory:
        directory = Path(directory)
        cases = {"sample": [SAMPLE]} | logs.write(directory)
        pages = {name: directory / f"{name}.html" for name in cases}
        inspections = {name: inspect(event_router, cases[name], pages[name]) for name in cases}
        failed = 0
        libraries = os.environ.get("CHROMIUM_LIBRARIES", "")
        with Browser(chromium, libraries) as browser:
            for name, path in pages.items():
                problems = check(browser, path, inspections[name], pictures)
                failed += bool(problems)
                print(f"{'FAILED' if problems else 'ok'}: {name}, {path.stat().st_size} bytes")
                for problem in problems[:20]:
                    print(f"    {problem}")
    if failed:
        raise SystemExit(f"{failed} of {len(pages)} pages failed")


if __name__ == "__main__":
    main(*sys.argv[1:])
