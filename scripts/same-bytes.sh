#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# SHA-256 of the adapted weights of twelve small runs: each method, each profile of iapc, four kinds of networks, and
# one run of two processes. A change that is no change of numbers leaves every line as it was:
#
#   scripts/same-bytes.sh >before.txt      (with the program as it was built before the change)
#   scripts/same-bytes.sh | diff before.txt -
#
# Images are synthetic, and all networks but the demo's are fresh ones of one step. Two to three minutes on two cores.
# OUT: the folder of the runs, written anew (.build/same-bytes). Hashes depend on the processor and on libtorch.
set -euo pipefail
cd "$(dirname "$0")/.."
iapc=.build/release/iapc
out=${OUT:-.build/same-bytes}
rm -rf "$out"
mkdir -p "$out"
export IAPC_CACHE="$out/cache"

# Runs a command in silence; shows the end of what it printed where it fails.
quietly() {
  if ! "$@" >"$out/log.txt" 2>&1; then
    tail -n 5 "$out/log.txt" >&2
    exit 1
  fi
}

quietly $iapc data streets --domain noon --count 4 --size 64x48 --output "$out/noon"
quietly $iapc data streets --domain dusk --count 6 --size 64x48 --no-labels --output "$out/dusk"

# Weights $out/$1.safetensors of a fresh network of the family $1.
fresh() {
  quietly $iapc train --network "$1" --images "$out/noon/images" --labels "$out/noon/labels" \
    --label-space camvid11 --crop 64x48 --batch 2 --steps 1 --threads 1 --output "$out/$1"
  cp "$out/$1/last.safetensors" "$out/$1.safetensors"
}

fresh deeplabv2-resnet50
fresh segformer-b0
quietly $iapc export --weights demo/source.safetensors --output "$out/module.pt"

# A run of `iapc adapt` with the weights $2, named $1; what follows are more options.
adapted() {
  local name=$1 weights=$2
  shift 2
  quietly $iapc adapt --weights "$weights" --images "$out/dusk/images" --size 64x48 --crop 32x32 --batch 2 --steps 3 \
    --threads 1 --output "$out/$name" "$@"
  echo "$(sha256sum <"$out/$name/adapted.safetensors" | cut -d ' ' -f 1)  $name"
  rm -rf "${out:?}/$name"
}

espnet=demo/source.safetensors
deeplab=$out/deeplabv2-resnet50.safetensors
segformer=$out/segformer-b0.safetensors
adapted iapc-reference $espnet --profile reference
adapted iapc-paper "$deeplab" --profile paper
adapted iapc-recommended-module "$out/module.pt" --profile recommended
adapted iapc-recommended-processes $espnet --profile recommended --batch 4 --processes 2
adapted source-only $espnet --method source-only --steps 0
adapted adabn $espnet --method adabn --steps 0
adapted tent "$segformer" --method tent
adapted self-training "$deeplab" --method self-training
adapted urma $espnet --method urma
adapted hcl "$segformer" --method hcl
adapted cotta $espnet --method cotta
adapted dt-st $espnet --method dt-st
