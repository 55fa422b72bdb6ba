#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes the wheel of the Python package: make-wheel.py TAG FOLDER PROGRAM LAUNCHER LAYER...

PROGRAM is the built `iapc`, LAUNCHER what the command `iapc` is, each LAYER a libCTorch-MINOR.so. The wheel lies in FOLDER;
what it says of itself is in Python/pyproject.toml, and its version is the program's. The last line printed is its path.
"""

import base64
import hashlib
import re
import sys
import time
import tomllib
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def version():
    source = (ROOT / "Sources/Adaptation/Runs/Folder/Manifest.swift").read_text()
    return re.search(r'let iapcVersion = "([^"]+)"', source)[1]


def metadata(project, number):
    """METADATA of the core metadata 2.4."""
    lines = [
        "Metadata-Version: 2.4", f"Name: {project['name']}", f"Version: {number}", f"Summary: {project['description']}",
        f"License-Expression: {project['license']}", "License-File: LICENSE", "License-File: NOTICE",
        f"Keywords: {','.join(project['keywords'])}", f"Requires-Python: {project['requires-python']}",
        "Description-Content-Type: text/markdown"]
    lines += [f"Classifier: {text}" for text in project["classifiers"]]
    lines += [f"Requires-Dist: {text}" for text in project["dependencies"]]
    for extra, packages in project["optional-dependencies"].items():
        lines += [f"Provides-Extra: {extra}"]
        lines += [f"Requires-Dist: {text}; extra == '{extra}'" for text in packages]
    return "\n".join(lines) + "\n\n" + (ROOT / "Python" / project["readme"]).read_text()


def main(tag, folder, program, launcher, *layers):
    project = tomllib.loads((ROOT / "Python/pyproject.toml").read_text())["project"]
    number = version()
    info, data = (f"{project['name']}-{number}.{kind}" for kind in ("dist-info", "data"))
    files = [(f"iapc/{path.name}", path.read_bytes(), 0o644)
             for path in sorted((ROOT / "Python/iapc").iterdir()) if path.suffix == ".py" or path.name == "py.typed"]
    files.append(("iapc/bin/iapc", Path(program).read_bytes(), 0o755))
    files += [(f"iapc/bin/{Path(layer).name}", Path(layer).read_bytes(), 0o755) for layer in layers]
    files.append((f"{data}/scripts/iapc", Path(launcher).read_bytes(), 0o755))
    wheel = f"Wheel-Version: 1.0\nGenerator: iapc make-wheel\nRoot-Is-Purelib: false\nTag: py3-none-{tag}\n"
    files += [(f"{info}/METADATA", metadata(project, number).encode(), 0o644), (f"{info}/WHEEL", wheel.encode(), 0o644)]
    files += [(f"{info}/licenses/{name}", (ROOT / name).read_bytes(), 0o644) for name in ("LICENSE", "NOTICE")]
    record = "".join(
        f"{name},sha256={base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b'=').decode()},{len(content)}\n"
        for name, content, _ in files)
    files.append((f"{info}/RECORD", f"{record}{info}/RECORD,,\n".encode(), 0o644))
    path = Path(folder) / f"{project['name']}-{number}-py3-none-{tag}.whl"
    path.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for name, content, mode in files:
            entry = zipfile.ZipInfo(name, time.gmtime()[:6])
            entry.compress_type, entry.external_attr = zipfile.ZIP_DEFLATED, (0o100000 | mode) << 16
            archive.writestr(entry, content)
    print(path)


if __name__ == "__main__":
    main(*sys.argv[1:])
