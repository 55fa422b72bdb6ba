#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs every command of the documents on miniatures, and checks their blocks, links and option names.

    scripts/docs-check.py               all documents
    scripts/docs-check.py README.md     one
    scripts/docs-check.py --keep FOLDER what was made stays there

Indented blocks are shell; fenced ones say their language. Each command runs as it stands, but for what SMALLER
appends so that it takes seconds; what is in NOT_RUN is looked up instead. A `text` block after a shell block is what
the commands print: its lines must be among theirs, numbers aside. A block whose first line is `# NAME` becomes that
file. Python blocks run where .venv has PyTorch. Swift blocks must be files of Examples/.
"""

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import docs_miniatures
import docs_text

ROOT = Path(__file__).resolve().parent.parent
IAPC = ROOT / ".build/release/iapc"
PYTHON = ROOT / ".venv/bin/python"
HAS_TORCH = (ROOT / ".venv/complete").exists()
DOCUMENTS = ["README.md", "CONTRIBUTING.md", "Benchmarks/README.md", "Reference/README.md"]

# What is appended to a command, the first that fits: the last option of a name counts.
SMALLER = [
    (r"iapc train --config", "--network deeplabv2-resnet50 --allow-missing --size 160x80 --crop 64x64 --batch 1"
     " --steps 1"),
    (r"iapc adapt --config", "--network deeplabv2-resnet50 --allow-missing --size 160x80 --crop 64x64 --batch 1"
     " --steps 1 --set pseudo_labels.size=64x64"),
    (r"iapc (evaluate|pseudo-label) --config", "--network deeplabv2-resnet50 --allow-missing --size 128x64"),
    (r"iapc compare", "--size 160x120 --crop 80x64 --batch 2 --steps 2"),
    (r"iapc adapt --resume", "--steps 6"),
    (r"iapc adapt --processes", "--size 160x120 --crop 80x64 --batch 4 --steps 2 --set checkpoint.every=1"),
    (r"iapc adapt", "--size 160x120 --crop 80x64 --batch 2 --steps 2 --set checkpoint.every=1"),
    (r"iapc train", "--crop 80x64 --batch 2 --steps 2"),
    (r"iapc .*--dataset (gta5|cityscapes).*--size", "--allow-missing --size 160x80"),
    (r"iapc .*--dataset (gta5|cityscapes)", "--allow-missing"),
    (r"iapc .*--size", "--size 160x120"),
]

# What is not run, with the reason; that its targets and scripts are there is checked.
NOT_RUN = [
    (r"make (wheel|demo|rehearsal|bench|cost|soak|torture|fuzz|sanitize|nccl-check)\b", "takes minutes to hours"),
    (r"make (test|lint|format|docs|docs-check|fixtures|clean)\b|\.ci/run", "CI runs it, or it runs this check"),
    (r"make (setup|build)\b|swift (build|test|run)\b", "this check begins with what it leaves"),
    (r"scripts/(sanitize|demo|selection-study|methods-study|methods-table|time-to|check-report|processes-study|nccl-check)\.?\S*|Benchmarks/\S+", "takes minutes to hours"),
    (r"\.venv/bin/python scripts/demo-picture\.py", "needs the demo's output"),
    (r"IAPC_FUZZ_READER=|python golden_small|python loss_fixtures", "belongs to another make target"),
    (r"git clone|python3 -m venv|pip install", "fetches from the network"),
    (r"torchrun |srun |export MASTER_ADDR|RANK=0", "needs a launcher, or a cluster; ProcessesTests starts processes"),
    *([] if shutil.which("ffmpeg") else [(r"iapc predict .*--video", "SKIPPED, there is no ffmpeg")]),
    *([] if any((ROOT / ".venv").glob("lib/python*/site-packages/onnxruntime")) else
      [(r"python (use|to|module_to)_onnx\.py", "SKIPPED, there is no onnxruntime in .venv")]),
    *([] if any((ROOT / ".venv").glob("lib/python*/site-packages/transformers")) else
      [(r"python pretrained\.py", "SKIPPED, there is no transformers in .venv")]),
    *[(rf"python {name}\.py", f"SKIPPED, there is no {package} in .venv") for name, package in (
        ("unet", "segmentation_models_pytorch"), ("lraspp", "torchvision"), ("segformer", "transformers"))
      if not any((ROOT / ".venv").glob(f"lib/python*/site-packages/{package}"))],
    (r"tensorboard ", "serves until it is stopped"),
    (r"man ", "shows a page until it is left"),
]


class Failure(Exception):
    pass


def environment(folder):
    """Where `iapc` and `python` are those of this checkout, and the user's folder is the scratch folder."""
    tools = folder / "tools"
    tools.mkdir(exist_ok=True)
    if not (tools / "iapc").exists():
        (tools / "iapc").symlink_to(IAPC)
        if HAS_TORCH:
            # A link would lose the packages beside it.
            (tools / "python").write_text(f'#!/bin/sh\nexec "{PYTHON}" "$@"\n')
            (tools / "python").chmod(0o755)
    own = {"PYTHONPATH": str(ROOT / "Python"), "IAPC_CACHE": str(folder / "cache"), "HOME": str(folder), "OMP_NUM_THREADS": "1", "LC_ALL": "C.UTF-8"}
    return {**os.environ, **own, "PATH": f"{tools}:{os.environ['PATH']}"}


