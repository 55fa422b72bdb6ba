# SPDX-License-Identifier: Apache-2.0
"""Writes Tests/ImagingTests/Fixtures: small pictures of every kind and what Pillow makes of them.

Needs Pillow 13 and NumPy. Run from anywhere: python Reference/imaging_fixtures.py
"""
import colorsys
import struct
import zlib
from pathlib import Path

import numpy as np
from PIL import ExifTags, Image, ImageEnhance, ImageOps

FIXTURES = Path(__file__).resolve().parent.parent / "Tests" / "ImagingTests" / "Fixtures"
PASSES = [(0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)]


def scene(width, height, seed, low=0, high=255):
    """Soft shapes, hard edges and noise, so that rounding and overshoot both occur."""
    random = np.random.RandomState(seed)
    coarse = random.randint(0, 256, (height // 8 + 2, width // 8 + 2, 3)).astype(np.uint8)
    pixels = np.asarray(Image.fromarray(coarse).resize((width, height), Image.BICUBIC)).astype(int)
    pixels[height // 3 : height // 2, width // 4 : width // 2] = [255, 0, 255]
    pixels[height // 2 :, 2 * width // 3 :] = random.randint(0, 256, 3)
    pixels = np.clip(pixels + random.randint(-12, 13, pixels.shape), 0, 255)
    return (low + pixels * (high - low) // 255).astype(np.uint8)


def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def packed_rows(samples, bits):
    """The rows [height, width, channels] as PNG stores them, each after the byte of filter 0."""
    out = b""
    for row in samples.reshape(len(samples), -1):
        if bits == 16:
            data = row.astype(">u2").tobytes()
        elif bits == 8:
            data = row.astype(np.uint8).tobytes()
        else:
            planes = (row[:, None] >> np.arange(bits - 1, -1, -1)) & 1
            data = np.packbits(planes.astype(np.uint8).reshape(-1)).tobytes()
        out += b"\0" + data
    return out


def png(samples, kind, bits, palette=None, transparency=None, interlaced=False):
    """A PNG of any colour type: Pillow writes only some of them."""
    height, width = samples.shape[:2]
    samples = samples.reshape(height, width, -1)
    parts = [samples]
    if interlaced:
        parts = [samples[y::dy, x::dx] for x, y, dx, dy in PASSES]
    data = b"".join(packed_rows(part, bits) for part in parts if part.size)
    out = b"\x89PNG\r\n\x1a\n"
    out += chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, bits, kind, 0, 0, int(interlaced)))
    if palette is not None:
        out += chunk(b"PLTE", palette.astype(np.uint8).tobytes())
    if transparency is not None:
        out += chunk(b"tRNS", transparency)
    return out + chunk(b"IDAT", zlib.compress(data, 9)) + chunk(b"IEND", b"")


def write_png_kinds(folder):
    random = np.random.RandomState(7)
    colours = scene(27, 19, 1)
    grey = colours[..., 1].astype(int)
    alpha = random.randint(0, 256, grey.shape)
    deep = colours.astype(int) * 256 + random.randint(0, 256, colours.shape)
    palette = random.randint(0, 256, (256, 3))
    files = {}
    for bits in (1, 2, 4, 8):
        files[f"grey{bits}"] = (grey >> (8 - bits), 0, bits, {})
        files[f"palette{bits}"] = (grey >> (8 - bits), 3, bits, {"palette": palette[: 2**bits]})
    files["grey16"] = (deep[..., 0], 0, 16, {})
    files["grey8_transparent"] = (grey, 0, 8, {"transparency": struct.pack(">H", int(grey[0, 0]))})
    files["palette8_transparent"] = (grey, 3, 8, {"palette": palette, "transparency": bytes(range(200))})
    files["rgb8"] = (colours, 2, 8, {})
    files["rgb16"] = (deep, 2, 16, {})
    files["grey_alpha8"] = (np.dstack([grey, alpha]), 4, 8, {})
    files["grey_alpha16"] = (np.dstack([deep[..., 0], 257 * alpha]), 4, 16, {})
    files["rgba8"] = (np.dstack([colours, alpha]), 6, 8, {})
    files["rgba16"] = (np.dstack([deep, 257 * alpha]), 6, 16, {})
    files["rgb8_interlaced"] = (colours, 2, 8, {"interlaced": True})
    files["palette4_interlaced"] = (grey >> 4, 3, 4, {"palette": palette[:16], "interlaced": True})
    files["grey16_interlaced"] = (deep[..., 0], 0, 16, {"interlaced": True})
    for name, (samples, kind, bits, extra) in files.items():
        (folder / f"{name}.png").write_bytes(png(samples, kind, bits, **extra))
        stored = samples.reshape(*grey.shape, -1)[..., : 3 if kind in (2, 6) else 1]
        header = struct.pack("<III", stored.shape[1], stored.shape[0], stored.shape[2])
        (folder / f"{name}.samples").write_bytes(header + stored.astype("<u2").tobytes())


def write_jpeg_kinds(folder):
    picture = Image.fromarray(scene(83, 61, 2))
    picture.save(folder / "baseline.jpg", quality=85)
    picture.save(folder / "full_chroma.jpg", quality=90, subsampling=0)
    picture.save(folder / "half_chroma.jpg", quality=75, subsampling=1)
    picture.save(folder / "progressive.jpg", quality=85, progressive=True)
    picture.save(folder / "restarts.jpg", quality=85, restart_marker_rows=1)
    picture.convert("L").save(folder / "grey.jpg", quality=85)
    picture.convert("CMYK").save(folder / "inks.jpg", quality=85)


def write_rgb(folder):
    """Beside every picture: width and height (32 bits, little-endian), then Pillow's RGB bytes."""
    for path in sorted([*folder.glob("*.png"), *folder.glob("*.jpg")]):
        picture = Image.open(path)
        if picture.mode.startswith("I"):
            # Pillow's own conversion of 16-bit grey differs between versions: the high byte is meant.
            picture = Image.fromarray((np.asarray(picture).astype(int) >> 8).astype(np.uint8))
        picture = picture.convert("RGB")
        path.with_suffix(".rgb").write_bytes(struct.pack("<II", *picture.size) + picture.tobytes())


def bmp(pixels, bits, header=40, kind=0, masks=(), palette=None, top_down=False):
    """A BMP of any number of bits: Pillow writes only some of them. pixels: [height, width] packed values."""
    height, width = pixels.shape
    rows = b""
    for row in pixels if top_down else pixels[::-1]:
        if bits < 8:
            planes = (row[:, None] >> np.arange(bits - 1, -1, -1)) & 1
            data = np.packbits(planes.astype(np.uint8).reshape(-1)).tobytes()
        else:
            data = b"".join(int(value).to_bytes(bits // 8, "little") for value in row)
        rows += data + bytes(-len(data) % 4)
    table = b"" if palette is None else b"".join(bytes([b, g, r]) + bytes(header != 12) for r, g, b in palette)
    extra = struct.pack(f"<{len(masks)}I", *masks)
    start = 14 + header + len(extra) + len(table)
    if header == 12:
        info = struct.pack("<IHHHH", 12, width, height, 1, bits)
    else:
        signed = -height if top_down else height
        info = struct.pack("<IiiHHIIiiII", 40, width, signed, 1, bits, kind, len(rows), 0, 0, 0, 0)
    return b"BM" + struct.pack("<IHHI", start + len(rows), 0, 0, start) + info + extra + table + rows


def write_other_formats(folder):
    """WebP, TIFF and BMP of many kinds, Pillow's RGB bytes of each, and the samples of those that keep them."""
    colours = scene(27, 19, 9)
    picture, grey = Image.fromarray(colours), Image.fromarray(colours[..., 1])
    palette = np.random.RandomState(10).randint(0, 256, (256, 3)).astype(np.uint8)
    indexed = Image.fromarray(colours[..., 1], "P")
    indexed.putpalette(palette.tobytes())
    deep = colours.astype(np.uint16) * 256 + colours[::-1]
    alpha = Image.fromarray(np.dstack([colours, colours[..., 0]]))
    tiffs = {
        "rgb": (picture, {}), "rgb_lzw": (picture, {"compression": "tiff_lzw"}),
        "rgb_deflate": (picture, {"compression": "tiff_adobe_deflate"}),
        "rgb_packbits": (picture, {"compression": "packbits"}), "rgba": (alpha, {}),
        "grey": (grey, {}), "grey16": (Image.fromarray(deep[..., 0]), {"compression": "tiff_lzw"}),
        "palette": (indexed, {}), "bits": (grey.convert("1"), {"compression": "group4"}),
        "big": (picture, {"big_tiff": True}), "jpeg": (picture, {"compression": "jpeg", "quality": 95}),
        "turned": (picture, {"tiffinfo": {274: 6}}),
    }
    for name, (image, options) in tiffs.items():
        image.save(folder / f"{name}.tif", **options)
    (folder / "rgb16.tif").write_bytes(tiff16(deep))
    picture.save(folder / "lossless.webp", lossless=True)
    alpha.save(folder / "alpha.webp", lossless=True, exact=True)
    picture.save(folder / "lossy.webp", quality=80)
    picture.save(folder / "turned.webp", lossless=True, exif=exif(8))
    values = colours.astype(int)
    packed = values[..., 0] << 16 | values[..., 1] << 8 | values[..., 2]
    five = (values[..., 0] >> 3) << 10 | (values[..., 1] >> 3) << 5 | values[..., 2] >> 3
    six = (values[..., 0] >> 3) << 11 | (values[..., 1] >> 2) << 5 | values[..., 2] >> 3
    bmps = {
        "rgb": (packed, 24, {}), "rgb_down": (packed, 24, {"top_down": True}), "rgb32": (packed, 32, {}),
        "masked32": (packed << 8, 32, {"kind": 3, "masks": (0xFF000000, 0xFF0000, 0xFF00)}),
        "rgb16": (five, 16, {}), "masked16": (six, 16, {"kind": 3, "masks": (0xF800, 0x7E0, 0x1F)}),
        "palette8": (values[..., 1], 8, {"palette": palette}),
        "palette4": (values[..., 1] >> 4, 4, {"palette": palette[:16]}),
        "palette1": (values[..., 1] >> 7, 1, {"palette": palette[:2]}),
        "old": (values[..., 1], 8, {"palette": palette, "header": 12}),
    }
    for name, (pixels, bits, options) in bmps.items():
        (folder / f"{name}.bmp").write_bytes(bmp(pixels.astype(np.int64), bits, **options))
    samples = {
        "rgb.tif": colours, "rgba.tif": colours, "grey.tif": colours[..., 1], "grey16.tif": deep[..., 0],
        "palette.tif": colours[..., 1], "rgb16.tif": deep, "lossless.webp": colours, "rgb.bmp": colours,
        "palette8.bmp": colours[..., 1], "palette4.bmp": colours[..., 1] >> 4, "old.bmp": colours[..., 1],
    }
    for name, stored in samples.items():
        stored = stored.reshape(19, 27, -1)
        header = struct.pack("<III", 27, 19, stored.shape[2])
        (folder / f"{name}.samples").write_bytes(header + stored.astype("<u2").tobytes())
    for path in sorted([*folder.glob("*.tif"), *folder.glob("*.webp"), *folder.glob("*.bmp")]):
        if path.name == "rgb16.tif":
            shown = Image.fromarray((deep >> 8).astype(np.uint8))
        elif path.name == "grey16.tif":
            shown = Image.fromarray((deep[..., 0] >> 8).astype(np.uint8))
        else:
            shown = ImageOps.exif_transpose(Image.open(path))
        shown = shown.convert("RGB")
        path.with_suffix(path.suffix + ".rgb").write_bytes(struct.pack("<II", *shown.size) + shown.tobytes())


def tiff16(samples):
    """A TIFF of 16-bit RGB in the big-endian order, in one strip for each plane: Pillow writes none."""
    height, width = samples.shape[:2]
    planes = [samples[..., c].astype(">u2").tobytes() for c in range(3)]
    tags = [
        (256, 4, 1, width), (257, 4, 1, height), (258, 3, 3, 0), (259, 3, 1, 1 << 16), (262, 3, 1, 2 << 16),
        (273, 4, 3, 0), (277, 3, 1, 3 << 16), (278, 4, 1, height), (279, 4, 3, 0), (284, 3, 1, 2 << 16),
    ]
    after = 8 + 2 + 12 * len(tags) + 4
    bits, offsets, counts = after, after + 6, after + 18
    start = after + 30
    places = {258: bits, 273: offsets, 279: counts}
    out = b"MM\0*" + struct.pack(">IH", 8, len(tags))
    for tag, kind, count, value in tags:
        out += struct.pack(">HHII", tag, kind, count, places.get(tag, value))
    out += struct.pack(">I", 0) + struct.pack(">3H", 16, 16, 16)
    out += struct.pack(">3I", *[start + c * len(planes[0]) for c in range(3)])
    return out + struct.pack(">3I", *[len(planes[0])] * 3) + b"".join(planes)


def exif(orientation):
    tags = Image.Exif()
    tags[ExifTags.Base.Orientation] = orientation
    return tags.tobytes()


def write_oriented(folder):
    """A picture under each orientation of EXIF, and what Pillow turns it to."""
    picture = Image.fromarray(scene(21, 14, 8))
    for value in range(1, 9):
        picture.save(folder / f"exif{value}.jpg", quality=90, subsampling=0, exif=exif(value))
        picture.save(folder / f"exif{value}.png", exif=exif(value))
    # The order of bytes that Pillow does not write, and a chunk behind the picture.
    big = b"MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0"
    picture.save(folder / "big_endian.jpg", quality=90, subsampling=0, exif=b"Exif\0\0" + big)
    plain = png(np.asarray(picture), 2, 8)
    (folder / "late.png").write_bytes(plain[:-12] + chunk(b"eXIf", big) + plain[-12:])
    for path in sorted([*folder.glob("*.png"), *folder.glob("*.jpg")]):
        turned = ImageOps.exif_transpose(Image.open(path))
        path.with_suffix(path.suffix + ".rgb").write_bytes(struct.pack("<II", *turned.size) + turned.tobytes())


def write_resampled(folder):
    source = Image.fromarray(scene(48, 36, 3))
    source.save(folder / "source.png")
    sizes = [(64, 48), (61, 29), (17, 13), (5, 4), (48, 50), (70, 36), (120, 36), (48, 9), (1, 1), (47, 35)]
    # The last three: the columns come first; so just not; so just again.
    for size in [*sizes, (40, 12), (40, 20), (40, 19)]:
        name = f"{size[0]}x{size[1]}.png"
        source.resize(size, Image.BICUBIC).save(folder / f"bicubic_{name}")
        source.resize(size, Image.NEAREST).save(folder / f"nearest_{name}")


def operations():
    """Name -> the operation at each level, as the policy maps levels to strengths."""
    bits = np.round(np.linspace(8, 4, 10)).astype(int)
    thresholds = np.linspace(256, 0, 10)
    factors = [1 + sign * part for part in np.linspace(0, 0.9, 10) for sign in (1, -1)]
    yield "autocontrast", [ImageOps.autocontrast]
    yield "equalize", [ImageOps.equalize]
    yield "invert", [ImageOps.invert]
    yield "posterize", [lambda image, b=int(b): ImageOps.posterize(image, b) for b in bits]
    yield "solarize", [lambda image, t=t: ImageOps.solarize(image, t) for t in thresholds]
    for kind in ("Color", "Contrast", "Brightness", "Sharpness"):
        enhance = getattr(ImageEnhance, kind)
        yield kind.lower(), [lambda image, f=f, e=enhance: e(image).enhance(f) for f in factors]


def write_colours(folder):
    """For each operation one picture: the results of all levels, one below the other.

    The levels of a factor alternate: raised, lowered, raised, ...
    """
    flat = scene(16, 12, 5, low=90, high=140)
    flat[..., 2] = 77
    for name, pixels in {"vivid": scene(32, 24, 4), "flat": flat}.items():
        source = Image.fromarray(pixels)
        source.save(folder / f"{name}.png")
        for operation, levels in operations():
            results = np.concatenate([np.asarray(level(source)) for level in levels])
            Image.fromarray(results).save(folder / f"{name}_{operation}.png", optimize=True)


def hsv_changed(pixels, factor=1.0, angle=0.0):
    """Saturation times a factor, at most 1, and the hue turned by degrees, by colorsys in double precision."""
    def change(colour):
        h, s, v = colorsys.rgb_to_hsv(*(colour / 255))
        return colorsys.hsv_to_rgb((h + angle / 360) % 1, min(1, s * factor), v)

    changed = np.apply_along_axis(change, 2, pixels.astype(float))
    return np.floor(255 * changed + 0.5).astype(np.uint8)


def blurred(pixels, deviation):
    """A Gaussian up to four deviations, mirrored about the outermost pixels, in double precision."""
    reach = int(np.ceil(4 * deviation))
    kernel = np.exp(-np.arange(-reach, reach + 1) ** 2 / (2 * deviation**2))
    kernel /= kernel.sum()
    result = pixels.astype(float)
    for axis in (0, 1):
        padded = np.pad(result, [(reach, reach) if a == axis else (0, 0) for a in range(3)], mode="reflect")
        result = np.apply_along_axis(lambda line: np.convolve(line, kernel, "valid"), axis, padded)
    return np.floor(result + 0.5).astype(np.uint8)


def write_distorted(folder):
    """Saturations, hues and blurs of the two pictures, the results one below the other."""
    for name in ("vivid", "flat"):
        pixels = np.asarray(Image.open(folder / f"{name}.png"))
        results = {
            "saturation": [hsv_changed(pixels, factor=f) for f in (0, 0.531, 0.807, 1.229, 1.471, 3)],
            "hue": [hsv_changed(pixels, angle=a) for a in (-180, -37, 13, 36, 89, 359)],
            "blur": [blurred(pixels, d) for d in (0.15, 0.6, 1.15, 2.5)],
        }
        for kind, pictures in results.items():
            Image.fromarray(np.concatenate(pictures)).save(folder / f"{name}_{kind}.png", optimize=True)


def main():
    writers = {
        "pictures": [write_png_kinds, write_jpeg_kinds, write_rgb],
        "formats": [write_other_formats],
        "oriented": [write_oriented],
        "resampled": [write_resampled],
        "colour": [write_colours, write_distorted],
    }
    for name, functions in writers.items():
        (FIXTURES / name).mkdir(parents=True, exist_ok=True)
        for write in functions:
            write(FIXTURES / name)


if __name__ == "__main__":
    main()
