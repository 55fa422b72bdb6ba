# SPDX-License-Identifier: Apache-2.0
"""Writes what the tests of the data sets cannot write themselves: SYNTHIA's 16-bit label and a JPEG.

    python dataset_fixtures.py ../Tests/SegmentationTests/Fixtures/datasets
"""
import struct
import sys
import zlib
from pathlib import Path

import numpy as np
from PIL import Image

WIDTH, HEIGHT = 6, 4


def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png_rgb16(samples):
    """A PNG of three 16-bit channels, which Pillow cannot write."""
    height, width, _ = samples.shape
    rows = b"".join(b"\0" + row.astype(">u2").tobytes() for row in samples)
    header = struct.pack(">IIBBBBB", width, height, 16, 2, 0, 0, 0)
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows, 9))
            + chunk(b"IEND", b""))


def synthia_label():
    """The ids 0 to 22 and 0 again in red, instances in green, nothing in blue: the form of GT/LABELS."""
    samples = np.zeros((HEIGHT, WIDTH, 3), np.uint16)
    samples[..., 0] = (np.arange(WIDTH * HEIGHT) % 23).reshape(HEIGHT, WIDTH)
    samples[..., 1] = np.random.RandomState(3).randint(0, 65536, (HEIGHT, WIDTH))
    return samples


def main(folder):
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "synthia_label.png").write_bytes(png_rgb16(synthia_label()))
    image = np.random.RandomState(4).randint(0, 256, (HEIGHT, WIDTH, 3)).astype(np.uint8)
    Image.fromarray(image).save(folder / "street.jpg", quality=90)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
