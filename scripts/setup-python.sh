#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Makes .venv/, the Python whose PyTorch the tests and benchmarks compare with. Quick when it is there.
#
# Where it cannot be made, one line says so and the tests that need it are skipped; with --required that is
# an error. The file .venv/complete, written last, marks a .venv that is whole.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/common.sh
. scripts/system-packages.sh

required=""
if [ "${1-}" = --required ]; then required=yes; fi

# Here a failure ends in a line of its own: the build does not need this Python.
stop() {
  if [ -n "$required" ]; then
    say "no Python to compare with: $*"
    exit 1
  fi
  say "SKIPPED: the tests that compare with PyTorch's Python do not run: $*"
  exit 0
}

home=$(cd .libtorch/current 2>/dev/null && pwd -P) || stop "libtorch is not set up: run make setup"
requirements=Reference/requirements.txt
pins=$'numpy\npillow\nsafetensors'
if [ -f "$requirements" ]; then pins=$(<"$requirements"); fi
wanted="$home"$'\n'"$pins"
if [ -x .venv/bin/python ] && [ "$(cat .venv/complete 2>/dev/null)" = "$wanted" ]; then exit 0; fi

python=$(find_python)
[ -n "$python" ] || stop "there is no Python: install python3 with pip and venv"
if [ -z "${IAPC_PYTHON_LOCKED-}" ]; then
  IAPC_PYTHON_LOCKED=yes under_lock bash scripts/setup-python.sh "$@"
fi
log=.libtorch/setup-python.log

# Makes an empty .venv with pip in it.
make_venv() {
  rm -rf .venv
  "$python" -m venv .venv >"$log" 2>&1 && return
  rm -rf .venv
  if command -v apt-get >/dev/null && ! "$python" -c 'import ensurepip' 2>/dev/null; then
    install_packages python3-venv
    "$python" -m venv .venv >"$log" 2>&1 && return
  fi
  stop "python3 -m venv fails: $(tail -n 1 "$log")"
}

# True when the torch package in use is made for this Python: then it serves here too.
serves_this_python() {
  local suffix
  suffix=$(.venv/bin/python -c 'import sysconfig; print(sysconfig.get_config_var("EXT_SUFFIX"))')
  [ -f "$home/_C$suffix" ]
}

# The packages that torch's own metadata asks for, without the extras and the CUDA libraries.
torch_requirements() {
  sed -n '/^$/q; s/^Requires-Dist: //p' "$home"/../torch-*.dist-info/METADATA |
    grep -vE 'extra *==|^(nvidia|triton|cuda|pytorch-triton)' || true
}

# The official script of Cityscapes, without the viewers and downloaders that its package asks for too.
readonly official='^(cityscapesscripts|pyquaternion)([=<>~! ]|$)'

# TensorBoard, whose reader reads what runs write for it.
readonly reader='^tensorboard([=<>~! ]|$)'

# Networks of others, which are adapted and held against their own program.
readonly networks='^transformers([=<>~! ]|$)'

# What runs and checks exported networks.
readonly runtimes='^onnx(runtime)?([=<>~! ]|$)'

# Adds the packages of the pattern $1, with the options after $2. A part of the comparisons needs them; where they
# cannot be had, that part, $2, is skipped.
add_optional() {
  local pattern=$1 what=$2 list
  shift 2
  mapfile -t list < <(grep -E "$pattern" <<<"$pins" || true)
  [ "${#list[@]}" -gt 0 ] || return 0
  .venv/bin/python -m pip install --quiet --disable-pip-version-check --retries 2 --prefer-binary \
    "$@" "${list[@]}" >"$log" 2>&1 && return
  say "SKIPPED: $what: $(pip_failure "$log")"
}

fill_venv() {
  local list=.venv/requirements.txt packages version
  grep -vE '^torch([=<>~! ]|$)' <<<"$pins" | grep -vE "$official|$reader|$networks|$runtimes" >"$list" || true
  if serves_this_python; then
    packages=$(.venv/bin/python -c 'import site; print(site.getsitepackages()[0])')
    dirname "$home" >"$packages/iapc-torch.pth"
    torch_requirements >>"$list"
  else
    version=$(sed -n 's/.*"version": "\([^"]*\)".*/\1/p' .libtorch/current.json)
    echo "torch==${version:-$torch_version}" >>"$list"
  fi
  .venv/bin/python -m pip install --quiet --disable-pip-version-check --retries 2 --prefer-binary \
    -r "$list" >"$log" 2>&1 || stop "pip cannot install its packages: $(pip_failure "$log")"
  .venv/bin/python -c 'import torch, PIL, numpy, safetensors' >"$log" 2>&1 ||
    stop "its packages do not work together: $(tail -n 1 "$log")"
  add_optional "$official" "the comparison with Cityscapes' official script" --no-deps
  add_optional "$reader" "reading event files with TensorBoard"
  add_optional "$networks" "adapting a SegFormer of transformers"
  add_optional "$runtimes" "running exported networks in ONNX Runtime"
}

say "preparing .venv, the Python to compare with ..."
make_venv
fill_venv
printf '%s\n' "$wanted" >.venv/complete
rm -f "$log"
