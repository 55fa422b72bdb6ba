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
changes=(data.photometric_matching=own batch_norm.initial=source pseudo_labels.scales=1
  pseudo_labels.bn_statistics=network pseudo_labels.class_balance=0 method.class_mix=off method.im_pixels=all
  loss_weights.im=0 loss_weights.pe=0+loss_weights.ps=0 method.importance=none method.prototypes=per_image
  method.class_weights=batch checkpoint.network=student optimizer.name=adamw+optimizer.learning_rate=2e-4
  schedule.steps=200+teacher.ema_decay=0.995)
methods=iapc
for change in "${changes[@]}"; do methods+=",iapc+$change"; done
METHODS=$methods STEPS=${STEPS:-300} OUT=${OUT:-.build/ablation} exec scripts/methods-study.sh "$@"
