#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Compiles and links the library against a CUDA build of libtorch with NCCL, which needs no GPU, and nothing of it runs.
#
#     scripts/nccl-check.sh             fetches 1.7 GB into .build/nccl
#     scripts/nccl-check.sh FOLDER      ... into FOLDER, or takes what is there
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/common.sh

readonly torch=${TORCH-2.11.0}
mkdir -p "${1:-.build/nccl}"
folder=$(cd "${1:-.build/nccl}" && pwd -P)
wheels=(
  "torch==$torch" nvidia-nccl-cu13 nvidia-cuda-runtime nvidia-cuda-crt nvidia-cuda-cccl nvidia-cublas nvidia-cusparse
  nvidia-cusolver
)

# The headers of all wheels, and the libraries of libtorch.
if [ ! -f "$folder/site/complete" ]; then
  python=$(find_python)
  "$python" -m pip download --quiet --no-deps --only-binary :all: --dest "$folder" "${wheels[@]}"
  "$python" - "$folder" <<'PYTHON'
import pathlib
import sys
import zipfile

folder = pathlib.Path(sys.argv[1])
for path in folder.glob("*.whl"):
    with zipfile.ZipFile(path) as wheel:
        for name in wheel.namelist():
            if "/include/" in name or name.startswith("torch/lib/") or name == "torch/version.py":
                wheel.extract(name, folder / "site")
(folder / "site/complete").touch()
PYTHON
fi

# Every symbol must be found, in the libraries that the library names itself.
LIBTORCH=$folder/site/torch swift build -c release --product CTorch --scratch-path "$folder/build" \
  -Xlinker -z -Xlinker defs -Xlinker -lm
library=$folder/build/release/libCTorch.so
symbols=$(nm -DC --undefined-only "$library")
grep -q 'c10d::ProcessGroupNCCL::ProcessGroupNCCL' <<<"$symbols" ||
  stop "the library was compiled without NCCL: a header is missing in $folder/site"
echo "libCTorch.so compiles and links with NCCL against torch $torch; nothing of it was run"
