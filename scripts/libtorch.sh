# SPDX-License-Identifier: Apache-2.0
# Finds libtorch, or fetches it; sourced by setup.sh.

readonly wheel_home=.libtorch/wheel-$torch_version # the unpacked wheel: it is whole when it exists

# The version of the libtorch in folder $1, or nothing when there is none.
version_of() {
  local header=$1/include/torch/headeronly/version.h part
  [ -f "$1/include/ATen/ATen.h" ] || return 0
  [ -f "$1/lib/libtorch_cpu.so" ] || [ -f "$1/lib/libtorch_cpu.dylib" ] || return 0
  if [ -f "$1/build-version" ]; then
    head -n 1 "$1/build-version"
  elif [ -f "$1/version.py" ]; then
    sed -n "s/^__version__ = '\(.*\)'/\1/p" "$1/version.py"
  elif [ -f "$header" ]; then
    for part in MAJOR MINOR PATCH; do
      sed -n "s/^#define TORCH_VERSION_$part //p" "$header"
    done | paste -sd. -
  fi
}

# The CUDA version of the libtorch in folder $1 of version $2 as JSON: "13.0", "unknown" or null.
cuda_of() {
  local cuda=""
  [ -f "$1/lib/libtorch_cuda.so" ] || { echo null; return; }
  if [ -f "$1/version.py" ]; then cuda=$(sed -n "s/^cuda: .*= '\(.*\)'/\1/p" "$1/version.py"); fi
  [ -n "$cuda" ] || cuda=$(sed -n 's/.*+cu\([0-9]*\)\([0-9]\)$/\1.\2/p' <<<"$2")
  echo "\"${cuda:-unknown}\""
}

json_string() { printf '"%s"' "$(sed 's/[\\"]/\\&/g' <<<"$1")"; }

# Makes folder $1 (version $2) the one in use, chosen as $3 because $4; says so when it is a change.
use_libtorch() {
  local record
  record=$(printf '{"home": %s, "version": %s, "source": "%s", "why": %s, "cuda": %s}' \
    "$(json_string "$1")" "$(json_string "$2")" "$3" "$(json_string "$4")" "$(cuda_of "$1" "$2")")
  if [ "$(readlink .libtorch/current)" = "$1" ] &&
    [ "$(cat .libtorch/current.json 2>/dev/null)" = "$record" ]; then return; fi
  if ! { mkdir -p .libtorch && ln -sfn "$1" ".libtorch/link.$$" &&
    printf '%s\n' "$record" >".libtorch/json.$$"; } 2>/dev/null; then
    rm -f ".libtorch/link.$$" ".libtorch/json.$$"
    stop "cannot write in $PWD/.libtorch: free some space there, or make it writable"
  fi
  # A rename replaces the old link in one step; GNU and BSD name the option differently.
  mv -fT ".libtorch/link.$$" .libtorch/current 2>/dev/null || mv -fh ".libtorch/link.$$" .libtorch/current
  mv -f ".libtorch/json.$$" .libtorch/current.json
  say "libtorch $2: $4"
}

# The folder of the active Python's torch, found without importing it, or nothing.
python_torch() {
  "$1" - 2>/dev/null <<'PYTHON' || true
import importlib.util, pathlib
spec = importlib.util.find_spec("torch")
if spec and spec.origin:
    print(pathlib.Path(spec.origin).resolve().parent)
PYTHON
}

