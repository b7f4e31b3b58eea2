"""
Writes 1,000 lines a second to a log, as a program does that logrotate tells to open its log again with SIGHUP.

    writer.py LOG OPENED LATE

Writes the inode of the log that it has open to the file OPENED. Goes on writing to the old log for up to LATE seconds after
SIGHUP, as rsyslog does. Ends at SIGTERM, and then prints the number of lines.
"""
import os
import random
import signal
import sys
import time

import lines

LINES_A_SECOND = 1000
# Every so many lines, a line is written in two pieces with a pause between them.
PIECES = 997


class Writer:
    def __init__(self, log, opened, late):
        self.log, self.opened, self.late = log, opened, late
        self.reopen_at = float("inf")
        self.ended = False
        self.file = None
        signal.signal(signal.SIGHUP, self.hang_up)
        signal.signal(signal.SIGTERM, self.terminate)
        self.open()

    def hang_up(self, *_):
        self.reopen_at = time.monotonic() + random.uniform(0, self.late)

    def terminate(self, *_):
        self.ended = True

    def open(self):
        if self.file is not None:
            os.close(self.file)
        self.reopen_at = float("inf")
        self.file = os.open(self.log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
        with open(self.opened, "w") as opened:
            print(os.fstat(self.file).st_ino, file=opened)

    def write(self):
        start = time.monotonic()
        number = 0
        while not self.ended:
            if time.monotonic() >= self.reopen_at:
                self.open()
            line = lines.line(number)
            middle = len(line) // 2 if number % PIECES == 0 else len(line)
            os.write(self.file, line[:middle])
            if line[middle:]:
                time.sleep(0.03)
                os.write(self.file, line[middle:])
            number += 1
            time.sleep(max(0, start + number / LINES_A_SECOND - time.monotonic()))
        print(number)


if __name__ == "__main__":
    Writer(sys.argv[1], sys.argv[2], float(sys.argv[3])).write()
