#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""How far label-free scores tell which colors a network wants, on images of places that it does not know.

    .venv/bin/python scripts/inspect-study.py [--images 12] [--draws 60] [--out .build/inspect-study]

Two ESPNets, `demo/source.safetensors` and the published Cityscapes weights, and two published ESPNetv2 are given the images of drawn noon, dusk, fog and rain, of CamVid, and of IDD-lite, in each color
convention that `iapc inspect --images` tries, with the stored normalization statistics and with each image's own. Then each convention in turn is taken for the assumed one,
on random subsets of 3, 4 and 8 images and on all, and two rules advise another: the larger plausibility alone, and the
rule of `iapc inspect` (`PlausibleReadings`, `ReadingEvidence`). Advice is right where the mIoU on the labels of all images, with stored
statistics, is higher with it. A row counts right and wrong advice, the worst of it in points of mIoU, and how often none
was given where the assumed convention costs more than a point.

Needs a Python with torch and `.build/release/iapc`. CamVid, IDD-lite and the published weights are left out where
../shared is not. What a network said of a place is kept in the folder, so that it goes on where it was stopped.
"""

import argparse
import pickle
import random
import subprocess
import sys
from pathlib import Path

import numpy
import torch
from PIL import Image

ROOT = Path(__file__).resolve().parent.parent
SHARED = ROOT.parent / "shared"
sys.path.insert(0, str(ROOT / "Reference"))
import espnet  # noqa: E402
import espnetv2  # noqa: E402

PUBLISHED = {
    "imageNet": ("rgb", [123.675, 116.28, 103.53], [58.395, 57.12, 57.375], 1),
    "caffe": ("bgr", [104.00698793, 116.66876762, 122.67891434], [1, 1, 1], 1),
    "espnetCityscapes": ("bgr", [72.3923111, 82.90893555, 73.15840149], [45.3192215, 46.15289307, 44.91483307], 1 / 255),
}
OTHER = {"rgb": "bgr", "bgr": "rgb"}
CONVENTIONS = PUBLISHED | {
    f"{name}-{OTHER[order]}": (OTHER[order], mean[::-1], std[::-1], scale)
    for name, (order, mean, std, scale) in PUBLISHED.items()
}
# Of Cityscapes' 19 classes.
CAMVID = [3, 4, 1, 7, 7, 2, 6, 6, 5, 5, 0, 9, 10, 8, 8, 8, 8, 10, 10]
IDD = [0, 1, 5, 4, 4, 4, 4, 4, 5, 1, 6, 2, 2, 3, 3, 3, 3, 3, 3]
STREETS = ["noon", "dusk", "fog", "rain"]


def files(place, count, out):
    """Pairs of image and label, how many classes the labels have, and the input's size."""
    if place in STREETS:
        folder = out / "streets" / place
        if not folder.exists():
            subprocess.run(
                [ROOT / ".build/release/iapc", "data", "streets", "--domain", place, "--size", "320x240", "--count",
                 str(count), "--seed", "77", "--output", folder], check=True, stdout=subprocess.DEVNULL)
        return [(p, folder / "labels" / p.name) for p in sorted((folder / "images").iterdir())][:count], 11, (320, 240)
    data = SHARED / "data" / place
    found = sorted((data / "val").iterdir())
    chosen = [found[i * len(found) // count] for i in range(min(count, len(found)))]
    classes, size = (7, (320, 224)) if place == "idd-lite" else (11, (320, 240))
    return [(p, data / "valannot" / f"{p.stem}.png") for p in chosen], classes, size


def network_input(pixels, convention):
    order, mean, std, scale = CONVENTIONS[convention]
    if order == "bgr":
        pixels = pixels[..., ::-1]
    values = (pixels.astype(numpy.float32) - numpy.float32(mean)) / numpy.float32(std) * scale
    return torch.from_numpy(values.transpose(2, 0, 1)[None].copy())


def look(network, first, pixels, label, convention, mapping, classes):
    """What a network says of one image: mean distribution, mean entropy, agreement, confusion with the label; and mean
    and variance of each channel that the first normalization layer is given."""
    seen = []
    hook = first.register_forward_pre_hook(lambda _, inputs: seen.append(torch.var_mean(inputs[0], (0, 2, 3))))
    with torch.inference_mode():
        plain = network(network_input(pixels, convention))[0].softmax(1)[0]
        hook.remove()
        mirrored = network(network_input(pixels[:, ::-1], convention))[0].softmax(1)[0].flip(2)
    best = plain.argmax(0)
    known = label < classes
    predicted = mapping[best.numpy()][known]
    return {
        "mean": plain.mean((1, 2)).numpy(),
        "entropy": float(-(plain * (plain + 1e-10).log()).sum(0).mean()),
        "agreement": float((best == mirrored.argmax(0)).float().mean()),
        "confusion": numpy.bincount(label[known] * classes + predicted, minlength=classes * classes).reshape(classes, -1),
        "first": (seen[0][1].numpy(), seen[0][0].numpy()),
        "stored": (first.running_mean.numpy(), first.running_var.numpy()),
    }


def looks(weights, place, count, out):
    """For each convention and each kind of statistics what the network says of each image."""
    is_demo = weights.suffix == ".safetensors"
    if weights.name.startswith("espnetv2"):
        network = espnetv2.load(torch.load(weights, map_location="cpu", weights_only=True), 19)
    else:
        network = espnet.load(espnet.read_weights(weights), None if is_demo else 19)
    layers = [module for module in network.modules() if isinstance(module, torch.nn.BatchNorm2d)]
    for layer in layers:
        layer.momentum = 0.0
    pairs, classes, size = files(place, count, out)
    mapping = numpy.arange(11) if is_demo else numpy.array(IDD if classes == 7 else CAMVID)
    images = [numpy.asarray(Image.open(image).convert("RGB").resize(size, Image.BICUBIC)) for image, _ in pairs]
    labels = [numpy.asarray(Image.open(label).resize(size, Image.NEAREST)).astype(numpy.int64) for _, label in pairs]
    found = {}
    for convention in CONVENTIONS:
        for statistics in ("stored", "own"):
            network.train(statistics == "own")
            found[convention, statistics] = [
                look(network, layers[0], image, label, convention, mapping, classes) for image, label in zip(images, labels)]
    return found


def plausibility(rows):
    mean = numpy.mean([row["mean"] for row in rows], 0)
    information = -(mean * numpy.log(mean + 1e-10)).sum() - numpy.mean([row["entropy"] for row in rows])
    return information * numpy.mean([row["agreement"] for row in rows])


def mean_iou(rows):
    confusion = sum(row["confusion"] for row in rows)
    union = confusion.sum(0) + confusion.sum(1) - confusion.diagonal()
    return 100 * numpy.mean((confusion.diagonal() / union.clip(1))[union > 0])


def agrees(a, b, share=0.75, deviations=2.0):
    """Whether nearly every image by itself speaks for the first, by more than chance."""
    ratios = numpy.log([max(plausibility([x]), 1e-6) / max(plausibility([y]), 1e-6) for x, y in zip(a, b)])
    return (ratios > 0).mean() >= share and ratios.mean() >= deviations * ratios.std(ddof=1) / len(ratios) ** 0.5


def shift(rows, floor=1e-5):
    """`Segmenter.firstShift`: how far images move the statistics of the first normalization layer."""
    mean, variance = rows[0]["stored"]
    seen = numpy.mean([row["first"][0] for row in rows], 0)
    stored, now = variance + floor, numpy.mean([row["first"][1] for row in rows], 0) + floor
    return numpy.mean(0.5 * (numpy.log(stored / now) + (now + (seen - mean) ** 2) / stored - 1))


def is_clear(new, old, old_fits, order_differs, best_own):
    """`ReadingEvidence`: rows with stored and with own statistics of two conventions on the same images."""
    own = plausibility(new[1])
    if own < max(0.35 * numpy.log(len(new[0][0]["mean"])), 0.98 * best_own):
        return False
    if old_fits and (plausibility(new[0]) < 1.1 * plausibility(old[0]) or not agrees(new[0], old[0])):
        return False
    return not order_differs or (own >= 1.03 * plausibility(old[1]) and agrees(new[1], old[1]))


def advice(found, assumed, chosen, rule):
    """The convention that a rule advises on some of the images; None for the assumed one."""
    rows = {c: [[found[c, s][i] for i in chosen] for s in ("stored", "own")] for c in CONVENTIONS}
    if rule == "larger":
        best = max(CONVENTIONS, key=lambda c: plausibility(rows[c][0]))
        return None if best == assumed else best
    shifts = {c: shift(rows[c][0]) for c in CONVENTIONS}
    fitting = [c for c in CONVENTIONS if shifts[c] <= 2 * min(shifts.values()) + 0.25]
    best = max(fitting, key=lambda c: plausibility(rows[c][1]))
    if best == assumed:
        return None
    differs = CONVENTIONS[best][0] != CONVENTIONS[assumed][0]
    best_own = max(plausibility(rows[c][1]) for c in CONVENTIONS)
    return best if is_clear(rows[best], rows[assumed], assumed in fitting, differs, best_own) else None


def count_advice(found, rule, size, draws):
    """Right and wrong advice, the worst of it, and how often a convention that costs more than a point was kept."""
    scores = {c: mean_iou(found[c, "stored"]) for c in CONVENTIONS}
    total = len(found["imageNet", "stored"])
    pick = random.Random(1)
    subsets = [pick.sample(range(total), size) for _ in range(draws)] if size < total else [range(total)]
    right = wrong = kept = 0
    worst = 0.0
    for chosen in subsets:
        for assumed in CONVENTIONS:
            other = advice(found, assumed, chosen, rule)
            if other is None:
                kept += max(scores.values()) > scores[assumed] + 1
                continue
            gain = scores[other] - scores[assumed]
            right, wrong, worst = right + (gain > 0), wrong + (gain <= 0), min(worst, gain)
    return right, wrong, worst, kept


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--images", type=int, default=12)
    parser.add_argument("--draws", type=int, default=60)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--out", type=Path, default=ROOT / ".build/inspect-study")
    a = parser.parse_args()
    torch.set_num_threads(a.threads)
    a.out.mkdir(parents=True, exist_ok=True)
    cases = [("demo", ROOT / "demo/source.safetensors", place) for place in STREETS]
    for name, file in [
        ("published", "espnet_p_2_q_3.pth"), ("espnetv2-0.5", "espnetv2_s_0.5_city_1024x512.pth"),
        ("espnetv2-2.0", "espnetv2_s_2.0_city_1024x512.pth"),
    ]:
        published = SHARED / "weights" / file
        if published.exists():
            cases += [(name, published, p) for p in ["camvid", "idd-lite"] + STREETS]
        else:
            print(f"the published weights and their places are left out: there is no {published}", file=sys.stderr)
    print("| network | place | rule | images | right | wrong | worst | kept though wrong |\n" + "|---" * 8 + "|")
    for name, weights, place in cases:
        kept = a.out / f"{name}-{place}-{a.images}.pickle"
        if not kept.exists():
            kept.write_bytes(pickle.dumps(looks(weights, place, a.images, a.out)))
        found = pickle.loads(kept.read_bytes())
        for rule in ("larger", "inspect"):
            for size in (3, 4, 8, a.images):
                right, wrong, worst, missed = count_advice(found, rule, size, a.draws)
                print(f"| {name} | {place} | {rule} | {size} | {right} | {wrong} | {worst:.1f} | {missed} |", flush=True)


if __name__ == "__main__":
    main()
