# SPDX-License-Identifier: Apache-2.0
"""How soon a program answers, and ends its first step: whole processes."""

from harness import IAPC, PYTHON, REFERENCE, Row, Side, run


def rows(folder, threads, espnet):
    def fastest(command):
        return Side(min(run(command)[0] for _ in range(5)))

    def their_step():
        espnet.prepare()
        command = [PYTHON, REFERENCE / "compare_adapt.py", "--weights", espnet.dump / "weights.pth", "--batches",
                   espnet.dump, "--steps", 1, "--threads", threads, "--as-released"]  # fmt: skip
        return Side(run(command)[0])

    def our_step():
        command = [IAPC, "step", "--network", "espnet", "--weights", espnet.dump / "weights.pth", "--inputs",
                   espnet.dump / "step_000001.safetensors", "--steps", 1, "--profile", "reference",
                   "--set", "batch_norm.update_pass=off", "--threads", threads]  # fmt: skip
        return Side(run(command)[0])

    yield Row("startup, help", lambda: fastest([PYTHON, REFERENCE / "compare_adapt.py", "--help"]),
              lambda: fastest([IAPC, "--help"]))  # fmt: skip
    yield Row("startup to the end of a first step", their_step, our_step)
