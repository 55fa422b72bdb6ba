# SPDX-License-Identifier: Apache-2.0
"""Adaptation steps beside processes that keep one core busy each."""

import contextlib
import subprocess
import sys

import step
from harness import Row

NEIGHBOURS = (("alone", 0), ("beside one busy process", 1), ("beside two busy processes", 2))


@contextlib.contextmanager
def neighbours(count):
    """Runs so many single-threaded processes that compute without a pause."""
    processes = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(count)]
    try:
        yield
    finally:
        for process in processes:
            process.kill()
            process.wait()


def beside(count, measure):
    def measured():
        with neighbours(count):
            return measure()

    return measured


def rows(folder, threads):
    _, espnet = step.cases(folder, threads)
    for name, count in NEIGHBOURS:
        yield Row(
            f"busy, step ESPNet {name}",
            beside(count, espnet.theirs), beside(count, lambda: espnet.ours("float32")), step.apart,
        )  # fmt: skip
