# SPDX-License-Identifier: Apache-2.0
"""Reads a colour PNG of 16 bits a sample, as SYNTHIA's labels are, and writes its samples without coding.

Pillow keeps only the high byte of such a file, so the samples are read by zlib and numpy alone; their high
bytes have to be what Pillow sees.
"""

import argparse
import struct
import zlib

import numpy
from PIL import Image


def samples(path):
    """The samples of a PNG of 16-bit RGB: height x width x 3."""
    data = open(path, "rb").read()
    place, packed = 8, b""
    while place < len(data):
        length, kind = struct.unpack(">I4s", data[place : place + 8])
        body = data[place + 8 : place + 8 + length]
        if kind == b"IHDR":
            width, height, bits, colour = struct.unpack(">IIBB", body[:10])
        elif kind == b"IDAT":
            packed += body
        place += 12 + length
    assert (bits, colour) == (16, 2), f"expected 16-bit RGB, found {bits} bits of colour type {colour}"
    rows = numpy.frombuffer(zlib.decompress(packed), numpy.uint8).reshape(height, 1 + 6 * width).astype(int)
    above = numpy.zeros(6 * width, int)
    out = numpy.empty((height, 6 * width), numpy.uint8)
    for y in range(height):
        above = unfiltered(rows[y, 0], rows[y, 1:], above)
        out[y] = above
    return out.reshape(height, width, 3, 2).view(">u2")[..., 0]


def unfiltered(kind, row, above):
    """A row of bytes without its filter; the PNG specification, section 9."""
    row = row.copy()
    for x in range(len(row)):
        left, corner = (row[x - 6], above[x - 6]) if x >= 6 else (0, 0)
        if kind == 4:
            near = [abs(above[x] - corner), abs(left - corner), abs(left + above[x] - 2 * corner)]
            guess = [left, above[x], corner][near.index(min(near))]
        else:
            guess = [0, left, above[x], (left + above[x]) // 2][kind]
        row[x] = (row[x] + guess) % 256
    return row


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--png", required=True)
    parser.add_argument("--output", required=True, help="the samples, each the low byte first")
    arguments = parser.parse_args()
    values = samples(arguments.png)
    assert (numpy.asarray(Image.open(arguments.png)) == values >> 8).all()
    values.astype("<u2").tofile(arguments.output)


main()
