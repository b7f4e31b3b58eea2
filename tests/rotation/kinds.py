"""
Writes, rotates and reads a log for each kind of rotation, and checks what was delivered. `tests/rotation/run` calls this
script.

    kinds.py EVENT_ROUTER SLOW_TRUNCATION SECONDS [NAME...]
"""
import multiprocessing
import os
import random
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import dataclass
from pathlib import Path

import lines
from runs import HELD_BACK, Sends, Transforms

HERE = Path(__file__).parent


@dataclass
class Kind:
    """A kind of rotation: the directives of logrotate, and for how many seconds after SIGHUP the old log is written to."""

    name: str
    directives: list
    late: float = 0
    truncates: bool = False
    # Waits until the writer has opened the new log, since gzip would miss lines that are written later to the old log.
    waits: bool = False


KINDS = [
    Kind("create-compress", ["create", "compress"], waits=True),
    Kind("create-delaycompress", ["create", "compress", "delaycompress"], waits=True),
    Kind("late-hup", ["create", "compress", "delaycompress"], late=2.5),
    Kind("copytruncate", ["copytruncate", "compress"], truncates=True),
]


class Rotation:
    """The writer of a log, and logrotate."""

    def __init__(self, kind, directory, slow_truncation):
        self.kind, self.directory = kind, directory
        self.logs, self.opened = directory / "logs", directory / "opened"
        self.log = self.logs / "tracking.log"
        self.logs.mkdir()
        self.environment = dict(os.environ)
        if libraries := os.environ["ROTATION_LIBRARIES"]:
            self.environment["LD_LIBRARY_PATH"] = libraries
        if kind.truncates:
            self.environment["LD_PRELOAD"] = slow_truncation
        self.rotations = 0

    def start(self):
        command = [sys.executable, "-B", HERE / "writer.py", self.log, self.opened, str(self.kind.late)]
        self.writer = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        (self.directory / "logrotate.conf").write_text(self.settings())
        while not self.opened.exists() and self.writer.poll() is None:
            time.sleep(0.01)

    def settings(self):
        reopen = f"kill -HUP {self.writer.pid}"
        if self.kind.waits:
            is_open = f'[ "$(cat {self.opened})" = "$(stat -c %i {self.log})" ]'
            reopen += f"\n        until {is_open}; do sleep 0.01; done"
        if not self.kind.truncates:
            reopen = f"\n    postrotate\n        {reopen}\n    endscript"
        else:
            reopen = ""
        directives = "\n    ".join([*self.kind.directives, "rotate 1000", f"compresscmd {HERE / 'gzip_slowly.py'}"])
        return f"{self.log} {{\n    {directives}{reopen}\n}}\n"

    def rotate(self):
        command = ["logrotate", "--force", "--state", self.directory / "logrotate.state", self.directory / "logrotate.conf"]
        ended = subprocess.run(command, env=self.environment, capture_output=True, text=True, timeout=60)
        if ended.returncode != 0 or ended.stderr:
            raise RuntimeError(f"logrotate: exit code {ended.returncode}\n{ended.stderr}")
        self.rotations += 1

    def rotate_for(self, seconds):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            time.sleep(random.uniform(0.2, 1.8))
            # If the writer still writes to the last log, gzip would miss lines.
            while not self.kind.truncates and int(self.opened.read_text() or 0) != self.log.stat().st_ino:
                time.sleep(0.01)
            self.rotate()

    def stop(self):
        """Stops the writer, and returns the number of lines that it has written."""
        self.writer.terminate()
        return int(self.writer.communicate(timeout=60)[0])


def check_kind(kind, event_router, slow_truncation, seconds):
    """Returns the problems of a kind, a text about its runs, and the number of runs that met an unfinished file."""
    with tempfile.TemporaryDirectory(prefix="event-router-rotation-") as directory:
        directory = Path(directory)
        rotation = Rotation(kind, directory, slow_truncation)
        commands = [command(event_router, directory, rotation.logs) for command in (Transforms, Sends)]
        ended = threading.Event()
        threads = [threading.Thread(target=command.run_until, args=(ended,)) for command in commands]
        rotation.start()
        for thread in threads:
            thread.start()
        try:
            rotation.rotate_for(seconds)
        finally:
            written = rotation.stop()
            ended.set()
            for thread in threads:
                thread.join()
        kept = [number for log in rotation.logs.iterdir() for number in lines.numbers_of_log(log)]
        problems = []
        if not kind.truncates and sorted(kept) != list(range(written)):
            problems.append("the archives do not keep each line once")
        for command in commands:
            # Some runs that are not killed deliver the rest.
            for _ in range(3):
                command.run()
            problems += command.problems(set(kept), written - len(kept))
        texts = [command.text() for command in commands]
        texts.insert(0, f"{written} lines, {len(kept)} kept, {rotation.rotations} rotations")
        return problems, "; ".join(texts), sum(command.count(HELD_BACK) for command in commands)


def main():
    event_router, slow_truncation, seconds, *names = sys.argv[1:]
    kinds = [kind for kind in KINDS if not names or any(name in kind.name for name in names)]
    if not kinds:
        sys.exit(f"no kind has a name with one of {names}")
    with multiprocessing.Pool(len(kinds)) as pool:
        jobs = [(kind, event_router, slow_truncation, float(seconds)) for kind in kinds]
        results = pool.starmap(check_kind, jobs, chunksize=1)
    failed = False
    if not any(held_back for _, _, held_back in results):
        print("FAILED: no run met a file that was still being written, so the runs show nothing")
        failed = True
    for kind, (problems, text, _) in zip(kinds, results):
        failed |= bool(problems)
        print(f"{'FAILED' if problems else 'ok'}: {kind.name}: {text}")
        for problem in problems:
            print(f"  {problem}")
    sys.exit(failed)


if __name__ == "__main__":
    main()
