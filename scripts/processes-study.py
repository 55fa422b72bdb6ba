#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Measures what Documentation/Processes.md says of failures and of the exchange, and prints its tables.

    scripts/processes-study.py                  both, about five minutes
    scripts/processes-study.py failures
    scripts/processes-study.py exchange

Each failure comes to a job that takes steps; then how long it is until every process of it has ended, with what status,
what stands on stderr, and whether --resume goes on. The cut cable needs root, for network namespaces.
"""

import argparse
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
IAPC = ROOT / ".build/release/iapc"
WEIGHTS = ROOT / "demo/source.safetensors"
NAMES = ("iapc-study-a", "iapc-study-b")
ADDRESSES = ("10.213.8.1", "10.213.8.2")


def start(arguments, more=None, before=()):
    environment = {**os.environ, **(more or {})}
    environment.setdefault("OMP_NUM_THREADS", "1")
    return subprocess.Popen(
        [*before, str(IAPC), *arguments], env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE, text=True)


def run(arguments):
    subprocess.run([str(IAPC), *arguments], check=True, stdin=subprocess.DEVNULL, capture_output=True)


def free_port():
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return found.getsockname()[1]


def place(rank, count, port, host="127.0.0.1"):
    return {"RANK": str(rank), "WORLD_SIZE": str(count), "MASTER_ADDR": host, "MASTER_PORT": str(port)}


def children(launcher):
    """The processes that a launcher has started, by rank."""
    found = {}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            variables = (folder / "environ").read_bytes().decode(errors="replace").split("\0")
        except OSError:
            continue
        if f"IAPC_LAUNCHER={launcher.pid}" in variables:
            rank = next(text[5:] for text in variables if text.startswith("RANK="))
            found[int(rank)] = int(folder.name)
    return found


def steps(folder):
    try:
        return len((folder / "metrics.jsonl").read_text().splitlines())
    except OSError:
        return 0


class Study:
    def __init__(self, folder):
        self.folder = folder
        self.run_folder = folder / "run"
        os.environ["IAPC_CACHE"] = str(folder / "cache")
        run(["data", "streets", "--domain", "dusk", "--size", "320x240", "--count", "8", "--output",
             str(folder / "scenes")])

    def adapt(self, *more):
        images = str(self.folder / "scenes/images")
        size = ["--crop", "128x96", "--batch", "6", "--steps", "4000"]
        settings = ["selection.every=0", "checkpoint.every=4000", "runtime.plan=off"]
        return ["adapt", "--profile", "paper", "--weights", str(WEIGHTS), "--images", images, *size,
                *(word for setting in settings for word in ("--set", setting)), "--overwrite", "--output",
                str(self.run_folder), *more]

    def await_steps(self, count=3):
        end = time.time() + 120
        while steps(self.run_folder) < count and time.time() < end:
            time.sleep(0.05)

    def row(self, name, jobs, began, resumes=True, dead=()):
        """Waits for all jobs; `dead` are those whose end is no news."""
        told, statuses = [], []
        for job in jobs:
            said = job.communicate(timeout=300)[1]
            if job in dead:
                continue
            statuses.append(job.returncode)
            told += [line for line in re.split(r"[\r\n]", said) if line.startswith(("error: ", "stopped by"))]
        seconds = time.time() - began
        ended = "-"
        if resumes:
            done = steps(self.run_folder)
            resumed = start(["adapt", "--resume", str(self.run_folder), "--steps", str(done + 2)])
            said = resumed.communicate()[1]
            after = re.search(r"resumed after step (\d+)", said)
            ended = f"of {done} steps, from {after[1] if after else 0}" if resumed.returncode == 0 else said.strip()
        words = "; ".join(self.short(line) for line in told) or "nothing"
        print(f"| {name} | {seconds:.1f} s | {', '.join(str(s) for s in statuses)} | {words} | {ended} |", flush=True)

    def short(self, line):
        """What is said, without what to do, and without what differs from one run of the study to the next."""
        line = line.split("; ")[0].replace(str(self.folder), "").replace(socket.gethostname(), "HOST")
        line = re.sub(r"\b([0-9a-f]{8})[0-9a-f]{56}\b", r"\1...", re.sub(r"process \d+", "process N", line))
        return f"`{re.sub(r'127.0.0.1:[0-9]+', 'HOST:PORT', line)}`"

    # MARK: Failures

    def failures(self):
        print("| what happens | until all have ended | status | on stderr | resumed |\n|---|---|---|---|---|")
        for name, rank, number in (
                ("rank 1 of 3 is killed", 1, signal.SIGKILL), ("rank 0 of 3 is killed", 0, signal.SIGKILL),
                ("rank 1 of 3 is stopped", 1, signal.SIGSTOP), ("SIGTERM at rank 2 of 3", 2, signal.SIGTERM),
                ("Ctrl-C", None, signal.SIGINT)):
            self.signalled(name, rank, number)
        self.cut_cable()
        self.before_the_start()

    def signalled(self, name, rank, number):
        shutil.rmtree(self.run_folder, ignore_errors=True)
        job = start(self.adapt("--processes", "3"))
        self.await_steps()
        target = job.pid if rank is None else children(job)[rank]
        began = time.time()
        os.kill(target, number)
        self.row(name, [job], began)

    def cut_cable(self):
        if os.geteuid() != 0 or shutil.which("ip") is None:
            print("| the cable between two machines is cut | not measured: needs root and `ip` | | | |")
            return
        try:
            for name in NAMES:
                ip("netns", "add", name)
            ip("-n", NAMES[0], "link", "add", "cable", "type", "veth", "peer", "name", "cable", "netns", NAMES[1])
            for name, address in zip(NAMES, ADDRESSES):
                ip("-n", name, "address", "add", f"{address}/24", "dev", "cable")
                for link in ("lo", "cable"):
                    ip("-n", name, "link", "set", link, "up")
            shutil.rmtree(self.run_folder, ignore_errors=True)
            port = free_port()
            jobs = [
                start(self.adapt(), place(rank, 2, port, ADDRESSES[0]), ("ip", "netns", "exec", NAMES[rank]))
                for rank in (0, 1)]
            self.await_steps()
            began = time.time()
            ip("-n", NAMES[0], "link", "set", "cable", "down")
            self.row("the cable between two machines is cut", jobs, began)
        finally:
            for name in NAMES:
                subprocess.run(["ip", "netns", "delete", name], check=False, capture_output=True)

    def before_the_start(self):
        shutil.rmtree(self.run_folder, ignore_errors=True)
        other = self.folder / "other.safetensors"
        run(["train", "--images", str(self.folder / "scenes/images"), "--labels", str(self.folder / "scenes/labels"),
             "--label-space", "camvid11", "--crop", "64x48", "--batch", "2", "--steps", "1", "--set", "runtime.plan=off",
             "--output", str(self.folder / "other")])
        shutil.copy(self.folder / "other/last.safetensors", other)
        port, began = free_port(), time.time()
        weights = [(), ("--weights", str(other))]
        jobs = [start(self.adapt(*weights[rank]), place(rank, 2, port)) for rank in (0, 1)]
        self.row("rank 1 of 2 has other weights", jobs, began, resumes=False)
        for rank in (0, 1):
            began = time.time()
            job = start(self.adapt("--join-timeout", "5"), place(1 - rank, 2, free_port()))
            self.row(f"rank {rank} of 2 never comes, `--join-timeout 5`", [job], began, resumes=False)

    # MARK: Exchange

    def exchange(self, count):
        print("| processes | statistics | gradients | seconds a step | messages | MB | waiting | of the step |")
        print("|---|---|---|---|---|---|---|---|")
        for threads in ("1", "2"):
            self.timed(1, "on", "on", count, "--threads", threads)
        for sync in ("on", "off"):
            for overlap in ("on", "off"):
                self.timed(2, sync, overlap, count, "--threads", "1")

    def timed(self, processes, sync, overlap, count, *more):
        numbers = self.folder / "numbers.json"
        run(["benchmark", "step", "--weights", str(WEIGHTS), "--crop", "320x240", "--batch", "4", "--profile", "paper",
             "--steps", str(count), "--processes", str(processes), "--set", f"batch_norm.sync={sync}", "--set",
             f"overlap={overlap}", "--json", str(numbers), *more])
        found = json.loads(numbers.read_text())
        median = f"{found['seconds_per_step']['median']:.3f}"
        if processes == 1:
            print(f"| 1, threads: {found['threads']} | its own | | {median} | | | | |", flush=True)
            return
        told = found["exchange"]
        how = f"{'shared' if sync == 'on' else 'its own'} | {'during' if overlap == 'on' else 'after'} backward"
        print(
            f"| {processes} | {how} | {median} | {told['messages']:.0f} | {told['bytes'] / 1e6:.2f} "
            f"| {1000 * told['seconds']:.0f} ms | {100 * told['share']:.0f} % |", flush=True)


def ip(*words):
    subprocess.run(["ip", *words], check=True, capture_output=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("part", nargs="?", choices=("failures", "exchange"))
    parser.add_argument("--steps", type=int, default=20, help="steps to time (default: 20)")
    given = parser.parse_args()
    if not IAPC.exists():
        sys.exit("there is no .build/release/iapc: run make build first")
    folder = Path(tempfile.mkdtemp(prefix="iapc-processes-"))
    try:
        study = Study(folder)
        if given.part != "exchange":
            study.failures()
            print()
        if given.part != "failures":
            study.exchange(given.steps)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
