"""Runs of event-router that start every second, and what they have delivered."""
import os
import random
import re
import subprocess
import sys
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import lines

sys.path.append(str(Path(__file__).parent.parent / "servers"))
import lrs

# A run in so many is killed, up to so many seconds after its start.
KILLED = 4
KILLED_WITHIN = 0.5
# The longest time of a run. A run that takes longer is a problem.
SECONDS = 60
# Parts of messages.
HELD_BACK = "is left to the next run"
MOVED = "was moved to"
REPEATED = "may be delivered a second time"


@dataclass
class Run:
    start: float
    end: float
    code: int
    stderr: str

    @property
    def was_killed(self):
        return self.code == -9

    def problem(self):
        """Returns the exit code and the errors of a run that should not have ended as it did."""
        if self.code == 0 or self.was_killed and self.end - self.start < SECONDS:
            return None
        errors = [line for line in self.stderr.splitlines() if not line.startswith(("note:", " "))]
        errors = re.sub(r"`/.*/", "`", "; ".join(line for line in errors if ": " in line))
        return f"exit code {self.code}: {errors}"


class Runs:
    """The runs of a command of event-router."""

    def __init__(self, event_router, directory, logs, arguments):
        self.command = [event_router, *arguments, "--to", "xapi", "--lms-root-url", "https://courses.example.org"]
        self.command += ["--state", directory / f"state-{arguments[0]}", logs]
        self.environment = {name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy")}
        self.environment |= {"EVENT_ROUTER_USERNAME": lrs.USERNAME, "EVENT_ROUTER_PASSWORD": lrs.PASSWORD}
        self.directory = directory
        self.runs = []

    def run(self, seconds=SECONDS):
        """Runs the command, and kills it after so many seconds."""
        start = time.monotonic()
        process = subprocess.Popen(
            self.command, cwd=self.directory, env=self.environment, stderr=subprocess.PIPE, text=True
        )
        try:
            stderr = process.communicate(timeout=seconds)[1]
        except subprocess.TimeoutExpired:
            process.kill()
            stderr = process.communicate()[1]
        self.runs.append(Run(start, time.monotonic(), process.returncode, stderr))

    def run_until(self, ended):
        """Starts a run every second, or later if the last one takes longer, until an event is set."""
        while not ended.is_set():
            start = time.monotonic()
            is_killed = random.randrange(KILLED) == 0
            self.run(random.uniform(0, KILLED_WITHIN) if is_killed else SECONDS)
            ended.wait(max(0, start + 1 - time.monotonic()))

    def problems(self, kept, not_kept):
        """
        Returns the problems of the runs, given the numbers of the lines that the log and its archives keep, and how many lines
        they do not keep.
        """
        ends = Counter(run.problem() for run in self.runs)
        problems = [f"{count} runs: {problem}" for problem, count in ends.items() if problem]
        delivered = self.delivered()
        lost = sorted(kept - delivered.keys())
        if lost:
            problems.append(f"{len(lost)} lines are not delivered, as {lost[:3]}")
        repeated = sorted(number for number, times in delivered.items() if times > 1)
        repeats = delivered.total() - len(delivered)
        if repeats > not_kept:
            problems.append(f"{repeats} repeats of {len(repeated)} lines, as {repeated[:3]}, {not_kept} are allowed")
        if repeats and not self.count(REPEATED):
            problems.append(f"{repeats} repeats, and no run says so")
        return [f"{type(self).__name__}: {problem}" for problem in problems]

    def count(self, text):
        """Returns the number of runs whose messages have a text."""
        return sum(text in run.stderr for run in self.runs)

    def text(self):
        killed = sum(run.was_killed for run in self.runs)
        slowest = max(run.end - run.start for run in self.runs)
        delivered = self.delivered()
        repeats = delivered.total() - len(delivered)
        texts = [f"{len(self.runs)} runs", f"{killed} killed", f"{slowest:.2f} s the slowest"]
        texts += [f"{self.count(HELD_BACK)} with files held back", f"{self.count(MOVED)} with moved files", f"{repeats} repeats"]
        return f"{type(self).__name__}: {', '.join(texts)}"


class Transforms(Runs):
    def __init__(self, event_router, directory, logs):
        self.out = directory / "out"
        super().__init__(event_router, directory, logs, ["transform", "-o", self.out])

    def delivered(self):
        return lines.numbers_of_statements(self.out)


class Sends(Runs):
    """Runs of `send`. A run may send again the statements of a run that was killed."""

    def __init__(self, event_router, directory, logs):
        self.lrs = CountingLrs()
        url = f"http://127.0.0.1:{self.lrs.port}/xAPI"
        super().__init__(event_router, directory, logs, ["send", "--url", url, "--dead-letters", "dead"])

    def delivered(self):
        killed = [run for run in self.runs if run.was_killed]
        times = Counter()
        for number, accepted in self.lrs.accepted.items():
            of_killed = [at for at in accepted[:-1] if any(run.start <= at <= run.end for run in killed)]
            times[number] = len(accepted) - len(of_killed)
        return times


class CountingLrs(lrs.Lrs):
    """An LRS that notes when it has accepted the statement of each line."""

    def __init__(self):
        self.accepted = {}
        super().__init__()

    def store(self, statements):
        at = time.monotonic()
        with self.lock:
            for statement in statements:
                self.stored[statement["id"]] = statement
                self.accepted.setdefault(lines.number(statement["timestamp"]), []).append(at)
        return True
