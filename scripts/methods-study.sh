#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Every method on the same targets by the same protocol: `iapc compare` on drawn dusk, fog and rain from the demo's
# source network, and on CamVid's frames from the published ESPNet weights.
#
#   scripts/methods-study.sh [dusk] [fog] [rain] [camvid]      (default: all; camvid needs ../shared)
#
# METHODS (all, of which `recommended` has its own 300 steps), SEEDS (1,2,3), STEPS (200, of the others), TEST (60:
# labelled scenes), THREADS (all), CHECKPOINTS (2: those chosen from), OUT (.build/methods-study).
# Results: OUT/TARGET/table.md. Runs that are there already are kept, so that it goes on where it was stopped.
set -euo pipefail
cd "$(dirname "$0")/.."
iapc=.build/release/iapc
out=${OUT:-.build/methods-study}
methods=source-only,adabn,adabn:running,adabn:blend,adabn:auto,adabn:per-image,tent,self-training,urma
methods+=,hcl,cotta,dt-st,iapc:reference,iapc:paper,iapc:recommended+schedule.steps=300
options=(--seeds "${SEEDS:-1,2,3}" --checkpoints "${CHECKPOINTS:-2}" --methods "${METHODS:-$methods}")
machine=(${THREADS:+--threads "$THREADS"})
mkdir -p "$out"
export IAPC_CACHE="$out/cache"

targets=("$@")
[ $# -gt 0 ] || targets=(dusk fog rain camvid)
for target in "${targets[@]}"; do
  if [ "$target" = camvid ]; then
    camvid=../shared/data/camvid
    [ -d "$camvid" ] || { echo "camvid is left out: there is no $camvid" >&2; continue; }
    labelled=(--labelled-images "$camvid/val" --labels "$camvid/valannot")
    adapt=(--weights ../shared/weights/espnet_p_2_q_3.pth --network espnet --classes cityscapes19
      --images "$camvid/train" --size 640x480 --crop 320x240)
  else
    [ -d "$out/streets/$target" ] || $iapc data streets --domain "$target" --count 160 --seed 2001 \
      --size 320x240 --no-labels --output "$out/streets/$target" >/dev/null
    [ -d "$out/streets/$target-test" ] || $iapc data streets --domain "$target" --count "${TEST:-60}" \
      --seed 1001 --size 320x240 --output "$out/streets/$target-test" >/dev/null
    labelled=(--labelled-images "$out/streets/$target-test/images" --labels "$out/streets/$target-test/labels")
    adapt=(--weights demo/source.safetensors --images "$out/streets/$target/images" --size 320x240 --crop 256x192
      --set augmentation.min_classes=8)
  fi
  $iapc compare "${options[@]}" "${machine[@]}" --output "$out/$target" "${labelled[@]}" --label-space camvid11 -- \
    "${adapt[@]}" --batch 4 --steps "${STEPS:-200}" --set selection.every=0 "${machine[@]}"
done