choose_libtorch() {
  local home version python why="the active Python has no torch"
  if [ -n "${LIBTORCH-}" ]; then
    home=$(cd "$LIBTORCH" 2>/dev/null && pwd -P) ||
      stop "\$LIBTORCH names $LIBTORCH, which is not a folder: mend or unset it"
    version=$(version_of "$home")
    [ -n "$version" ] ||
      stop "\$LIBTORCH names $home, which lacks include/ATen/ATen.h or lib/libtorch_cpu: mend or unset it"
    supported "$version" ||
      stop "\$LIBTORCH names libtorch $version, but $torch_range is supported: name such a one or unset it"
    use_libtorch "$home" "$version" LIBTORCH "\$LIBTORCH names it"
    return
  fi
  python=$(find_python)
  if [ -z "$python" ]; then
    why="there is no Python"
  else
    home=$(python_torch "$python")
    if [ -n "$home" ]; then
      version=$(version_of "$home")
      if supported "$version"; then
        use_libtorch "$home" "$version" python "it is the torch of the active Python, $python"
        return
      fi
      why="the active Python's torch ${version:-without C++ headers} is not supported ($torch_range is)"
    fi
  fi
  use_wheel "$why"
}

# Uses the fetched wheel, and fetches it first when it is not there. $1: why nothing else was found.
use_wheel() {
  if [ ! -d "$wheel_home" ]; then
    [ -n "$(find_python)" ] || install_packages python3 python3-pip python3-venv
    (under_lock bash scripts/setup.sh --fetch)
  fi
  local home version
  home=$(cd "$wheel_home" && pwd -P)/torch
  version=$(version_of "$home")
  [ -n "$version" ] || stop "$wheel_home has lost files: remove that folder and run it again"
  use_libtorch "$home" "$version" wheel "it is the fetched wheel: LIBTORCH is not set and $1"
}

# Fetches and unpacks the wheel beside its place, then moves it there in one step. Runs under the lock.
fetch_wheel() {
  [ ! -d "$wheel_home" ] || return 0 # another set-up fetched it while this one waited for the lock
  local python work=.libtorch/partial
  python=$(find_python)
  rm -rf "$work"
  mkdir -p "$work"
  trap 'rm -rf .libtorch/partial' EXIT
  [ "$(free_kilobytes .libtorch)" -gt 1500000 ] ||
    stop "libtorch needs 1.5 GB in $PWD/.libtorch, and the disk has less: free some space, or set LIBTORCH"
  "$python" -m pip --version >/dev/null 2>&1 || install_packages python3-pip
  say "fetching libtorch: torch $torch_version by pip, about 200 MB ..."
  download "$python" "$work"
  install_wheel "$python" "$work"
  mv "$work/unpacked" "$wheel_home"
}

# Downloads the wheel into folder $2: the CPU build on Linux, else the machine's usual one.
download() {
  local wanted=("torch==$torch_version") log=$2/pip.log requirement
  [ "$(uname -s)" != Linux ] || wanted=("torch==$torch_version+cpu" "${wanted[@]}")
  for requirement in "${wanted[@]}"; do
    TMPDIR="$PWD/$2" "$1" -m pip download --quiet --no-deps --no-cache-dir --only-binary :all: \
      --retries 2 --disable-pip-version-check --dest "$2" "$requirement" >"$log" 2>&1 && return
    if unreachable "$log" || ! grep -qi 'no matching distribution' "$log"; then break; fi
  done
  stop "cannot fetch torch $torch_version: $(pip_failure "$log"); or set LIBTORCH to one of $torch_range"
}

# Unpacks the wheel in folder $2 into $2/unpacked, checked; a CUDA wheel gets the libraries it needs too.
install_wheel() {
  local wheel why
  wheel=$(echo "$2"/torch-*.whl)
  why=$("$1" scripts/unpack-wheel.py "$wheel" "$2/unpacked" 2>&1) ||
    stop "$why and run it again"
  if [ -f "$2/unpacked/torch/lib/libtorch_cuda.so" ]; then
    say "this is a CUDA build: fetching the CUDA libraries it needs, about 2 GB ..."
    TMPDIR="$PWD/$2" "$1" -m pip install --quiet --no-cache-dir --only-binary :all: --target "$2/all" \
      --disable-pip-version-check "$wheel" >"$2/pip.log" 2>&1 ||
      stop "cannot fetch the CUDA libraries: $(pip_failure "$2/pip.log")"
    rm -rf "$2/unpacked"
    mv "$2/all" "$2/unpacked"
  fi
  rm -f "$wheel"
}
