# SPDX-License-Identifier: Apache-2.0
"""The rehearsal's results as a table: one row a run, from the JSON files that `iapc evaluate` wrote."""

import json
import sys
from pathlib import Path


def score(path):
    return 100 * json.loads(path.read_text())["mIoU"]


def main():
    folder = Path(sys.argv[1])
    source = json.loads((folder / "source.json").read_text())
    adapted = json.loads((folder / "adapted.json").read_text())
    print("IoU in %          source   adapted")
    for before, after in zip(source["classes"], adapted["classes"]):
        cells = ["-" if c["iou"] is None else f"{100 * c['iou']:.2f}" for c in (before, after)]
        print(f"{before['name']:<16}{cells[0]:>8}  {cells[1]:>8}")
    base = score(folder / "source.json")
    print()
    print("run                                  mIoU   to source")
    print(f"{'source network, on its own domain':<34}{score(folder / 'own.json'):>7.2f}")
    print(f"{'source network':<34}{base:>7.2f}")
    print(f"{'adapted':<34}{score(folder / 'adapted.json'):>7.2f}  {score(folder / 'adapted.json') - base:>+9.2f}")
    for path in sorted((folder / "ablations").glob("*.json")):
        print(f"  {path.stem:<32}{score(path):>7.2f}  {score(path) - base:>+9.2f}")


if __name__ == "__main__":
    main()
