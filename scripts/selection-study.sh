#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# How well do label-free criteria rank checkpoints? Adapts to each target in good ways and in bad ones, keeps ten
# checkpoints of every run, lets `iapc select` rank them, and holds that against their mIoU on labels.
#
#   scripts/selection-study.sh [dusk] [fog] [camvid]      (default: all; camvid needs ../shared)
#
# STEPS (150), IMAGES (50: images that candidates are asked about), TEST (60: labelled scenes), THREADS (all), OUT
# (.build/selection-study). Results: OUT/TARGET.json and OUT/table.md.
# Runs that are there already are kept, so that it goes on where it was stopped.
set -euo pipefail
cd "$(dirname "$0")/.."
iapc=.build/release/iapc
out=${OUT:-.build/selection-study}
steps=${STEPS:-150}
images=${IMAGES:-50}
test=${TEST:-60}
threads=(${THREADS:+--threads "$THREADS"})
every=$(((steps + 9) / 10))
mkdir -p "$out"
export IAPC_CACHE="$out/cache"

# What the profile `recommended` was when the study was made: Documentation/Selection.md has its figures.
base=(--profile paper --set batch_norm.initial=target --set batch_norm.final=target --set loss_weights.im=0.2
  --learning-rate 1e-3 --set schedule.warm_up=20)

# name, then what differs from the good run.
runs=(
  "good"
  "gentle --learning-rate 3e-4"
  "paper --set batch_norm.initial=source --set batch_norm.final=source"
  "entropy --set loss_weights.im=20"
  "fast --learning-rate 0.05 --set runtime.on_nan=skip --set runtime.max_skipped=1000"
)

# The options that every command on target $1 needs, in the arrays network, unlabelled, labelled.
prepare() {
  if [ "$1" = camvid ]; then
    local camvid=../shared/data/camvid
    network=(--weights ../shared/weights/espnet_p_2_q_3.pth --network espnet --classes cityscapes19)
    unlabelled=(--images "$camvid/train")
    labelled=(--labelled-images "$camvid/val" --labels "$camvid/valannot" --label-space camvid11)
    sizes=(--size 640x480 --crop 320x240 --set augmentation.min_classes=10)
    return
  fi
  network=(--weights demo/source.safetensors)
  unlabelled=(--images "$out/$1/images")
  labelled=(--labelled-images "$out/$1-test/images" --labels "$out/$1-test/labels" --label-space camvid11)
  sizes=()
  [ -d "$out/$1" ] || $iapc data streets --domain "$1" --count 160 --seed 2001 --size 320x240 --no-labels \
    --output "$out/$1" >/dev/null
  [ -d "$out/$1-test" ] || $iapc data streets --domain "$1" --count "$test" --seed 1001 --size 320x240 \
    --output "$out/$1-test" >/dev/null
}

# Adapts to target $1 under the name $2, with the options that follow.
adapt() {
  local run=$out/$1-$2 name=$1-$2 target=$1
  shift 2
  [ ! -f "$run/adapted.safetensors" ] || return 0
  echo "$name"
  $iapc adapt --config demo/adapt.yaml "${network[@]}" "${unlabelled[@]}" "${sizes[@]}" "${base[@]}" \
    --steps "$steps" --set checkpoint.every="$every" --set checkpoint.keep=100 --set selection.every="$every" --set selection.images=8 \
    "${threads[@]}" "$@" --output "$run" --overwrite 2>"$out/$name.log" ||
    { tail -n 1 "$out/$name.log" >&2; [ -n "$(ls "$run/checkpoints" 2>/dev/null)" ]; }
}

targets=("$@")
[ $# -gt 0 ] || targets=(dusk fog camvid)
done=()
for target in "${targets[@]}"; do
  if [ "$target" = camvid ] && [ ! -d ../shared/data/camvid ]; then
    echo "camvid is left out: there is no ../shared/data/camvid" >&2
    continue
  fi
  prepare "$target"
  folders=()
  for run in "${runs[@]}"; do
    read -r name options <<<"$run"
    # shellcheck disable=SC2086
    adapt "$target" "$name" $options
    folders+=("$out/$target-$name")
  done
  echo "$target: select"
  $iapc select "${folders[@]}" "${unlabelled[@]}" "${labelled[@]}" --count "$images" --statistics target \
    "${threads[@]}" --json "$out/$target.json" >"$out/$target.txt" 2>"$out/$target-select.log" ||
    { tail -n 1 "$out/$target-select.log" >&2; exit 1; }
  done+=("$target")
done
python3 scripts/selection-table.py "$out" "${done[@]}" | tee "$out/table.md"
