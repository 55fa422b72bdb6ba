#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The whole job on generated streets: a network trained at noon is adapted to dusk without a label.
#
# Writes demo/output/, anew each time. Takes a few minutes on two cores; needs no network connection.
set -euo pipefail
cd "$(dirname "$0")/.."
iapc=.build/release/iapc
out=demo/output
source=demo/source.safetensors
target=${1:-dusk}
rm -rf "$out"
mkdir -p "$out"
export IAPC_CACHE="$out/cache"
started=$SECONDS

# Runs a command with its output in the log; shows the log's end where it fails.
quietly() {
  if ! "$@" >>"$out/log.txt" 2>&1; then
    tail -n 5 "$out/log.txt" >&2
    exit 1
  fi
}

# Evaluates weights $1 on the scenes $2; the result is $out/$3.json.
evaluate() {
  quietly $iapc evaluate --weights "$1" --images "$out/$2/images" --labels "$out/$2/labels" \
    --json "$out/$3.json"
}

echo "1. Streets: 160 unlabelled scenes of $target, and labelled ones that adaptation never sees"
quietly $iapc data streets --domain "$target" --count 160 --seed 2001 --size 320x240 --no-labels \
  --output "$out/$target"
quietly $iapc data streets --domain "$target" --count 60 --seed 1001 --size 320x240 --output "$out/$target-test"
quietly $iapc data streets --domain noon --count 60 --seed 1001 --size 320x240 --output "$out/noon-test"

echo "2. The source network (trained at noon), on noon and on $target"
evaluate "$source" noon-test source-noon
evaluate "$source" "$target-test" source

echo "3. Adapt it to the unlabelled scenes"
$iapc adapt --config demo/adapt.yaml --weights "$source" --images "$out/$target/images" --output "$out/run"

echo "4. The adapted network on $target, and a page about the run"
evaluate "$out/run/adapted.safetensors" "$target-test" adapted
for stage in before after; do
  weights=$source
  [ $stage = after ] && weights=$out/run/adapted.safetensors
  quietly $iapc predict --weights "$weights" --images "$out/$target-test/images" --output "$out/$stage"
done
quietly $iapc report "$out/run" --images "$out/$target-test/images" --labels "$out/$target-test/labels" \
  --label-space camvid11

echo
python3 scripts/demo-table.py "$out" "$target"
echo "what changed, to look at: $out/run/report.html"
echo "pictures: $out/before/overlays and $out/after/overlays; classes: $out/after/legend.svg"
echo "adapted weights: $out/run/adapted.pth; everything took $((SECONDS - started)) s"