def look_up(command):
    """Checks that a command which is not run could be: its make target or its script is there."""
    if made := re.match(r"make ((?:[a-z-]+ ?)+)", command):
        for target in made[1].split():
            if not re.search(rf"^{target}:", (ROOT / "Makefile").read_text(), re.MULTILINE):
                raise Failure(f"there is no make target {target}")
    for script in re.findall(r"(?:scripts|Benchmarks)/[\w-]+\.(?:sh|py)|\.ci/run", command):
        if not (ROOT / script).is_file():
            raise Failure(f"there is no {script}")


class Checker:
    """Checks one document in a folder of its own."""

    def __init__(self, name, folder):
        self.name, self.folder = name, folder
        self.lines, self.failures = [], 0
        self.printed = None
        # What comes after Python that cannot run may need what it leaves.
        self.lacks_python = False

    def say(self, line, text):
        self.lines.append(f"{self.name}:{line}  {text}")

    def check(self):
        for block in docs_text.blocks((ROOT / self.name).read_text()):
            try:
                self.check_block(block)
            except (Failure, subprocess.TimeoutExpired) as failure:
                self.failures += 1
                self.say(block.line, f"FAILED, and with it what follows in its block: {failure}")
        return self

    def check_block(self, block):
        code = block.text.replace("/data/", "data/")
        if named := re.match(r"# (\S+\.(?:yaml|py))\n", block.text):
            (self.folder / named[1]).write_text(block.text)
        elif block.language == "yaml":
            raise Failure("a yaml block begins with a line `# NAME.yaml`")
        elif block.language == "python":
            self.python(block)
        if block.language == "sh":
            self.shell(block, code)
        elif block.language == "text":
            self.compare(block)
        elif block.language == "swift":
            if not any(block.text == file.read_text() for file in (ROOT / "Examples").rglob("*.swift")):
                raise Failure("a swift block must be a whole file of Examples/")
            self.say(block.line, "swift: as in Examples/")
        elif block.language not in ("python", "yaml"):
            raise Failure(f"a block in the unknown language {block.language or '(none)'}")

    def shell(self, block, code):
        self.printed = ""
        for line, text in docs_text.commands(code, block.line):
            command = re.sub(r"\s#\s.*", "", " ".join(text.split()))
            reason = next((why for pattern, why in NOT_RUN if re.match(pattern, command)), None)
            if reason:
                look_up(command)
                self.printed = None
                self.say(line, f"not run ({reason}): {command}")
            elif self.lacks_python or (command.startswith("python ") and not HAS_TORCH):
                self.lacks_python, self.printed = True, None
                self.say(line, f"SKIPPED, no PyTorch in .venv: {command}")
            else:
                self.run(line, command)

    def run(self, line, command):
        more = next((more for pattern, more in SMALLER if re.match(pattern, command)), "")
        if not re.match(r"(iapc|python|make|ls|cp|\.build/release/adapt-example) ", command):
            raise Failure(f"no known program: {command}")
        folder = ROOT if command.startswith("make ") else self.folder
        self.execute(line, ["bash", "-c", f"{command} {more}"], command + (f"  [+ {more}]" if more else ""), folder)

    def python(self, block):
        self.printed = ""
        if not HAS_TORCH:
            self.lacks_python, self.printed = True, None
            self.say(block.line, "SKIPPED, no PyTorch in .venv: a python block")
        else:
            self.execute(block.line, ["python", "-c", block.text], "a python block", self.folder)

    def execute(self, line, words, shown, folder):
        began = time.time()
        done = subprocess.run(
            words, cwd=folder, env=environment(self.folder), text=True, stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=300)
        if done.returncode != 0:
            raise Failure(f"status {done.returncode}: {shown}\n{done.stdout.strip()}")
        if self.printed is not None:
            self.printed += done.stdout
        self.say(line, f"{time.time() - began:.1f} s  {shown}")

    def compare(self, block):
        if self.printed is None:
            return self.say(block.line, "not compared: the commands before it are not run")
        found = {docs_text.masked(line) for line in re.split(r"[\r\n]", self.printed)}
        for line in filter(str.strip, block.text.splitlines()):
            wanted = docs_text.masked(line)
            if wanted.endswith("..."):
                fits = any(printed.startswith(wanted[:-3].strip()) for printed in found)
            else:
                fits = wanted in found
            if not fits:
                raise Failure(f"nothing printed this line: {line}\nprinted was:\n{self.printed.strip()}")
        self.say(block.line, "text: as printed")


