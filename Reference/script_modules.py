# SPDX-License-Identifier: Apache-2.0
"""TorchScript modules of networks that are not iapc's, their steps in PyTorch, and what adapted ones give in Python.

`write` makes a network with random weights, saves it scripted or traced, and runs IAPC steps of it in PyTorch. `predict`
opens an adapted module and compares label maps with those of `iapc predict`. `export` makes ONNX of one. `modes` writes
modules and what they give in each mode, `odd` modules that are refused, `failing` modules that fail in use.
"""

import argparse
import copy
import json
from collections import OrderedDict
from dataclasses import replace
from pathlib import Path

import numpy
import torch
import torch.nn.functional as F
from PIL import Image
from safetensors.torch import save_file
from torch import nn

import iapc
from iapc import Adaptation

CLASSES = 11
MEAN = torch.tensor([0.485, 0.456, 0.406])
STD = torch.tensor([0.229, 0.224, 0.225])


def conv_block(inputs, outputs, stride=1, dilation=1):
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, 3, stride, dilation, dilation, bias=False),
        nn.BatchNorm2d(outputs),
        nn.ReLU(inplace=True),
    )


class UNet(nn.Module):
    """Takes sides that are multiples of 4."""

    def __init__(self):
        super().__init__()
        self.first, self.second = conv_block(3, 8), conv_block(8, 16)
        self.third = conv_block(16, 32)
        self.up2, self.up1 = nn.ConvTranspose2d(32, 16, 2, 2), nn.ConvTranspose2d(16, 8, 2, 2)
        self.merge2, self.merge1 = conv_block(32, 16), conv_block(16, 8)
        self.head = nn.Conv2d(8, CLASSES, 1)

    def forward(self, x):
        a = self.first(x)
        b = self.second(F.max_pool2d(a, 2))
        c = self.third(F.max_pool2d(b, 2))
        b = self.merge2(torch.cat([self.up2(c), b], 1))
        return self.head(self.merge1(torch.cat([self.up1(b), a], 1)))


def slow_unet():
    """A UNet whose statistics hardly follow the batches."""
    network = UNet()
    for module in network.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.momentum = 1e-3
    return network


class Pooling(nn.Module):
    def __init__(self, inputs, outputs):
        super().__init__()
        self.conv, self.norm = nn.Conv2d(inputs, outputs, 1, bias=False), nn.BatchNorm2d(outputs)

    def forward(self, x):
        return F.interpolate(F.relu(self.norm(self.conv(F.adaptive_avg_pool2d(x, 1)))), x.shape[2:], mode="bilinear")


class ASPP(nn.Module):
    def __init__(self, inputs, outputs, dropout):
        super().__init__()
        self.branches = nn.ModuleList([conv_block(inputs, outputs, 1, d) for d in (1, 2, 4)])
        self.pooling = Pooling(inputs, outputs)
        self.project, self.dropout = conv_block(4 * outputs, outputs), nn.Dropout(dropout)
        self.classifier = nn.Conv2d(outputs, CLASSES, 1)

    def forward(self, x):
        maps = []
        for branch in self.branches:
            maps.append(branch(x))
        maps.append(self.pooling(x))
        return self.classifier(self.dropout(self.project(torch.cat(maps, 1))))


class DeepLabV3(nn.Module):
    """A dictionary with "out" and "aux", as torchvision has it."""

    def __init__(self, dropout=0.0):
        super().__init__()
        self.backbone = nn.Sequential(conv_block(3, 8, 2), conv_block(8, 16, 2), conv_block(16, 32, 2))
        self.classifier, self.aux = ASPP(32, 16, dropout), nn.Conv2d(32, CLASSES, 1)

    def forward(self, x):
        maps = self.backbone(x)
        result = OrderedDict()
        size = x.shape[2:]
        result["out"] = F.interpolate(self.classifier(maps), size, mode="bilinear", align_corners=False)
        result["aux"] = F.interpolate(self.aux(maps), size, mode="bilinear", align_corners=False)
        return result


