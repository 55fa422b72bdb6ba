# SPDX-License-Identifier: Apache-2.0
"""Unpacks a Python wheel and checks every file: unpack-wheel.py WHEEL FOLDER

Each file must have the size and SHA-256 that the wheel's own RECORD lists, and none may be missing.
The folder must not exist; it is complete only when this program ends with status 0.
"""

import base64
import csv
import hashlib
import io
import os
import sys
import zipfile

CHUNK = 1 << 20


def listed_hashes(wheel):
    """The SHA-256 of each file in RECORD, as base64 without padding, and RECORD's own name."""
    record = next(name for name in wheel.namelist() if name.endswith(".dist-info/RECORD"))
    rows = csv.reader(io.TextIOWrapper(wheel.open(record), encoding="utf-8", newline=""))
    return record, {row[0]: row[1].removeprefix("sha256=") for row in rows if row and row[1]}


def extract(wheel, entry, folder):
    """Writes one file and answers its SHA-256 in RECORD's form."""
    target = os.path.normpath(os.path.join(folder, entry.filename))
    if not target.startswith(folder + os.sep):
        raise ValueError(f"{entry.filename} leads out of the folder")
    os.makedirs(os.path.dirname(target), exist_ok=True)
    digest = hashlib.sha256()
    with wheel.open(entry) as source, open(target, "wb") as file:
        while chunk := source.read(CHUNK):
            digest.update(chunk)
            file.write(chunk)
    os.chmod(target, (entry.external_attr >> 16) & 0o777 | 0o644)
    return base64.urlsafe_b64encode(digest.digest()).rstrip(b"=").decode()


def unpack(path, folder):
    """Unpacks all; raises ValueError or zipfile.BadZipFile where the wheel is damaged."""
    with zipfile.ZipFile(path) as wheel:
        record, hashes = listed_hashes(wheel)
        for entry in wheel.infolist():
            if entry.is_dir():
                continue
            found = extract(wheel, entry, folder)
            if entry.filename != record and hashes.pop(entry.filename, None) != found:
                raise ValueError(f"{entry.filename} is not the file that RECORD lists")
        if hashes:
            raise ValueError(f"{next(iter(hashes))} is missing")
    os.sync()


if __name__ == "__main__":
    try:
        unpack(sys.argv[1], os.path.abspath(sys.argv[2]))
    except OSError as error:
        sys.exit(f"cannot write {sys.argv[2]} ({error.strerror}): free some space there")
    except (ValueError, StopIteration, zipfile.BadZipFile) as error:
        sys.exit(f"the downloaded wheel is damaged ({error}): clear pip's cache or source of it")
    except KeyboardInterrupt:
        sys.exit(130)