def options():
    """The long options of each command, by its words."""
    told = subprocess.run([IAPC, "--experimental-dump-help"], check=True, capture_output=True).stdout
    found = {}

    def collect(command, words):
        found[words] = {
            "--" + name["name"] for argument in command.get("arguments", [])
            for name in argument.get("names", []) if name["kind"] == "long"}
        for other in command.get("subcommands", []):
            collect(other, words + (other["commandName"],))

    collect(json.loads(told)["command"], ("iapc",))
    return found


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("documents", nargs="*")
    parser.add_argument("--keep", help="a new folder to leave everything in")
    arguments = parser.parse_args()
    guides = sorted(str(path.relative_to(ROOT)) for path in (ROOT / "Documentation").glob("*.md"))
    names = arguments.documents or DOCUMENTS + guides
    if not IAPC.exists():
        sys.exit("there is no .build/release/iapc: run make build first")
    began = time.time()
    folder = Path(arguments.keep or tempfile.mkdtemp(prefix="iapc-docs-")).resolve()
    try:
        base = folder / "base"
        base.mkdir(parents=True)
        docs_miniatures.make(base, IAPC, ROOT, environment(base), PYTHON if HAS_TORCH else None)
        print(f"miniatures made in {time.time() - began:.0f} s")
        checkers = []
        for name in names:
            own = folder / name.replace("/", "-")
            shutil.copytree(base, own, symlinks=True, copy_function=os.link)
            checkers.append(Checker(name, own))
        # Commands compute with one thread each.
        failures = docs_text.faults(ROOT, options())
        with ThreadPoolExecutor(os.cpu_count()) as pool:
            for checker in pool.map(Checker.check, checkers):
                print("".join(f"{line}\n" for line in checker.lines), end="", flush=True)
                failures += [""] * checker.failures
    finally:
        if not arguments.keep:
            shutil.rmtree(folder, ignore_errors=True)
    for fault in filter(None, failures):
        print(f"FAILED: {fault}")
    print(f"{len(failures)} failures; everything took {time.time() - began:.0f} s")
    sys.exit(1 if failures else 0)


if __name__ == "__main__":
    main()
