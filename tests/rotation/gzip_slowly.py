#!/usr/bin/env python3
"""The program of `compresscmd`: writes its output in pieces over a second or two, as gzip does with a large log."""
import gzip
import os
import random
import sys
import time

PIECES = 20
seconds = random.uniform(0.3, 1.8)
packed = gzip.compress(sys.stdin.buffer.read())
size = -(-len(packed) // PIECES)
for start in range(0, len(packed), size):
    time.sleep(seconds / PIECES)
    os.write(1, packed[start : start + size])
