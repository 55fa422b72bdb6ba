#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Writes the API reference of each room to .build/docs/ROOM; a warning of the documentation is an error, and so is a
# public symbol without a word.
set -euo pipefail
cd "$(dirname "$0")/.."

rooms="Files Imaging Streets TensorBoard Torch ONNX Segmentation Adaptation Report"
log=.build/docs.log
mkdir -p .build
# Its status says nothing: it fails at the C rooms, which have no Swift to document. What counts is below.
swift package -c release dump-symbol-graph --minimum-access-level public >"$log" 2>&1 || true
graphs=$(sed -n 's/^Files written to //p' "$log" | tail -n 1)
rm -rf .build/docs .build/graphs
for room in $rooms; do
  [ -f "$graphs/$room.symbols.json" ] || { cat "$log" >&2; exit 1; }
  mkdir -p ".build/graphs/$room"
  cp "$graphs/$room"*.symbols.json ".build/graphs/$room/"
done
python3 scripts/undocumented.py .build/graphs
for room in $rooms; do
  mkdir -p ".build/docs/$room"
  # A room's landing page, where it has one.
  catalog=Sources/$room/$room.docc
  [ -d "$catalog" ] || catalog=
  docc convert ${catalog:+"$catalog"} --additional-symbol-graph-dir ".build/graphs/$room" --warnings-as-errors \
    --fallback-display-name "$room" --fallback-bundle-identifier "iapc.$room" \
    --output-path ".build/docs/$room" >"$log" 2>&1 || { cat "$log" >&2; exit 1; }
  echo ".build/docs/$room"
done
