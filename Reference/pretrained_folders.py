# SPDX-License-Identifier: Apache-2.0
"""Writes networks of transformers as `save_pretrained` does, and holds against them what iapc made of such folders.

    python pretrained_folders.py write FOLDER NAME,NAME,...   a SegFormer-B0 with random weights, and an image processor
    python pretrained_folders.py predict FOLDER IMAGES MAPS   share of pixels that from_pretrained labels as the maps do
    python pretrained_folders.py load FOLDER STATE            loads a state dict strictly into the folder's network
"""

import json
import sys
from pathlib import Path

import numpy
import torch
from PIL import Image
from transformers import SegformerConfig, SegformerForSemanticSegmentation

# Not ImageNet's, so that taking ImageNet's shows.
PROCESSOR = {
    "do_normalize": True, "do_rescale": True, "do_resize": True, "image_mean": [0.3, 0.4, 0.5],
    "image_std": [0.25, 0.5, 0.3], "image_processor_type": "SegformerImageProcessor", "rescale_factor": 1 / 255,
    "size": {"height": 512, "width": 512}}


def write(folder, names):
    torch.manual_seed(1)
    labels = dict(enumerate(names.split(",")))
    config = SegformerConfig(id2label=labels, label2id={name: index for index, name in labels.items()})
    network = SegformerForSemanticSegmentation(config)
    # Far enough from the initial zeros that labels depend on every layer.
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.add_(0.02 * torch.randn_like(parameter))
    network.save_pretrained(folder)
    (Path(folder) / "preprocessor_config.json").write_text(json.dumps(PROCESSOR, indent=2))


def predict(folder, images, maps):
    network = SegformerForSemanticSegmentation.from_pretrained(folder).eval()
    processor = json.loads((Path(folder) / "preprocessor_config.json").read_text())
    mean, deviation = (torch.tensor(processor[key]) for key in ("image_mean", "image_std"))
    equal = total = 0
    for path in sorted(Path(images).glob("*.png")):
        pixels = torch.from_numpy(numpy.array(Image.open(path).convert("RGB"), numpy.float32))
        pixels = (pixels * processor["rescale_factor"] - mean) / deviation
        with torch.inference_mode():
            scores = network(pixel_values=pixels.permute(2, 0, 1)[None]).logits
            scores = torch.nn.functional.interpolate(scores, pixels.shape[:2], mode="bilinear", align_corners=True)
        found = numpy.array(Image.open(Path(maps) / path.name))
        equal += int((scores[0].argmax(0).numpy() == found).sum())
        total += found.size
    print(equal / total)


def load(folder, state):
    network = SegformerForSemanticSegmentation.from_pretrained(folder)
    entries = torch.load(state, weights_only=True)
    for name, tensor in network.state_dict().items():
        assert torch.equal(tensor, entries[name]), name
    print(network.load_state_dict(entries, strict=True))
    print(", ".join(network.config.id2label[index] for index in range(network.config.num_labels)))


if __name__ == "__main__":
    {"write": write, "predict": predict, "load": load}[sys.argv[1]](*sys.argv[2:])
