# SPDX-License-Identifier: Apache-2.0
"""Writes the damaged and hostile files of Tests/CommandTests/Fixtures/malformed, from the real writers' files.

Needs torch, safetensors and Pillow. Usage: python malformed_fixtures.py FOLDER

Each function makes one file, named after it, and its docstring says how. What iapc answers to each is in the
folder's cases.tsv, which is written by hand.
"""
import io
import json
import os
import pickle
import re
import struct
import sys
import warnings
import zipfile
import zlib

import torch
from PIL import Image
from safetensors.torch import save

FILES = {}


def file(ending):
    def register(function):
        FILES[f"{function.__name__}.{ending}"] = function
        return function

    return register


def state():
    return {"conv.weight": torch.arange(12.0).reshape(3, 4), "conv.bias": torch.zeros(3)}


def one():
    """A state of one storage, since the old format orders several by their addresses."""
    return {"conv.weight": torch.arange(12.0).reshape(3, 4)}


def saved(content, new=True):
    out = io.BytesIO()
    torch.save(content, out, _use_new_zipfile_serialization=new)
    return out.getvalue() if new else with_plain_keys(out.getvalue())


def with_plain_keys(content):
    """The old format names storages by their addresses, which differ from run to run: here by 0, 1, ..."""
    keys = {}

    def plain(found):
        key = str(keys.setdefault(found[1], len(keys))).encode()
        return b"X" + struct.pack("<I", len(key)) + key

    return re.sub(rb"X[\x0a-\x14]\0\0\0(\d{10,20})", plain, content)


def old_format(*pickles):
    """The first pickles of torch.save's old format, then the given ones."""
    head = pickle.dumps(0x1950A86A20F9469CFC6C, 2)
    return head + b"".join(pickles)


VERSION = pickle.dumps(1001, 2)
SYSTEM = pickle.dumps({"little_endian": True}, 2)


class Call:
    """Pickles as the call of a function."""

    def __init__(self, function, *arguments):
        self.call = (function, arguments)

    def __reduce__(self):
        return self.call


# Pickles


@file("pth")
def pickle_exec():
    """torch.save of a dictionary with an object that asks for exec."""
    return saved({**state(), "x": Call(exec, "open('harm', 'w')")})


@file("pth")
def pickle_old_eval():
    """The same in the old format, for eval."""
    return saved({**one(), "x": Call(eval, "open('harm', 'w')")}, new=False)


@file("pth")
def pickle_cut():
    """The old format cut within its last storage."""
    return saved(one(), new=False)[:-5]


@file("pth")
def pickle_deep():
    """The old format with a list nested 200 deep."""
    deep = []
    for _ in range(200):
        deep = [deep]
    return saved({**one(), "deep": deep}, new=False)


@file("pth")
def pickle_circle():
    """The old format with a list that holds itself."""
    circle = []
    circle.append(circle)
    return saved({**one(), "circle": circle}, new=False)


@file("pth")
def pickle_huge_shape():
    """A tensor of 2^60 elements on a storage of 3."""
    storage = torch.zeros(3).storage()
    window = (storage, 0, (1 << 60,), (1,), False, {})
    return saved({"conv.weight": Call(torch._utils._rebuild_tensor_v2, *window)})


@file("pth")
def pickle_far_stride():
    """A tensor whose strides lead out of its storage."""
    storage = torch.zeros(3).storage()
    window = (storage, 0, (2, 2), (1 << 61, 1), False, {})
    return saved({"conv.weight": Call(torch._utils._rebuild_tensor_v2, *window)})


@file("pth")
def pickle_doubling_version():
    """The old format with a version of lists that hold one another twice, 2^60 in all."""
    steps = [b"\x80\x02]q\x00"]
    for i in range(60):
        steps.append(b"]q" + bytes([i + 1]) + b"h" + bytes([i]) + b"ah" + bytes([i]) + b"a")
    return old_format(b"".join(steps) + b".")


@file("pth")
def pickle_endless_name():
    """The old format with the name of a class of 6000 letters, from the stack."""
    name = b"X" + struct.pack("<I", 6000) + b"a" * 6000
    return old_format(VERSION, SYSTEM, b"\x80\x04" + b"\x8c\x01m" + name + b"\x93.")