class LayerNormNet(nn.Module):
    """(logits, features), normalised without batches."""

    def __init__(self):
        super().__init__()
        self.stem, self.norm = nn.Conv2d(3, 16, 3, 4, 1), nn.LayerNorm(16)
        self.group, self.body = nn.GroupNorm(4, 16), nn.Conv2d(16, 16, 3, 1, 1)
        self.head = nn.Conv2d(16, CLASSES, 1)

    def forward(self, x):
        a = F.gelu(self.norm(self.stem(x).permute(0, 2, 3, 1)).permute(0, 3, 1, 2))
        features = F.relu(self.group(self.body(a)))
        return self.head(features), features


class FirstOutput(nn.Module):
    def __init__(self, net):
        super().__init__()
        self.net = net

    def forward(self, x):
        return self.net(pixel_values=x, return_dict=False)[0]


def segformer():
    from transformers import SegformerConfig, SegformerForSemanticSegmentation

    return FirstOutput(
        SegformerForSemanticSegmentation(
            SegformerConfig(
                depths=[1, 1, 1, 1], hidden_sizes=[8, 16, 24, 32], num_attention_heads=[1, 2, 3, 4],
                decoder_hidden_size=32, num_labels=CLASSES, hidden_dropout_prob=0.0, drop_path_rate=0.0,
                attention_probs_dropout_prob=0.0, classifier_dropout_prob=0.0)))


def traced(network, images):
    """As users trace: in evaluation mode, which fixes the modes of BatchNorm and dropout in the program."""
    return torch.jit.trace(network.eval(), images, strict=False)


def scripted(network, images):
    return torch.jit.script(network.train())


class Case:
    """A network, how it becomes TorchScript, and where its features and head are."""

    def __init__(self, make, save, features=None, entering=None, head=(), options=()):
        self.make, self.save, self.head, self.options = make, save, tuple("net." + h for h in head), list(options)
        self.features, self.entering = features, entering


CASES = {
    "unet": Case(UNet, scripted, entering="head", head=["head."]),
    "unet-traced": Case(UNet, traced, entering="head", head=["head."]),
    "unet-slow": Case(slow_unet, scripted, entering="head", head=["head."]),
    "unet-slow-traced": Case(slow_unet, traced, entering="head", head=["head."]),
    "deeplabv3": Case(
        DeepLabV3, traced, features="backbone", head=["classifier."],
        options=["--features", "backbone", "--head", "classifier"]),
    "segformer": Case(segformer, traced, entering="net.decode_head.classifier", head=["net.decode_head.classifier."]),
    "layernorm": Case(LayerNormNet, scripted, head=["head."]),
}


class WithFeatures(nn.Module):
    """(logits, features) of a network, the features by a hook."""

    def __init__(self, net, case):
        super().__init__()
        self.net, self.case, self.head = net, case, case.head

    def forward(self, x):
        case, kept = self.case, []
        if case.features:
            hook = self.net.get_submodule(case.features).register_forward_hook(lambda m, i, o: kept.append(o))
        elif case.entering:
            hook = self.net.get_submodule(case.entering).register_forward_pre_hook(lambda m, i: kept.append(i[0]))
        else:
            return self.net(x)
        output = self.net(x)
        hook.remove()
        return (output["out"] if isinstance(output, dict) else output), kept[0]


def batch():
    images = torch.randn(3, 2, 3, 64, 96).cumsum(4).div(4)
    labels = torch.randint(0, CLASSES, (2, 8, 12)).repeat_interleave(8, 1).repeat_interleave(8, 2)
    labels[:, :4] = iapc.IGNORED
    return dict(zip(("images", "images_scaled", "images_augmented"), images.unbind()), pseudo_labels=labels.byte())


