#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The ingredients of the recommended profile, each taken away or replaced alone, by the protocol of
# scripts/methods-study.sh.
#
#   scripts/ablation-study.sh [dusk] [fog] [rain] [camvid]      (default: all; camvid needs ../shared)
#
# The options are those of methods-study.sh but METHODS; OUT is .build/ablation. Its table:
#   scripts/methods-table.py --changes .build/ablation dusk fog
set -euo pipefail
cd "$(dirname "$0")/.."
changes=(exposure=own initialStatistics=source pseudoLabels.scales=1 pseudoLabels.statistics=network
  pseudoLabels.balance=0 mixing.classes=off entropyOn=all weights.im=0 weights.pe=0+weights.ps=0 importance=none
  prototypes=perImage classBalance=batch adapted=student optimizer=adamw+learningRate=2e-4
  steps=200+teacherDecay=0.995)
methods=iapc
for change in "${changes[@]}"; do methods+=",iapc+$change"; done
METHODS=$methods STEPS=${STEPS:-300} OUT=${OUT:-.build/ablation} exec scripts/methods-study.sh "$@"
