# SPDX-License-Identifier: Apache-2.0
"""Prints what the demo measured, from the files that `iapc evaluate --json` wrote."""

import json
import sys
from pathlib import Path

folder, target = Path(sys.argv[1]), sys.argv[2]
noon, before, after = (
    json.loads((folder / f"{name}.json").read_text()) for name in ("source-noon", "source", "adapted")
)


def percent(value):
    return "     -" if value is None else f"{100 * value:6.2f}"


print(f"IoU in %      source on noon   source on {target:<5}   adapted on {target:<5}")
for a, b, c in zip(noon["classes"], before["classes"], after["classes"]):
    print(f"{a['name']:<12}  {percent(a['iou']):>14}   {percent(b['iou']):>15}   {percent(c['iou']):>16}")
top, low, now = noon["mIoU"], before["mIoU"], after["mIoU"]
print(f"{'mIoU':<12}  {percent(top):>14}   {percent(low):>15}   {percent(now):>16}")
print(f"\nThe move to {target} costs {100 * (top - low):.1f} points; adaptation wins back {100 * (now - low):.1f} of them "
      f"({100 * (now - low) / (top - low):.0f}%), without a label.")  # fmt: skip