def write(folder, name, steps, rate):
    """NAME.pt, NAME.batch.safetensors and NAME.json with each step's losses in PyTorch and the norms they lead to."""
    torch.manual_seed(7)
    torch.set_num_threads(1)
    case, inputs = CASES[name], batch()
    network = case.make()
    for module in network.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.running_mean.normal_(0, 0.1)
            module.running_var.uniform_(0.5, 1.5)
    case.save(network, inputs["images"]).save(str(folder / f"{name}.pt"))
    save_file(inputs, folder / f"{name}.batch.safetensors")
    if isinstance(network, DeepLabV3):  # No loss reaches it, and what has no gradient stays.
        network.aux.requires_grad_(False)
    run = Adaptation(WithFeatures(network, case), replace(iapc.REFERENCE), rate, CLASSES)
    losses = [{k: v for k, v in run.step(**inputs).items() if k != "class_weight"} for _ in range(steps)]
    state = list(run.student.named_parameters()) + list(run.student.named_buffers())
    norms = {key.removeprefix("net."): value.detach().double().norm().item() for key, value in state}
    (folder / f"{name}.json").write_text(json.dumps({"options": case.options, "losses": losses, "norms": norms}))


def scores(output):
    if isinstance(output, dict):
        return output["out"]
    return output if isinstance(output, torch.Tensor) else output[0]


class Scores(nn.Module):
    """The scores alone, which ONNX can name."""

    def __init__(self, net):
        super().__init__()
        self.net = net

    def forward(self, x):
        return scores(self.net(x))


def export(module, name):
    """ONNX of an adapted module in both documented ways, held against it at sizes that neither was traced with."""
    import onnxruntime

    torch.set_num_threads(1)
    adapted, images = torch.jit.load(module).eval(), torch.randn(2, 3, 64, 96)
    own = CASES[name].make().eval()
    own.load_state_dict(torch.load(Path(module).with_suffix(".pth"), weights_only=True), strict=True)
    free, output = {0: "batch", 2: "height", 3: "width"}, str(Path(module).with_suffix(".onnx"))
    # In evaluation as a whole: what export finds in training it leaves in training, and its modules with it.
    for network in (Scores(own).eval(), torch.jit.trace(Scores(adapted).eval(), images, strict=False)):
        torch.onnx.export(
            network, (images,), output, dynamo=False, input_names=["images"], output_names=["scores"],
            dynamic_axes={"images": free, "scores": free})
        session = onnxruntime.InferenceSession(output, providers=["CPUExecutionProvider"])
        for size in [(1, 3, 128, 64), (3, 3, 64, 160)]:
            other = torch.randn(size)
            with torch.inference_mode():
                expected = Scores(adapted)(other)
            found = torch.from_numpy(session.run(None, {"images": other.numpy()})[0])
            print((found - expected).abs().max().item())


def predict(module, images, maps):
    """Prints the share of pixels whose label is that of the maps; loads the state dict beside the module strictly."""
    torch.set_num_threads(1)
    told = {"iapc.json": ""}
    network = torch.jit.load(module, _extra_files=told).eval()
    assert json.loads(told["iapc.json"])["iapc.network"] == "torchscript"
    network.load_state_dict(torch.load(Path(module).with_suffix(".pth"), weights_only=True), strict=True)
    equal = total = 0
    for path in sorted(Path(images).glob("*.png")):
        pixels = torch.from_numpy(numpy.asarray(Image.open(path).convert("RGB"), numpy.float32) / 255)
        with torch.inference_mode():
            logits = scores(network(((pixels - MEAN) / STD).permute(2, 0, 1)[None]))
        found = iapc.upsample(logits, pixels.shape[:2])[0].argmax(0).numpy()
        expected = numpy.asarray(Image.open(Path(maps) / path.name))
        equal, total = equal + int((found == expected).sum()), total + expected.size
    print(equal / total)


