#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Lists the public symbols without a documentation comment, and ends with 1 where there is one.

    scripts/undocumented.py FOLDER    a folder with a folder of symbol graphs for each room

Members that the compiler makes, and those that take over the words of what they implement, count as documented; code
that a generator wrote is left out.
"""

import json
import sys
from pathlib import Path
from urllib.parse import unquote, urlparse

ROOT = Path(__file__).resolve().parent.parent


def bare(graph):
    """The undocumented symbols of a graph: file, line and name."""
    for symbol in json.loads(graph.read_text())["symbols"]:
        place = symbol.get("location")
        if "docComment" in symbol or not place or "::SYNTHESIZED::" in symbol["identifier"]["precise"]:
            continue
        file = Path(unquote(urlparse(place["uri"]).path))
        if not file.is_relative_to(ROOT / "Sources") or "Generated" in file.parts:
            continue
        yield str(file.relative_to(ROOT)), place["position"]["line"] + 1, ".".join(symbol["pathComponents"])


def main():
    found = sorted({symbol for graph in Path(sys.argv[1]).rglob("*.symbols.json") for symbol in bare(graph)})
    for file, line, name in found:
        print(f"{file}:{line}: {name} has no documentation")
    sys.exit(1 if found else 0)


if __name__ == "__main__":
    main()
