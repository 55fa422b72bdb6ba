#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Writes the API reference of each room to .build/docs/ROOM; a warning of the documentation is an error.
set -euo pipefail
cd "$(dirname "$0")/.."

log=.build/docs.log
mkdir -p .build
# Its status says nothing: it fails at the C rooms, which have no Swift to document. What counts is below.
swift package -c release dump-symbol-graph --minimum-access-level public >"$log" 2>&1 || true
graphs=$(sed -n 's/^Files written to //p' "$log" | tail -n 1)
rm -rf .build/docs
for room in Files Imaging Streets TensorBoard Torch Segmentation Adaptation Report; do
  [ -f "$graphs/$room.symbols.json" ] || { cat "$log" >&2; exit 1; }
  mkdir -p ".build/docs/$room" ".build/graphs/$room"
  cp "$graphs/$room"*.symbols.json ".build/graphs/$room/"
  docc convert --additional-symbol-graph-dir ".build/graphs/$room" --warnings-as-errors \
    --fallback-display-name "$room" --fallback-bundle-identifier "iapc.$room" \
    --output-path ".build/docs/$room" >"$log" 2>&1 || { cat "$log" >&2; exit 1; }
  echo ".build/docs/$room"
done