def modes(folder):
    """A network with dropout, scripted and traced, and what PyTorch gives in each mode."""
    torch.manual_seed(8)
    torch.set_num_threads(1)
    network, images = DeepLabV3(dropout=0.0), torch.randn(2, 3, 65, 97)
    dropping = DeepLabV3(dropout=0.5)
    for kind, save in (("scripted", scripted), ("traced", traced)):
        save(network, images).save(str(folder / f"modes.{kind}.pt"))
        save(dropping, images).save(str(folder / f"dropout.{kind}.pt"))
    state = copy.deepcopy(network.state_dict())
    training = torch.jit.trace(copy.deepcopy(network).train(), images, strict=False, check_trace=False)
    training.load_state_dict(state)  # Tracing has moved the statistics.
    training.save(str(folder / "modes.training.pt"))
    found = {"images": images, "evaluation": scores(network.eval()(images))}
    found["training"] = scores(network.train()(images))
    found |= {f"buffer.{name}": value.clone() for name, value in network.named_buffers()}
    save_file({k: v.detach().contiguous() for k, v in found.items()}, folder / "modes.safetensors")


def odd(folder):
    """Modules that are refused."""
    torch.manual_seed(9)
    images, network = torch.randn(1, 3, 64, 64), UNet().eval()
    torch.jit.freeze(torch.jit.script(network)).save(str(folder / "frozen.pt"))
    torch.jit.script(nn.Sequential(nn.Flatten(), nn.Linear(3, 4))).save(str(folder / "flat.pt"))
    torch.save(network.state_dict(), folder / "weights.pth")

    class Fixed(nn.Module):
        def __init__(self):
            super().__init__()
            self.conv = nn.Conv2d(3, CLASSES, 3, 8, 1)

        def forward(self, x):
            return F.interpolate(self.conv(x), (64, 64), mode="bilinear")

    torch.jit.trace(Fixed(), images).save(str(folder / "fixed.pt"))
    whole = torch.jit.script(network)
    whole.save(str(folder / "whole.pt"))
    data = (folder / "whole.pt").read_bytes()
    (folder / "cut.pt").write_bytes(data[: len(data) // 2])


class Failing(nn.Module):
    """Does what `how` says once its head has learned, or for images of some sizes."""

    def __init__(self, how: str):
        super().__init__()
        self.how = how
        self.body, self.head = nn.Conv2d(3, 8, 3, 4, 1), nn.Conv2d(8, CLASSES, 1)
        self.register_buffer("first", self.head.weight.detach().clone())

    def forward(self, x):
        features = torch.relu(self.body(x))
        if self.how == "narrow" and x.shape[3] == 256:
            raise RuntimeError("it takes no images that are 256 pixels wide")
        if self.how == "wide" and min(x.shape[2], x.shape[3]) < 40:
            raise RuntimeError("it takes at least 40 pixels a side")
        if bool((self.first - self.head.weight).abs().max() > 1e-4):
            if self.how == "refusing":
                raise RuntimeError("it is not what it was")
            if self.how == "hungry":
                features = features + torch.zeros([1 << 50])
            if self.how == "backward" and torch.is_grad_enabled():
                scores = torch.sigmoid(self.head(features))
                scores.mul_(2)
                return scores, features
        return self.head(features), features


def failing(folder):
    """Modules that load and fail in use."""
    torch.manual_seed(10)
    for how in ("refusing", "hungry", "backward", "narrow", "wide"):
        torch.jit.script(Failing(how)).save(str(folder / f"{how}.pt"))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("job", choices=["write", "predict", "export", "modes", "odd", "failing"])
    parser.add_argument("arguments", nargs="+")
    a = parser.parse_args()
    if a.job == "write":
        write(Path(a.arguments[0]), a.arguments[1], int(a.arguments[2]), float(a.arguments[3]))
    elif a.job == "predict":
        predict(*a.arguments)
    elif a.job == "export":
        export(*a.arguments)
    elif a.job == "modes":
        modes(Path(a.arguments[0]))
    elif a.job == "failing":
        failing(Path(a.arguments[0]))
    else:
        odd(Path(a.arguments[0]))


if __name__ == "__main__":
    main()
