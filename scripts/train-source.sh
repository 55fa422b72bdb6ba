#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Trains the demo's source network anew, on noon scenes: demo/source.safetensors. About half an hour on two cores.
set -euo pipefail
cd "$(dirname "$0")/.."
iapc=.build/release/iapc
out=demo/source-training
rm -rf "$out"
$iapc data streets --domain noon --count 800 --seed 1 --size 320x240 --output "$out/noon"
data=(--images "$out/noon/images" --labels "$out/noon/labels" --label-space camvid11 --crop 256x192)
# Every pixel counts alike at first; then rare classes count more.
$iapc train "${data[@]}" --output "$out/first" --batch 6 --steps 2600 --learning-rate 3e-3 \
  --set loss_weights.classes=none
$iapc train "${data[@]}" --output "$out/second" --batch 8 --steps 1600 --learning-rate 2e-3 --seed 2 \
  --weights "$out/first/last.safetensors"
cp "$out/second/last.safetensors" demo/source.safetensors
