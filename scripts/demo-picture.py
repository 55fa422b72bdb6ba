# SPDX-License-Identifier: Apache-2.0
"""Puts scenes of the demo side by side: image, labels before and after adaptation, true labels. Needs Pillow."""

import sys
from pathlib import Path

from PIL import Image

ROOT = Path(__file__).resolve().parent.parent
out = ROOT / "demo/output"
target = sys.argv[1] if len(sys.argv) > 1 else "dusk"
scenes = sys.argv[2:] or ["00003", "00017"]


def row(scene):
    name = f"{target}_{scene}.png"
    image = Image.open(out / f"{target}-test/images" / name).convert("RGB")
    true = Image.open(out / f"{target}-test/labels" / name).convert("RGB")
    yield image
    for stage in ("before", "after"):
        yield Image.open(out / stage / "overlays" / name).convert("RGB")
    yield Image.blend(image, true, 0.5)


rows = [list(row(scene)) for scene in scenes]
width, height = rows[0][0].size
sheet = Image.new("RGB", (4 * (width + 4) - 4, len(rows) * (height + 4) - 4), "white")
for y, pictures in enumerate(rows):
    for x, picture in enumerate(pictures):
        sheet.paste(picture, (x * (width + 4), y * (height + 4)))
sheet.save(ROOT / f"Documentation/{target}.jpg", quality=88)
