#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Fails and kills every call that writes, of every command that writes, and prints what came of it.
#
# IAPC_TORTURE_EVERY=N takes every N-th fault only; IAPC_TORTURE_JOBS=N runs N commands at a time.
set -euo pipefail
cd "$(dirname "$0")/.."
export IAPC_TORTURE=1 OMP_WAIT_POLICY=PASSIVE
exec swift test -c release --disable-testable-imports --filter 'TortureTests|KillTests|WriteFaultTests'
