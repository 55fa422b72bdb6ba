# SPDX-License-Identifier: Apache-2.0
"""What stands in for the names in the documents: small drawn images, weights, data sets and runs."""

import shutil
import struct
import subprocess
import zlib


def make(folder, iapc, root, environment, python):
    """Fills a folder with everything that the documents' commands name."""

    def run(*words):
        command = [str(iapc)] + " ".join(words).split()
        done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)
        if done.returncode != 0:
            raise SystemExit(f"the miniatures cannot be made: {' '.join(command)}\n{done.stderr}")

    streets = "data streets --size 160x120"
    run(streets, "--domain dusk --count 6 --no-labels --output dusk")
    (folder / "dusk/images").rename(folder / "new-city")
    run(streets, "--domain dusk --count 4 --seed 2 --output held")
    (folder / "held/images").rename(folder / "val")
    (folder / "held/labels").rename(folder / "valannot")
    if shutil.which("ffmpeg"):
        drive = "ffmpeg -v error -framerate 10 -pattern_type glob -i new-city/*.png -c:v libx264 -pix_fmt yuv420p"
        subprocess.run([*drive.split(), "drive.mp4"], cwd=folder, check=True, stdin=subprocess.DEVNULL)
    data_sets(folder, run)
    networks(folder, run, streets, python, environment)
    run("adapt --weights source.pth --network espnet --images new-city --output runs/a --batch 2 --steps 4",
        "--size 160x120 --set checkpoint.every=1 --set checkpoint.keep=9")
    shutil.copytree(folder / "runs/a", folder / "runs/b")
    # The PyTorch module of a user's own network.
    shutil.copy(root / "Reference/espnet.py", folder / "espnet.py")
    for name in ("configs", ".build"):
        (folder / name).symlink_to(root / name)


# Without what iapc writes beside the weights.
FOREIGN = """
import torch
torch.save(dict(torch.load("source.pth", weights_only=True)), "source.pth")
"""


def networks(folder, run, streets, python, environment):
    """source.pth and unknown.pth: an ESPNet of a few steps on other streets, with Cityscapes' classes."""
    run(streets, "--domain simulator --classes cityscapes19 --count 12 --output source-images")
    train = "train --images source-images/images --labels source-images/labels --label-space cityscapes19"
    run(train, "--network espnet --crop 96x64 --batch 4 --steps 40 --output runs/source")
    shutil.copy(folder / "runs/source/last.pth", folder / "source.pth")
    if python:
        # As another program writes them, saying nothing of themselves.
        subprocess.run([python, "-c", FOREIGN], cwd=folder, env=environment, check=True)
    shutil.copy(folder / "source.pth", folder / "unknown.pth")
    # A body in the place of ImageNet's, for the paper's configs.
    run(train, "--network deeplabv2-resnet50 --normalisation caffe --crop 64x64 --batch 1 --steps 1",
        "--output runs/body")
    for name in ("deeplab.pth", "resnet50.pth", "published.pth"):
        shutil.copy(folder / "runs/body/last.pth", folder / name)
    run(train, "--network segformer-b0 --crop 64x64 --batch 2 --steps 1 --output runs/segformer")
    run("convert runs/segformer/last.pth segformer.safetensors")
    run("train --dataset five.yaml --network espnet --crop 96x64 --batch 2 --steps 2 --output runs/five")
    shutil.copy(folder / "runs/five/last.pth", folder / "foreign.pth")


def data_sets(folder, run):
    """data/GTA5 and data/cityscapes in their layouts, the paths that configs/ name, and a set of one's own."""
    run("data streets --domain simulator --layout gta5 --count 3 --size 160x80 --output data/GTA5")
    for split in ("train", "val"):
        run("data streets --domain city --layout cityscapes --count 3 --size 160x80 --output data/cityscapes",
            "--split", split)
    run("data streets --domain simulator --layout synthia --count 3 --size 160x80 --output data/RAND_CITYSCAPES")
    (folder / "data/resnet101.pth").symlink_to(folder / "runs/body/last.pth")
    for split, count in (("train", 2), ("val", 1)):
        frames = folder / "harbour-1.0/frames" / split
        labels = folder / "harbour-1.0/ids" / split
        frames.mkdir(parents=True)
        labels.mkdir(parents=True)
        for index, image in enumerate(sorted((folder / "new-city").iterdir())[:count]):
            shutil.copy(image, frames / f"{index}.png")
            grey_png(labels / f"{index}.png", 160, 120, lambda x, y: (1, 2, 3, 5, 0)[(x // 8 + y // 8) % 5])
    shutil.copytree(folder / "harbour-1.0/frames/train", folder / "new-quay")
    (folder / "five.yaml").write_text(
        "root: harbour-1.0\nsplits: {train: {images: frames/train, labels: ids/train}}\n"
        "classes: [a, b, c, d, e]\nids: {0: a, 1: b, 2: c, 3: d, 5: e}\n")


def grey_png(path, width, height, value):
    """Writes a grey PNG of 8 bits."""

    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    rows = b"".join(bytes([0] + [value(x, y) for x in range(width)]) for y in range(height))
    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    path.write_bytes(
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b""))
