# SPDX-License-Identifier: Apache-2.0
"""Reads Markdown: its blocks of code, the commands in them, and faults that need no run."""

import re
import subprocess
from dataclasses import dataclass


# Options of other programs in running text.
OTHERS = {"--id-type", "--filter"}


@dataclass
class Block:
    line: int
    language: str
    text: str


def blocks(text):
    """The code blocks of a document; indented ones are shell."""
    found, lines, index = [], text.splitlines(), 0
    while index < len(lines):
        fence = re.match(r"(```+)(\S*)", lines[index])
        begin = index
        if fence:
            index += 1
            while index < len(lines) and not lines[index].startswith(fence[1]):
                index += 1
            body = lines[begin + 1:index]
            language = "sh" if fence[2] in ("sh", "bash") else fence[2]
            found.append(Block(begin + 2, language, "\n".join(body) + "\n"))
        elif lines[index].startswith("    ") and (index == 0 or not lines[index - 1].strip()):
            while index < len(lines) and (lines[index].startswith("    ") or not lines[index].strip()):
                index += 1
            body = [line[4:] for line in lines[begin:index]]
            found.append(Block(begin + 1, "sh", "\n".join(body).rstrip() + "\n"))
            continue
        index += 1
    return found


def commands(code, line):
    """The commands of a shell block with their lines; one that goes on over several lines counts once."""
    found, begun = [], None
    for number, text in enumerate(code.splitlines(), line):
        begun = (number, text.strip()) if begun is None else (begun[0], f"{begun[1]} {text.strip()}")
        if begun[1].endswith("\\"):
            begun = (begun[0], begun[1][:-1].strip())
            continue
        if begun[1] and not begun[1].startswith("#"):
            found.append(begun)
        begun = None
    return found


def masked(line):
    """A line without its numbers, hashes and spaces: what stays the same on another machine."""
    line = re.sub(r"\b[0-9a-f]{32,64}\b", "#", line)
    line = re.sub(r"[-+]?\d[\d.,]*", "#", line)
    line = re.sub(r"\b(KiB|MiB|GiB|ms|s|min|h)\b", "unit", line)
    return " ".join(line.split())


def anchors(text):
    """The anchors of a document's headings, as GitHub makes them."""
    found = set()
    for heading in re.findall(r"^#+ (.*)$", re.sub(r"```.*?```", "", text, flags=re.DOTALL), re.MULTILINE):
        heading = re.sub(r"\[([^]]*)\]\([^)]*\)", r"\1", heading).replace("`", "")
        anchor = re.sub(r"[^\w\- ]", "", heading.strip().lower()).replace(" ", "-")
        repeats = sum(1 for other in found if re.fullmatch(rf"{re.escape(anchor)}(-\d+)?", other))
        found.add(f"{anchor}-{repeats}" if repeats else anchor)
    return found


def faults(root, options):
    """Dead links and anchors, and commands and options in running text that there are not."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "*.md", ":!*.docc/*"],
        cwd=root, check=True, capture_output=True, text=True).stdout.split()
    index = (root / "README.md").read_text()
    found = [
        f"README.md: no link to {name}" for name in listed
        if name.startswith("Documentation/") and f"({name})" not in index]
    known = messages(root)
    for name in listed:
        text = (root / name).read_text()
        plain = re.sub(r"^(```+).*?^\1", "", text, flags=re.DOTALL | re.MULTILINE)
        for target in re.findall(r"\]\(([^)\s]+)\)", plain):
            found += [f"{name}: {fault}" for fault in link_faults(root, root / name, target)]
        for span in re.findall(r"`([^`\n]+)`", plain):
            found += [f"{name}: `{span}`: {fault}" for fault in span_faults(root, span, options)]
        found += [f"{name}: nothing says `{span}`" for span in quoted(text) if not is_said(span, known)]
    return found


def messages(root):
    """The texts of the program, with # for what is put into them."""
    sources = "\n".join(path.read_text() for path in (root / "Sources").rglob("*.swift"))
    literals = re.findall(r'"((?:\\\((?:[^()]|\([^()]*\))*\)|[^"\\\n]|\\.)+)"', sources)
    return {re.sub(r"\\\((?:[^()]|\([^()]*\))*\)", "#", literal) for literal in literals}


def quoted(text):
    """What the tables of what goes wrong say that the program says."""
    for section in re.findall(r"^## What goes wrong\n(.*?)(?=^## |\Z)", text, re.MULTILINE | re.DOTALL):
        for row in re.findall(r"^\| (?!what)([^|]*) \|", section, re.MULTILINE):
            yield from (span for span in re.findall(r"`([^`]+)`", row) if " " in span)


def is_said(span, known):
    plain = re.sub(r"\d+", "#", span)
    for message in known:
        parts = [re.escape(part) for part in message.split("#")]
        if plain in message or (2 * len("".join(parts)) > len(span) and re.search(".+".join(parts), span)):
            return True
    return False


def link_faults(root, file, target):
    if re.match(r"[a-z]+:", target):
        return
    path, _, anchor = target.partition("#")
    other = (file.parent / path).resolve() if path else file
    if not other.exists() or not other.is_relative_to(root):
        yield f"the link {target} leads nowhere"
    elif anchor and other.suffix == ".md" and anchor not in anchors(other.read_text()):
        yield f"the link {target} names no heading"


def span_faults(root, span, options):
    """What is wrong with a command or option in running text."""
    words = span.split()
    if words[0] == "make" and len(words) > 1 and re.fullmatch("[a-z-]+", words[1]):
        if not re.search(rf"^{words[1]}:", (root / "Makefile").read_text(), re.MULTILINE):
            yield "there is no such make target"
    elif re.fullmatch(r"(scripts|Tests|Sources|Reference|Documentation|Fuzz)/[\w./+-]+", words[0]):
        # A word in capitals stands for any name.
        if not re.search(r"/[A-Z]+$", words[0]) and not (root / words[0]).exists():
            yield f"there is no {words[0]}"
    elif words[0] == "iapc":
        path = tuple(words[:1])
        for word in words[1:]:
            if path + (word,) in options:
                path += (word,)
        if len(words) > 1 and re.fullmatch(r"[a-z-]+", words[1]) and len(path) == 1 and words[1] != "help":
            yield f"there is no command {words[1]}"
        for word in words:
            if re.fullmatch(r"--[a-z-]+", word) and word not in options[path]:
                yield f"{' '.join(path)} has no option {word}"
    elif words[0].startswith("--"):
        known = set().union(*options.values(), OTHERS)
        for word in words:
            if re.fullmatch(r"--[a-z-]+", word) and word not in known:
                yield f"no command has the option {word}"
