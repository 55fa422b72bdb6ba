#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The paper's experiment in miniature: drawn streets in the layouts of GTA5 and Cityscapes, and the shipped configs
# with other paths, a quarter of every size, and few steps. Needs no data and no network connection.
#
# Writes rehearsal/, anew each time. About 35 minutes on two cores; `scripts/rehearsal.sh --quick` leaves out the
# ablations.
set -euo pipefail
cd "$(dirname "$0")/.."
iapc=.build/release/iapc
out=rehearsal
config=configs/gtav_to_cityscapes.yaml
ablations=(configs/ablations/*.yaml)
if [ "${1:-}" = --quick ]; then ablations=(); fi
rm -rf "$out"
mkdir -p "$out/ablations"
export IAPC_CACHE="$out/cache" OMP_WAIT_POLICY=PASSIVE
started=$SECONDS

# Runs a command with its output in the log; shows the log's end where it fails.
quietly() {
  if ! "$@" >>"$out/log.txt" 2>&1; then
    tail -n 5 "$out/log.txt" >&2
    exit 1
  fi
}

say() { echo "[$(((SECONDS - started) / 60)) min] $*"; }

# Draws $1 scenes with the seed $2 into the folder $3; what follows says of which domain, how large and laid out how.
draw() { quietly $iapc data streets --count "$1" --seed "$2" --output "$out/$3" "${@:4}"; }

network=(--network deeplabv2-resnet50)
# The miniatures have fewer images than the real data sets.
gta5=(--dataset gta5 --data "$out/gta5" --allow-missing)
cityscapes=(--data "$out/cityscapes" --allow-missing)

say "streets: GTA5 and Cityscapes at a quarter of their size"
draw 400 1 gta5 --domain simulator --layout gta5
draw 40 2 gta5-held --domain simulator --layout gta5
draw 60 3 cityscapes --domain city --layout cityscapes --split train
draw 40 4 cityscapes --domain city --layout cityscapes --split val
$iapc data check "${gta5[@]}" --sheet "$out/gta5.html" >"$out/gta5.txt" 2>>"$out/log.txt"

say "a body to start from, in the place of ImageNet's: ResNet-50, trained on the miniature from nothing"
$iapc train "${network[@]}" "${gta5[@]}" --normalisation caffe --output "$out/body" --size 320x180 --crop 128x64 \
  --batch 8 --steps 600 --learning-rate 1e-3 --set schedule.warm_up=50 --set augmentation.cat_max_ratio=0.75

say "train: $config"
$iapc train --config $config "${network[@]}" "${gta5[@]}" --backbone "$out/body/last.pth" --output "$out/source" \
  --size 320x180 --crop 320x180 --steps 200

source=$out/source/last.pth
sizes=(--size 320x160 --crop 128x64 --set pseudo_labels.size=256x128 --steps 20 --set schedule.warm_up=10)

# Evaluates the weights $1 as the config's protocol does; the result is $out/$2.json.
evaluate() {
  quietly $iapc evaluate --config $config "${network[@]}" --weights "$1" "${cityscapes[@]}" --size 256x128 \
    --json "$out/$2.json"
}

say "evaluate: the source network"
quietly $iapc evaluate --weights "$source" --dataset gta5 --data "$out/gta5-held" --allow-missing --size 320x180 \
  --json "$out/own.json"
evaluate "$source" source

say "pseudo-label: $config"
quietly $iapc pseudo-label --config $config "${network[@]}" --weights "$source" "${cityscapes[@]}" --size 256x128 \
  --output "$out/pseudo-labels"

say "adapt: $config"
$iapc adapt --config $config "${network[@]}" --weights "$source" "${cityscapes[@]}" "${sizes[@]}" --output "$out/run"
evaluate "$out/run/adapted.pth" adapted

for file in ${ablations[@]+"${ablations[@]}"}; do
  name=$(basename "$file" .yaml)
  say "ablation: $name"
  quietly $iapc adapt --config "$file" "${network[@]}" --weights "$source" "${cityscapes[@]}" "${sizes[@]}" \
    --output "$out/ablations/$name"
  evaluate "$out/ablations/$name/adapted.pth" "ablations/$name"
  # A run holds half a gigabyte of checkpoints and weights.
  rm -rf "${out:?}/ablations/$name/checkpoints" "$out/ablations/$name"/adapted.*
done

echo
python3 scripts/rehearsal-table.py "$out" | tee "$out/table.txt"
echo "everything took $(((SECONDS - started) / 60)) min; pictures: $out/gta5.html"
