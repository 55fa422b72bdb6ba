#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Makes this machine ready to build: system packages, then libtorch. Quick when all is there.
#
# libtorch is the first of: the folder that $LIBTORCH names; the torch of the active Python, when it is
# supported; the Python wheel, fetched once into .libtorch/. The choice is left as the link
# .libtorch/current (it holds include/ and lib/) and told in .libtorch/current.json.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/common.sh
. scripts/system-packages.sh
. scripts/libtorch.sh

if [ "${1-}" = --fetch ]; then # under the lock, from below
  fetch_wheel
  exit
fi
ensure_system_packages
choose_libtorch