@file("pth")
def pickle_long_text():
    """The old format with a text that declares 2^63 - 1 bytes."""
    return old_format(VERSION, SYSTEM, b"\x80\x04\x8d" + struct.pack("<Q", (1 << 63) - 1) + b"a.")


@file("pth")
def pickle_copies():
    """The old format with one text of 60 kB put into a list 2000 times."""
    text = b"X" + struct.pack("<I", 60000) + b"a" * 60000 + b"q\x00"
    return old_format(VERSION, SYSTEM, b"\x80\x02](" + text + b"h\x00" * 2000 + b"e.")


# Zip archives


def records(content):
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return [(item.filename, archive.read(item)) for item in archive.infolist()]


def archive(items):
    """items: (name, bytes) or (name, bytes, compression)."""
    out = io.BytesIO()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with zipfile.ZipFile(out, "w") as made:
            for name, content, *packing in items:
                made.writestr(zipfile.ZipInfo(name), content, *packing)
    return out.getvalue()


@file("pth")
def zip_cut():
    """torch.save's file without its second half."""
    whole = saved(state())
    return whole[: len(whole) // 2]


@file("pth")
def zip_bomb():
    """The version record, which libtorch reads on opening, packed: 64 MB of zeros in 64 kB."""
    items = records(saved(state()))
    return archive(
        (name, b"3" + b"0" * (1 << 26), zipfile.ZIP_DEFLATED) if name.endswith("/version") else (name, content)
        for name, content in items
    )


@file("pth")
def zip_overlap():
    """The directory's second record begins where its first does."""
    whole = bytearray(archive(records(saved(state()))))
    first = whole.find(b"PK\x01\x02")
    second = whole.find(b"PK\x01\x02", first + 4)
    whole[second + 42 : second + 46] = whole[first + 42 : first + 46]
    return bytes(whole)


@file("pth")
def zip_twice():
    """Two records named data.pkl."""
    items = records(saved(state()))
    return archive(items + [(name, content) for name, content in items if name.endswith("/data.pkl")])


@file("pth")
def zip_far_record():
    """A directory whose only record begins at byte 2^63 - 1."""
    name, extra = b"a/version", struct.pack("<HHQ", 1, 8, (1 << 63) - 1)
    lengths = struct.pack("<HHHHHII", len(name), len(extra), 0, 0, 0, 0, 0xFFFFFFFF)
    entry = b"PK\1\2" + struct.pack("<6H3I", 20, 20, 0, 0, 0, 0, 0, 1, 1) + lengths + name + extra
    end = b"PK\5\6" + struct.pack("<HHHHIIH", 0, 0, 1, 1, len(entry), 30, 0)
    return b"PK\3\4" + bytes(26) + entry + end


@file("pth")
def zip_many_records():
    """The end of the directory declares 2^60 records, in its 64-bit form."""
    whole = bytearray(saved(state()))
    place = whole.rfind(b"PK\x06\x06")
    whole[place + 24 : place + 40] = struct.pack("<QQ", 1 << 60, 1 << 60)
    return bytes(whole)


@file("pth")
def zip_without_storage():
    """The record of the second storage is missing."""
    return archive((name, content) for name, content in records(saved(state())) if not name.endswith("/data/1"))


@file("pth")
def zip_short_storage():
    """The record of the first storage has 4 bytes too few."""
    return archive(
        (name, content[:-4] if name.endswith("/data/0") else content) for name, content in records(saved(state()))
    )


# safetensors


def tensors(header, data=b"\0" * 60):
    return struct.pack("<Q", len(header)) + header + data


def entry(shape, begin, end, dtype="F32"):
    return {"dtype": dtype, "shape": shape, "data_offsets": [begin, end]}


def header(**entries):
    return json.dumps(entries).encode()


@file("safetensors")
def header_beyond_file():
    """A header of 2^63 - 1 bytes."""
    return struct.pack("<Q", (1 << 63) - 1)[:5] + b"\0\0\0" + save(state())[8:]


@file("safetensors")
def header_cut():
    """The reference writer's file cut within its header."""
    return save(state())[:40]


@file("safetensors")
def header_deep():
    """A shape nested 20 000 deep."""
    return tensors(b'{"a":{"dtype":"F32","shape":' + b"[" * 20_000)


@file("safetensors")
def header_twice():
    """One name for two tensors of the same bytes."""
    one = json.dumps(entry([15], 0, 60)).encode()
    other = json.dumps(entry([60], 0, 60, "U8")).encode()
    return tensors(b'{"a":' + one + b',"a":' + other + b"}")


@file("safetensors")
def tensor_gap():
    """Eight bytes between two tensors."""
    return tensors(header(a=entry([5], 0, 20), b=entry([8], 28, 60)))


@file("safetensors")
def tensor_overlap():
    """Two tensors that share eight bytes."""
    return tensors(header(a=entry([9], 0, 36), b=entry([8], 28, 60)))


@file("safetensors")
def tensor_huge():
    """A shape whose bytes are 2^64 + 60."""
    return tensors(header(a=entry([1 << 62, 1 << 10], 0, 60)))


@file("safetensors")
def tensor_cut():
    """The reference writer's file without its last three bytes."""
    return save(state())[:-3]


# Pictures


def picture(kind, size=(64, 48), **options):
    out = io.BytesIO()
    image = Image.linear_gradient("L").resize(size).convert("RGB")
    image.save(out, kind, **options)
    return out.getvalue()


def chunk(kind, content):
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def png(width, height, body, bits=8, kind=2):
    head = struct.pack(">IIBBBBB", width, height, bits, kind, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + body + chunk(b"IEND", b"")


@file("png")
def png_cut():
    """Pillow's file without its second half."""
    whole = picture("PNG")
    return whole[: len(whole) // 2]


@file("png")
def png_checksum():
    """One wrong byte in the picture data."""
    whole = bytearray(picture("PNG"))
    whole[whole.find(b"IDAT") + 20] ^= 1
    return bytes(whole)


@file("png")
def png_too_large():
    """60000x60000 pixels declared, 20 bytes of them there."""
    return png(60000, 60000, chunk(b"IDAT", zlib.compress(b"\0" * 20)))


@file("png")
def png_implausible():
    """10000x10000 pixels declared, 20 bytes of them there."""
    return png(10000, 10000, chunk(b"IDAT", zlib.compress(b"\0" * 20)))


@file("png")
def png_without_palette():
    """A palette picture without its palette."""
    return png(4, 4, chunk(b"IDAT", zlib.compress(b"\0" * 20)), kind=3)


@file("png")
def png_empty_size():
    """A width of 0."""
    return png(0, 4, chunk(b"IDAT", zlib.compress(b"\0" * 20)))


@file("png")
def png_short_data():
    """Picture data that ends after one row of 48."""
    return png(64, 48, chunk(b"IDAT", zlib.compress(b"\0" * 193)))


@file("png")
def png_with_texts():
    """A whole picture with 40 compressed texts of 4 MB each: read, the texts passed over."""
    texts = chunk(b"zTXt", b"Comment\0\0" + zlib.compress(b"a" * (1 << 22), 9)) * 40
    whole = picture("PNG")
    at = whole.find(b"IDAT") - 4
    return whole[:at] + texts + whole[at:]


def frame(whole):
    """Where a JPEG's frame header begins."""
    return max(whole.find(b"\xff\xc0"), whole.find(b"\xff\xc2"))


def resized(whole, width, height):
    at = frame(whole) + 5
    return whole[:at] + struct.pack(">HH", height, width) + whole[at + 4 :]


@file("jpg")
def jpeg_cut():
    """Pillow's file without its second half."""
    whole = picture("JPEG")
    return whole[: len(whole) // 2]


@file("jpg")
def jpeg_too_large():
    """A header of 65500x65500 pixels."""
    return resized(picture("JPEG"), 65500, 65500)


@file("jpg")
def jpeg_implausible():
    """A progressive file whose header tells of 11000x11000 pixels."""
    return resized(picture("JPEG", progressive=True), 11000, 11000)


@file("jpg")
def jpeg_scans():
    """A progressive file with 300 more scans of two bytes, each over the whole picture."""
    whole = picture("JPEG", progressive=True)
    table = b"\xff\xc4" + struct.pack(">HB", 20, 0x10) + b"\1" + bytes(15) + b"\xe0"
    scan = b"\xff\xda" + struct.pack(">HBBBBBB", 8, 1, 1, 0, 1, 63, 0) + b"\0\1"
    return whole[:-2] + table + scan * 300 + whole[-2:]


@file("jpg")
def jpeg_without_tables():
    """The quantisation tables taken out."""
    whole = picture("JPEG")
    while (at := whole.find(b"\xff\xdb")) >= 0:
        whole = whole[:at] + whole[at + 2 + struct.unpack(">H", whole[at + 2 : at + 4])[0] :]
    return whole


@file("jpg")
def jpeg_hole():
    """Picture data with 200 bytes cut out of its middle."""
    whole = picture("JPEG", (256, 192), quality=95)
    middle = (whole.find(b"\xff\xda") + len(whole)) // 2
    return whole[:middle] + whole[middle + 200 :]


# Texts


@file("yaml")
def yaml_aliases():
    """Nine lists of nine aliases each: a billion laughs."""
    lines = ["a: &a [x, x, x, x, x, x, x, x, x]"]
    for before, name in zip("abcdefgh", "bcdefghi"):
        lines.append(f"{name}: &{name} [{', '.join(['*' + before] * 9)}]")
    return "\n".join(lines).encode()


@file("yaml")
def yaml_deep():
    """A list nested 50 000 deep."""
    return b"steps: " + b"[" * 50_000


@file("yaml")
def yaml_twice():
    """One key twice."""
    return b"steps: 1\nseed: 3\nsteps: 2\n"


@file("yaml")
def yaml_bytes():
    """Bytes that are no UTF-8."""
    return b"steps: \xff\xfe\n"


@file("yaml")
def yaml_circle():
    """A file that names itself as its base."""
    return b"base: yaml_circle.yaml\n"


@file("yaml")
def yaml_complex_keys():
    """Nested lists as keys, which a parser compares in exponential time."""
    key = "[" * 60 + "{}" + "]" * 60
    keys = [key.format(name) for name in "aabb"]
    return "\n".join(f"? {key}\n: 1" for key in keys).encode()


@file("yaml")
def yaml_count():
    """A data set whose split has the least number of images that an Int holds."""
    return b"splits:\n  train: {images: ., count: -9223372036854775808}\n"


@file("yaml")
def yaml_long_key():
    """A key of 500 letters."""
    return b"a" * 500 + b": {b: 1}\n"


@file("txt")
def list_zeros():
    """NUL bytes among paths."""
    return b"a.png\0\nb.png\n"


@file("txt")
def list_endless_line():
    """One line of 10 000 letters."""
    return b"a" * 10_000


@file("txt")
def list_upwards():
    """Paths that lead out of the folder and name no picture."""
    return b"../../../../../../../../etc\n/dev/null/x.png\n"


@file("txt")
def list_bytes():
    """Bytes that are no UTF-8."""
    return b"a.png\n\xff\xfe.png\n"


@file("json")
def json_deep():
    """Lists nested 20 000 deep."""
    return b"[" * 20_000


@file("json")
def json_other():
    """A JSON of something else."""
    return b'{"loss": [1, 2, 3]}'


@file("json")
def json_cut():
    """A result cut within its matrix."""
    return b'{"confusion": [[9223372036854775807, 92233720368547'


def main(folder):
    os.makedirs(folder, exist_ok=True)
    lines = ["What is wrong with each file; `Reference/malformed_fixtures.py` writes them.", ""]
    for name, make in FILES.items():
        with open(os.path.join(folder, name), "wb") as out:
            out.write(make())
        lines.append(f"- `{name}`: {' '.join(make.__doc__.split())}")
    with open(os.path.join(folder, "README.md"), "w") as out:
        out.write("\n".join(lines) + "\n")


if __name__ == "__main__":
    main(sys.argv[1])
