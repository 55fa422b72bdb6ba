#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes iapc.1 and a page of each command into a folder, from what the program says of itself.

    scripts/man-pages.py .build/release/iapc FOLDER
"""

import json
import os
import subprocess
import sys
import time
from pathlib import Path


def escaped(text):
    """Text that troff takes as it stands."""
    text = text.replace("\\", "\\e").replace("-", "\\-").replace("^", "\\(ha").replace("~", "\\(ti")
    text = text.replace("`", "\\(ga").replace("'", "\\(aq")
    return "\\&" + text if text.startswith(".") else text


def prose(text):
    """Lines at the margin are filled to paragraphs; indented ones, examples and tables, stay as they are."""
    lines, kept = [], False
    for line in text.splitlines():
        keep = line.startswith(" ")
        if keep != kept and line:
            lines.append(".RS 2\n.nf" if keep else ".fi\n.RE")
            kept = keep
        if line:
            lines.append(escaped(line[2:] if keep else line))
        elif lines:
            lines.append(".sp" if kept else ".PP")
    return lines + ([".fi\n.RE"] if kept else [])


def named(argument):
    """An option with its value, as the help text has it; bold for troff."""
    value = f" \\fI{escaped('<' + argument['valueName'] + '>')}\\fR" if argument["kind"] == "option" else ""
    if argument["kind"] == "positional":
        return f"\\fI{escaped('<' + argument['valueName'] + '>')}\\fR"
    dash = {"long": "--", "short": "-", "longWithSingleDash": "-"}
    names = [f"\\fB{escaped(dash[name['kind']] + name['name'])}\\fR" for name in argument["names"]]
    return ", ".join(names) + value


def explained(argument):
    words = [argument.get("abstract", "")]
    values = argument.get("allValues")
    if values and not all(value in words[0] for value in values):
        words.append(f"({', '.join(values)})")
    if argument.get("defaultValue") and argument["kind"] != "flag":
        words.append(f"(default: {argument['defaultValue']})")
    return [".TP", named(argument), escaped(" ".join(word for word in words if word) or "See above.")]


def page(command, path, version, date):
    name = "-".join(path)
    others = [c for c in command.get("subcommands", []) if c["commandName"] != "help"]
    options = [a for a in command.get("arguments", []) if a["shouldDisplay"]]
    lines = [f'.TH {name.upper()} 1 {date} "iapc {version}"', ".SH NAME"]
    lines.append(f"{escaped(name)} \\- {escaped(command['abstract'].rstrip('.'))}")
    use = [f"\\fB{escaped(' '.join(path))}\\fR"] + (["\\fIcommand\\fR"] if others else [])
    use += [named(a) + (" ..." if a["isRepeating"] else "") for a in options if a["kind"] == "positional"]
    lines += [".SH SYNOPSIS", " ".join(use + (["[\\fIoptions\\fR]"] if options else []))]
    if command.get("discussion"):
        lines += [".SH DESCRIPTION"] + prose(command["discussion"])
    if options:
        lines.append(".SH OPTIONS")
        for argument in options:
            lines += explained(argument)
    if others:
        lines.append(".SH COMMANDS")
        for other in others:
            lines += [".TP", f"\\fB{escaped(name + '-' + other['commandName'])}\\fR(1)"]
            lines.append(escaped(other["abstract"]))
    if len(path) > 1:
        lines += [".SH SEE ALSO", f".BR {escaped('-'.join(path[:-1]))} (1)"]
    yield name, "\n".join(lines) + "\n"
    for other in others:
        yield from page(other, path + [other["commandName"]], version, date)


def main():
    program, folder = sys.argv[1], Path(sys.argv[2])
    told = subprocess.run([program, "--experimental-dump-help"], check=True, capture_output=True).stdout
    version = subprocess.run([program, "--version"], check=True, capture_output=True, text=True).stdout.strip()
    seconds = int(os.environ.get("SOURCE_DATE_EPOCH", time.time()))
    date = time.strftime("%Y-%m-%d", time.gmtime(seconds))
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in page(json.loads(told)["command"], ["iapc"], version, date):
        (folder / f"{name}.1").write_text(text)


if __name__ == "__main__":
    main()
