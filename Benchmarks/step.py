# SPDX-License-Identifier: Apache-2.0
"""Adaptation steps on one batch: `iapc benchmark step` and Reference/compare_adapt.py, as the authors released it."""

import statistics

from harness import IAPC, PYTHON, REFERENCE, Row, Side, furthest, run_json

TERMS = ("total", "ia", "pe", "ps_label", "ps_prototype", "im")


class Case:
    """A network with weights drawn from a seed and a batch of drawn scenes, which both sides take."""

    def __init__(self, folder, threads, network, crop, batch, steps, weights=None):
        self.threads, self.network, self.steps = threads, network, steps
        self.dump = folder / f"{network}-{crop}-{batch}"
        self.options = ["--network", network, "--crop", crop, "--batch", batch]
        if weights:
            self.options += ["--weights", weights]

    def prepare(self):
        if not self.dump.exists():
            self.ours("float32", steps=1, extra=["--dump", self.dump])
            first = self.dump / "step_000001.safetensors"
            for index in range(1, self.steps + 1):
                (self.dump / f"step_{index + 1:06}.safetensors").symlink_to(first.name)

    def ours(self, precision, steps=None, extra=()):
        found, _, _ = run_json(
            [IAPC, "benchmark", "step", *self.options, "--steps", steps or self.steps, "--profile", "reference",
             "--set", "batch_norm.update_pass=off", "--precision", precision, "--threads", self.threads, *extra])  # fmt: skip
        return Side(found["seconds_per_step"]["median"], found["peak_resident_bytes"], found["steps"][0])

    def theirs(self):
        self.prepare()
        found, _, memory = run_json(
            [PYTHON, REFERENCE / "compare_adapt.py", "--weights", self.dump / "weights.pth", "--network",
             self.network, "--batches", self.dump, "--learning-rate", "1e-4", "--warm-up", 0, "--total", 10**12,
             "--threads", self.threads, "--as-released"])  # fmt: skip
        steps = found["steps"]
        # The first step warms up on both sides.
        return Side(statistics.median(s["seconds"] for s in steps[1:]), memory, {n: steps[0][n] for n in TERMS})


def apart(theirs, ours):
    return furthest(theirs.numbers, ours.numbers)


def cases(folder, threads):
    """The paper's network and a small one."""
    return (
        Case(folder, threads, "deeplabv2-resnet101", "512x256", 2, steps=2),
        Case(folder, threads, "espnet", "320x240", 4, steps=15),
    )


def rows(folder, threads):
    deeplab, espnet = cases(folder, threads)
    for case, name, bars in ((deeplab, "step DeepLabV2-R101", (1.35, 2.5)), (espnet, "step ESPNet", (1.5, None))):
        for precision, bar in zip(("float32", "bfloat16"), bars):
            yield Row(f"{name}, {precision}", case.theirs, lambda c=case, p=precision: c.ours(p), apart, bar)
