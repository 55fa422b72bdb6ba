#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Runs the tests of the Python package, with the arguments given to pytest: with the wheel of `make wheel` in a virtual
# environment of its own where $IAPC_WHEEL names it, else with the sources and the built program. PATH has no Swift.
#
# Where there is no Python with torch, or no pytest, one line says so and nothing is tested.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/common.sh

skip() {
  say "SKIPPED: the tests of the Python package do not run: $*"
  exit 0
}

[ -f .venv/complete ] || skip "there is no .venv, see above"
python=$PWD/.venv/bin/python
tools=.build/python-tests
pytest=pytest==8.4.2
if [ "$(cat "$tools/complete" 2>/dev/null)" != "$pytest" ]; then
  rm -rf "$tools"
  mkdir -p "$tools"
  "$python" -m pip install --quiet --disable-pip-version-check --retries 2 --target "$tools/packages" "$pytest" tqdm \
    >"$tools/pip.log" 2>&1 || skip "$(pip_failure "$tools/pip.log")"
  echo "$pytest" >"$tools/complete"
fi

if [ -n "${IAPC_WHEEL-}" ]; then
  rm -rf "$tools/venv"
  "$python" -m venv "$tools/venv"
  # torch and its companions are those of .venv.
  packages=$("$tools/venv/bin/python" -c 'import site; print(site.getsitepackages()[0])')
  "$python" -c 'import site; print("import site; site.addsitedir(" + repr(site.getsitepackages()[0]) + ")")' \
    >"$packages/companions.pth"
  "$tools/venv/bin/python" -m pip install --quiet --disable-pip-version-check --no-deps "$IAPC_WHEEL"
  python=$PWD/$tools/venv/bin/python
  export PYTHONPATH=$PWD/$tools/packages
else
  export IAPC_PROGRAM=$PWD/.build/release/iapc PYTHONPATH=$PWD/Python:$PWD/$tools/packages
fi
export PATH=${python%/*}:/usr/local/bin:/usr/bin:/bin
exec "$python" -m pytest -c Python/pyproject.toml --rootdir Python -p no:cacheprovider Python/tests "$@"
