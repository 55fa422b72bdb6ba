#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Checks what the formatter cannot: no force unwrap but of a buffer's baseAddress, no path of one machine,
# no registry's host, no large file. Untracked files that git does not ignore count too.
set -euo pipefail
cd "$(dirname "$0")/.."
failed=""

# Prints the findings on standard input under the title $1, and remembers that there were some.
report() {
  local found
  found=$(cat)
  [ -n "$found" ] || return 0
  printf '%s:\n%s\n' "$1" "$found"
  failed=yes
}

tracked() { git ls-files -z --cached --others --exclude-standard -- "$@"; }

# The places in the tracked text files that match the pattern $1.
places() { git grep --untracked -nIE "$1" -- . ':!scripts/check-tree.sh' ':!LICENSE' || true; }

unwraps() {
  local only='{"version": 1, "rules": {"NeverForceUnwrap": true}}'
  swift format lint --parallel --recursive --configuration "$only" Sources 2>&1 |
    grep '\[NeverForceUnwrap\]' | grep -v baseAddress || true
}

large_files() {
  local path
  while IFS= read -r -d '' path; do
    if [ -f "$path" ] && [ "$(wc -c <"$path")" -gt 5000000 ]; then echo "$path"; fi
  done < <(tracked .)
}

report "force unwraps" < <(unwraps)
report "files above 5 MB" < <(large_files)
report "paths of one machine" < <(places '(^|[^A-Za-z0-9._/}-])/(home|Users|root|work|tmp)/[A-Za-z0-9]')
report "hosts of package registries" < <(
  places 'pypi\.org|pythonhosted\.org|download\.pytorch\.org|artifactory'
)
[ -z "$failed" ]
