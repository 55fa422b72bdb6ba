#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Installs the built program under $1: the program with its library, man pages, and completions for bash, zsh and
# fish, each where the system looks for it. $DESTDIR goes before it, for those who make packages.
#
# libtorch stays where it is: the library knows its place, which `iapc doctor` tells.
set -euo pipefail
cd "$(dirname "$0")/.."
built=.build/release
prefix=${DESTDIR-}$1

stop() {
  echo "cannot install: $*" >&2
  exit 1
}

case "$1" in /*) ;; *) stop "PREFIX must start with /, got $1" ;; esac
library=libCTorch.so
[ "$(uname)" = Darwin ] && library=libCTorch.dylib
for file in iapc $library; do
  [ -f "$built/$file" ] || stop "there is no $built/$file: run make build first"
done
mkdir -p "$prefix/bin" 2>/dev/null && [ -w "$prefix/bin" ] ||
  stop "no right to write in $prefix: name a folder of yours, make install PREFIX=\$HOME/.local, or use sudo"

# The program looks for its library beside itself, behind links too.
install -d "$prefix/lib/iapc"
for file in iapc $library; do install -m 755 "$built/$file" "$prefix/lib/iapc/$file"; done
ln -sf ../lib/iapc/iapc "$prefix/bin/iapc"

scripts/man-pages.py "$built/iapc" "$prefix/share/man/man1"

# Writes the completions of shell $1 to the file $2.
completions() {
  mkdir -p "$(dirname "$2")"
  "$built/iapc" --generate-completion-script "$1" >"$2"
}
completions bash "$prefix/share/bash-completion/completions/iapc"
completions zsh "$prefix/share/zsh/site-functions/_iapc"
completions fish "$prefix/share/fish/vendor_completions.d/iapc.fish"

echo "installed $prefix/bin/iapc, with man pages and completions for bash, zsh and fish"
