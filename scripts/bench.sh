#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Measures beside PyTorch: on the real case where its data is at hand, else on generated streets.
set -euo pipefail
cd "$(dirname "$0")/.."
iapc=.build/release/iapc
shared=../shared
if [ -d "$shared/data/camvid/train" ]; then
  echo "Cityscapes -> CamVid, ESPNet p = 2, q = 3:"
  exec .venv/bin/python Benchmarks/adapt.py --weights "$shared/weights/espnet_p_2_q_3.pth" \
    --images "$shared/data/camvid/train" "$@"
fi
echo "noon -> dusk, generated streets, ESPNet p = 2, q = 3 (the real case's data is not at hand):"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
$iapc data streets --domain dusk --count 40 --seed 3 --size 320x240 --no-labels --output "$work/dusk"
$iapc convert demo/source.safetensors "$work/source.pth"
.venv/bin/python Benchmarks/adapt.py --weights "$work/source.pth" --images "$work/dusk/images" \
  --classes camvid11 --outputs 11 --size 320x240 --crop 160x120 "$@"
