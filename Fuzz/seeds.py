# SPDX-License-Identifier: Apache-2.0
"""Writes the small files of Fuzz/Corpus that come from real writers: torch.save, safetensors and Pillow.

    .venv/bin/python Fuzz/seeds.py

Another run gives other bytes where torch.save names storages by their addresses and safetensors orders texts.
"""
import collections
import io
import pathlib

import numpy
import safetensors.torch
import torch
from PIL import Image, PngImagePlugin

CORPUS = pathlib.Path(__file__).resolve().parent / "Corpus"


def write(name, content):
    path = CORPUS / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)


def saved(value, **options):
    buffer = io.BytesIO()
    torch.save(value, buffer, **options)
    return buffer.getvalue()


def checkpoints():
    """Small state dicts, each with something of its own."""
    base = torch.arange(12, dtype=torch.float32).reshape(3, 4)
    state = collections.OrderedDict(a=base[:1, :2].clone(), b=torch.tensor(3))
    yield "plain", state
    yield "views", {"t": base.t(), "row": base[1], "step": base[:, ::2], "all": base}
    yield "halves", {"h": torch.ones(2, dtype=torch.float16), "w": torch.ones(2, dtype=torch.bfloat16)}
    yield "empty_axis", {"e": torch.zeros(0, 3), "a": torch.zeros(1, 1)}
    yield "wrapped", {"state_dict": {"module.a": base[0].clone()}, "epoch": 3, "best": 0.5, "note": "x"}
    yield "apart", {"feature_extractor": {"a": base[0].clone()}, "classifier": {"b": base[1].clone()}}
    yield "two_sets", {"first": {"a": base[0].clone()}, "second": {"a": base[1].clone()}}
    yield "parameter", {"p": torch.nn.Parameter(torch.ones(2)), "size": torch.Size([2, 3])}
    yield "optimizer", {"model": {"a": base[0].clone()}, "optimizer": {"state": {0: {"m": base[1].clone()}}}}
    yield "numpy", {"model": {"a": base[0].clone()}, "score": numpy.float64(0.5), "seen": numpy.int32(4)}
    yield "odd", {"model": {"a": base[0].clone()}, "b": b"bytes", "s": {1, 2}, "l": [1 << 70, -1, None, True]}
    shared = torch.ones(2)
    yield "shared", {"a": shared, "b": shared}
    yield "dtype", {"model": {"a": base[0].clone()}, "type": torch.float32, "device": torch.device("cpu")}
    yield "no_weights", {"epoch": 1}


def write_checkpoints():
    for name, value in checkpoints():
        write(f"zip/{name}.pth", saved(value))
        write(f"pickle/{name}.pth", saved(value, _use_new_zipfile_serialization=False))
    plain = dict(checkpoints())["plain"]
    for protocol in (3, 4, 5):
        name = f"protocol{protocol}.pth"
        write(f"zip/{name}", saved(plain, pickle_protocol=protocol))
        write(f"pickle/{name}", saved(plain, pickle_protocol=protocol, _use_new_zipfile_serialization=False))
    types = [torch.uint8, torch.int8, torch.int16, torch.int64, torch.float64, torch.bool, torch.bfloat16]
    sets = {
        "plain": dict(plain),
        "types": {str(kind)[6:]: torch.ones(2, dtype=kind) for kind in types},
        "prefixed": {"module.a": torch.ones(1), "module.b": torch.ones(1, 2)},
        "empty_axis": {"e": torch.zeros(0, 3), "s": torch.tensor(1.0)},
        "unknown_type": {"a": torch.ones(1, dtype=torch.complex64)},
    }
    for name, tensors in sets.items():
        write(f"safetensors/{name}.safetensors", safetensors.torch.save(tensors))
    told = safetensors.torch.save(dict(plain), {"format": "pt", "iapc.network": "x"})
    write("safetensors/metadata.safetensors", told)


def encoded(image, kind, **options):
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def write_pictures():
    pixels = (numpy.arange(9 * 7 * 3).reshape(7, 9, 3) * 5 % 256).astype(numpy.uint8)
    colour = Image.fromarray(pixels)
    for mode in ("RGB", "L", "P", "1", "LA", "RGBA"):
        write(f"png/{mode.lower()}.png", encoded(colour.convert(mode), "PNG"))
    write("png/grey16.png", encoded(Image.fromarray((pixels[:, :, 0].astype(numpy.uint16) * 257)), "PNG"))
    write("png/transparent.png", encoded(colour.convert("P"), "PNG", transparency=3, bits=4))
    text = PngImagePlugin.PngInfo()
    text.add_text("Title", "x")
    text.add_text("Packed", "y" * 64, zip=True)
    text.add_itxt("International", "z", "en", "t")
    write("png/chunks.png", encoded(colour, "PNG", pnginfo=text, dpi=(72, 72), icc_profile=b"\0" * 132))
    for name, image, options in (
        ("baseline", colour, {}),
        ("full_chroma", colour, {"subsampling": 0}),
        ("half_chroma", colour, {"subsampling": 1}),
        ("progressive", colour, {"progressive": True}),
        ("optimized", colour, {"optimize": True, "quality": 30}),
        ("restarts", colour, {"restart_marker_blocks": 1}),
        ("grey", colour.convert("L"), {}),
        ("grey_progressive", colour.convert("L"), {"progressive": True}),
        ("inks", colour.convert("CMYK"), {}),
        ("comment", colour, {"comment": b"x", "dpi": (72, 72)}),
    ):
        write(f"jpeg/{name}.jpg", encoded(image, "JPEG", **options))
    turned = Image.Exif()
    turned[0x0112] = 6
    write("jpeg/turned.jpg", encoded(colour, "JPEG", exif=turned.tobytes()))
    write("png/turned.png", encoded(colour, "PNG", exif=turned.tobytes()))
    write("webp/lossless.webp", encoded(colour, "WEBP", lossless=True, exif=turned.tobytes()))
    write("webp/lossy.webp", encoded(colour.convert("RGBA"), "WEBP", quality=50))
    write("webp/cut.webp", encoded(colour, "WEBP", lossless=True)[:-20])
    for name, image, options in (
        ("plain", colour, {}),
        ("lzw", colour, {"compression": "tiff_lzw"}),
        ("deflate", colour, {"compression": "tiff_adobe_deflate"}),
        ("packbits", colour.convert("P"), {"compression": "packbits"}),
        ("fax", colour.convert("1"), {"compression": "group4"}),
        ("jpeg", colour, {"compression": "jpeg"}),
        ("inks", colour.convert("CMYK"), {}),
        ("alpha", colour.convert("RGBA"), {"compression": "tiff_lzw"}),
        ("grey16", Image.fromarray(pixels[:, :, 0].astype(numpy.uint16) * 257), {}),
        ("float", Image.fromarray(pixels[:, :, 0].astype(numpy.float32)), {}),
        ("big", colour, {"big_tiff": True}),
    ):
        write(f"tiff/{name}.tif", encoded(image, "TIFF", **options))
    write("tiff/cut.tif", encoded(colour, "TIFF", compression="tiff_lzw")[:-20])
    for mode in ("RGB", "RGBA", "L", "P", "1"):
        write(f"bmp/{mode.lower()}.bmp", encoded(colour.convert(mode), "BMP"))
    write("bmp/cut.bmp", encoded(colour, "BMP")[:-20])
    write("jpeg/cut.jpg", encoded(colour, "JPEG")[:-100])
    write("png/cut.png", encoded(colour, "PNG")[:-20])


if __name__ == "__main__":
    write_checkpoints()
    write_pictures()
