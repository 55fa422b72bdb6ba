# SPDX-License-Identifier: Apache-2.0
# The compilers and headers that the build needs; sourced by setup.sh. FFmpeg is not among them: `predict --video`
# alone uses it, and says how to get it.

# True when the C++ compiler finds the headers "$@".
has_headers() {
  local header prefix="" flags=()
  if command -v brew >/dev/null; then prefix=$(brew --prefix); fi
  if [ -n "$prefix" ]; then flags=(-I "$prefix/include" -I "$prefix/opt/jpeg-turbo/include"); fi
  for header; do printf '#include <%s>\n' "$header"; done |
    clang++ -x c++ ${flags[@]+"${flags[@]}"} -fsyntax-only - >/dev/null 2>&1
}

# Names the Debian packages that are missing, one a line.
missing_packages() {
  has_headers cstdio || echo g++
  has_headers cstdio jpeglib.h || echo libjpeg-dev
  has_headers png.h || echo libpng-dev
  has_headers webp/decode.h || echo libwebp-dev
  has_headers tiffio.h || echo libtiff-dev
  has_headers zlib.h || echo zlib1g-dev
}

# Installs the Debian packages "$@" where this user may; else stops with the line to type.
install_packages() {
  local as_root=() line="sudo apt-get install -y $*"
  if command -v brew >/dev/null; then stop "missing $*: type: brew install jpeg-turbo libpng webp libtiff"; fi
  command -v apt-get >/dev/null ||
    stop "missing the development files of: $* (Debian's names): install your system's packages of them"
  if [ "$(id -u)" != 0 ]; then
    sudo -n true 2>/dev/null || stop "missing system packages: type: $line"
    as_root=(sudo -n)
  fi
  say "installing system packages: $*"
  local log
  log=$(mktemp)
  if ! { ${as_root[@]+"${as_root[@]}"} apt-get update -qq &&
    ${as_root[@]+"${as_root[@]}"} env DEBIAN_FRONTEND=noninteractive \
      apt-get install -y -qq --no-install-recommends "$@"; } </dev/null >"$log" 2>&1; then
    local why
    why=$(grep -m1 '^E:' "$log" || tail -n 1 "$log")
    rm -f "$log"
    stop "cannot install $* ($why): type: $line"
  fi
  rm -f "$log"
}

ensure_system_packages() {
  command -v swift >/dev/null ||
    stop "Swift is missing: install Swift 6.1 or later (https://www.swift.org/install)"
  has_headers cstdio jpeglib.h png.h webp/decode.h tiffio.h zlib.h && return
  local missing
  missing=$(missing_packages)
  # shellcheck disable=SC2086 # one word a package
  install_packages $missing
  # shellcheck disable=SC2086
  has_headers cstdio jpeglib.h png.h webp/decode.h tiffio.h zlib.h ||
    stop "clang++ still does not find the headers of" $missing ": is it that of Swift's toolchain?"
}
